"""A voice gate that needs no model: loud against the room is taken for speech.

Why it exists: when the real gate's host cannot be had, a person who speaks must still be heard. It errs towards speech,
since a false alarm costs a moment and a miss costs the question.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from app.contracts.audio import BYTES_PER_SAMPLE, AudioChunk
from app.contracts.capabilities import CancelGranularity, Capabilities, ConfidenceSource
from app.contracts.devices import Backend, Device, WarmUp
from app.contracts.ports import VoiceActivityStream
from models.hosted.base import require_speech

FRAME_SAMPLES = 512
"""32 ms at 16 kHz, as the port has it."""
QUIETEST_DBFS = -50.0
"""Below this nothing is speech, however quiet the room."""
ABOVE_ROOM_DB = 9.0
"""Speech is this much louder than the room."""
_SOFTNESS_DB = 2.0
_SILENCE_DBFS = -100.0
_ROOM_RISES_DB = 0.15
"""How much louder the room may get with each frame: 5 dB a second. Speech has pauses, a room has none."""


class EnergyVoiceActivity:
    """Implements `app.contracts.ports.VoiceActivity` in this process; it cannot fail."""

    backend = Backend("energy-cpu", "energy", Device.CPU, "energy")
    capabilities = Capabilities(
        streaming=True,
        confidence=ConfidenceSource.NONE,
        cancel=CancelGranularity.CHUNK,
        sample_rate_hz=16_000,
    )

    async def warm_up(self) -> WarmUp:
        """Nothing to load."""
        return WarmUp(Device.CPU, 0.0)

    async def open_stream(self) -> VoiceActivityStream:
        """Begin with an unknown room."""
        return EnergyStream()

    async def aclose(self) -> None:
        """Nothing to give back."""


class EnergyStream:
    """One utterance: the room's loudness is the quietest heard lately."""

    def __init__(self) -> None:
        self._rest = b""
        self._room_dbfs = QUIETEST_DBFS - ABOVE_ROOM_DB

    async def feed(self, chunk: AudioChunk) -> tuple[float, ...]:
        """Speech probability of every frame completed by this chunk."""
        require_speech(chunk)
        pcm = self._rest + chunk.pcm
        whole = len(pcm) // (FRAME_SAMPLES * BYTES_PER_SAMPLE) * FRAME_SAMPLES
        self._rest = pcm[whole * BYTES_PER_SAMPLE :]
        frames = np.frombuffer(pcm, dtype="<f4", count=whole).reshape(-1, FRAME_SAMPLES)
        return tuple(self._probability(level) for level in _levels_dbfs(frames))

    async def aclose(self) -> None:
        """Forget the room."""
        self._rest = b""

    def _probability(self, level_dbfs: float) -> float:
        self._room_dbfs = min(level_dbfs, self._room_dbfs + _ROOM_RISES_DB)
        threshold = max(QUIETEST_DBFS, self._room_dbfs + ABOVE_ROOM_DB)
        return 1.0 / (1.0 + math.exp(min(50.0, (threshold - level_dbfs) / _SOFTNESS_DB)))


def _levels_dbfs(frames: npt.NDArray[np.float32]) -> list[float]:
    power = np.mean(np.square(frames, dtype=np.float64), axis=1)
    levels: list[float] = (10.0 * np.log10(np.maximum(power, 10.0 ** (_SILENCE_DBFS / 10.0)))).tolist()
    return levels
