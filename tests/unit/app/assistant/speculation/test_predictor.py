"""What a person is likely to choose is learnt, fades, and never rules anything out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.assistant.speculation.predictor import HALF_LIFE_S, Learned, Predictor, hour_band
from app.memory.notebook import Notebook
from tests.helpers.virtual_time import in_virtual_time

SLOT, VALUES = "plan_workout.minutes", ("20", "30", "45", "60")
MORNING = datetime(2026, 11, 21, 7, 30, tzinfo=UTC)


class Days:
    """Time that is set by hand."""

    def __init__(self, now: datetime = MORNING) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


def test_before_anything_was_chosen_all_are_alike_and_in_order() -> None:
    assert Predictor(Days()).chances(SLOT, VALUES) == tuple((value, 0.25) for value in VALUES)
    assert Predictor(Days()).chances(SLOT, ()) == ()


def test_the_first_choice_counts_as_add_one_smoothing_says() -> None:
    days = Days()
    predictor = Predictor(days)
    predictor.chose(SLOT, "45")
    days.now += timedelta(hours=4)  # another band: only what holds at every hour is known
    chances = dict(predictor.chances(SLOT, VALUES))
    assert chances["45"] == pytest.approx((1 + 1) / (1 + 4), abs=0.002)
    assert chances["20"] == pytest.approx(1 / 5, abs=0.002)


def test_hours_and_the_last_choice_tell_more_than_the_sum() -> None:
    days = Days()
    predictor = Predictor(days)
    for day in range(20):
        for hour, value in ((7, "20"), (19, "60")):
            days.now = MORNING.replace(hour=hour) + timedelta(days=day)
            predictor.chose(SLOT, value)
    days.now += timedelta(hours=12)
    morning = predictor.chances(SLOT, VALUES)
    days.now += timedelta(hours=12)
    evening = predictor.chances(SLOT, VALUES)
    assert (morning[0][0], evening[0][0]) == ("20", "60")
    assert min(morning[0][1], evening[0][1]) > 0.7


def test_a_sequence_is_learnt() -> None:
    predictor = Predictor(Days())
    for value in ("upper", "lower") * 15:
        predictor.chose("plan_workout.focus", value)
    assert predictor.chances("plan_workout.focus", ("upper", "lower", "core"))[0][0] == "upper"
    predictor.chose("plan_workout.focus", "upper")
    assert predictor.chances("plan_workout.focus", ("upper", "lower", "core"))[0][0] == "lower"


def test_after_a_half_life_a_choice_counts_half() -> None:
    days = Days()
    predictor = Predictor(days)
    predictor.chose(SLOT, "20")
    days.now += timedelta(seconds=HALF_LIFE_S)
    put = predictor.chose(SLOT, "30")
    assert isinstance(put.value, Learned)
    assert {count.value: count.weight for count in put.value.counts} == pytest.approx({"20": 0.5, "30": 1.0})
    days.now += timedelta(days=400)
    put = predictor.chose(SLOT, "60")
    assert isinstance(put.value, Learned)
    assert [count.value for count in put.value.counts] == ["60"]  # the others have faded away


def test_a_clock_that_was_set_back_makes_nothing_weigh_more() -> None:
    days = Days()
    predictor = Predictor(days)
    predictor.chose(SLOT, "20")
    days.now -= timedelta(days=30)
    put = predictor.chose(SLOT, "20")
    assert isinstance(put.value, Learned)
    assert [count.weight for count in put.value.counts if count.after == ""] == [1.0]


@given(
    st.lists(st.tuples(st.sampled_from((*VALUES, "other")), st.integers(0, 23), st.integers(0, 40)), max_size=40),
    st.integers(0, 23),
)
def test_chances_add_up_to_one_and_nothing_is_ruled_out(choices: list[tuple[str, int, int]], hour: int) -> None:
    days = Days()
    predictor = Predictor(days)
    for value, at, day in choices:
        days.now = MORNING.replace(hour=at) + timedelta(days=day)
        predictor.chose(SLOT, value)
    days.now = MORNING.replace(hour=hour) + timedelta(days=41)
    chances = predictor.chances(SLOT, VALUES)
    assert sum(chance for _, chance in chances) == pytest.approx(1.0)
    assert all(chance > 0.0 for _, chance in chances)
    assert [chance for _, chance in chances] == sorted((chance for _, chance in chances), reverse=True)


@pytest.mark.parametrize(
    ("hour", "band"),
    [(0, "night"), (5, "night"), (6, "morning"), (11, "midday"), (17, "evening"), (22, "night"), (23, "night")],
)
def test_hour_bands(hour: int, band: str) -> None:
    assert hour_band(MORNING.replace(hour=hour)) == band


@in_virtual_time
async def test_what_was_learnt_is_found_again(tmp_path: Path) -> None:
    notebook = Notebook(tmp_path / "notebook.sqlite")
    first = Predictor(Days())
    await notebook.commit([first.chose(SLOT, "60"), first.chose(SLOT, "60")])
    second = Predictor(Days())
    await second.load(notebook)
    assert second.chances(SLOT, VALUES) == first.chances(SLOT, VALUES)
    await notebook.aclose()
