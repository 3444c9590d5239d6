"""The gate by loudness."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from app.contracts.audio import AudioChunk
from models.vad.energy import EnergyVoiceActivity


def noise(seconds: float, loudness: float, seed: int = 1) -> bytes:
    random = np.random.default_rng(seed)
    return (random.standard_normal(int(seconds * 16_000)) * loudness).astype("<f4").tobytes()


async def heard(*pieces: bytes) -> list[float]:
    stream = await EnergyVoiceActivity().open_stream()
    return [p for piece in pieces for p in await stream.feed(AudioChunk(piece))]


async def test_speech_in_a_quiet_room() -> None:
    probabilities = await heard(noise(1, 0.0003), noise(1, 0.05), noise(1, 0.0003))
    assert max(probabilities[:30]) < 0.1
    assert min(probabilities[32:61]) > 0.9
    assert max(probabilities[64:]) < 0.1


async def test_speech_in_a_loud_room() -> None:
    room, speech = noise(6, 0.01), noise(1, 0.1)
    probabilities = await heard(room, speech, room)
    assert max(probabilities[150:186]) < 0.5
    assert min(probabilities[188:217]) > 0.9
    assert max(probabilities[220:]) < 0.5


async def test_speech_from_the_very_first_sample() -> None:
    assert (await heard(noise(0.1, 0.05)))[0] > 0.9


async def test_digital_silence() -> None:
    assert max(await heard(bytes(16_000 * 4))) < 0.01


@given(st.lists(st.integers(0, 1500), max_size=8))
async def test_frames_do_not_depend_on_the_pieces(sizes: list[int]) -> None:
    pcm = noise(sum(sizes) / 16_000, 0.05)
    at, pieces = 0, []
    for size in sizes:
        pieces.append(pcm[at * 4 : (at + size) * 4])
        at += size
    assert await heard(*pieces) == await heard(pcm[: at * 4])
