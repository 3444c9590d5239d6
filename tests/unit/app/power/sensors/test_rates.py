"""Sums out of counters: never back, never more than can be."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.power.sensors.rates import Integral, Rates, Remainder, Rising, Worked


def test_a_full_counter_starts_again() -> None:
    rising = Rising(100.0, span=1000.0)
    assert [rising.took(value, at) for at, value in enumerate((990.0, 999.0, 9.0, 19.0))] == [0.0, 9.0, 19.0, 29.0]


@pytest.mark.parametrize(("before", "after"), [(500.0, 0.0), (500.0, 490.0), (0.0, 900.0)])
def test_a_step_nothing_could_make_counts_nothing(before: float, after: float) -> None:
    rising = Rising(100.0, span=1000.0)
    rising.took(before, 0.0)
    assert rising.took(after, 1.0) == 0.0
    assert rising.took(after + 5.0, 2.0) == 5.0


def test_a_counter_without_a_range_that_jumps_back() -> None:
    rising = Rising(10.0)
    rising.took(50.0, 0.0)
    assert rising.took(1.0, 1.0) == 0.0
    assert rising.took(3.0, 2.0) == 2.0


@given(
    st.lists(
        st.tuples(st.floats(0, 1000), st.floats(0.001, 10)),
        max_size=30,
    )
)
def test_no_counter_makes_a_sum_go_back_or_run_away(looks: list[tuple[float, float]]) -> None:
    rising, at, last = Rising(10.0, span=1000.0), 0.0, 0.0
    for value, since in looks:
        at += since
        total = rising.took(value, at)
        assert last <= total <= last + 10.0 * (since + 1.0) + 1e-6
        last = total


@given(st.lists(st.tuples(st.floats(0, 50), st.floats(0, 60)), min_size=1, max_size=30))
def test_what_is_left_never_goes_back_and_misses_nothing(steps: list[tuple[float, float]]) -> None:
    rest, whole, parts, last = Remainder(), 0.0, 0.0, 0.0
    rest.took(whole, parts)
    for grown, part in steps:
        whole, parts = whole + grown, parts + part
        left = rest.took(whole, parts)
        assert left >= last
        last = left
    assert last >= whole - parts - 1e-6


def test_parts_that_are_counted_a_moment_ahead() -> None:
    rest = Remainder()
    rest.took(0.0, 0.0)
    rest.took(1.0, 2.0)  # a part was counted later than the whole
    assert rest.took(5.0, 3.0) == pytest.approx(2.0)


def test_work_is_what_is_not_idle() -> None:
    worked = Worked()
    assert [worked.took(idle, at) for at, idle in enumerate((10.0, 10.75, 10.75, 11.75))] == [0.0, 0.25, 1.25, 1.25]


@pytest.mark.parametrize("idle", [0.0, 500.0])
def test_an_idle_counter_that_jumps_is_no_work(idle: float) -> None:
    worked = Worked()
    worked.took(100.0, 0.0)
    assert worked.took(idle, 1.0) == 0.0
    assert worked.took(idle + 0.5, 2.0) == 0.5


def test_what_was_not_seen_is_no_work() -> None:
    worked = Worked()
    worked.took(0.0, 0.0)
    assert worked.took(0.0, 30.0) == 0.0
    worked.skip()
    assert worked.took(0.0, 31.0) == 0.0


def test_idle_time_in_steps_makes_no_work_up() -> None:
    worked = Worked()
    for millisecond in range(1000):
        worked.took(millisecond // 16 * 0.016, millisecond / 1000)
    assert worked.total < 0.02


def test_watts_add_up_to_joules() -> None:
    energy = Integral()
    assert energy.at(0.0) is None
    energy.took(10.0, 0.0)
    energy.took(20.0, 1.0)
    assert energy.at(1.5) == pytest.approx(20.0)
    energy.took(None, 2.0)
    assert energy.at(9.0) == pytest.approx(30.0)
    energy.took(5.0, 9.0)
    assert energy.at(10.0) == pytest.approx(35.0)


def test_nobody_guesses_for_ever() -> None:
    energy = Integral()
    energy.took(10.0, 0.0)
    assert energy.at(1e6) == pytest.approx(350.0)


def test_a_rate_takes_two_looks() -> None:
    rates = Rates()
    assert rates.per_s("a", 5.0, 0.0) is None
    assert rates.per_s("a", 9.0, 2.0) == 2.0
    assert rates.per_s("a", 9.1, 2.01) == 2.0, "too soon for another"
    assert rates.per_s("a", 9.1, 100.0) is None, "not a rate of now"
    assert rates.per_s("a", 0.0, 101.0) is None, "it began anew"
    rates = Rates()
    assert rates.per_s("a", 1.0, 102.0) is None
