from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.audio.levels import Samples
from app.audio.resample import Resampler, resampled
from tests.helpers.signals import murmur

RATES = [8_000, 16_000, 22_050, 24_000, 44_100, 48_000, 96_000]


def tone(hertz: float, rate_hz: int, count: int) -> Samples:
    return np.sin(2 * np.pi * hertz * np.arange(count) / rate_hz).astype(np.float32)


@pytest.mark.parametrize("in_hz", RATES)
@pytest.mark.parametrize("out_hz", [16_000, 44_100, 48_000])
def test_a_tone_keeps_its_pitch_its_phase_and_its_loudness(in_hz: int, out_hz: int) -> None:
    count = in_hz // 4
    heard = resampled(tone(1000.0, in_hz, count), in_hz, out_hz)
    assert heard.size == -(-count * out_hz // in_hz)
    inner = slice(out_hz // 50, -out_hz // 50)
    assert np.max(np.abs(heard - tone(1000.0, out_hz, heard.size))[inner]) < 1e-4


@pytest.mark.parametrize("in_hz", [22_050, 44_100, 48_000, 96_000])
def test_what_the_lower_rate_cannot_hold_is_gone(in_hz: int) -> None:
    heard = resampled(tone(8_500.0, in_hz, in_hz // 2), in_hz, 16_000)
    assert np.max(np.abs(heard[400:-400])) < 1e-3


@given(
    in_hz=st.sampled_from(RATES),
    out_hz=st.sampled_from(RATES),
    sizes=st.lists(st.integers(0, 900), min_size=1, max_size=12),
)
@settings(deadline=None)
def test_it_makes_no_difference_how_the_sound_is_cut(in_hz: int, out_hz: int, sizes: list[int]) -> None:
    sound = murmur(1.5, in_hz)[: sum(sizes)]
    resampler = Resampler(in_hz, out_hz)
    pieces = []
    at = 0
    for size in sizes:
        pieces.append(resampler.push(sound[at : at + size]))
        at += size
        ready = sum(piece.size for piece in pieces)
        assert ready >= (at / in_hz - 0.006) * out_hz  # what is held back is a few milliseconds
        assert resampler.pending == (ready < -(-at * out_hz // in_hz))
    pieces.append(resampler.flush())
    joined = np.concatenate(pieces)
    whole = resampled(sound, in_hz, out_hz)
    assert joined.size == -(-at * out_hz // in_hz)
    assert np.allclose(joined, whole, atol=1e-6)


def test_after_a_flush_a_new_stream_begins() -> None:
    sound = murmur(0.05, 44_100)
    resampler = Resampler(44_100, 16_000)
    first = np.concatenate((resampler.push(sound), resampler.flush()))
    second = np.concatenate((resampler.push(sound), resampler.flush()))
    assert np.array_equal(first, second)


def test_rates_must_be_positive() -> None:
    with pytest.raises(ValueError, match="positive"):
        Resampler(0, 16_000)
