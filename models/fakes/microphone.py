"""A microphone that plays its script instead of listening."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Sequence

from app.aio.clock import SystemClock
from app.aio.pulse import Pulse
from app.contracts.audio import BYTES_PER_SAMPLE, SPEECH_RATE_HZ, AudioChunk
from app.contracts.errors import MicrophoneUnavailable
from app.contracts.ports import AudioSource, Capture, Clock

CHUNK_S = 0.02
_CHUNK_BYTES = int(CHUNK_S * SPEECH_RATE_HZ) * BYTES_PER_SAMPLE


class FakeMicrophone(AudioSource):
    """Each recording is the next clip of the script, then silence until it is stopped.

    Args:
        clips: 16 kHz mono; the last one comes for ever.
        clock: Paces the chunks.
        paced: Deliver at the speed of speech; otherwise the clip comes at once and no silence after it.

    Attributes:
        missing: Set it, and there is no microphone.
        unplug_after_s: Set it, and the device goes away after so many seconds of a recording.
        captures: Every recording begun.
    """

    def __init__(self, clips: Sequence[AudioChunk] = (), clock: Clock | None = None, *, paced: bool = False) -> None:
        self._clips = deque(clips or (AudioChunk(bytes(_CHUNK_BYTES)),))
        self._clock = clock or SystemClock()
        self._paced = paced
        self.missing = False
        self.unplug_after_s: float | None = None
        self.captures: list[FakeCapture] = []
        self.closed = False

    async def open(self) -> Capture:
        """Begin the next clip."""
        if self.missing:
            raise MicrophoneUnavailable("There is no microphone.", remedy="Plug one in.")
        clip = self._clips[0]
        if len(self._clips) > 1:
            self._clips.popleft()
        capture = FakeCapture(clip, self._clock, paced=self._paced, unplug_after_s=self.unplug_after_s)
        self.captures.append(capture)
        return capture

    async def aclose(self) -> None:
        """Note that it happened."""
        self.closed = True


class FakeCapture(Capture):
    """One recording.

    Args:
        clip: What is heard.
        clock: Paces the chunks.
        paced: Deliver at the speed of speech.
        unplug_after_s: Seconds of sound after which the device is lost, None for never.
    """

    def __init__(self, clip: AudioChunk, clock: Clock, *, paced: bool, unplug_after_s: float | None) -> None:
        self._clip = clip
        self._clock = clock
        self._paced = paced
        self._unplug_after_s = unplug_after_s
        self._moved = Pulse()
        self._lost = ""
        self.stopped = False

    async def chunks(self) -> AsyncIterator[AudioChunk]:
        """Pieces of 20 ms."""
        delivered = 0
        while not (self.stopped or self._lost):
            piece = self._clip.pcm[delivered : delivered + _CHUNK_BYTES]
            if not piece and not self._paced:
                await self._moved.wait()
                return
            if self._paced:
                await self._clock.sleep(CHUNK_S)
            delivered += len(piece)
            yield AudioChunk(piece.ljust(_CHUNK_BYTES, b"\0"))
            if (
                self._unplug_after_s is not None
                and delivered >= self._unplug_after_s * SPEECH_RATE_HZ * BYTES_PER_SAMPLE
            ):
                self._lost = "The microphone was unplugged."

    def stop(self) -> None:
        """No more chunks."""
        self.stopped = True
        self._moved.beat()

    @property
    def lost(self) -> str:
        """As told."""
        return self._lost
