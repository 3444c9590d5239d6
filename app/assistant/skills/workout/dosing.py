"""How much of an exercise: sets, repetitions, rest and weight, from level, goal and what was done before.

Weights go up the way lifters do it by hand: when every set reached the top of its range, the weight takes one step
up and the repetitions begin at the bottom again; when half the sets were missed, a tenth comes off; after two weeks
without the exercise it begins lighter too. Without weights the range itself moves.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from app.assistant.skills.workout.exercise import Exercise, Gear, Level
from app.assistant.skills.workout.person import Goal, Performed
from app.assistant.skills.workout.wish import Wish

SECONDS_PER_REPETITION = 3.5
CHANGE_OVER_S = 45
"""Between two exercises: put away, set up, read."""
FEWEST_SETS, MOST_SETS = 1, 5
LONG_BREAK_DAYS = 14
STRENGTH_REPETITIONS = (4, 6)
HEAVY_WEEK = 5
"""Workouts in seven days from which the next is a little shorter."""
_KG_BY_LEVEL = {Level.BEGINNER: 1.0, Level.INTERMEDIATE: 1.3, Level.ADVANCED: 1.6}
_STEPS = ((Gear.BARBELL, 2.5), (Gear.CABLE, 2.5), (Gear.MACHINE, 5.0), (Gear.KETTLEBELL, 2.0), (Gear.DUMBBELLS, 1.0))


@dataclass(frozen=True, slots=True)
class Dose:
    """How much of an exercise.

    Attributes:
        sets: Number of sets.
        low: Fewest repetitions or seconds of a set.
        high: Most.
        rest_s: Rest between sets, seconds.
        kg: Weight, 0 for none.
        why: What it follows from, empty for the usual.
    """

    sets: int
    low: int
    high: int
    rest_s: int
    kg: float = 0.0
    why: str = ""


def dose(exercise: Exercise, wish: Wish) -> Dose:
    """How much of it for this wish."""
    sets = exercise.sets + wish.effort + (1 if wish.level is Level.ADVANCED and wish.effort < 1 else 0)
    if sum((wish.today - date.fromisoformat(each.day)).days < 7 for each in wish.sessions) >= HEAVY_WEEK:
        sets -= 1
    low, high, rest_s = _range(exercise, wish.goal)
    last = last_time(exercise, wish)
    if last is None:
        kg = rounded(exercise.start_kg * _KG_BY_LEVEL[wish.level], exercise)
        return Dose(_sets(sets), low, high, rest_s, kg)
    performed, days = last
    return _following(Dose(_sets(sets), low, high, rest_s), exercise, performed, days)


def last_time(exercise: Exercise, wish: Wish) -> tuple[Performed, int] | None:
    """What was done of it last, and how many days ago; None when the last workouts do not have it."""
    for session in wish.sessions:
        for performed in session.performed:
            if performed.exercise_id == exercise.id and performed.sets:
                return performed, max((wish.today - date.fromisoformat(session.day)).days, 0)
    return None


def step_kg(exercise: Exercise) -> float:
    """By how much its weight goes up."""
    return next((step for gear, step in _STEPS if gear in exercise.equipment), 1.0)


def rounded(kg: float, exercise: Exercise) -> float:
    """A weight that can be put together: whole steps, at least one where there is any."""
    step = step_kg(exercise)
    return max(round(kg / step), 1) * step if kg > 0 else 0.0


def seconds_of(exercise: Exercise, how_much: Dose) -> float:
    """How long it takes, with rests and the change-over."""
    amount = (how_much.low + how_much.high) / 2
    one_set = (amount if exercise.timed else amount * SECONDS_PER_REPETITION) * (2 if exercise.one_side else 1)
    return how_much.sets * one_set + (how_much.sets - 1) * how_much.rest_s + CHANGE_OVER_S


def total_seconds(parts: Iterable[tuple[Exercise, Dose]]) -> float:
    """How long several take one after the other."""
    return sum(seconds_of(exercise, how_much) for exercise, how_much in parts)


def amount_words(exercise: Exercise, how_much: Dose) -> str:
    """As in "8 to 12", "20 to 40 s", "10 each side"."""
    amount = str(how_much.high) if how_much.low == how_much.high else f"{how_much.low} to {how_much.high}"
    return f"{amount}{' s' if exercise.timed else ''}{' each side' if exercise.one_side else ''}"


def weight_words(exercise: Exercise, how_much: Dose) -> str:
    """As in "12 kg each", "body weight", "band"."""
    if how_much.kg:
        return f"{how_much.kg:g} kg{' each' if exercise.each_hand else ''}"
    if not exercise.needs:
        return "body weight"
    return "band" if Gear.BAND in exercise.equipment and len(exercise.equipment) == 1 else ""


def _range(exercise: Exercise, goal: Goal) -> tuple[int, int, int]:
    """Fewest, most, rest."""
    low, high, rest_s = exercise.low, exercise.high, exercise.rest_s
    if goal is Goal.STRENGTH and exercise.loadable and not exercise.timed:
        return (*STRENGTH_REPETITIONS, min(rest_s + 45, 180))
    if goal is Goal.ENDURANCE and not exercise.timed:
        return round(low * 1.3), round(high * 1.4), max(round(rest_s * 0.7 / 5) * 5, 15)
    return low, high, rest_s


def _following(plain: Dose, exercise: Exercise, last: Performed, days: int) -> Dose:
    """What follows on what was done."""
    sets, low, high, rest_s = plain.sets, plain.low, plain.high, plain.rest_s
    reached = last.amount >= (last.top or high)
    whole = last.sets >= (last.planned_sets or 1)
    missed = last.planned_sets > 0 and last.sets * 2 < last.planned_sets
    if not exercise.loadable or not last.kg:
        kg = rounded(exercise.start_kg, exercise)
        if days > LONG_BREAK_DAYS or missed:
            return Dose(sets, low, high, rest_s, kg, "a gentle start after the break" if not missed else "easier again")
        if whole and reached and last.unit is exercise.unit:
            more = 5 if exercise.timed else 2
            top = min(max(last.amount, high) + more, round(exercise.high * 1.6))
            return Dose(
                sets, min(max(low, last.amount - more), top), top, rest_s, kg, f"last time you did {last.amount}"
            )
        return Dose(sets, low, high, rest_s, kg)
    if days > LONG_BREAK_DAYS:
        return Dose(sets, low, high, rest_s, rounded(last.kg * 0.9, exercise), f"lighter after {days} days without it")
    if missed:
        return Dose(sets, low, high, rest_s, rounded(last.kg * 0.9, exercise), "a tenth lighter: sets were missed")
    if whole and reached:
        kg = rounded(last.kg + step_kg(exercise), exercise)
        return Dose(sets, low, high, rest_s, kg, f"up from {last.kg:g} kg: every set reached the top")
    return Dose(sets, low, high, rest_s, last.kg, f"{last.kg:g} kg as last time; aim for one more in each set")


def _sets(count: int) -> int:
    return min(max(count, FEWEST_SETS), MOST_SETS)
