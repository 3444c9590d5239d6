"""What a session is to be, put together from the words, the answers on cards, the profile and the history.

Why it exists: "shorter", "with kettlebells" and "harder" may follow one another on the same proposal. They are kept in
one slot, `CHANGE`, as ``minutes=20;effort=harder``, so that each answer holds everything and can be made ahead.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from statistics import median

from app.assistant.skills.skill import Asked, Data
from app.assistant.skills.workout.exercise import Exercise, Gear, Joint, Level
from app.assistant.skills.workout.person import (
    Equipment,
    Goal,
    History,
    Injury,
    Preferences,
    Profile,
    Session,
)
from app.assistant.skills.workout.words import LENGTHS, LONGEST, SHORTEST, Focus, gear_of

FOCUS, MINUTES, GEAR, EFFORT, LEVEL = "focus", "minutes", "equipment", "effort", "level"
HURTS, WITHOUT, CHANGE, OTHERS, STEPS = "hurts", "without", "change", "others", "steps"
"""Slots of `plan_workout`. ``others`` counts how often other exercises were wanted, ``steps`` how much longer it should
be than it would: 1 for the next of `LENGTHS`, -1 for the one before.
"""
ASK = "ask"
"""In `CHANGE`: the slot that is to be asked for."""
USUAL_MINUTES = 30
ENOUGH_TO_TELL = 3
"""Workouts from which the usual length is taken."""


@dataclass(frozen=True, slots=True)
class Known:
    """What was fetched, with its types."""

    exercises: Mapping[str, Exercise]
    profile: Profile = field(default_factory=Profile)
    history: History = field(default_factory=History)
    equipment: Equipment = field(default_factory=Equipment)
    injuries: tuple[Injury, ...] = ()
    preferences: Preferences = field(default_factory=Preferences)


@dataclass(frozen=True, slots=True)
class Wish:
    """What a session is to be.

    Attributes:
        focus: What to train.
        minutes: Length with rests, warm-up and cool-down.
        gear: What there is to train with.
        gear_known: False when nobody said what there is.
        level: Whose session: moved by "easier" and "harder".
        effort: -1, 0 or 1.
        goal: What for.
        hurts: What has to be left alone.
        without: Words of exercises that are not wanted.
        likes: Words of exercises that are.
        others: How often other exercises were wanted.
        today: The day.
        sessions: The last workouts, the newest first.
    """

    focus: Focus
    minutes: int = USUAL_MINUTES
    gear: frozenset[Gear] = frozenset()
    gear_known: bool = True
    level: Level = Level.BEGINNER
    effort: int = 0
    goal: Goal = Goal.FITNESS
    hurts: frozenset[Joint] = frozenset()
    without: tuple[str, ...] = ()
    likes: tuple[str, ...] = ()
    others: int = 0
    today: date = date.min
    sessions: tuple[Session, ...] = ()


def known(data: Data) -> Known:
    """The fetched data with its types; what is of another type is taken as not known."""
    found = data.found
    profile, history = found.get("profile"), found.get("history")
    equipment, injuries = found.get("equipment"), found.get("injuries")
    preferences, exercises = found.get("preferences"), found.get("exercises")
    return Known(
        exercises if isinstance(exercises, Mapping) else {},
        profile if isinstance(profile, Profile) else Profile(),
        history if isinstance(history, History) else History(),
        equipment if isinstance(equipment, Equipment) else Equipment(),
        tuple(each for each in injuries if isinstance(each, Injury)) if isinstance(injuries, tuple) else (),
        preferences if isinstance(preferences, Preferences) else Preferences(),
    )


def values_of(asked: Asked) -> dict[str, str]:
    """The values of a request as text, changes applied."""
    values = {name: str(value) for name, value in asked.values.items() if name != CHANGE}
    return values | changes(str(asked.values.get(CHANGE, "")))


def changes(text: str) -> dict[str, str]:
    """As in "minutes=20;effort=harder" as values; what is no ``name=value`` is left out."""
    pairs = (part.partition("=") for part in text.split(";"))
    return {name: value for name, sign, value in pairs if name and sign}


def changed(asked: Asked, **values: str) -> str:
    """The value of `CHANGE` that holds what was changed before and this."""
    merged = changes(str(asked.values.get(CHANGE, ""))) | values
    for name in {ASK} - set(values) | ({STEPS} if MINUTES in values else set()):
        merged.pop(name, None)
    return ";".join(f"{name}={value}" for name, value in merged.items())


def focus_of(values: Mapping[str, str]) -> Focus | None:
    """What to train, None when it is not known."""
    name = values.get(FOCUS, "")
    return Focus(name) if name in frozenset(Focus) else None


def usual_minutes(known: Known, focus: Focus | None) -> int | None:
    """How long the person trains: as said, else as it was the last times; None when that cannot be told."""
    if known.profile.minutes:
        return known.profile.minutes
    lengths = [session.minutes for session in known.history.sessions if session.minutes]
    same = [each.minutes for each in known.history.sessions if each.minutes and each.focus == focus]
    taken = same if len(same) >= ENOUGH_TO_TELL else lengths
    if len(taken) < ENOUGH_TO_TELL:
        return None
    return min(LENGTHS, key=lambda length: abs(length - median(taken)))


def wish_of(asked: Asked, known: Known) -> Wish:
    """What the session is to be; what is not known is the default."""
    values = values_of(asked)
    focus = focus_of(values) or Focus.FULL
    said = values.get(MINUTES, "")
    minutes = int(said) if said.isdecimal() else usual_minutes(known, focus) or USUAL_MINUTES
    minutes = _stepped(minutes, values.get(STEPS, ""))
    effort = {"easier": -1, "harder": 1}.get(values.get(EFFORT, ""), 0)
    gear = gear_of(values[GEAR]) if GEAR in values else frozenset(known.equipment.gear)
    now_hurting = {Joint(name) for name in values.get(HURTS, "").split(",") if name in frozenset(Joint)}
    without = tuple(words for words in values.get(WITHOUT, "").split(",") if words)
    others = values.get(OTHERS, "")
    return Wish(
        focus=focus,
        minutes=min(max(minutes, SHORTEST), LONGEST),
        gear=gear,
        gear_known=GEAR in values or known.equipment.known,
        level=_level(values.get(LEVEL, ""), known.profile).moved(effort),
        effort=effort,
        goal=known.profile.goal or Goal.FITNESS,
        hurts=frozenset(now_hurting | {injury.joint for injury in known.injuries}),
        without=(*known.preferences.dislikes, *without),
        likes=known.preferences.likes,
        others=int(others) if others.isdecimal() else 0,
        today=asked.now.date(),
        sessions=known.history.sessions,
    )


def _stepped(minutes: int, steps: str) -> int:
    """A length so many of the offered ones longer or shorter."""
    for _ in range(abs(int(steps)) if steps.lstrip("-").isdecimal() else 0):
        if steps.startswith("-"):
            minutes = max((length for length in LENGTHS if length < minutes), default=minutes)
        else:
            minutes = min((length for length in LENGTHS if length > minutes), default=minutes)
    return minutes


def _level(said: str, profile: Profile) -> Level:
    return Level(said) if said in frozenset(Level) else profile.level or Level.BEGINNER
