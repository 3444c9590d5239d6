"""What an exercise is: the words in which the data, the person's profile and the choice of exercises are written."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from app.assistant.wording import joined


class Level(StrEnum):
    """How much practice something needs, or somebody has."""

    BEGINNER = "beginner"
    INTERMEDIATE = "intermediate"
    ADVANCED = "advanced"

    @property
    def rank(self) -> int:
        """0 for the lowest."""
        return list(Level).index(self)

    def moved(self, steps: int) -> Level:
        """So many levels up or down, as far as there are any."""
        levels = list(Level)
        return levels[min(max(self.rank + steps, 0), len(levels) - 1)]


class Pattern(StrEnum):
    """How the body moves. A balanced session takes from different ones."""

    HORIZONTAL_PUSH = "horizontal-push"
    VERTICAL_PUSH = "vertical-push"
    HORIZONTAL_PULL = "horizontal-pull"
    VERTICAL_PULL = "vertical-pull"
    SQUAT = "squat"
    LUNGE = "lunge"
    HINGE = "hinge"
    BRIDGE = "bridge"
    CALF = "calf"
    PLANK = "plank"
    TRUNK_FLEXION = "trunk-flexion"
    ROTATION = "rotation"
    LATERAL = "lateral"
    CARRY = "carry"
    CURL = "curl"
    ELBOW_EXTENSION = "elbow-extension"
    SHOULDER_RAISE = "shoulder-raise"
    CARDIO = "cardio"
    MOBILITY = "mobility"

    @property
    def words(self) -> str:
        """As it is told: what somebody does who does it."""
        return _PATTERN_WORDS[self]


_PATTERN_WORDS = {
    Pattern.HORIZONTAL_PUSH: "pushing away",
    Pattern.VERTICAL_PUSH: "pushing overhead",
    Pattern.HORIZONTAL_PULL: "pulling towards you",
    Pattern.VERTICAL_PULL: "pulling from above",
    Pattern.SQUAT: "squatting",
    Pattern.LUNGE: "stepping",
    Pattern.HINGE: "bending at the hips",
    Pattern.BRIDGE: "lifting the hips",
    Pattern.CALF: "rising on the toes",
    Pattern.PLANK: "holding the trunk firm",
    Pattern.TRUNK_FLEXION: "curling the trunk",
    Pattern.ROTATION: "turning the trunk",
    Pattern.LATERAL: "holding the side",
    Pattern.CARRY: "carrying",
    Pattern.CURL: "bending the elbows",
    Pattern.ELBOW_EXTENSION: "stretching the elbows",
    Pattern.SHOULDER_RAISE: "raising the arms",
    Pattern.CARDIO: "getting the heart going",
    Pattern.MOBILITY: "moving the joints",
}


class Muscle(StrEnum):
    """What an exercise works; the heart stands for endurance."""

    CHEST = "chest"
    SHOULDERS = "shoulders"
    REAR_SHOULDERS = "rear-shoulders"
    TRICEPS = "triceps"
    BICEPS = "biceps"
    FOREARMS = "forearms"
    UPPER_BACK = "upper-back"
    LATS = "lats"
    LOWER_BACK = "lower-back"
    ABS = "abs"
    OBLIQUES = "obliques"
    GLUTES = "glutes"
    QUADS = "quads"
    HAMSTRINGS = "hamstrings"
    INNER_THIGHS = "inner-thighs"
    HIP_FLEXORS = "hip-flexors"
    CALVES = "calves"
    HEART = "heart"

    @property
    def words(self) -> str:
        """As it is shown."""
        return "endurance" if self is Muscle.HEART else self.value.replace("-", " ")


class Gear(StrEnum):
    """What an exercise needs besides a floor, a wall and a chair."""

    DUMBBELLS = "dumbbells"
    BARBELL = "barbell"
    RACK = "rack"
    BENCH = "bench"
    KETTLEBELL = "kettlebell"
    BAND = "band"
    PULL_UP_BAR = "pull-up-bar"
    DIP_BARS = "dip-bars"
    STEP = "step"
    CABLE = "cable"
    MACHINE = "machine"
    JUMP_ROPE = "jump-rope"
    BIKE = "bike"
    TREADMILL = "treadmill"

    @property
    def words(self) -> str:
        """As it is shown."""
        return _GEAR_WORDS.get(self, self.value.replace("-", " "))

    @property
    def one(self) -> str:
        """With its article, for a sentence."""
        if self in (Gear.DUMBBELLS, Gear.MACHINE, Gear.DIP_BARS):
            return self.words
        return f"an {self.words}" if self is Gear.BIKE else f"a {self.words}"


_GEAR_WORDS = {
    Gear.BAND: "resistance band",
    Gear.PULL_UP_BAR: "pull-up bar",
    Gear.CABLE: "cable machine",
    Gear.MACHINE: "gym machines",
    Gear.BIKE: "exercise bike",
    Gear.STEP: "step or box",
}
GYM = frozenset(Gear)
"""What "the gym" has."""


class Joint(StrEnum):
    """Where something may hurt, and what an exercise loads."""

    NECK = "neck"
    SHOULDER = "shoulder"
    ELBOW = "elbow"
    WRIST = "wrist"
    LOWER_BACK = "lower-back"
    HIP = "hip"
    KNEE = "knee"
    ANKLE = "ankle"

    @property
    def words(self) -> str:
        """As it is shown."""
        return self.value.replace("-", " ")


class Unit(StrEnum):
    """What is counted in a set."""

    REPETITIONS = "repetitions"
    SECONDS = "seconds"


@dataclass(frozen=True)
class Exercise:
    """One exercise of the data.

    Attributes:
        id: Unique, kebab case.
        name: What it is called.
        pattern: How the body moves.
        primary: Muscles it is done for, at least one.
        secondary: Muscles that help.
        equipment: All of it is needed; empty for none.
        level: What it takes to do it well.
        strains: Joints it loads so that it is left out while one of them hurts.
        one_side: It is done once for each side.
        sets: Usual number.
        low: Fewest repetitions or seconds of a set.
        high: Most.
        unit: Which of the two.
        rest_s: Usual rest between sets, seconds.
        start_kg: Weight a beginner may begin with, 0 for none.
        each_hand: That weight is held in each hand.
        how: How it is done, two to four lines.
        cue: One thing to keep in mind.
        drawing: Name of its drawing.
        alternatives: Ids of exercises that may take its place, the nearest first.
    """

    id: str
    name: str
    pattern: Pattern
    primary: tuple[Muscle, ...]
    secondary: tuple[Muscle, ...]
    equipment: tuple[Gear, ...]
    level: Level
    strains: tuple[Joint, ...]
    one_side: bool
    sets: int
    low: int
    high: int
    unit: Unit
    rest_s: int
    start_kg: float
    each_hand: bool
    how: tuple[str, ...]
    cue: str
    drawing: str
    alternatives: tuple[str, ...]

    @property
    def loadable(self) -> bool:
        """It is done with a weight that can be raised."""
        return self.start_kg > 0

    @property
    def timed(self) -> bool:
        """Its sets are held or done for seconds."""
        return self.unit is Unit.SECONDS

    @cached_property
    def needs(self) -> frozenset[Gear]:
        """Its equipment, for comparing."""
        return frozenset(self.equipment)

    @cached_property
    def muscles_in_words(self) -> str:
        """As in "Chest; also triceps and shoulders"."""
        first = joined([muscle.words for muscle in self.primary]).capitalize()
        return f"{first}; also {joined([muscle.words for muscle in self.secondary])}" if self.secondary else first


def plural(name: str) -> str:
    """The name of an exercise for more than one of it, in lower case: "bench presses", "shadow boxing"."""
    lower = name.lower()
    if lower.endswith(("ss", "x", "ch", "sh")):
        return f"{lower}es"
    if lower.endswith("fly"):
        return f"{lower[:-1]}ies"
    return lower if lower.endswith(("s", "ing", "cow")) else f"{lower}s"
