"""How loud something is, so that the meter, the tests and the doctor speak of the same decibels."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.float32]
"""Mono float32 samples in [-1, 1]."""

SILENCE_DBFS = -100.0
"""What digital silence counts as; nothing is quieter."""


def as_samples(pcm: bytes) -> Samples:
    """The samples in a chunk's buffer, without a copy; read-only."""
    return np.frombuffer(pcm, dtype="<f4").astype(np.float32, copy=False)


def as_pcm(samples: Samples) -> bytes:
    """The buffer of a chunk from samples."""
    return samples.astype("<f4", copy=False).tobytes()


def dbfs(pcm: bytes) -> float:
    """Loudness (RMS) of little-endian float32 samples in dBFS: 0 is full scale, `SILENCE_DBFS` is silence."""
    samples = as_samples(pcm)
    if not samples.size:
        return SILENCE_DBFS
    return _decibels(float(np.sqrt(np.mean(np.square(samples, dtype=np.float64)))))


def peak_dbfs(pcm: bytes) -> float:
    """Largest sample of little-endian float32 samples in dBFS."""
    samples = as_samples(pcm)
    return _decibels(float(np.max(np.abs(samples)))) if samples.size else SILENCE_DBFS


def amplitude(decibels: float) -> float:
    """The factor that stands for so many decibels: 0 dB is 1.0, -20 dB is 0.1."""
    return float(10.0 ** (decibels / 20.0))


def _decibels(value: float) -> float:
    if not value > 0.0:  # also true of NaN, which a broken driver may deliver
        return SILENCE_DBFS
    return min(0.0, max(SILENCE_DBFS, 20.0 * float(np.log10(value))))
