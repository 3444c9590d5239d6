"""The speaker as the assistant sees it: a queue without gaps, silent at once when told to, exact about what was heard.

The stream stays open for a while after the last sound, then it is closed so that the device can sleep. Who is about to
speak calls `wake` first: a sleeping device swallows the first moments of whatever it is given.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from time import monotonic

from app.audio.choice import DeviceChoice
from app.audio.devices import SoundDevices
from app.audio.endpoints import Direction, Endpoint
from app.audio.heard import HeardAccount
from app.audio.levels import as_samples
from app.audio.resample import Resampler, resampled
from app.audio.speaker_stream import SpeakerStream
from app.contracts.audio import AudioChunk, HeardSpan
from app.contracts.errors import Unavailable
from app.contracts.events import Notice

QUEUE_S = 4.0
"""Whoever writes more than this ahead of the device has to wait."""
PIECE_S = 0.25
WAIT_LOOK_S = 0.05
SEAL_BEFORE_S = 0.03
"""The last few samples of an utterance are brought out of the resampler so long before they are due."""


class SpeakerSink:
    """The `AudioSink` port over PortAudio.

    Args:
        devices: The devices and the person's choice among them.
        warm_s: Seconds the stream stays open after the last sound.
        on_notice: Told when another device than the chosen one has to do, and when it is back.
    """

    def __init__(
        self,
        devices: SoundDevices,
        *,
        warm_s: float = 30.0,
        on_notice: Callable[[Notice], None] = lambda _notice: None,
    ) -> None:
        self._devices = devices
        self._warm_s = warm_s
        self._choice = DeviceChoice(devices, Direction.OUTPUT, on_notice)
        self._stream: SpeakerStream | None = None
        self._account = HeardAccount()
        self._resampler: Resampler | None = None
        self._writing: tuple[int, int] | None = None  # utterance and rate of what is in the resampler
        self._first_at: float | None = None
        self._stops = 0
        self._paused = False
        self._last_use = 0.0
        self._cooling: asyncio.TimerHandle | None = None
        self._sealing: asyncio.TimerHandle | None = None
        self._waking = asyncio.Lock()
        devices.keep_warm(self._release)

    async def wake(self) -> None:
        """Open the device and play silence until it takes more than its buffer holds. Quick when it is awake.

        Raises:
            Unavailable: There is no output, or it does not play.
        """
        await self._awake()

    async def write(self, chunk: AudioChunk, utterance: int) -> None:
        """Queue sound of an utterance; waits while more than `QUEUE_S` seconds are queued.

        Sound that is still to be queued when `stop` is called is dropped.

        Raises:
            Unavailable: There is no output, or it went away.
        """
        stops = self._stops
        stream = await self._awake()
        samples = as_samples(chunk.pcm)
        step = max(1, round(PIECE_S * chunk.sample_rate_hz))
        for start in range(0, samples.size, step):
            while stream.waiting_s > QUEUE_S and stops == self._stops:
                await asyncio.sleep(WAIT_LOOK_S)
                self._check(stream)
            if stops != self._stops:
                return
            if self._writing != (utterance, chunk.sample_rate_hz) or self._resampler is None:
                self._seal()
                self._writing = (utterance, chunk.sample_rate_hz)
                self._resampler = Resampler(chunk.sample_rate_hz, stream.rate_hz)
                self._account.begin(utterance, chunk.sample_rate_hz, stream.ring.written)
            piece = samples[start : start + step]
            stream.ring.write(self._resampler.push(piece))
            self._account.queue(piece.size, stream.ring.written)
            self._seal_later(stream)
            await asyncio.sleep(0)  # a long chunk must not hold the event loop

    async def drain(self) -> None:
        """Return when the last queued sample has left the speaker, or was dropped.

        Raises:
            Unavailable: The device went away before.
        """
        self._seal()
        stops = self._stops
        while (stream := self._stream) is not None and stops == self._stops:
            self._check(stream)
            left_s = (stream.ring.written - stream.heard()) / stream.rate_hz
            if left_s <= 0:
                return
            await asyncio.sleep(min(max(left_s, 0.001), WAIT_LOOK_S))

    def stop(self) -> None:
        """Silence, at once: the queue is dropped and what the device still holds is aborted."""
        self._stops += 1
        self._paused = False
        self._forget_writing()
        if self._stream is not None:
            self._note_first(self._stream)
            self._account.freeze(self._stream.heard(), self._stream.rate_hz)
            self._stream.paused = False
            self._stream.drop(self._devices.portaudio)

    def pause(self) -> None:
        """Hold the queue; what the device already holds is still heard."""
        self._set_paused(True)

    def resume(self) -> None:
        """Go on where `pause` held."""
        self._set_paused(False)

    def begin(self) -> None:
        """Start counting utterances afresh."""
        self._seal()
        self._account.clear()
        self._first_at = None
        if self._stream is not None:
            self._stream.watch()

    def heard(self) -> tuple[HeardSpan, ...]:
        """How much of each utterance since the last `begin` has been heard, to the sample."""
        if self._stream is None:
            return self._account.spans(0, 1)
        return self._account.spans(self._stream.heard(), self._stream.rate_hz)

    @property
    def first_sample_at(self) -> float | None:
        """Monotonic seconds at which the first non-silent sample since `begin` was audible, None before."""
        if self._stream is not None:
            self._note_first(self._stream)
        if self._first_at is None or self._first_at > monotonic():
            return None
        return self._first_at

    async def cue(self, chunk: AudioChunk) -> None:
        """Mix a short sound in with whatever is played; it counts as nothing heard.

        Raises:
            Unavailable: There is no output.
        """
        stream = await self._awake()
        stream.overlay(resampled(as_samples(chunk.pcm), chunk.sample_rate_hz, stream.rate_hz))
        self._last_use = monotonic() + chunk.seconds

    async def aclose(self) -> None:
        """Let the device go."""
        async with self._waking:
            self._let_go()

    async def _awake(self) -> SpeakerStream:
        """The stream, playing."""
        async with self._waking:
            self._last_use = monotonic()
            stream = self._stream
            if stream is not None and not self._idle(stream):
                self._check(stream)
            elif stream is not None and not (stream.alive and stream.wanted == await self._choice.wanted()):
                self._let_go()
            if self._stream is None:
                self._stream = await self._choice.open(self._start)
                self._stream.paused = self._paused
                self._cool()
            self._last_use = monotonic()
            return self._stream

    async def _start(self, endpoint: Endpoint, wanted: str) -> SpeakerStream:
        stream = SpeakerStream(endpoint, wanted)
        try:
            await stream.start(self._devices.portaudio)
        except BaseException:
            stream.close(self._devices.portaudio)
            raise
        return stream

    def _check(self, stream: SpeakerStream) -> None:
        """Notice that the device went away; what was heard until then stays on the account."""
        if not stream.alive:
            if stream is self._stream:
                self._let_go()
            raise Unavailable(
                "The speaker went away while something was being said.",
                code="speaker-lost",
                remedy="The answer is on the screen; replay it when a speaker is there.",
            )

    def _seal(self) -> None:
        """Bring out what the resampler holds back: the utterance may be over."""
        if self._stream is not None and self._resampler is not None:
            self._stream.ring.write(self._resampler.flush())
            self._account.seal(self._stream.ring.written)
        self._forget_writing()

    def _seal_later(self, stream: SpeakerStream) -> None:
        """Seal shortly before the queue runs dry, unless more is written by then."""
        if self._sealing is not None:
            self._sealing.cancel()
        delay_s = max(0.0, stream.waiting_s - SEAL_BEFORE_S)
        self._sealing = asyncio.get_running_loop().call_later(delay_s, self._seal)

    def _forget_writing(self) -> None:
        self._resampler = None
        self._writing = None
        if self._sealing is not None:
            self._sealing.cancel()
            self._sealing = None

    def _note_first(self, stream: SpeakerStream) -> None:
        if self._first_at is None:
            self._first_at = stream.first_sound_at

    def _set_paused(self, paused: bool) -> None:
        self._paused = paused
        if self._stream is not None:
            self._stream.paused = paused

    def _idle(self, stream: SpeakerStream) -> bool:
        return stream.heard() >= stream.ring.written and self._resampler is None

    def _cool(self) -> None:
        """Close the stream once it has been idle for long enough."""
        stream = self._stream
        if stream is None:
            return
        if not self._idle(stream):
            self._last_use = monotonic()
        left_s = self._last_use + self._warm_s - monotonic()
        if left_s <= 0:
            self._let_go()
        else:
            self._cooling = asyncio.get_running_loop().call_later(left_s, self._cool)

    def _release(self) -> None:
        """Let the device go unless something is being played."""
        if self._stream is not None and self._idle(self._stream):
            self._let_go()

    def _let_go(self) -> None:
        if self._cooling is not None:
            self._cooling.cancel()
            self._cooling = None
        self._forget_writing()
        stream, self._stream = self._stream, None
        if stream is not None:
            self._note_first(stream)
            self._account.freeze(stream.heard(), stream.rate_hz)
            stream.close(self._devices.portaudio)
