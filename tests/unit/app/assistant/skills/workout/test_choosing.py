"""Exercises are chosen by equipment, level, what hurts, what rested; and the same wish gets the same ones."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.assistant.skills.workout.choosing import alternatives, choose, named, usable
from app.assistant.skills.workout.exercise import GYM, Gear, Joint, Level, Muscle, Pattern
from app.assistant.skills.workout.person import Performed, Session
from app.assistant.skills.workout.planning import draft, muscles_of
from app.assistant.skills.workout.wish import Wish
from app.assistant.skills.workout.words import Focus
from tests.helpers.workouts import shipped

TODAY = date(2026, 11, 21)
EXERCISES = shipped()
UPPER = Wish(Focus.UPPER, today=TODAY)
DUMBBELLS = frozenset({Gear.DUMBBELLS, Gear.BENCH})
PUSH = {Pattern.HORIZONTAL_PUSH, Pattern.VERTICAL_PUSH}
PULL = {Pattern.HORIZONTAL_PULL, Pattern.VERTICAL_PULL}


def session(day: str, *exercises: str) -> Session:
    return Session(day, 0.0, day, performed=tuple(Performed(each, each, 3, 10) for each in exercises))


def ids(wish: Wish, count: int = 4) -> list[str]:
    return [each.exercise.id for each in choose(EXERCISES, wish, count)]


def test_pushing_and_pulling_are_balanced() -> None:
    for gear in (frozenset[Gear](), DUMBBELLS, GYM):
        chosen = choose(EXERCISES, replace(UPPER, gear=gear), 4)
        patterns = [each.exercise.pattern for each in chosen]
        assert sum(pattern in PUSH for pattern in patterns) == 2
        assert sum(pattern in PULL for pattern in patterns) == 2


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from(list(Focus)),
    st.sets(st.sampled_from(list(Gear))),
    st.sets(st.sampled_from(list(Joint))),
    st.sampled_from(list(Level)),
    st.integers(10, 120),
)
def test_nothing_is_chosen_that_cannot_be_done(
    focus: Focus, gear: set[Gear], hurts: set[Joint], level: Level, minutes: int
) -> None:
    wish = Wish(focus, minutes, frozenset(gear), level=level, hurts=frozenset(hurts), today=TODAY)
    made = draft(EXERCISES, wish)
    assert made == draft(EXERCISES, wish)
    chosen = [item.exercise for item in made.items]
    assert len({exercise.id for exercise in chosen}) == len(chosen)
    for exercise in (*chosen, *(other for item in made.items for other in item.instead)):
        assert usable(exercise, wish)
    assert made.minutes <= minutes + 5
    assert all(1 <= item.dose.sets <= 5 for item in made.items)


@pytest.mark.parametrize("minutes", [20, 30, 45, 60])
@pytest.mark.parametrize("focus", [Focus.UPPER, Focus.LOWER, Focus.FULL, Focus.CORE])
def test_a_session_takes_as_long_as_was_asked_for(focus: Focus, minutes: int) -> None:
    made = draft(EXERCISES, Wish(focus, minutes, DUMBBELLS, today=TODAY))
    assert abs(made.minutes - minutes) <= 5


def test_half_an_hour_is_four_exercises_with_reasons_and_alternatives() -> None:
    made = draft(EXERCISES, replace(UPPER, gear=DUMBBELLS))
    assert len(made.items) == 4
    assert all(item.reasons for item in made.items)
    assert muscles_of(made).count(",") == 2
    assert made.warm_up
    assert made.cool_down


def test_what_hurts_is_left_alone() -> None:
    chosen = choose(EXERCISES, Wish(Focus.LOWER, hurts=frozenset({Joint.KNEE}), today=TODAY), 4)
    assert chosen
    assert not any(Joint.KNEE in each.exercise.strains for each in chosen)
    assert "in place of stepping, which loads what hurts" in " ".join(
        reason for each in chosen for reason in each.reasons
    )


def test_muscles_that_were_trained_yesterday_rest() -> None:
    before = ids(Wish(Focus.FULL, today=TODAY))
    tired = Wish(Focus.FULL, today=TODAY, sessions=(session("2026-11-20", *before),))
    after = choose(EXERCISES, tired, 4)
    assert len({each.exercise.id for each in after} & set(before)) <= 1  # there is one hinge for beginners


def test_a_rested_muscle_is_a_reason() -> None:
    earlier = (session("2026-11-15", "push-up"),)
    reasons = [reason for each in choose(EXERCISES, replace(UPPER, sessions=earlier), 4) for reason in each.reasons]
    assert "chest has rested 6 days" in reasons
    assert "upper back was not in your last workout" in reasons


def test_what_is_liked_comes_first_and_what_is_not_stays_away() -> None:
    assert ids(replace(UPPER, likes=("incline push-ups",)))[0] == "incline-push-up"
    assert not any("push-up" in each for each in ids(replace(UPPER, without=("push-ups",))))


def test_other_exercises_are_other_ones() -> None:
    assert set(ids(UPPER)).isdisjoint(ids(replace(UPPER, others=1))[:1])


def test_alternatives_fit_and_are_not_in_the_session() -> None:
    found = alternatives(EXERCISES, UPPER, EXERCISES["push-up"], ["incline-push-up"])
    assert found[0].id == "knee-push-up"
    assert "incline-push-up" not in [each.id for each in found]


@pytest.mark.parametrize(
    ("words", "exercise"),
    [("burpees", "burpee"), ("pushups", "push-up"), ("the bench press", "bench-press"), ("pull ups", "pull-up"),
     ("squats", "bodyweight-squat"), ("crunches", "crunch")],
)  # fmt: skip
def test_names_are_known_as_people_say_them(words: str, exercise: str) -> None:
    assert named(EXERCISES[exercise], words)


def test_words_that_say_nothing_name_nothing() -> None:
    assert not named(EXERCISES["push-up"], "the")
    assert not named(EXERCISES["push-up"], "pull-ups")
    assert Muscle.CHEST in EXERCISES["push-up"].primary
