"""Chooses the exercises of a session: the same wish always gets the same ones, and each can say why it is there.

A session goes through the movements of its focus in an order that balances pushing with pulling and the front of the
legs with their back. For each movement the exercise with the most points is taken; what cannot be done with the
equipment, is above the person's level, or loads what hurts is not looked at.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache

from app.assistant.skills.workout.exercise import GYM, Exercise, Muscle, Pattern
from app.assistant.skills.workout.person import Session
from app.assistant.skills.workout.wish import Wish
from app.assistant.skills.workout.words import Focus
from app.assistant.wording import joined

P = Pattern
MOVEMENTS: Mapping[Focus, tuple[Pattern, ...]] = {
    Focus.UPPER: (P.HORIZONTAL_PUSH, P.HORIZONTAL_PULL, P.VERTICAL_PUSH, P.VERTICAL_PULL, P.SHOULDER_RAISE, P.CURL,
                  P.ELBOW_EXTENSION, P.HORIZONTAL_PULL, P.HORIZONTAL_PUSH, P.SHOULDER_RAISE),
    Focus.LOWER: (P.SQUAT, P.HINGE, P.LUNGE, P.BRIDGE, P.CALF, P.SQUAT, P.LUNGE, P.BRIDGE, P.HINGE, P.CALF),
    Focus.FULL: (P.SQUAT, P.HORIZONTAL_PUSH, P.HINGE, P.HORIZONTAL_PULL, P.PLANK, P.VERTICAL_PUSH, P.LUNGE,
                 P.VERTICAL_PULL, P.CARRY, P.CARDIO),
    Focus.CORE: (P.PLANK, P.TRUNK_FLEXION, P.LATERAL, P.ROTATION, P.BRIDGE, P.PLANK, P.CARRY, P.TRUNK_FLEXION,
                 P.ROTATION, P.PLANK),
    Focus.PUSH: (P.HORIZONTAL_PUSH, P.VERTICAL_PUSH, P.ELBOW_EXTENSION, P.SHOULDER_RAISE, P.HORIZONTAL_PUSH,
                 P.ELBOW_EXTENSION, P.VERTICAL_PUSH, P.HORIZONTAL_PUSH),
    Focus.PULL: (P.HORIZONTAL_PULL, P.VERTICAL_PULL, P.CURL, P.SHOULDER_RAISE, P.HORIZONTAL_PULL, P.CURL,
                 P.VERTICAL_PULL, P.HORIZONTAL_PULL),
    Focus.ARMS: (P.CURL, P.ELBOW_EXTENSION, P.SHOULDER_RAISE, P.CURL, P.ELBOW_EXTENSION, P.HORIZONTAL_PUSH,
                 P.VERTICAL_PULL, P.CURL),
    Focus.CARDIO: (P.CARDIO, P.CARDIO, P.PLANK, P.CARDIO, P.CARDIO, P.SQUAT, P.CARDIO, P.CARDIO),
    Focus.MOBILITY: (P.MOBILITY,) * 10,
}  # fmt: skip
"""The movements of each focus, the most important first; a short session takes the first of them."""
INSTEAD: Mapping[Pattern, tuple[Pattern, ...]] = {
    P.VERTICAL_PULL: (P.HORIZONTAL_PULL,),
    P.HORIZONTAL_PULL: (P.VERTICAL_PULL, P.SHOULDER_RAISE),
    P.VERTICAL_PUSH: (P.SHOULDER_RAISE, P.HORIZONTAL_PUSH),
    P.HORIZONTAL_PUSH: (P.ELBOW_EXTENSION, P.VERTICAL_PUSH),
    P.SHOULDER_RAISE: (P.VERTICAL_PUSH, P.HORIZONTAL_PULL),
    P.CURL: (P.HORIZONTAL_PULL,),
    P.ELBOW_EXTENSION: (P.HORIZONTAL_PUSH,),
    P.SQUAT: (P.LUNGE, P.BRIDGE),
    P.LUNGE: (P.SQUAT, P.BRIDGE),
    P.HINGE: (P.BRIDGE,),
    P.BRIDGE: (P.HINGE,),
    P.CALF: (P.BRIDGE,),
    P.CARRY: (P.LATERAL, P.PLANK),
    P.CARDIO: (P.CARRY,),
    P.TRUNK_FLEXION: (P.PLANK,),
    P.ROTATION: (P.PLANK,),
    P.LATERAL: (P.PLANK,),
}
"""What takes the place of a movement for which nothing can be done."""
SCORES_FRESH_AFTER_DAYS = 4
NEVER = 99
"""Days since a muscle that no kept workout trained."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """An exercise and, in words, why it was taken."""

    exercise: Exercise
    reasons: tuple[str, ...] = ()


def usable(exercise: Exercise, wish: Wish) -> bool:
    """Whether it can be done: equipment, level, what hurts, what is not wanted."""
    return (
        exercise.needs <= wish.gear
        and exercise.level.rank <= wish.level.rank
        and wish.hurts.isdisjoint(exercise.strains)
        and not any(named(exercise, words) for words in wish.without)
    )


def named(exercise: Exercise, words: str) -> bool:
    """Whether words as a person says them name this exercise or its kind: "burpees", "push ups", "bench press"."""
    said = stems(words)
    return bool(said) and said <= (stems(exercise.name) | stems(exercise.id) | stems(exercise.pattern))


def choose(exercises: Mapping[str, Exercise], wish: Wish, count: int) -> tuple[Chosen, ...]:
    """The best exercises, in the order in which they are done; fewer when there are not so many."""
    rested = days_since(exercises, wish.sessions, wish.today)
    taken: list[Chosen] = []
    movements = MOVEMENTS[wish.focus]
    rounds = max(1, -(-count // len(movements)))
    for pattern in movements * rounds:
        if len(taken) == count:
            break
        if (best := _best(exercises, wish, pattern, taken, rested)) is not None:
            taken.append(best)
    return tuple(taken)


def alternatives(
    exercises: Mapping[str, Exercise], wish: Wish, exercise: Exercise, taken: Iterable[str], limit: int = 2
) -> tuple[Exercise, ...]:
    """What could take an exercise's place, the best first; nothing that is in the session already."""
    gone = {exercise.id, *taken}
    rested = days_since(exercises, wish.sessions, wish.today)
    named_ones = [exercises[each] for each in exercise.alternatives if each in exercises]
    others = sorted(
        (each for each in exercises.values() if each.pattern is exercise.pattern and each not in named_ones),
        key=lambda each: (-_points(each, wish, (), rested), each.id),
    )
    found = (each for each in (*named_ones, *others) if each.id not in gone and usable(each, wish))
    return tuple(each for _, each in zip(range(limit), found, strict=False))


def days_since(exercises: Mapping[str, Exercise], sessions: Sequence[Session], today: date) -> Mapping[Muscle, int]:
    """How many days ago each muscle was trained last."""
    found: dict[Muscle, int] = {}
    for session in sessions:
        days = max((today - date.fromisoformat(session.day)).days, 0)
        for performed in session.performed:
            exercise = exercises.get(performed.exercise_id)
            for muscle in exercise.primary if exercise is not None else ():
                found[muscle] = min(found.get(muscle, NEVER), days)
    return found


def _best(
    exercises: Mapping[str, Exercise],
    wish: Wish,
    pattern: Pattern,
    taken: Sequence[Chosen],
    rested: Mapping[Muscle, int],
) -> Chosen | None:
    gone = {each.exercise.id for each in taken}
    for each_pattern in (pattern, *INSTEAD.get(pattern, ())):
        candidates = [
            each for each in exercises.values()
            if each.pattern is each_pattern and each.id not in gone and usable(each, wish)
        ]  # fmt: skip
        if candidates:
            chosen = [each.exercise for each in taken]
            candidates.sort(key=lambda each: (-_points(each, wish, chosen, rested), each.id))
            exercise = candidates[min(wish.others, len(candidates) - 1)]
            return Chosen(exercise, _reasons(exercises, exercise, wish, pattern, rested))
    return None


def _points(exercise: Exercise, wish: Wish, taken: Sequence[Exercise], rested: Mapping[Muscle, int]) -> float:
    """How well an exercise fits. Level, equipment and rest count for it, the same muscle twice against."""
    points = 3.0 - (0.5 if exercise.loadable else 1.2) * (wish.level.rank - exercise.level.rank)
    points += 0.8 if exercise.loadable else 0.4 if exercise.needs else 0.0
    points += min(_freshness(muscle, rested) for muscle in exercise.primary)
    points += 2.0 if any(named(exercise, words) for words in wish.likes) else 0.0
    points += 0.3 * len(exercise.primary) + 0.1 * len(exercise.secondary)
    last = wish.sessions[0].performed if wish.sessions else ()
    earlier = {each.exercise_id for session in wish.sessions[1:] for each in session.performed}
    points += 0.6 if exercise.id in earlier else 0.0
    points -= 0.8 if exercise.id in {each.exercise_id for each in last} else 0.0
    worked = [muscle for other in taken for muscle in other.primary]
    return points - 1.0 * sum(worked.count(muscle) for muscle in exercise.primary)


def _freshness(muscle: Muscle, rested: Mapping[Muscle, int]) -> float:
    days = rested.get(muscle, NEVER)
    if days <= 1:
        return -2.0 + days
    return 1.0 if days >= SCORES_FRESH_AFTER_DAYS else 0.0


def _reasons(
    exercises: Mapping[str, Exercise], exercise: Exercise, wish: Wish, pattern: Pattern, rested: Mapping[Muscle, int]
) -> tuple[str, ...]:
    reasons = []
    if exercise.pattern is not pattern:
        anywhere = replace(wish, gear=GYM)
        needs_gear = any(each.pattern is pattern and usable(each, anywhere) for each in exercises.values())
        why = "needs equipment you have not" if needs_gear else "loads what hurts, or is above your level"
        reasons.append(f"in place of {pattern.words}, which {why}")
    if any(named(exercise, words) for words in wish.likes):
        reasons.append("you like it")
    days = max((rested.get(muscle, NEVER) for muscle in exercise.primary), default=NEVER)
    if wish.sessions and days == NEVER:
        count = len(wish.sessions)
        last = "last workout" if count == 1 else f"last {count} workouts"
        reasons.append(f"{exercise.primary[0].words} was not in your {last}")
    elif SCORES_FRESH_AFTER_DAYS <= days < NEVER:
        reasons.append(f"{exercise.primary[0].words} has rested {days} days")
    return tuple(reasons) or (f"{joined([muscle.words for muscle in exercise.primary])}, by {exercise.pattern.words}",)


@lru_cache(maxsize=2048)
def stems(text: str) -> frozenset[str]:
    """The words of a name without plural ends and small words; "pushups" are "push up"."""
    words = re.findall(r"[a-z]+", _JOINED.sub(r"\1 up", text.lower()).replace("sit up", "crunch"))
    return frozenset(
        re.sub(r"(?<=[a-z]{2})(?:(?<=s|x|h)es|(?<!s)s)$", "", word) for word in words if word not in _SMALL
    )


_JOINED = re.compile(r"\b(push|pull|chin|sit|step)[- ]?ups?\b")
_SMALL = frozenset({"the", "a", "an", "any", "of", "on", "and", "my", "some"})
