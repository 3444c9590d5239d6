"""Reads the exercises that come with the program, and says what is wrong with such data.

Why it exists: a plan is only as good as the data it is chosen from, so the rules that a test holds the shipped file to
also stand before every use of it.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from app.assistant.skills.workout.exercise import Exercise, Gear, Joint, Level, Muscle, Pattern, Unit
from app.contracts import wire
from app.contracts.errors import InvalidInput, StorageError
from app.settings.paths import asset

EXERCISES = "skills/workout/exercises.json"
DRAWINGS = "skills/workout/drawings"
MOST_LINES = 4
LONGEST_LINE = 90
SCHEMES = {Unit.REPETITIONS: (3, 30), Unit.SECONDS: (10, 180)}
"""Least and most of one set."""


class Catalogue:
    """The exercises, read once, off the loop.

    Args:
        path: The data, None for what ships with the program.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._read: Mapping[str, Exercise] | None = None
        self._reading = asyncio.Lock()

    async def exercises(self) -> Mapping[str, Exercise]:
        """All of them, by id.

        Raises:
            StorageError: The file cannot be read.
            InvalidInput: It is not what it should be.
            Unavailable: It is missing.
        """
        async with self._reading:
            if self._read is None:
                self._read = await asyncio.to_thread(self._load)
            return self._read

    def _load(self) -> Mapping[str, Exercise]:
        path = self._path or asset(EXERCISES)
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise StorageError("The exercises cannot be read.", code="exercises") from error
        return {exercise.id: exercise for exercise in read(text)}


def read(text: str) -> tuple[Exercise, ...]:
    """The exercises of a JSON text.

    Raises:
        InvalidInput: It is no JSON, or an exercise in it lacks something; the sentence says which.
    """
    try:
        data = json.loads(text)
    except ValueError as error:
        raise InvalidInput(f"The exercises are not JSON: {error}.", code="exercises") from error
    if not isinstance(data, list):
        raise InvalidInput("The exercises are not a list.", code="exercises")
    found = tuple(wire.read_fields(Exercise, each, f"exercise {number}") for number, each in enumerate(data, 1))
    if wrong := problems(found):
        raise InvalidInput(f"The exercises are wrong: {wrong[0]}", code="exercises")
    return found


def problems(exercises: Sequence[Exercise]) -> tuple[str, ...]:
    """Everything that is wrong with them, a sentence each; empty when all is well."""
    by_id = {exercise.id: exercise for exercise in exercises}
    found = ["Two exercises have the same id."] if len(by_id) != len(exercises) else []
    names = [exercise.name.lower() for exercise in exercises]
    found += [
        f"Two exercises are called {name!r}." for name in sorted({name for name in names if names.count(name) > 1})
    ]
    for exercise in exercises:
        found += [f"{exercise.id}: {problem}" for problem in _problems_of(exercise, by_id)]
    return tuple(found)


def _problems_of(exercise: Exercise, by_id: Mapping[str, Exercise]) -> list[str]:
    least, most = SCHEMES[exercise.unit]
    rules = {
        "it works no muscle.": bool(exercise.primary),
        "a muscle stands twice.": len({*exercise.primary, *exercise.secondary})
        == len(exercise.primary) + len(exercise.secondary),
        "its sets are not 1 to 5.": 1 <= exercise.sets <= 5,
        f"a set is not {least} to {most}.": least <= exercise.low <= exercise.high <= most,
        "its rest is not 15 to 180 seconds.": 15 <= exercise.rest_s <= 180,
        "it is not told in two to four short lines.": 2 <= len(exercise.how) <= MOST_LINES
        and all(0 < len(line) <= LONGEST_LINE for line in exercise.how),
        "it has no cue.": 0 < len(exercise.cue) <= LONGEST_LINE,
        "a weight needs something to hold it by.": not exercise.loadable or bool(exercise.equipment),
        "only dumbbells are held in each hand.": not exercise.each_hand or Gear.DUMBBELLS in exercise.equipment,
        "it has no alternative, or one that is not there.": bool(exercise.alternatives)
        and all(each in by_id and each != exercise.id for each in exercise.alternatives),
        "its id is not its place in a file name.": exercise.id.replace("-", "").isalnum() and exercise.id.islower(),
    }
    return [sentence for sentence, holds in rules.items() if not holds]


def basics() -> Mapping[str, Exercise]:
    """What is planned with when the data does not come in time: six exercises that need nothing."""
    rows = (
        ("push-up", "Push-up", Pattern.HORIZONTAL_PUSH, Muscle.CHEST, (Joint.WRIST, Joint.SHOULDER), "Lower, push up"),
        (
            "prone-row",
            "Prone row",
            Pattern.HORIZONTAL_PULL,
            Muscle.UPPER_BACK,
            (),
            "Lift the chest, elbows to the ribs",
        ),
        ("bodyweight-squat", "Squat", Pattern.SQUAT, Muscle.QUADS, (Joint.KNEE,), "Sit back, stand up"),
        ("glute-bridge", "Glute bridge", Pattern.BRIDGE, Muscle.GLUTES, (), "Push the hips up"),
        ("dead-bug", "Dead bug", Pattern.PLANK, Muscle.ABS, (), "Stretch one arm and the other leg"),
        ("fast-march", "Fast march", Pattern.CARDIO, Muscle.HEART, (), "March on the spot"),
    )
    return {
        row[0]: Exercise(
            id=row[0],
            name=row[1],
            pattern=row[2],
            primary=(row[3],),
            secondary=(),
            equipment=(),
            level=Level.BEGINNER,
            strains=row[4],
            one_side=False,
            sets=3,
            low=8,
            high=12,
            unit=Unit.REPETITIONS,
            rest_s=60,
            start_kg=0,
            each_hand=False,
            how=(row[5],),
            cue="",
            drawing="",
            alternatives=(),
        )
        for row in rows
    }
