from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from app.audio.cues import CUE_DBFS, RING_DBFS, ready_cue, ring, stop_cue
from app.audio.levels import as_samples, peak_dbfs
from app.contracts.audio import AudioChunk


@pytest.mark.parametrize("cue", [ready_cue, stop_cue])
def test_a_cue_is_short_soft_and_does_not_click(cue: Callable[[], AudioChunk]) -> None:
    chunk = cue()
    samples = as_samples(chunk.pcm)
    assert 0.05 < chunk.seconds < 0.2
    assert peak_dbfs(chunk.pcm) == pytest.approx(CUE_DBFS, abs=0.1)
    assert abs(samples[0]) < 1e-4
    assert abs(samples[-1]) < 1e-4
    assert np.max(np.abs(np.diff(samples))) < 0.02


def test_the_two_cues_differ() -> None:
    assert ready_cue() != stop_cue()


def test_a_ring_is_louder_and_does_not_click_either() -> None:
    chunk = ring()
    samples = as_samples(chunk.pcm)
    assert 0.3 < chunk.seconds < 0.8
    assert peak_dbfs(chunk.pcm) == pytest.approx(RING_DBFS, abs=0.1)
    assert abs(samples[0]) < 1e-4
    assert abs(samples[-1]) < 1e-4
    assert np.max(np.abs(np.diff(samples))) < 0.07
