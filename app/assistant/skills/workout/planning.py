"""Makes a session of a wish: exercises with how much of each, a warm-up and a cool-down, within the time there is."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from app.assistant.skills.workout.choosing import alternatives, choose, usable
from app.assistant.skills.workout.dosing import MOST_SETS, Dose, dose, seconds_of, total_seconds
from app.assistant.skills.workout.exercise import Exercise, Gear, Muscle, Pattern
from app.assistant.skills.workout.person import Planned, PlannedExercise
from app.assistant.skills.workout.wish import Wish
from app.assistant.skills.workout.words import Focus
from app.assistant.wording import joined

MINUTES_EACH = {Focus.MOBILITY: 2.5, Focus.CARDIO: 6.0, Focus.CORE: 6.0}
OTHERWISE_EACH = 7.5
"""Of a session for each of its exercises, before their sets are fitted to the time."""
FEWEST, MOST = 2, 10
WARM_UP_MINUTES, COOL_DOWN_MINUTES = 4, 2
SLACK_S = 90
ROOM_FOR_A_SET_S = 150
ROOM_FOR_ONE_MORE_S = 200
SHORT_OF_TIME = 15
"""Up to so many minutes there is no time for a cool-down of its own."""


@dataclass(frozen=True, slots=True)
class Item:
    """An exercise of a session.

    Attributes:
        exercise: Which.
        dose: How much.
        reasons: Why it is there.
        instead: What could take its place, the best first.
    """

    exercise: Exercise
    dose: Dose
    reasons: tuple[str, ...] = ()
    instead: tuple[Exercise, ...] = ()


@dataclass(frozen=True, slots=True)
class Draft:
    """A session as it was worked out.

    Attributes:
        plan_id: What the ids of its cards end with.
        wish: What it was made for.
        minutes: How long it takes.
        items: In order.
        warm_up: A line each.
        cool_down: A line each.
    """

    plan_id: str
    wish: Wish
    minutes: int
    items: tuple[Item, ...]
    warm_up: tuple[str, ...] = ()
    cool_down: tuple[str, ...] = ()

    @property
    def gear(self) -> frozenset[Gear]:
        """What it needs."""
        return frozenset(piece for item in self.items for piece in item.exercise.needs)

    def planned(self, at: float) -> Planned:
        """What is kept of it."""
        items = tuple(
            PlannedExercise(item.exercise.id, item.dose.sets, item.dose.low, item.dose.high, item.dose.kg)
            for item in self.items
        )
        wish = self.wish
        return Planned(
            plan_id=self.plan_id,
            at=at,
            day=wish.today.isoformat(),
            focus=wish.focus.value,
            minutes=self.minutes,
            items=items,
            gear=tuple(sorted(wish.gear)),
            hurts=tuple(sorted(wish.hurts)),
            level=wish.level,
            without=wish.without,
        )


def draft(exercises: Mapping[str, Exercise], wish: Wish, seed: str = "") -> Draft:
    """The session for a wish; without items when nothing can be done.

    Args:
        exercises: The data.
        wish: What it is to be.
        seed: What tells it from another session of the same wish on the same day.
    """
    frame = WARM_UP_MINUTES + (COOL_DOWN_MINUTES if wish.minutes > SHORT_OF_TIME else 0)
    budget_s = (wish.minutes - frame) * 60
    count = min(max(round(wish.minutes / MINUTES_EACH.get(wish.focus, OTHERWISE_EACH)), FEWEST), MOST)
    for more in range(3):
        chosen = choose(exercises, wish, count + more)
        fitted = fit([(each.exercise, dose(each.exercise, wish)) for each in chosen], budget_s)
        if budget_s - total_seconds(fitted) < ROOM_FOR_ONE_MORE_S or len(chosen) < count + more:
            break
    taken = {exercise.id for exercise, _ in fitted}
    reasons = {each.exercise.id: each.reasons for each in chosen}
    items = tuple(
        Item(
            exercise,
            how_much,
            (*reasons[exercise.id], *((how_much.why,) if how_much.why else ())),
            alternatives(exercises, wish, exercise, taken),
        )
        for exercise, how_much in fitted
    )
    minutes = _rounded(total_seconds(fitted) / 60 + frame)
    worked = tuple(dict.fromkeys(muscle for exercise, _ in fitted for muscle in exercise.primary))
    return Draft(
        plan_id=_plan_id(wish, seed),
        wish=wish,
        minutes=minutes,
        items=items,
        warm_up=_warm_up(exercises, wish, worked, taken),
        cool_down=_cool_down(exercises, wish, worked, taken) if wish.minutes > SHORT_OF_TIME else (),
    )


def fit(parts: Sequence[tuple[Exercise, Dose]], budget_s: float) -> list[tuple[Exercise, Dose]]:
    """The same with fewer or more sets, and at last fewer exercises, so that it takes about so long.

    Args:
        parts: The most important first: it gives up its sets last and gets more of them first.
        budget_s: How long they may take, seconds; at most `SLACK_S` more.
    """
    fitted = list(parts)
    while total_seconds(fitted) > budget_s + SLACK_S:
        longest = max((place for place, (_, how_much) in enumerate(fitted) if how_much.sets > 2), default=None)
        if longest is not None:
            exercise, how_much = fitted[longest]
            fitted[longest] = (exercise, replace(how_much, sets=how_much.sets - 1))
        elif len(fitted) > FEWEST:
            fitted.pop()
        else:
            break
    raised: set[int] = set()
    while fitted and budget_s - total_seconds(fitted) > ROOM_FOR_A_SET_S and len(raised) < len(fitted):
        place = next(place for place in range(len(fitted)) if place not in raised)
        raised.add(place)
        exercise, how_much = fitted[place]
        more = replace(how_much, sets=how_much.sets + 1)
        if more.sets <= MOST_SETS and seconds_of(exercise, more) - seconds_of(
            exercise, how_much
        ) <= budget_s + SLACK_S - (total_seconds(fitted)):
            fitted[place] = (exercise, more)
    return fitted


def muscles_of(draft_: Draft) -> str:
    """What a session works, in words, the most worked first."""
    counted: dict[Muscle, int] = {}
    for item in draft_.items:
        for muscle in item.exercise.primary:
            counted[muscle] = counted.get(muscle, 0) + item.dose.sets
    order = sorted(counted, key=lambda muscle: (-counted[muscle], muscle))
    return joined([muscle.words for muscle in order[:4]])


def _warm_up(
    exercises: Mapping[str, Exercise], wish: Wish, worked: Sequence[Muscle], taken: Collection[str]
) -> tuple[str, ...]:
    easy = replace(wish, gear=frozenset())
    lines = []
    going = next((each for each in ("fast-march", "step-jack", "march-in-place") if _fits(exercises, each, easy)), None)
    if going is not None:
        lines.append(f"2 minutes: {exercises[going].name.lower()}")
    drills = _stretches(exercises, easy, worked, taken, timed=False)
    lines += [f"{each.low} to {each.high} times: {each.name.lower()}" for each in drills[:2]]
    if any(exercises[each].loadable for each in taken):
        lines.append("Before the first heavy set: one easy set with half the weight")
    return tuple(lines)


def _cool_down(
    exercises: Mapping[str, Exercise], wish: Wish, worked: Sequence[Muscle], taken: Collection[str]
) -> tuple[str, ...]:
    easy = replace(wish, gear=frozenset())
    holds = _stretches(exercises, easy, worked, taken, timed=True)
    return tuple(
        f"{each.low} seconds{' each side' if each.one_side else ''}: {each.name.lower()}" for each in holds[:2]
    ) or ("A minute of slow walking and calm breath",)


def _stretches(
    exercises: Mapping[str, Exercise], wish: Wish, worked: Sequence[Muscle], taken: Collection[str], *, timed: bool
) -> list[Exercise]:
    """Mobility exercises, those for the worked muscles first."""
    gone = set(taken)
    found = [
        each for each in exercises.values()
        if each.pattern is Pattern.MOBILITY and each.timed is timed and each.id not in gone and usable(each, wish)
    ]  # fmt: skip
    return sorted(found, key=lambda each: (-len({*each.primary, *each.secondary} & set(worked)), each.id))


def _fits(exercises: Mapping[str, Exercise], name: str, wish: Wish) -> bool:
    return name in exercises and usable(exercises[name], wish)


def _rounded(minutes: float) -> int:
    """To five minutes from thirteen on, as nobody trains by the minute."""
    return round(minutes / 5) * 5 if minutes >= 13 else max(round(minutes), 1)


def _plan_id(wish: Wish, seed: str) -> str:
    """Unique for this session, the same each time it is worked out."""
    parts = (wish.today, wish.focus, wish.minutes, sorted(wish.gear), wish.level, wish.effort, wish.goal,
             sorted(wish.hurts), wish.without, wish.others, seed)  # fmt: skip
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:12]


def title_of(focus: str, minutes: int) -> str:
    """As in "Upper body, 30 minutes"."""
    name = Focus(focus).words if focus in frozenset(Focus) else "workout"
    return f"{name.capitalize()}, {minutes} minutes"
