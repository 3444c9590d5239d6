"""A recogniser that keeps what it was told, and tells it again to a fresh host."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable

from app.contracts.audio import AudioChunk, Transcript
from app.contracts.errors import SottoError
from app.contracts.ports import RecognitionStream, SpeechToText
from models.retrying.tiers import Attempts, RetryingRuntime, Tiers

LONGEST_CLIP_S = 60.0
"""A clip up to this length may be recognised whole."""


class RetryingSpeechToText(RetryingRuntime[SpeechToText]):
    """Implements `app.contracts.ports.SpeechToText` over several of them."""

    stage = "transcribe"

    async def transcribe(self, clip: AudioChunk) -> Transcript:
        """Recognise a whole clip."""
        return await self._tiers.run(lambda backend: backend.transcribe(clip))

    async def open_stream(self) -> RecognitionStream:
        """Begin an utterance on the first tier that can be had."""
        stream = RetryingRecognitionStream(self._tiers)
        await stream.begin()
        return stream


class RetryingRecognitionStream:
    """One utterance, kept in memory until it ends: 64 kB for each second.

    Args:
        tiers: The recognisers, best first.
    """

    def __init__(self, tiers: Tiers[SpeechToText]) -> None:
        self._tiers = tiers
        self._heard: list[AudioChunk] = []
        self._inner: RecognitionStream | None = None
        self._fed = 0
        self._failure: SottoError | None = None

    async def begin(self) -> None:
        """Open the first stream."""
        attempts = self._tiers.request()
        while self._inner is None:
            try:
                await self._reopen(attempts)
            except SottoError as error:
                attempts.failed(error)

    async def feed(self, chunk: AudioChunk) -> None:
        """Keep the samples and hand them over. A failure is dealt with when the words are next asked for."""
        self._heard.append(chunk)
        if self._inner is not None:
            try:
                await self._catch_up(self._inner)
            except SottoError as error:
                await self._lose(error)

    async def partial(self) -> Transcript:
        """Recognise what was fed so far."""
        return await self._ask(lambda stream: stream.partial(), afresh=None)

    async def finish(self) -> Transcript:
        """The final text. After a failure the whole clip is recognised on the fresh host, which is the shortest way."""
        seconds = sum(chunk.seconds for chunk in self._heard)
        whole = self._transcribe_whole if 0 < seconds <= LONGEST_CLIP_S else None
        return await self._ask(lambda stream: stream.finish(), afresh=whole)

    async def aclose(self) -> None:
        """Drop the utterance."""
        self._heard.clear()
        if self._inner is not None:
            await self._inner.aclose()

    async def _ask(
        self,
        work: Callable[[RecognitionStream], Awaitable[Transcript]],
        afresh: Callable[[SpeechToText], Awaitable[Transcript]] | None,
    ) -> Transcript:
        """Ask the stream, or a new one; or, where ``afresh`` is given, a recogniser without a stream."""
        attempts = self._tiers.request()
        while True:
            try:
                self._raise_failure()
                if self._inner is None and afresh is not None:
                    return await afresh(await attempts.backend())
                stream = self._inner or await self._reopen(attempts)
                await self._catch_up(stream)
                return await work(stream)
            except SottoError as error:
                await self._lose(None)
                attempts.failed(error)

    async def _transcribe_whole(self, backend: SpeechToText) -> Transcript:
        return await backend.transcribe(AudioChunk(b"".join(chunk.pcm for chunk in self._heard)))

    async def _reopen(self, attempts: Attempts[SpeechToText]) -> RecognitionStream:
        backend = await attempts.backend()
        self._inner = await backend.open_stream()
        self._fed = 0
        return self._inner

    async def _catch_up(self, stream: RecognitionStream) -> None:
        """Feed everything that this stream has not been fed yet."""
        while self._fed < len(self._heard):
            chunk = self._heard[self._fed]
            self._fed += 1
            await stream.feed(chunk)

    async def _lose(self, failure: SottoError | None) -> None:
        self._failure = failure
        lost, self._inner = self._inner, None
        if lost is not None:
            with contextlib.suppress(SottoError):  # it failed already; this only gives back what it held
                await lost.aclose()

    def _raise_failure(self) -> None:
        """Raise what went wrong while feeding, once."""
        failure, self._failure = self._failure, None
        if failure is not None:
            raise failure
