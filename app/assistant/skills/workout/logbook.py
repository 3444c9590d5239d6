"""Reads what somebody says to have done: "three sets of ten push-ups and bench press 3 by 8 at 60 kilos".

Exercises are found by their words; what is no exercise of the data is kept by the name it was given, so that nothing is
lost. Numbers may be digits or words.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from app.assistant.skills.skill import Asked, Plan
from app.assistant.skills.workout.choosing import stems
from app.assistant.skills.workout.exercise import Exercise, Muscle, Pattern, Unit
from app.assistant.skills.workout.history import name_of, performed_words, said_words, stamp
from app.assistant.skills.workout.person import (
    History,
    Performed,
    Planned,
    Session,
    keep_plan,
    keep_session,
)
from app.assistant.skills.workout.words import Focus, focus_in, minutes_in
from app.assistant.understanding.days import day
from app.assistant.understanding.durations import durations_in
from app.assistant.understanding.numbers import numbers_in
from app.assistant.wording import joined
from app.contracts.card import CardAction, Emphasis
from app.contracts.errors import InvalidInput
from app.contracts.skill_cards import ListCard, ListItem
from app.memory.notebook import Write

AS_PLANNED = "as planned"
"""The value that stands for everything the last plan held."""
UNDO = "undo"
KG_PER_POUND = 0.45359237
MOST_SETS, MOST_REPETITIONS, MOST_KG = 20, 500, 500.0
_LEAD = re.compile(
    r"^(?:(?:please|can you|could you|hey|ok|okay|i want to|i'd like to|i would like to)\s+)*"
    r"(?:(?:log|record|track|save|note|add|write down|enter|put down)\b\s*(?:that\s+)?(?:my|a|the|this|today's|an)?\s*"
    r"(?:workout|training|session|exercises?)?\s*(?:to my (?:training )?(?:log|history))?\s*[:,-]?)?\s*"
    r"(?:that\s+)?(?:i(?:'ve| have)?\s+(?:just\s+)?(?:did|done|finished|completed|trained|made|managed)\b)?\s*"
)
_EMPTY = re.compile(
    r"^(?:(?:my|a|the|this|today's|an|of|to|in|workout|training|session|exercises?|today|yesterday(?:'s)?|log|history|done|now|"
    r"please|it|just|what|i|did|finished|completed)\b[\s.,!]*)*$"
)
_CHUNKS = re.compile(
    r"\s*(?:[,;]|\band then\b|\bthen\b|\band also\b|\bplus\b|\band(?= (?:\d+|some|a set|sets)\b)|\band\b)\s*"
)
_SETS = re.compile(r"(\d+)\s*sets?\b")
_BY = re.compile(r"(\d+)\s*(?:x|×|by|times)\s*(\d+)")  # noqa: RUF001
_OF = re.compile(r"\bof\s+(\d+)")
_REPS = re.compile(r"(\d+)\s*(?:reps?|repetitions?|times)\b")
_WEIGHT = re.compile(r"(\d+(?:\.\d+)?)\s*(kg|kgs|kilos?|kilograms?|lbs?|pounds?)\b")
_BARE = re.compile(r"(?<![\d.])(\d+)(?![\d.])")
_ACTIVITIES = {
    r"\b(?:ran|run|running|jog(?:ged|ging)?)\b": "Running",
    r"\b(?:cycled|cycling|biked|bike ride|rode my bike|bike tour)\b": "Cycling",
    r"\b(?:swam|swim|swimming)\b": "Swimming",
    r"\b(?:walked|walk|walking)\b": "Walking",
    r"\b(?:hiked|hike|hiking)\b": "Hiking",
    r"\b(?:yoga)\b": "Yoga",
    r"\b(?:pilates)\b": "Pilates",
    r"\b(?:rowed|rowing machine)\b": "Rowing",
    r"\b(?:danced|dancing)\b": "Dancing",
    r"\b(?:tennis|football|soccer|basketball|volleyball|badminton)\b": "Ball game",
    r"\b(?:climbed|climbing|bouldering)\b": "Climbing",
}
_UPPER = frozenset({Pattern.HORIZONTAL_PUSH, Pattern.VERTICAL_PUSH, Pattern.HORIZONTAL_PULL, Pattern.VERTICAL_PULL,
                    Pattern.CURL, Pattern.ELBOW_EXTENSION, Pattern.SHOULDER_RAISE})  # fmt: skip
_LOWER = frozenset({Pattern.SQUAT, Pattern.LUNGE, Pattern.HINGE, Pattern.BRIDGE, Pattern.CALF})
_CORE = frozenset({Pattern.PLANK, Pattern.TRUNK_FLEXION, Pattern.ROTATION, Pattern.LATERAL})


@dataclass(frozen=True, slots=True)
class Told:
    """What was said to have been done: exercises, minutes (0 for not said), focus (empty for not said)."""

    performed: tuple[Performed, ...] = ()
    minutes: int = 0
    focus: str = ""


def said_in(text: str) -> str:
    """The words that tell what was done, empty when the request only says that something is to be logged."""
    rest = _LEAD.sub("", text.lower().replace("\u2019", "'").strip().rstrip(".!"), count=1).strip()
    if re.search(r"\bas planned\b|\bthe plan(?:ned)?\b", rest):
        return AS_PLANNED
    return "" if _EMPTY.match(rest) else rest


def read(said: str, exercises: Mapping[str, Exercise], history: History) -> Told:
    """What the words tell.

    Args:
        said: The words, lower case.
        exercises: The data.
        history: Exercises of the last plan and of earlier workouts are what a short name most likely means.
    """
    text = _digits(said)
    known = {each.exercise_id for each in history.plan.items} if history.plan is not None else set()
    known |= {each.exercise_id for session in history.sessions for each in session.performed}
    performed = tuple(
        found for chunk in _CHUNKS.split(text) if chunk and (found := _performed(chunk, exercises, known)) is not None
    )
    spans = durations_in(text)
    minutes = 0
    long_ones = [span.value for span in spans if span.value >= 300]
    if long_ones:
        minutes = min(round(sum(long_ones) / 60), 600)
    elif re.search(r"\d+-minute", said):
        minutes = minutes_in(said) or 0
    focus = focus_in(said) if not performed else None
    return Told(performed, minutes, focus.value if focus is not None else _focus_of(performed, exercises))


def logged(asked: Asked, exercises: Mapping[str, Exercise], history: History) -> Plan:
    """The plan that keeps a workout.

    Raises:
        InvalidInput: The words tell nothing that could be kept.
    """
    said = str(asked.values.get("said", ""))
    at = _when(f"{said}. {asked.text}", asked.now)
    writes: tuple[Write, ...] = ()
    if said == AS_PLANNED and history.plan is not None:
        told = _as_planned(history.plan, exercises)
        writes = (keep_plan(replace(history.plan, finished=True)),)
    else:
        told = read(said, exercises, history)
    if not told.performed and not told.minutes and not told.focus:
        raise InvalidInput("I could not tell what you did.", code="no-workout",
                           remedy='Say it like "three sets of ten push-ups and a 30-minute run".')  # fmt: skip
    newest = history.sessions[0].session_id if history.sessions else ""
    seed = f"{at.isoformat()} {said} {newest}"
    session = Session(
        session_id=f"session-{hashlib.sha256(seed.encode()).hexdigest()[:12]}",
        at=at.timestamp(),
        day=at.date().isoformat(),
        focus=told.focus,
        minutes=told.minutes,
        performed=told.performed,
    )
    parts = [said_words(each) for each in told.performed]
    alone = len(told.performed) == 1 and told.performed[0].unit is Unit.SECONDS
    length = f"{told.minutes} minutes" if told.minutes and not alone else ""
    what = joined(parts) or f"{name_of(session)}"
    speech = f"Logged: {what}{f', {length}' if length else ''}."
    return Plan(speech=speech, cards=(_card(session, asked),), writes=(keep_session(session), *writes))


def likely_answers(history: History) -> tuple[tuple[str, str, bool], ...]:
    """What was probably done, as value, label and whether it is the default."""
    plan = history.plan
    rest = tuple(
        (f"{focus.words} workout", focus.words.capitalize(), False) for focus in (Focus.UPPER, Focus.LOWER, Focus.FULL)
    )
    if plan is None or plan.finished:
        return ((rest[2][0], rest[2][1], True), *rest[:2])
    name = Focus(plan.focus).words if plan.focus in frozenset(Focus) else "the"
    return ((AS_PLANNED, f"The planned {name} session", True), *rest)


def _card(session: Session, asked: Asked) -> ListCard:
    items = tuple(
        ListItem(item_id=f"{number}", text=performed_words(each).capitalize(), checkable=False)
        for number, each in enumerate(session.performed)
    )
    length = f", {session.minutes} minutes" if session.minutes else ""
    undo = CardAction(
        action=f"{UNDO}:{session.session_id}",
        label="Undo",
        says=("undo", "undo that", "that was wrong", "don't log that"),
        emphasis=Emphasis.QUIET,
    )
    return ListCard(
        card_id=f"workout-log-{stamp(asked)}",
        list_id="workout-log",
        title=f"Logged: {name_of(session)}{length}",
        items=items,
        empty_text="No exercises were named.",
        actions=(undo,),
    )


def _performed(chunk: str, exercises: Mapping[str, Exercise], known: set[str]) -> Performed | None:
    """One exercise with its numbers; None for a piece that names nothing."""
    weight = _WEIGHT.search(chunk)
    exercise = _exercise(chunk, exercises, known, weighted=weight is not None)
    activity = next((name for pattern, name in _ACTIVITIES.items() if re.search(pattern, chunk)), "")
    if exercise is None and not activity:
        return None
    spans = durations_in(chunk)
    seconds = round(spans[0].value) if spans else 0
    kg = 0.0
    if weight is not None:
        kg = min(float(weight[1]) * (KG_PER_POUND if weight[2][0] in "lp" else 1.0), MOST_KG)
    if exercise is None:
        return Performed("", activity, 1 if seconds else 0, seconds, Unit.SECONDS)
    bare = chunk if weight is None else chunk[: weight.start()] + chunk[weight.end() :]
    sets, amount = _counts(bare)
    unit = Unit.SECONDS if seconds and (exercise.timed or not amount) else Unit.REPETITIONS
    if unit is Unit.SECONDS:
        found = _SETS.search(bare) or _BY.search(bare)
        times = min(max(int(found[1]), 1), MOST_SETS) if found else 1
        return Performed(exercise.id, exercise.name, times, seconds, unit, round(kg, 1))
    return Performed(exercise.id, exercise.name, sets, amount, exercise.unit if exercise.timed else unit, round(kg, 1))


def _counts(text: str) -> tuple[int, int]:
    """Sets and repetitions: "3 sets of 10", "3 x 10", "10 reps", "20"."""
    sets, amount = 1, 0
    if (found := _BY.search(text)) is not None:
        sets, amount = int(found[1]), int(found[2])
    elif (found := _SETS.search(text)) is not None:
        sets = int(found[1])
        of = _OF.search(text) or _REPS.search(text)
        amount = int(of[1]) if of else 0
    elif (found := _REPS.search(text) or _BARE.search(text)) is not None:
        amount = int(found[1])
    return min(max(sets, 1), MOST_SETS), min(amount, MOST_REPETITIONS)


def _exercise(chunk: str, exercises: Mapping[str, Exercise], known: set[str], *, weighted: bool) -> Exercise | None:
    """The exercise that is meant: the one whose whole name is said, else the usual one of those the words fit."""
    said = stems(re.sub(r"\d+", " ", chunk)) - _NOISE
    whole = [each for each in exercises.values() if stems(each.name) <= said or stems(each.id) <= said]
    fitting = [each for each in exercises.values() if said and said <= stems(each.name) | stems(each.id)]
    usual = [each for each in fitting if each.id in known]
    if whole and (not usual or any(each.id in known for each in whole)):
        return max(
            whole,
            key=lambda each: (max(len(stems(each.name)), len(stems(each.id))), each.id in known, -each.level.rank),
        )
    if not fitting and said & _MUSCLE_WORDS and said - _MUSCLE_WORDS:
        return _exercise(" ".join(said - _MUSCLE_WORDS), exercises, known, weighted=weighted)
    return min(
        fitting,
        key=lambda each: (
            each.id not in known,
            weighted and not each.loadable,
            len(stems(each.name)),
            each.level.rank,
            each.id,
        ),
        default=None,
    )


_MUSCLE_WORDS = stems(
    " ".join((*(muscle.words for muscle in Muscle), "bicep", "tricep", "ab", "leg", "arm", "my", "dumbbell"))
)
_NOISE = frozenset((
    "set", "rep", "repetition", "kg", "kilo", "kilogram", "lb", "pound", "x", "by", "time", "at", "with", "each",
    "per", "for", "second", "minute", "i", "did", "then", "done", "today", "yesterday", "min", "sec", "hour", "also",
    "body", "weight", "to", "in", "s",
))  # fmt: skip


def _digits(text: str) -> str:
    """Numbers written as words become digits, articles stay."""
    for found in reversed(numbers_in(text)):
        word = text[found.start : found.end]
        if word[0].isdigit() or found.value != int(found.value) or not 0 <= found.value <= 1000:
            continue
        text = f"{text[: found.start]}{int(found.value)}{text[found.end :]}"
    return text


def _when(said: str, now: datetime) -> datetime:
    """The moment of the workout: now, or noon of the day that is named, never one to come."""
    named = day(said, now)
    if named is None or named == now.date():
        return now
    if named > now.date():
        named -= timedelta(days=7)
    past = min(named, now.date())
    return now.replace(hour=12, minute=0, second=0, microsecond=0) - timedelta(days=(now.date() - past).days)


def _as_planned(plan: Planned, exercises: Mapping[str, Exercise]) -> Told:
    performed = tuple(
        Performed(
            each.exercise_id,
            exercises[each.exercise_id].name,
            each.sets,
            each.high,
            exercises[each.exercise_id].unit,
            each.kg,
            each.sets,
            each.high,
        )
        for each in plan.items
        if each.exercise_id in exercises
    )
    return Told(performed, plan.minutes, plan.focus)


def _focus_of(performed: Sequence[Performed], exercises: Mapping[str, Exercise]) -> str:
    """What a list of exercises is for."""
    found = [exercises[each.exercise_id] for each in performed if each.exercise_id in exercises]
    if not found:
        return Focus.CARDIO.value if performed else ""
    patterns = {each.pattern for each in found}
    if all(Muscle.HEART in each.primary for each in found):
        return Focus.CARDIO.value
    for focus, members in ((Focus.UPPER, _UPPER), (Focus.LOWER, _LOWER), (Focus.CORE, _CORE)):
        if patterns <= members:
            return focus.value
    return Focus.FULL.value
