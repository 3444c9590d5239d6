"""Sets, repetitions and weights follow from level, goal and what was done before."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from app.assistant.skills.workout.dosing import amount_words, dose, seconds_of, weight_words
from app.assistant.skills.workout.exercise import Level, Unit
from app.assistant.skills.workout.person import Goal, Performed, Session
from app.assistant.skills.workout.wish import Wish
from app.assistant.skills.workout.words import Focus
from tests.helpers.workouts import shipped

EXERCISES = shipped()
ROW = EXERCISES["dumbbell-row"]
WISH = Wish(Focus.UPPER, today=date(2026, 11, 21))


def after(day: str, **done: object) -> Wish:
    fields: dict[str, object] = {"exercise_id": ROW.id, "name": ROW.name, "sets": 3, "amount": 12, "kg": 10.0,
                                 "planned_sets": 3, "top": 12}  # fmt: skip
    performed = Performed(**(fields | done))  # type: ignore[arg-type]
    return replace(WISH, sessions=(Session("s", 0.0, day, performed=(performed,)),))


def test_the_first_time_is_careful_and_rises_with_the_level() -> None:
    assert [dose(ROW, replace(WISH, level=level)).kg for level in Level] == [8, 10, 13]
    assert dose(EXERCISES["push-up"], WISH).kg == 0


@pytest.mark.parametrize(
    ("day", "done", "kg", "why"),
    [
        ("2026-11-18", {}, 11, "up from 10 kg: every set reached the top"),
        ("2026-11-18", {"amount": 9}, 10, "10 kg as last time; aim for one more in each set"),
        ("2026-11-18", {"sets": 2}, 10, "10 kg as last time; aim for one more in each set"),
        ("2026-11-18", {"sets": 1}, 9, "a tenth lighter: sets were missed"),
        ("2026-11-01", {}, 9, "lighter after 20 days without it"),
    ],
)
def test_the_weight_follows_on_what_was_done(day: str, done: dict[str, object], kg: float, why: str) -> None:
    found = dose(ROW, after(day, **done))
    assert (found.kg, found.why) == (kg, why)


def test_a_barbell_goes_up_by_a_pair_of_small_plates() -> None:
    bench = EXERCISES["bench-press"]
    found = dose(bench, after("2026-11-18", exercise_id=bench.id, kg=60.0, amount=10, top=10))
    assert found.kg == 62.5


def test_without_weights_the_range_moves() -> None:
    push = EXERCISES["push-up"]
    wish = after("2026-11-18", exercise_id=push.id, kg=0.0, amount=15, top=15)
    found = dose(push, wish)
    assert (found.low, found.high, found.why) == (13, 17, "last time you did 15")


def test_the_goal_sets_the_range() -> None:
    strong = dose(ROW, replace(WISH, goal=Goal.STRENGTH))
    lasting = dose(ROW, replace(WISH, goal=Goal.ENDURANCE))
    assert (strong.low, strong.high, strong.rest_s) == (4, 6, 120)
    assert (lasting.low, lasting.high, lasting.rest_s) == (10, 17, 50)


def test_effort_and_a_heavy_week_change_the_sets() -> None:
    week = tuple(Session(f"s{day}", 0.0, f"2026-11-{day}") for day in (16, 17, 18, 19, 20))
    assert dose(ROW, replace(WISH, effort=1)).sets == 4
    assert dose(ROW, replace(WISH, effort=-1)).sets == 2
    assert dose(ROW, replace(WISH, sessions=week)).sets == 2


def test_it_is_said_in_words() -> None:
    press, plank = EXERCISES["dumbbell-bench-press"], EXERCISES["plank"]
    assert weight_words(press, dose(press, WISH)) == "8 kg each"
    assert weight_words(plank, dose(plank, WISH)) == "body weight"
    assert weight_words(EXERCISES["band-row"], dose(EXERCISES["band-row"], WISH)) == "band"
    assert amount_words(plank, dose(plank, WISH)) == "20 to 45 s"
    assert amount_words(ROW, dose(ROW, WISH)) == "8 to 12 each side"
    assert plank.unit is Unit.SECONDS
    assert seconds_of(plank, dose(plank, WISH)) == 3 * 32.5 + 2 * 45 + 45
