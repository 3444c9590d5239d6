"""Rules of thumb for a transcript without probabilities."""

from __future__ import annotations

import numpy as np
import pytest

from models.stt.plausibility import CEILING, FLOOR, plausibility

TWO_SECONDS = np.full(62, 0.97, np.float32)
SENTENCE = "Set a timer for five minutes."


def test_a_sentence_in_its_time_is_believed() -> None:
    assert 0.8 < plausibility(SENTENCE, TWO_SECONDS) <= CEILING


@pytest.mark.parametrize(
    ("text", "activity"),
    [
        ("", TWO_SECONDS),
        (SENTENCE, np.zeros(0, np.float32)),
        (SENTENCE, np.full(62, 0.3, np.float32)),
        (SENTENCE, np.array([0.1] * 60 + [0.9] * 2, np.float32)),
        (SENTENCE * 40, TWO_SECONDS),
        ("A.", np.full(900, 0.97, np.float32)),
    ],
    ids=["nothing", "no sound", "never voiced", "a knock", "far too fast", "far too slow"],
)
def test_what_nobody_can_have_said_is_not(text: str, activity: np.ndarray) -> None:
    assert plausibility(text, activity) == FLOOR


def test_doubt_comes_gradually() -> None:
    half_sure = np.full(62, 0.6, np.float32)
    assert FLOOR < plausibility(SENTENCE, half_sure) < plausibility(SENTENCE, TWO_SECONDS)
    hurried = plausibility(
        "It was the best of times, it was the worst of times, it was the age of all that", TWO_SECONDS
    )
    assert FLOOR < hurried < plausibility(SENTENCE, TWO_SECONDS)


def test_repeating_itself_counts_against_it() -> None:
    said = np.full(300, 0.97, np.float32)
    plain = "We had everything before us, we had nothing before us; the period was like the present one, of noisy men."
    again = "yes it is and no it is not " * 4
    assert plausibility(again, said) < plausibility(plain, said)


@pytest.mark.parametrize("text", ["Yes.", "No.", "Stop.", "是"])
def test_a_short_word_is_a_word(text: str) -> None:
    assert plausibility(text, np.full(10, 0.95, np.float32)) > 0.5
