from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.audio.gate import HYSTERESIS, VoiceGate

PROBABILITIES = st.lists(st.floats(0.0, 1.0), max_size=60)


def gated(*probabilities: float, threshold: float = 0.5) -> VoiceGate:
    gate = VoiceGate(threshold)
    for probability in probabilities:
        gate.push(probability)
    return gate


def test_nothing_has_been_said_at_the_start() -> None:
    gate = VoiceGate()
    assert not gate.speaking
    assert not gate.has_speech
    assert gate.silence_ms == 0.0
    assert gate.last_speech_frame == 0
    assert gate.frame_samples == 512


def test_a_click_is_no_speech() -> None:
    gate = gated(0.1, 0.9, 0.1, 0.1)
    assert not gate.has_speech
    assert gate.silence_ms == pytest.approx(64.0)


def test_silence_counts_from_the_last_speech() -> None:
    gate = gated(0.0, 0.9, 0.9, 0.0, 0.0, 0.0)
    assert gate.has_speech
    assert gate.last_speech_frame == 3
    assert gate.silence_ms == pytest.approx(96.0)


def test_speech_that_has_begun_may_waver() -> None:
    assert gated(0.9, 0.45).speaking
    assert not gated(0.45).speaking
    assert not gated(0.9, 0.5 - HYSTERESIS - 0.01).speaking


@given(PROBABILITIES)
def test_silence_and_speech_add_up_to_the_whole(probabilities: list[float]) -> None:
    gate = gated(*probabilities)
    assert gate.frames == len(probabilities)
    assert gate.silence_ms == pytest.approx((gate.frames - gate.last_speech_frame) * 32.0)
    assert gate.speaking == (gate.frames > 0 and gate.last_speech_frame == gate.frames)


@given(PROBABILITIES)
def test_without_a_frame_above_the_threshold_nothing_was_said(probabilities: list[float]) -> None:
    quiet = [probability * 0.49 for probability in probabilities]
    gate = gated(*quiet)
    assert not gate.has_speech
    assert gate.last_speech_frame == 0


@given(PROBABILITIES, PROBABILITIES)
def test_once_said_stays_said(before: list[float], after: list[float]) -> None:
    if gated(*before).has_speech:
        assert gated(*before, *after).has_speech


@given(PROBABILITIES)
def test_two_loud_frames_are_always_speech(before: list[float]) -> None:
    assert gated(*before, 0.9, 0.9).has_speech
