"""A voice gate that hears speech wherever there is sound."""

from __future__ import annotations

from app.aio.clock import SystemClock
from app.contracts.audio import AudioChunk
from app.contracts.ports import Clock, VoiceActivity, VoiceActivityStream
from models.fakes.base import FakeRuntime
from models.hosted.base import require_speech

SPEECH = 0.98
SILENCE = 0.01
_FRAME_BYTES = 512 * 4


class FakeVoiceActivity(FakeRuntime, VoiceActivity):
    """Digital silence is silence, everything else speech.

    Args:
        backend_id: Its identity.
        clock: Its delays are slept on this.
    """

    def __init__(self, backend_id: str = "fake-vad", clock: Clock | None = None) -> None:
        super().__init__(backend_id, clock or SystemClock(), sample_rate_hz=16_000)

    async def open_stream(self) -> VoiceActivityStream:
        """Begin afresh."""
        await self._begin("open_stream")
        return FakeVoiceActivityStream(self)

    async def begin(self, method: str) -> None:
        """Record a call of one of its streams."""
        await self._begin(method)


class FakeVoiceActivityStream(VoiceActivityStream):
    """One utterance."""

    def __init__(self, gate: FakeVoiceActivity) -> None:
        self._gate = gate
        self._rest = b""

    async def feed(self, chunk: AudioChunk) -> tuple[float, ...]:
        """Speech or silence for every whole frame."""
        await self._gate.begin("feed")
        require_speech(chunk)
        pcm = self._rest + chunk.pcm
        whole = len(pcm) // _FRAME_BYTES * _FRAME_BYTES
        self._rest = pcm[whole:]
        return tuple(SPEECH if any(pcm[at : at + _FRAME_BYTES]) else SILENCE for at in range(0, whole, _FRAME_BYTES))

    async def aclose(self) -> None:
        """Forget the open frame."""
        self._rest = b""
