"""Speech, noise and music for recognisers, all of it made here: nothing is recorded and nothing is fetched.

The micro Whisper models know some phrases and force every other speech to the nearest one; they were trained on
espeak-ng's voices, which also ship with the program.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from app.contracts.audio import AudioChunk
from models.tts.espeak_library import EspeakLibrary
from tests.helpers.engines import Samples, at_speech_rate

RATE_HZ = 16_000
PHRASES = {
    "set a timer for five minutes": "Set a timer for five minutes.",
    "what is the capital of france": "What is the capital of France?",
    "turn off the lights": "Turn off the lights.",
    "tell me a joke": "Tell me a joke.",
    "play some music": "Play some music.",
    "good morning": "Good morning.",
    "stop": "Stop.",
    "yes": "Yes.",
}
"""Some of the phrases the micro models know, and how they write them."""
GERMAN = ("guten morgen", "Guten Morgen.")


@cache
def said(text: str, voice: str = "en-us", words_per_minute: int = 160) -> Samples:
    """A text spoken by espeak-ng, at 16 kHz."""
    library = EspeakLibrary()
    try:
        library.choose(voice, words_per_minute)
        pieces: list[bytes] = []
        library.speak(text, lambda piece: (pieces.append(piece), True)[1])
        return at_speech_rate(np.frombuffer(b"".join(pieces), "<f4"), library.sample_rate_hz)
    finally:
        library.close()


def silence(seconds: float) -> Samples:
    """Digital silence."""
    return np.zeros(int(seconds * RATE_HZ), np.float32)


def joined(*parts: Samples) -> Samples:
    """One after the other."""
    return np.concatenate(parts)


def question(text: str = "set a timer for five minutes") -> Samples:
    """A phrase with the silence that surrounds what somebody says."""
    return joined(silence(0.3), said(text), silence(0.5))


def many(*texts: str, pause_s: float = 1.6) -> Samples:
    """Phrases with pauses between them."""
    return joined(*(part for text in texts for part in (said(text), silence(pause_s))))


def clip(samples: Samples) -> AudioChunk:
    """As it crosses the port."""
    return AudioChunk(samples.astype("<f4").tobytes())


def white_noise(seconds: float, level: float, seed: int = 1) -> Samples:
    """Gaussian noise of so much root mean square."""
    return np.random.default_rng(seed).standard_normal(int(seconds * RATE_HZ)).astype(np.float32) * np.float32(level)


def in_noise(samples: Samples, ratio_db: float) -> Samples:
    """The sound in white noise that is so much weaker than it."""
    level = float(np.sqrt((samples**2).mean()) / 10 ** (ratio_db / 20))
    return samples + white_noise(len(samples) / RATE_HZ, level)[: len(samples)]


def chords(seconds: float) -> Samples:
    """Major chords that swell four times a second."""
    at = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    tones = sum(np.sin(2 * np.pi * pitch * at) + 0.4 * np.sin(4 * np.pi * pitch * at) for pitch in (262, 330, 392))
    return (0.1 * tones * (1 + 0.5 * np.sin(2 * np.pi * 4 * at))).astype(np.float32)


def melody(seconds: float, seed: int = 3) -> Samples:
    """Three voices of plucked and bowed notes over a beat."""
    random = np.random.default_rng(seed)
    total = int(seconds * RATE_HZ)
    sound = np.zeros(total)
    scale = 220 * 2 ** (np.array([0, 2, 4, 5, 7, 9, 11, 12, 14, 16]) / 12)
    for octave in (1.0, 0.5, 2.0):
        start = 0
        while start < total:
            length = min(int(RATE_HZ * random.choice([0.2, 0.3, 0.5, 0.8])), total - start)
            at = np.arange(length)
            pitch = random.choice(scale) * octave * (1 + 0.01 * np.sin(2 * np.pi * 5 * at / RATE_HZ))
            phase = 2 * np.pi * np.cumsum(pitch) / RATE_HZ
            shape = np.minimum(1, at / 400) * np.exp(-at / random.choice([2000, 6000, 20_000]))
            sound[start : start + length] += shape * sum(np.sin(h * phase) / h for h in range(1, 9))
            start += length
    for start in range(0, total - 1600, RATE_HZ // 2):
        sound[start : start + 1600] += random.standard_normal(1600) * np.exp(-np.arange(1600) / 300)
    return (sound / np.abs(sound).max() * 0.5).astype(np.float32)


def hummed(seconds: float) -> Samples:
    """A steady vowel on one note with vibrato, as nobody speaks and many sing."""
    at = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    phase = 2 * np.pi * np.cumsum(220 * (1 + 0.02 * np.sin(2 * np.pi * 5.5 * at))) / RATE_HZ
    tones = sum(
        np.sin(phase * h) * (np.exp(-(((h * 220 - 700) / 300) ** 2)) + 0.5 * np.exp(-(((h * 220 - 1200) / 300) ** 2)))
        for h in range(1, 15)
    )
    return (0.1 * tones).astype(np.float32)
