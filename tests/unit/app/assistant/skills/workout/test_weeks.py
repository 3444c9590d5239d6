"""Weeks of training, one after the other: weights rise, muscles take turns, and everything stays within reason."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest

from app.assistant.skills.workout.exercise import Exercise, Gear, Muscle, plural
from app.assistant.skills.workout.person import Performed, Session
from app.assistant.skills.workout.planning import Draft, draft
from app.assistant.skills.workout.wish import Wish
from app.assistant.skills.workout.words import Focus
from tests.helpers.workouts import shipped

EXERCISES = shipped()
GEAR = frozenset({Gear.DUMBBELLS, Gear.BENCH})


def done(made: Draft, day: date) -> Session:
    """Everything of a plan, to the top of its range."""
    performed = tuple(
        Performed(item.exercise.id, item.exercise.name, item.dose.sets, item.dose.high, item.exercise.unit,
                  item.dose.kg, item.dose.sets, item.dose.high)
        for item in made.items
    )  # fmt: skip
    return Session(day.isoformat(), 0.0, day.isoformat(), made.wish.focus, made.minutes, performed)


def weeks(focuses: tuple[Focus, ...], count: int) -> list[Draft]:
    """So many workouts, every second day, each kept before the next."""
    sessions: tuple[Session, ...] = ()
    made = []
    for number in range(count):
        day = date(2026, 1, 5) + timedelta(days=2 * number)
        wish = Wish(focuses[number % len(focuses)], gear=GEAR, today=day, sessions=sessions[:7])
        made.append(draft(EXERCISES, wish))
        sessions = (done(made[-1], day), *sessions)
    return made


def test_who_does_everything_lifts_more_and_never_absurdly() -> None:
    made = weeks((Focus.UPPER, Focus.LOWER), 40)
    lifted: dict[str, list[float]] = {}
    for each in made:
        for item in each.items:
            if item.exercise.loadable:
                lifted.setdefault(item.exercise.id, []).append(item.dose.kg)
    assert lifted
    for name, weights in lifted.items():
        steps = [later - earlier for earlier, later in pairwise(weights)]
        assert all(-weights[0] <= step <= 2.5 for step in steps), (name, weights)
    assert any(weights[-1] > weights[0] for weights in lifted.values())
    for each in made:
        for item in each.items:
            assert item.dose.low <= item.dose.high <= round(item.exercise.high * 1.6)


def test_no_muscle_is_forgotten_and_sessions_vary() -> None:
    made = weeks((Focus.FULL,), 12)
    trained = {muscle for each in made for item in each.items for muscle in item.exercise.primary}
    assert trained >= {Muscle.CHEST, Muscle.UPPER_BACK, Muscle.QUADS, Muscle.HAMSTRINGS, Muscle.GLUTES}
    chosen = [{item.exercise.id for item in each.items} for each in made]
    assert all(len(one & other) <= 1 for one, other in pairwise(chosen))
    assert all(abs(each.minutes - 30) <= 5 for each in made)


def test_ids_of_plans_differ_by_their_seed_alone() -> None:
    wish = Wish(Focus.UPPER, today=date(2026, 1, 5))
    one, same, other = (draft(EXERCISES, wish, seed).plan_id for seed in ("a", "a", "b"))
    assert one == same != other


@pytest.mark.parametrize(
    ("name", "many"),
    [("Push-up", "push-ups"), ("Bench press", "bench presses"), ("Crunch", "crunches"),
     ("Dumbbell fly", "dumbbell flies"), ("Arm circles", "arm circles"), ("Shadow boxing", "shadow boxing")],
)  # fmt: skip
def test_names_in_the_plural(name: str, many: str) -> None:
    assert plural(name) == many
    assert isinstance(EXERCISES["push-up"], Exercise)
