"""Sounds to play and ways to find them again."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import numpy.typing as npt

Signal = npt.NDArray[np.float32]


def murmur(seconds: float, rate_hz: int, *, seed: int = 0, top_hz: float = 2500.0, level: float = 0.1) -> Signal:
    """Noise that never repeats, as wide as speech: any piece of it can be found again."""
    count = round(seconds * rate_hz)
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(count))
    frequencies = np.fft.rfftfreq(count, 1.0 / rate_hz)
    spectrum[(frequencies < 80.0) | (frequencies > top_hz)] = 0.0
    noise = np.fft.irfft(spectrum, count)
    return (noise / np.sqrt(np.mean(np.square(noise))) * level).astype(np.float32)


def write_16_bit(path: Path, samples: Signal, rate_hz: int) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        file.writeframes((np.clip(samples, -1.0, 1.0) * 32767.0).astype("<i2").tobytes())
    return path


def find(piece: Signal, whole: Signal) -> tuple[int, float]:
    """Where ``piece`` begins in ``whole`` (negative when before its start), and how alike they are there, up to 1."""
    size = 1 << (piece.size + whole.size - 1).bit_length()
    match = np.fft.irfft(np.fft.rfft(whole, size) * np.conj(np.fft.rfft(piece, size)), size)
    start = int(np.argmax(match))
    if start > size // 2:
        start -= size
    first, last = max(0, start), min(whole.size, start + piece.size)
    if last - first < 2:
        return start, 0.0
    one, other = whole[first:last], piece[first - start : last - start]
    scale = float(np.linalg.norm(one) * np.linalg.norm(other))
    return start, float(np.dot(one, other)) / scale if scale else 0.0
