"""Ratings move the threshold, slowly and not far."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.assistant.progressive.routing import REACH, SUFFICES
from app.assistant.progressive.satisfaction import STEP_A_DAY, Evidence, Kind, Satisfaction, aimed_at, rated
from app.assistant.understanding.meaning import OPEN_QUESTION, Complexity
from app.memory.notebook import Notebook
from tests.helpers.virtual_time import in_virtual_time

QUICK, LAST = "quick_response", "synthesis"


@dataclass
class Calendar:
    now: datetime = datetime(2026, 11, 21, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


def test_nothing_moves_before_anything_was_said() -> None:
    assert aimed_at(()) == pytest.approx(SUFFICES)
    assert Evidence(QUICK).mean == pytest.approx(0.75)


@given(st.lists(st.tuples(st.integers(0, 40), st.sampled_from([-1, 1])), max_size=120))
def test_it_moves_at_most_a_step_a_day_and_stays_within_reach(said: list[tuple[int, int]]) -> None:
    kind, mornings = Kind("medium", OPEN_QUESTION), dict[int, float]()
    for day, rating in sorted(said):
        mornings.setdefault(day, kind.threshold)
        kind = rated(kind, QUICK, rating, 0, f"day {day}", LAST)
        assert abs(kind.threshold - mornings[day]) <= STEP_A_DAY + 1e-9
        assert SUFFICES - REACH - 1e-9 <= kind.threshold <= 1.0


def test_early_answers_that_satisfy_lower_it_and_bad_ones_raise_it() -> None:
    low = high = Kind("medium", OPEN_QUESTION)
    for day in range(10):
        for _ in range(3):
            low = rated(low, QUICK, 1, 0, f"day {day}", LAST)
            high = rated(high, QUICK, -1, 0, f"day {day}", LAST)
    assert low.threshold == pytest.approx(SUFFICES - REACH, abs=0.02)
    assert high.threshold == pytest.approx(1.0)


def test_what_is_said_of_the_last_stage_tells_nothing_about_stopping_earlier() -> None:
    kind = rated(Kind("complex", OPEN_QUESTION), LAST, -1, 0, "today", LAST)
    assert kind.threshold == pytest.approx(SUFFICES)
    assert kind.evidence == (Evidence(LAST, 0, 1),)


def test_a_rating_can_be_changed_and_taken_back() -> None:
    start = Kind("simple", OPEN_QUESTION)
    kind = rated(start, QUICK, 1, 0, "today", LAST)
    kind = rated(kind, QUICK, -1, 1, "today", LAST)
    assert kind.evidence == (Evidence(QUICK, 0, 1),)
    kind = rated(kind, QUICK, 0, -1, "today", LAST)
    assert kind.evidence == (Evidence(QUICK, 0, 0),)
    assert kind.threshold == pytest.approx(SUFFICES)


@in_virtual_time
async def test_it_is_kept_and_can_be_forgotten(tmp_path: Path) -> None:
    notebook, calendar = Notebook(tmp_path / "notebook.db"), Calendar()
    satisfaction = Satisfaction(notebook, calendar)
    for _ in range(4):
        await satisfaction.rate(OPEN_QUESTION, Complexity.MEDIUM, QUICK, 1, last=LAST)
    calendar.now += timedelta(days=1)
    await satisfaction.rate("set_timer", Complexity.SIMPLE, "timers", -1, last=LAST)
    assert satisfaction.share() == pytest.approx(0.8)
    again = Satisfaction(notebook, calendar)
    await again.load()
    assert again.kinds() == satisfaction.kinds()
    assert [kind.entry_id for kind in again.kinds()] == ["simple/set_timer", "medium/open_question"]
    assert again.threshold(OPEN_QUESTION, Complexity.MEDIUM) == pytest.approx(SUFFICES - STEP_A_DAY)
    assert await again.reset() == 2
    fresh = Satisfaction(notebook, calendar)
    await fresh.load()
    await notebook.aclose()
    assert (fresh.kinds(), fresh.share()) == ((), None)
    assert fresh.threshold(OPEN_QUESTION, Complexity.MEDIUM) == SUFFICES
