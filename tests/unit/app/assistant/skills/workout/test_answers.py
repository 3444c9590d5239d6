"""What is said about a proposal or in answer to a question, in the person's own words."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from app.assistant.skills.skill import Asked
from app.assistant.skills.workout import wish as slots
from app.assistant.skills.workout.asking import answer
from app.assistant.skills.workout.wish import Known, wish_of
from app.assistant.skills.workout.words import Focus, focus_in

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
PLAN = Asked("plan_workout", "plan an upper body workout", {slots.FOCUS: "upper"}, NOW)


def after(*said: str) -> tuple[int, frozenset[str]]:
    """Minutes and equipment once these things have been said about the proposal, one after the other."""
    asked = PLAN
    for words in said:
        value = answer(asked, slots.CHANGE, words)
        assert value is not None
        asked = asked.having({slots.CHANGE: value})
    wish = wish_of(asked, Known({}))
    return wish.minutes, frozenset(wish.gear)


def test_shorter_and_longer_beside_other_changes() -> None:
    assert after("make it shorter and with dumbbells") == (20, frozenset({"dumbbells"}))
    assert after("longer please", "longer, with a kettlebell") == (60, frozenset({"kettlebell"}))
    assert after("shorter", "make it 45 minutes") == (45, frozenset())
    assert after("45 minutes", "a bit shorter") == (30, frozenset())


@pytest.mark.parametrize(
    ("said", "focus"),
    [
        ("not upper body", None),
        ("lower body, not upper body", Focus.LOWER),
        ("no, lower body", Focus.LOWER),
        ("anything but legs", None),
        ("upper and lower", Focus.FULL),
    ],
)
def test_what_is_ruled_out_is_not_trained(said: str, focus: Focus | None) -> None:
    assert focus_in(said) == focus


@pytest.mark.parametrize(("said", "minutes"), [("twenty five", "25"), ("about fifty", "50"), ("an hour", "60")])
def test_a_length_in_words(said: str, minutes: str) -> None:
    assert answer(PLAN, slots.MINUTES, said) == minutes
