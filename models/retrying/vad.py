"""A voice gate that never fails: without a model it listens for loudness."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

from app.contracts.audio import BYTES_PER_SAMPLE, AudioChunk
from app.contracts.errors import SottoError
from app.contracts.ports import Clock, VoiceActivity, VoiceActivityStream
from models.retrying.tiers import RetryingRuntime, Tiers
from models.vad.energy import FRAME_SAMPLES, EnergyVoiceActivity

_FRAME_BYTES = FRAME_SAMPLES * BYTES_PER_SAMPLE


class RetryingVoiceActivity(RetryingRuntime[VoiceActivity]):
    """Implements `app.contracts.ports.VoiceActivity` over several of them, and a gate by loudness after the last.

    Args:
        backends: Best first; may be empty.
        clock: Tells when a tier that failed may be tried first again.
    """

    stage = "listen"

    def __init__(self, backends: Sequence[VoiceActivity], clock: Clock | None = None) -> None:
        super().__init__((*backends, EnergyVoiceActivity()), clock)

    async def open_stream(self) -> VoiceActivityStream:
        """Begin with fresh state."""
        stream = RetryingVoiceActivityStream(self._tiers)
        await stream.begin()
        return stream


class RetryingVoiceActivityStream:
    """The gate over one utterance. A new gate begins with the frame the old one did not complete."""

    def __init__(self, tiers: Tiers[VoiceActivity]) -> None:
        self._tiers = tiers
        self._inner: VoiceActivityStream | None = None
        self._rest = b""

    async def begin(self) -> None:
        """Open the first stream."""
        self._inner = await self._tiers.run(lambda backend: backend.open_stream())

    async def feed(self, chunk: AudioChunk) -> tuple[float, ...]:
        """Speech probability of every frame completed by this chunk."""
        open_frame = self._rest + chunk.pcm
        self._rest = open_frame[len(open_frame) // _FRAME_BYTES * _FRAME_BYTES :]
        attempts = self._tiers.request()
        while True:
            try:
                if self._inner is not None:
                    return await self._inner.feed(chunk)
                backend = await attempts.backend()
                self._inner = await backend.open_stream()
                return await self._inner.feed(AudioChunk(open_frame))
            except SottoError as error:
                await self.aclose()
                attempts.failed(error)

    async def aclose(self) -> None:
        """Forget the state."""
        inner, self._inner = self._inner, None
        if inner is not None:
            with contextlib.suppress(SottoError):  # nothing is lost with a gate that cannot be closed
                await inner.aclose()
