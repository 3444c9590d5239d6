"""The exercises that ship are sound, and what is wrong with others is said."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import pytest

from app.assistant.skills.workout.catalogue import DRAWINGS, Catalogue, basics, problems, read
from app.assistant.skills.workout.exercise import Gear, Joint, Level, Muscle, Pattern
from app.contracts.errors import InvalidInput, StorageError
from app.settings.paths import asset
from tests.helpers.workouts import shipped


def test_the_shipped_exercises_are_sound() -> None:
    exercises = tuple(shipped().values())
    assert len(exercises) >= 120
    assert problems(exercises) == ()
    assert {exercise.pattern for exercise in exercises} == set(Pattern)
    assert {muscle for exercise in exercises for muscle in exercise.primary} >= set(Muscle) - {Muscle.INNER_THIGHS}
    assert {piece for exercise in exercises for piece in exercise.equipment} == set(Gear)
    assert {joint for exercise in exercises for joint in exercise.strains} == set(Joint)
    assert {exercise.level for exercise in exercises} == set(Level)


def test_every_exercise_has_a_drawing_and_words_of_its_own() -> None:
    exercises = tuple(shipped().values())
    folder = asset(DRAWINGS)
    assert {exercise.drawing for exercise in exercises} <= {path.stem for path in folder.glob("*.svg")}
    told = [" ".join(exercise.how).lower() for exercise in exercises]
    for one, other in combinations([(exercise.id, text) for exercise, text in zip(exercises, told, strict=True)], 2):
        assert one[1] != other[1], (one[0], other[0])


def test_somebody_without_equipment_can_train_every_muscle_group() -> None:
    bare = [each for each in shipped().values() if not each.equipment and each.level is Level.BEGINNER]
    trained = {muscle for exercise in bare for muscle in exercise.primary}
    assert trained >= {Muscle.CHEST, Muscle.UPPER_BACK, Muscle.QUADS, Muscle.GLUTES, Muscle.ABS, Muscle.HEART}


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"primary": ()}, "it works no muscle."),
        ({"sets": 9}, "its sets are not 1 to 5."),
        ({"low": 40}, "a set is not 3 to 30."),
        ({"how": ("One line only",)}, "it is not told in two to four short lines."),
        ({"alternatives": ("nowhere",)}, "it has no alternative, or one that is not there."),
        ({"start_kg": 4.0}, "a weight needs something to hold it by."),
        ({"rest_s": 0}, "its rest is not 15 to 180 seconds."),
    ],
)
def test_what_is_wrong_is_said(change: dict[str, object], sentence: str) -> None:
    exercises = shipped()
    wrong = replace(exercises["push-up"], **change)  # type: ignore[arg-type]
    others = [each for each in exercises.values() if each.id != wrong.id]
    assert f"push-up: {sentence}" in problems([wrong, *others])


def test_two_of_one_id_or_name_are_told() -> None:
    exercises = list(shipped().values())
    twice = [*exercises, exercises[0]]
    assert problems(twice)[:2] == ("Two exercises have the same id.", "Two exercises are called 'push-up'.")


@pytest.mark.parametrize("text", ["{", "{}", "[1]", '[{"id": "x"}]', json.dumps([{"id": "x", "colour": "red"}])])
def test_other_data_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        read(text)


async def test_a_file_that_cannot_be_read_is_a_storage_error(tmp_path: Path) -> None:
    with pytest.raises(StorageError):
        await Catalogue(tmp_path / "none.json").exercises()


def test_the_basics_are_among_the_shipped() -> None:
    assert set(basics()) <= set(shipped())
