from __future__ import annotations

import numpy as np
import pytest

from app.audio.levels import SILENCE_DBFS, amplitude, as_pcm, as_samples, dbfs, peak_dbfs


def test_a_full_scale_sine_is_three_decibels_below_a_square() -> None:
    time = np.arange(16_000) / 16_000
    sine = np.sin(2 * np.pi * 100 * time).astype(np.float32)
    assert dbfs(as_pcm(sine)) == pytest.approx(-3.01, abs=0.01)
    assert dbfs(as_pcm(np.sign(sine + 1e-9).astype(np.float32))) == pytest.approx(0.0, abs=0.01)
    assert peak_dbfs(as_pcm(sine)) == pytest.approx(0.0, abs=0.01)


@pytest.mark.parametrize("samples", [[], [0.0, 0.0], [np.nan, 0.1], [1e-9]])
def test_silence_nothing_and_nonsense_are_silent(samples: list[float]) -> None:
    assert dbfs(as_pcm(np.array(samples, np.float32))) == SILENCE_DBFS


def test_louder_than_full_scale_is_full_scale() -> None:
    assert dbfs(as_pcm(np.full(10, 4.0, np.float32))) == 0.0


def test_decibels_and_factors_are_each_other_s_inverse() -> None:
    assert amplitude(-20.0) == pytest.approx(0.1)
    assert dbfs(as_pcm(np.full(10, amplitude(-32.0), np.float32))) == pytest.approx(-32.0, abs=0.01)


def test_samples_survive_the_way_through_a_buffer() -> None:
    samples = np.array([0.0, -1.0, 0.5], np.float32)
    assert np.array_equal(as_samples(as_pcm(samples)), samples)
