"""Captions of sound without an end: voice gate, stretches of speech, recognition, within a second of each pause.

Why it exists: sound comes in at its own pace whether or not a recogniser keeps up. So reading and recognising are two
tasks with a bounded queue between them. A stretch that waits or finds no room is reported, never lost in silence.
Nothing here grows with the length of the source.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Generator
from contextlib import aclosing
from functools import partial
from pathlib import Path
from typing import Protocol, TypeVar

from app.aio.channel import Channel
from app.aio.clock import SystemClock
from app.aio.errors import unwrapped
from app.audio.files import read_clip
from app.audio.levels import as_pcm, as_samples
from app.audio.resample import Resampler
from app.contracts.audio import SPEECH_RATE_HZ, AudioChunk, Transcript
from app.contracts.errors import InvalidInput, MicrophoneUnavailable, SottoError, TemporaryError, Unavailable
from app.contracts.events import Caption, Retrying, SegmentLate
from app.contracts.ports import AudioSource, Capture, Clock, SpeechToText, VoiceActivityStream
from app.pipeline.definition import Segmenting
from app.pipeline.realtime_segments import Segment, Segmenter
from app.pipeline.retrying import delay_ms, draw
from app.pipeline.stages.processor import StageCall
from app.pipeline.values import SoundSource

_T = TypeVar("_T")

MOST_FAILURES = 3
"""So many stretches in a row that cannot be recognised end the stage; one alone is given up and reported."""
MEASURED = 1000
"""The lag is told of so many of the last captions."""
CHUNK_S = 0.1
"""Length of the pieces in which a file is played."""


class Use(Protocol):
    """Does something with the recogniser in use, or with the next one when it fails."""

    async def __call__(self, work: Callable[[SpeechToText], Awaitable[Transcript]], /) -> Transcript:
        """Do it."""
        ...


class Captions:
    """One source being captioned. Call `run` once.

    Args:
        call: Whose.
        segmenting: Where to cut, and how many stretches may wait.
        use: The recogniser.
        on_text: Gets every transcript that is not empty, in order.
        told: Report a `Caption` for each stretch.
    """

    def __init__(
        self,
        call: StageCall,
        segmenting: Segmenting,
        use: Use,
        *,
        on_text: Callable[[Transcript], None],
        told: bool = True,
    ) -> None:
        self._call = call
        self._stage = call.stage.definition.stage_id
        self._clock = call.tools.clock
        self._segmenter = Segmenter(segmenting)
        self._queue: Channel[Segment] = Channel(max(1, segmenting.queue))
        self._use = use
        self._on_text = on_text
        self._told = told
        self._gate: VoiceActivityStream | None = None
        self._working = False
        self._failures = 0
        self._lags: deque[float] = deque(maxlen=MEASURED)
        self._count = {"captions": 0, "segments": 0, "late": 0, "dropped": 0}

    async def run(self, source: SoundSource) -> None:
        """Caption until the source ends; what it said last is captioned too.

        Raises:
            Unavailable: There is no voice gate.
            SottoError: The source broke off, after everything before that was captioned; or recognition failed again
                and again.
        """
        broken: list[SottoError] = []
        try:
            await self._patiently(self._open_gate)
            await self._patiently(lambda: self._use(_warm))
            with unwrapped():
                async with asyncio.TaskGroup() as tasks:
                    tasks.create_task(self._read(source, broken), name=f"captions of {self._stage}: sound")
                    tasks.create_task(self._recognise_all(), name=f"captions of {self._stage}: words")
        finally:
            await self._close_gate()
        if broken:
            raise broken[0]

    def figures(self) -> tuple[tuple[str, float], ...]:
        """Counts, and the lag behind the pauses in milliseconds."""
        lags = sorted(self._lags)
        measured = (
            (("lag_p50_ms", round(_share(lags, 0.5) * 1000, 1)), ("lag_p95_ms", round(_share(lags, 0.95) * 1000, 1)))
            if lags
            else ()
        )
        counts = tuple((name, float(count)) for name, count in self._count.items())
        return tuple(sorted((*counts, *measured, ("seconds", round(self._segmenter.seconds, 2)))))

    def notes(self) -> tuple[str, ...]:
        """What a person should know of it."""
        dropped = self._count["dropped"]
        if dropped:
            return (f"{dropped} stretches of speech were given up: the work did not keep up.",)
        if not self._count["captions"]:
            return (f"No speech was heard in {self._segmenter.seconds:.1f} s of sound.",)
        return ()

    async def _open_gate(self) -> None:
        backends = self._call.tools.runtimes.serving("voice_activity")
        if not backends:
            raise Unavailable(
                f"The stage {self._stage} cannot cut the sound at its pauses: there is no voice gate.",
                code="no-backend",
                remedy="`sotto doctor` shows what is missing and how to get it.",
            )
        port = self._call.tools.runtimes.voice_activity_port(backends[0].backend_id)
        await port.warm_up()
        self._gate = await port.open_stream()

    async def _judged(self, chunk: AudioChunk) -> tuple[float, ...]:
        """What the voice gate says to the next sound. One that broke off is opened anew for the next try."""
        if self._gate is None:
            await self._open_gate()
        assert self._gate is not None
        try:
            return await self._gate.feed(chunk)
        except TemporaryError:
            await self._close_gate()
            raise

    async def _close_gate(self) -> None:
        gate, self._gate = self._gate, None
        if gate is not None:
            with contextlib.suppress(TemporaryError):  # its host is gone already, and the state with it
                await gate.aclose()

    async def _read(self, source: SoundSource, broken: list[SottoError]) -> None:
        """Sound in, stretches out. A source that breaks off loses nothing of what it gave."""
        try:
            try:
                async with aclosing(_closeable(at_speech_rate(source.chunks))) as chunks:
                    async for chunk in chunks:
                        now = self._clock.monotonic()
                        probabilities = await self._patiently(partial(self._judged, chunk))
                        for segment in self._segmenter.push(chunk.pcm, probabilities, now):
                            await self._offer(segment, live=source.live)
            except SottoError as error:
                broken.append(error)
            for segment in self._segmenter.flush():
                await self._offer(segment, live=False)
        finally:
            self._queue.close()

    async def _offer(self, segment: Segment, *, live: bool) -> None:
        """Put a stretch where it is recognised; when there is no room a live one is given up, and others wait."""
        self._count["segments"] += 1
        behind = self._working or len(self._queue) > 0
        if not live:
            await self._queue.send(segment)
        elif not self._queue.put_nowait(segment):
            self._report_late(segment, dropped=True)
        elif behind:
            self._report_late(segment, dropped=False)

    def _report_late(self, segment: Segment, *, dropped: bool) -> None:
        self._count["dropped" if dropped else "late"] += 1
        self._call.report(
            SegmentLate(
                stage=self._stage,
                segment=segment.number,
                start_s=segment.start_s,
                end_s=segment.end_s,
                waiting=len(self._queue),
                dropped=dropped,
            )
        )

    async def _recognise_all(self) -> None:
        async for segment in self._queue:
            self._working = True
            try:
                await self._caption(segment)
            finally:
                self._working = False

    async def _caption(self, segment: Segment) -> None:
        try:
            transcript = await self._recognised(segment)
        except TemporaryError:
            self._failures += 1
            if self._failures >= MOST_FAILURES:
                raise
            self._report_late(segment, dropped=True)
            return
        self._failures = 0
        text = transcript.text.strip()
        lag_s = self._clock.monotonic() - segment.ended_at
        if text:
            self._count["captions"] += 1
            self._lags.append(lag_s)
        if self._told:
            self._call.report(
                Caption(
                    stage=self._stage,
                    segment=segment.number,
                    text=text,
                    start_s=segment.start_s,
                    end_s=segment.end_s,
                    lag_s=lag_s,
                    confidence=transcript.confidence,
                )
            )
        if text:
            self._on_text(Transcript(text, transcript.samples, transcript.confidence, transcript.language))

    async def _recognised(self, segment: Segment) -> Transcript:
        """The words of a stretch, after as many tries as the stage allows: the sound will not come again."""
        return await self._patiently(lambda: self._use(lambda port: port.transcribe(segment.clip)))

    async def _patiently(self, work: Callable[[], Awaitable[_T]]) -> _T:
        """Do something, after as many tries as the stage allows."""
        retry = self._call.stage.definition.retry
        for number in range(1, retry.attempts + 1):
            try:
                return await work()
            except TemporaryError as error:
                wait_ms = delay_ms(retry, number, draw)
                self._call.report(Retrying(attempt=number, of=retry.attempts, delay_ms=wait_ms, code=error.code))
                await self._clock.sleep(wait_ms / 1000.0)
        return await work()


async def at_speech_rate(chunks: AsyncIterator[AudioChunk]) -> AsyncGenerator[AudioChunk, None]:
    """The same sound at 16 kHz; sources say they are, clients may not know better.

    Raises:
        InvalidInput: The rate changes in the middle.
    """
    resampler: Resampler | None = None
    rate_hz = 0
    async with aclosing(_closeable(chunks)) as source:
        async for chunk in source:
            if rate_hz not in (0, chunk.sample_rate_hz):
                raise InvalidInput(
                    f"The sound changes from {rate_hz} to {chunk.sample_rate_hz} Hz in the middle.", code="sample-rate"
                )
            rate_hz = chunk.sample_rate_hz
            if rate_hz == SPEECH_RATE_HZ:
                yield chunk
                continue
            resampler = resampler or Resampler(rate_hz, SPEECH_RATE_HZ)
            if pcm := as_pcm(resampler.push(as_samples(chunk.pcm))):
                yield AudioChunk(pcm)
    if resampler is not None and (pcm := as_pcm(resampler.flush())):
        yield AudioChunk(pcm)


def file_source(path: Path | str, speed: float = 1.0, clock: Clock | None = None) -> SoundSource:
    """A sound file as a source.

    Args:
        path: Anything FFmpeg reads; the mistakes in it come while it is read.
        speed: 1 plays it at its own pace, 2 twice as fast; 0 as fast as it is taken, and nothing is ever late.
        clock: Paces it.

    Raises:
        InvalidInput: The speed is negative.
    """
    if speed < 0:
        raise InvalidInput(f"A speed of {speed:g} is below 0.", code="bad-speed", remedy="1 is the sound's own pace.")
    player = _Player(Path(path), speed, clock or SystemClock())
    return SoundSource(player.chunks(), Path(path).name, live=speed > 0, stop=player.stop)


def microphone_source(audio_source: AudioSource) -> SoundSource:
    """A microphone as a source; it is opened when the first sound is asked for, and listens until it is stopped."""
    listener = _Listener(audio_source)
    return SoundSource(listener.chunks(), "microphone", live=True, stop=listener.stop)


class _Player:
    """Plays a file."""

    def __init__(self, path: Path, speed: float, clock: Clock) -> None:
        self._path = path
        self._speed = speed
        self._clock = clock
        self._stopped = False

    def stop(self) -> None:
        self._stopped = True

    async def chunks(self) -> AsyncGenerator[AudioChunk, None]:
        pieces = _in_pieces(self._path)
        began = self._clock.monotonic()
        played_s = 0.0
        try:
            while not self._stopped and (chunk := await asyncio.to_thread(next, pieces, None)) is not None:
                played_s += chunk.seconds
                if self._speed:
                    wait_s = began + played_s / self._speed - self._clock.monotonic()
                    if wait_s > 0:
                        await self._clock.sleep(wait_s)
                yield chunk
        finally:
            await asyncio.shield(asyncio.to_thread(pieces.close))


class _Listener:
    """Listens to a microphone."""

    def __init__(self, microphone: AudioSource) -> None:
        self._microphone = microphone
        self._capture: Capture | None = None
        self._stopped = False

    def _ended(self) -> bool:
        return self._stopped

    def stop(self) -> None:
        self._stopped = True
        if self._capture is not None:
            self._capture.stop()

    async def chunks(self) -> AsyncGenerator[AudioChunk, None]:
        if self._ended():
            return
        self._capture = capture = await self._microphone.open()
        if self._ended():
            capture.stop()
        try:
            async for chunk in capture.chunks():
                yield chunk
        finally:
            capture.stop()
        if capture.lost:
            raise MicrophoneUnavailable(capture.lost)


def _in_pieces(path: Path) -> Generator[AudioChunk, None, None]:
    """A file in pieces of `CHUNK_S`."""
    step = round(CHUNK_S * SPEECH_RATE_HZ) * 4
    for chunk in read_clip(path):
        for at in range(0, len(chunk.pcm), step):
            yield AudioChunk(chunk.pcm[at : at + step])


async def _closeable(chunks: AsyncIterator[AudioChunk]) -> AsyncGenerator[AudioChunk, None]:
    """Any iterator as a generator: closing it closes what it reads, where that can be closed."""
    try:
        async for chunk in chunks:
            yield chunk
    finally:
        if (close := getattr(chunks, "aclose", None)) is not None:
            await close()


async def _warm(port: SpeechToText) -> Transcript:
    """Being asked for has warmed it up."""
    del port
    return Transcript("", 0)


def _share(ordered: list[float], share: float) -> float:
    """A quantile of ordered numbers."""
    return ordered[min(len(ordered) - 1, round(share * (len(ordered) - 1)))]
