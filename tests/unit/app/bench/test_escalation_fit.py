"""What a bar comes to, worked out by hand, and the fit of answers whose confidence tells right from wrong."""

from __future__ import annotations

import pytest

from app.bench.escalation_fit import Point, calibrated, recommended, sweep
from app.bench.escalation_rungs import Answered
from app.bench.escalation_set import Question

QUESTIONS = [Question(str(at), "fact", f"Question {at}?", ("a",)) for at in range(40)]


def answered(
    at: int, *, right: bool, confidence: float | None, joules: float, by: str, share: float | None = None
) -> Answered:
    log_probs = (-0.1 if right else -1.5, -0.2)
    return Answered(QUESTIONS[at], "text", right, confidence, log_probs, share, joules, joules / 10, by)


def test_a_sweep_by_hand() -> None:
    smallest = [
        answered(0, right=True, confidence=0.9, joules=1.0, by="small"),
        answered(1, right=False, confidence=0.4, joules=1.0, by="small"),
        answered(2, right=False, confidence=None, joules=1.0, by="small"),
    ]
    votes = [
        answered(0, right=True, confidence=0.9, joules=5.0, by="small"),
        answered(1, right=True, confidence=0.6, joules=5.0, by="small"),
        answered(2, right=False, confidence=0.2, joules=5.0, by="small"),
    ]
    largest = [answered(at, right=True, confidence=0.99, joules=30.0, by="large") for at in range(3)]
    assert sweep(smallest, votes, largest, bars=(0.0, 0.5, 0.95)) == [
        Point(0.0, pytest.approx(1 / 3), pytest.approx(8 / 3), pytest.approx(0.8 / 3), 0.0),
        Point(0.5, 1.0, pytest.approx((1 + 6 + 36) / 3), pytest.approx(4.3 / 3), pytest.approx(1 / 3)),
        Point(0.95, 1.0, pytest.approx(36.0), pytest.approx(3.6), 1.0),
    ]


def test_a_ladder_may_have_two_rungs() -> None:
    smallest = [answered(0, right=False, confidence=0.4, joules=1.0, by="small")]
    largest = [answered(0, right=True, confidence=None, joules=30.0, by="large")]
    assert [point.joules for point in sweep(smallest, largest, bars=(0.4, 0.5))] == [1.0, 31.0]


def test_the_cheapest_bar_that_gives_little_up_is_recommended() -> None:
    points = [Point(0.0, 0.4, 1, 1, 0.0), Point(0.5, 0.86, 5, 1, 0.3), Point(0.9, 0.9, 9, 1, 0.9)]
    assert recommended(points, 0.9) == 0.5
    assert recommended(points, 1.0) == 0.9


def test_a_fit_of_answers_that_show_whether_they_are_right() -> None:
    rights = [at % 2 == 0 for at in range(40)]
    alone = [answered(at, right=right, confidence=None, joules=1, by="small") for at, right in enumerate(rights)]
    votes = [
        answered(at, right=right, confidence=None, joules=5, by="small", share=1.0 if right else 0.4)
        for at, right in enumerate(rights)
    ]
    largest = [answered(at, right=True, confidence=None, joules=30, by="large") for at in range(40)]
    made = calibrated("model", "1", "2026-01-01", alone, votes, largest)
    assert made.fitted.auroc == 1.0
    assert made.fitted.brier < 0.05
    assert made.vote is not None
    assert made.vote.probability([1.0]) > 0.8 > 0.2 > made.vote.probability([0.4])
    assert made.tried["tail logistic"] == 1.0
    assert made.recommended_bar is not None
