"""A voice that goes on in the middle of a sentence when its host dies.

A voice whose device has to rest ends its sentence: the next one is spoken by another voice, which is made ready
meanwhile.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace

import numpy as np

from app.aio.tasks import TaskOwner
from app.audio.resample import Resampler
from app.contracts.audio import BYTES_PER_SAMPLE, AudioChunk, Voice, VoiceOptions
from app.contracts.errors import InvalidInput, SottoError
from app.contracts.ports import Clock, TextToSpeech
from models.retrying.tiers import Attempts, RetryingRuntime

log = logging.getLogger(__name__)

UNKNOWN_VOICE = "unknown-voice"
"""The code of the error about a voice that a backend does not have."""


class RetryingTextToSpeech(RetryingRuntime[TextToSpeech]):
    """Implements `app.contracts.ports.TextToSpeech` over several of them."""

    stage = "speak"

    def __init__(self, backends: Sequence[TextToSpeech], clock: Clock | None = None) -> None:
        super().__init__(backends, clock)
        self._tasks = TaskOwner()
        self._readied: TextToSpeech | None = None

    async def synthesize(self, text: str, options: VoiceOptions) -> AsyncGenerator[AudioChunk, None]:
        """Speak one sentence; after a failure it is made again and what was delivered is left out.

        The whole sentence comes at the rate of its first chunk, whoever goes on with it.
        """
        attempts = self._tiers.request()
        delivered = _Delivered()
        while True:
            try:
                backend = await attempts.backend()
                rest = _Rest(delivered)
                async with aclosing(_spoken(backend, text, options)) as chunks:
                    async for chunk in chunks:
                        for piece in rest.push(chunk):
                            yield piece
                        self._make_ready(attempts)
                for piece in rest.flush():
                    yield piece
            except SottoError as error:
                attempts.failed(error)
            else:
                return

    async def voices(self) -> tuple[Voice, ...]:
        """The voices of the tier in use."""
        return await self._tiers.run(lambda backend: backend.voices(), tell=False)

    async def aclose(self) -> None:
        """Close every tier."""
        await self._tasks.aclose()
        await super().aclose()

    def _make_ready(self, attempts: Attempts[TextToSpeech]) -> None:
        """Load who speaks the next sentence while this one is spoken, when the device of this voice has to rest."""
        voice = self._tiers.current if self._tiers.held_back(attempts.first) else None
        if voice is not None and voice is not attempts.first and voice is not self._readied:
            self._tasks.start(_warm(voice), name=f"ready {voice.backend.backend_id}")
        self._readied = voice


async def _warm(voice: TextToSpeech) -> None:
    with contextlib.suppress(SottoError):  # the sentence it is to speak tells
        await voice.warm_up()


async def _spoken(backend: TextToSpeech, text: str, options: VoiceOptions) -> AsyncGenerator[AudioChunk, None]:
    """One sentence. Whoever does not have the person's voice, which another backend may have, speaks in its own."""
    try:
        async with aclosing(backend.synthesize(text, options)) as chunks:
            async for chunk in chunks:
                yield chunk
    except InvalidInput as error:
        if error.code != UNKNOWN_VOICE or not options.voice:
            raise
        log.warning("%s speaks in its own voice: %s", backend.backend.backend_id, error.message)
    else:
        return
    async with aclosing(backend.synthesize(text, replace(options, voice=""))) as chunks:
        async for chunk in chunks:
            yield chunk


@dataclass(slots=True)
class _Delivered:
    """How much of a sentence is out, in samples of its first chunk's rate."""

    samples: int = 0
    rate_hz: int = 0


class _Rest:
    """Cuts off what is out already, and brings the rest to the sentence's rate."""

    def __init__(self, delivered: _Delivered) -> None:
        self._delivered = delivered
        self._skip = delivered.samples
        self._resampler: Resampler | None = None

    def push(self, chunk: AudioChunk) -> Iterator[AudioChunk]:
        out = self._delivered
        out.rate_hz = out.rate_hz or chunk.sample_rate_hz
        if chunk.sample_rate_hz == out.rate_hz:
            yield from self._cut(chunk.pcm)
            return
        if self._resampler is None:
            self._resampler = Resampler(chunk.sample_rate_hz, out.rate_hz)
        yield from self._cut(self._resampler.push(np.frombuffer(chunk.pcm, dtype="<f4")).tobytes())

    def flush(self) -> Iterator[AudioChunk]:
        if self._resampler is not None:
            yield from self._cut(self._resampler.flush().tobytes())

    def _cut(self, pcm: bytes) -> Iterator[AudioChunk]:
        skipped = min(self._skip, len(pcm) // BYTES_PER_SAMPLE)
        self._skip -= skipped
        rest = pcm[skipped * BYTES_PER_SAMPLE :]
        if rest:
            self._delivered.samples += len(rest) // BYTES_PER_SAMPLE
            yield AudioChunk(rest, self._delivered.rate_hz)
