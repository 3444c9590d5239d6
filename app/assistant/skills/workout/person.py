"""What the notebook holds of the person's training, and how it is read.

Why it exists: six things are fetched at the same time, each with a default of its own, so that a plan is made even when
one of them does not come.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from app.assistant.skills.workout.exercise import Gear, Joint, Level, Unit
from app.memory.notebook import Notebook, Put

PROFILE, EQUIPMENT, INJURIES = "workout.profile", "workout.equipment", "workout.injuries"
PREFERENCES, SESSIONS, PLANS = "workout.preferences", "workout.sessions", "workout.plans"
ONLY = "own"
"""Id of the one entry of the profile, the equipment and the preferences."""
RECENT = 7
"""Workouts a plan looks back on."""
LONGEST_LOG = 500
"""Workouts the training history looks back on."""


class Goal(StrEnum):
    """What the training is for."""

    FITNESS = "fitness"
    STRENGTH = "strength"
    MUSCLE = "muscle"
    ENDURANCE = "endurance"


@dataclass(frozen=True, slots=True)
class Profile:
    """Level, goal and usual length in minutes; None and 0 for not said."""

    level: Level | None = None
    goal: Goal | None = None
    minutes: int = 0


@dataclass(frozen=True, slots=True)
class Equipment:
    """What there is to train with; ``known`` tells "nothing" from "never said"."""

    gear: tuple[Gear, ...] = ()
    known: bool = False


@dataclass(frozen=True, slots=True)
class Injury:
    """Something that hurts.

    Attributes:
        joint: What.
        side: ``left``, ``right`` or empty.
        since: Seconds since the epoch at which it was told.
    """

    joint: Joint
    side: str = ""
    since: float = 0.0

    @property
    def words(self) -> str:
        """As in "left knee"."""
        return f"{self.side} {self.joint.words}".strip()


@dataclass(frozen=True, slots=True)
class Preferences:
    """Words of exercises that are liked, and of those that are not."""

    likes: tuple[str, ...] = ()
    dislikes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Performed:
    """What was done of one exercise.

    Attributes:
        exercise_id: Its id; empty for one that is not in the data.
        name: What it is called.
        sets: How many were done.
        amount: Repetitions or seconds of each.
        unit: Which of the two.
        kg: Weight, 0 for none or not said.
        planned_sets: How many there were to be; 0 where nothing was planned.
        top: The most repetitions or seconds the plan asked for; 0 where nothing was planned.
    """

    exercise_id: str
    name: str
    sets: int
    amount: int
    unit: Unit = Unit.REPETITIONS
    kg: float = 0.0
    planned_sets: int = 0
    top: int = 0


@dataclass(frozen=True, slots=True)
class Session:
    """A workout that was done.

    Attributes:
        session_id: Unique.
        at: Seconds since the epoch.
        day: ISO date in the person's zone.
        focus: What it was for, as in ``upper``; empty for not said.
        minutes: How long, 0 for not said.
        performed: What was done.
    """

    session_id: str
    at: float
    day: str
    focus: str = ""
    minutes: int = 0
    performed: tuple[Performed, ...] = ()


@dataclass(frozen=True, slots=True)
class PlannedExercise:
    """One exercise of a plan in numbers."""

    exercise_id: str
    sets: int
    low: int
    high: int
    kg: float = 0.0


@dataclass(frozen=True, slots=True)
class Planned:
    """A session that was put on a card.

    Attributes:
        plan_id: What the ids of its cards end with.
        at: Seconds since the epoch.
        day: ISO date it was planned on.
        focus: What it is for.
        minutes: How long it is meant to take.
        items: In order.
        gear: What it was planned with.
        hurts: What was left alone.
        level: For whom.
        without: Words of exercises that were not wanted.
        finished: It was done.
    """

    plan_id: str
    at: float
    day: str
    focus: str
    minutes: int
    items: tuple[PlannedExercise, ...]
    gear: tuple[Gear, ...] = ()
    hurts: tuple[Joint, ...] = ()
    level: Level = Level.BEGINNER
    without: tuple[str, ...] = ()
    finished: bool = False


@dataclass(frozen=True, slots=True)
class History:
    """The newest workouts, the newest first, and the newest plan."""

    sessions: tuple[Session, ...] = ()
    plan: Planned | None = None


class Log:
    """Reads what the notebook holds of the training. Every method raises `StorageError`.

    Args:
        notebook: Where it lies.
    """

    def __init__(self, notebook: Notebook) -> None:
        self._notebook = notebook

    async def profile(self) -> Profile:
        """Level, goal, usual length."""
        return await self._notebook.entry(PROFILE, ONLY, Profile) or Profile()

    async def equipment(self) -> Equipment:
        """What there is to train with."""
        return await self._notebook.entry(EQUIPMENT, ONLY, Equipment) or Equipment()

    async def injuries(self) -> tuple[Injury, ...]:
        """What hurts, in the order it was told."""
        return await self._notebook.entries(INJURIES, Injury)

    async def preferences(self) -> Preferences:
        """What is liked, and what is not."""
        return await self._notebook.entry(PREFERENCES, ONLY, Preferences) or Preferences()

    async def recent(self) -> History:
        """The last seven workouts and the last plan."""
        sessions = await self.sessions(RECENT)
        plans = await self._notebook.entries(PLANS, Planned, limit=1, newest_first=True)
        return History(sessions, plans[0] if plans else None)

    async def sessions(self, limit: int = LONGEST_LOG) -> tuple[Session, ...]:
        """Workouts, the newest first."""
        return await self._notebook.entries(SESSIONS, Session, limit=limit, newest_first=True)

    async def plans(self, since: float) -> tuple[Planned, ...]:
        """What was planned since a moment, seconds since the epoch, in order."""
        return await self._notebook.entries(PLANS, Planned, since=since)

    async def plan(self, plan_id: str) -> Planned | None:
        """A plan by its id, None when it is not there."""
        return await self._notebook.entry(PLANS, plan_id, Planned)


def keep_session(session: Session) -> Put:
    """Keep a workout."""
    return Put(SESSIONS, session.session_id, session, session.at)


def keep_plan(plan: Planned) -> Put:
    """Keep a plan."""
    return Put(PLANS, plan.plan_id, plan, plan.at)
