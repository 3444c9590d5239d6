"""One recording out of a running microphone, from the key going down until it is up again: the `Capture` port."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from time import monotonic

from app.audio.levels import Samples, as_pcm
from app.audio.microphone_stream import DATA_TIMEOUT_S, MicrophoneStream
from app.audio.resample import Resampler
from app.contracts.audio import SPEECH_RATE_HZ, AudioChunk

CHUNK_S = 0.02
"""Sound is passed on in pieces of this length, and of at most twice as much when there is a backlog."""
FIRST_CHUNK_S = 0.01
"""The first piece is shorter: it is the ready cue."""
LAST_BUFFERS_S = 0.2
"""After `stop` the sound that is still on its way from the microphone is waited for so long."""


class Recording:
    """A `Capture`.

    Args:
        stream: The microphone.
        start: Position in its ring of the first sample.
        asked_at: Monotonic seconds of the request to record.
        on_stop: Called once, when the end is known; what has not arrived yet comes within `LAST_BUFFERS_S`.
    """

    def __init__(self, stream: MicrophoneStream, start: int, asked_at: float, on_stop: Callable[[], None]) -> None:
        self._stream = stream
        self._next = start
        self._end: int | None = None
        self._stopped_at = 0.0
        self._on_stop = on_stop
        self._lost = ""
        self.missed_ms = max(0.0, (start - stream.position(asked_at)) / stream.rate_hz * 1000.0)
        """Milliseconds of sound between the request and the first sample: what opening a cold device cost."""

    @property
    def lost(self) -> str:
        """Why the device went away in the middle, in one sentence; empty when it did not."""
        return self._lost

    def stop(self) -> None:
        """No more than what has reached the microphone by now."""
        if self._end is None:
            self._stopped_at = monotonic()
            self._end = max(self._next, self._stream.position(self._stopped_at))
            self._stream.moved.beat()
            self._on_stop()

    async def chunks(self) -> AsyncGenerator[AudioChunk, None]:
        """16 kHz mono, piece by piece; ends after `stop` or when the device is lost."""
        resampler = Resampler(self._stream.rate_hz, SPEECH_RATE_HZ)
        wanted = self._samples(FIRST_CHUNK_S)
        try:
            while await self._arrived(wanted):
                chunk = resampler.push(self._take())
                wanted = self._samples(CHUNK_S)
                if chunk.size:
                    yield AudioChunk(as_pcm(chunk))
            while self._ready():
                chunk = resampler.push(self._take())
                if chunk.size:
                    yield AudioChunk(as_pcm(chunk))
            rest = resampler.flush()
            if rest.size:
                yield AudioChunk(as_pcm(rest))
        finally:
            self.stop()

    def _samples(self, seconds: float) -> int:
        return round(seconds * self._stream.rate_hz)

    def _ready(self) -> int:
        """Samples that are there and belong to this recording."""
        written = self._stream.ring.written
        return max(0, (written if self._end is None else min(written, self._end)) - self._next)

    async def _arrived(self, wanted: int) -> bool:
        """Wait for so many samples; False when no more than those that are there will come."""
        while True:
            if self._ready() >= wanted:
                return True
            if self._end is not None:
                overdue = monotonic() - self._stopped_at >= LAST_BUFFERS_S
                if overdue or self._stream.ring.written >= self._end or not self._stream.alive:
                    return False
                await self._stream.moved.wait(LAST_BUFFERS_S)
            elif not self._stream.alive:
                self._lost = f"{self._stream.title} went away; what was said until then is used."
                return False
            else:
                await self._stream.moved.wait(max(0.0, DATA_TIMEOUT_S - self._stream.silent_for_s))

    def _take(self) -> Samples:
        """The next piece; after an event-loop stall beyond the ring's length the oldest is skipped."""
        start = max(self._next, self._stream.ring.oldest)
        end = start + max(0, min(self._ready() - (start - self._next), self._samples(2 * CHUNK_S)))
        self._next = end
        return self._stream.ring.read(start, end)
