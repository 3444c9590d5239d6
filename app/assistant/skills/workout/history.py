"""Tells what was trained: how often, how long, what was lifted, and what has been left out."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from app.assistant.skills.skill import Asked, Plan
from app.assistant.skills.workout.choosing import NEVER, days_since
from app.assistant.skills.workout.exercise import Exercise, Muscle, Unit, plural
from app.assistant.skills.workout.person import Performed, Session
from app.assistant.skills.workout.words import Focus
from app.assistant.understanding.durations import in_words
from app.assistant.wording import counted, joined
from app.contracts.skill_cards import ListCard, ListItem

SHOWN = 10
LONG_S = 120
"""From so many seconds on, one set is told in minutes."""
PERIODS = (
    (r"\btoday\b", 1, "today"),
    (r"\bweek\b", 7, "in the last 7 days"),
    (r"\bmonth\b", 30, "in the last 30 days"),
    (r"\byear\b", 365, "in the last year"),
)
_BIG = (Muscle.CHEST, Muscle.UPPER_BACK, Muscle.SHOULDERS, Muscle.QUADS, Muscle.HAMSTRINGS, Muscle.GLUTES, Muscle.ABS)
LEFT_OUT_DAYS = 7
ENOUGH = 2
"""Workouts from which it is worth saying what was left out."""


def told(asked: Asked, sessions: Sequence[Session], exercises: Mapping[str, Exercise]) -> Plan:
    """What the history says about a question.

    Args:
        asked: The question; its value ``said`` holds the words.
        sessions: The newest first.
        exercises: The data.
    """
    today = asked.now.date()
    if not sessions:
        return Plan(speech='There are no workouts yet. Finish one, or say "log my workout" and what you did.')
    said = str(asked.values.get("said", asked.text)).lower()
    about = _exercise_in(said, sessions)
    if about:
        return _of_exercise(about, sessions, asked)
    days, period = next(
        ((days, words) for pattern, days, words in PERIODS if re.search(pattern, said)), (7, PERIODS[1][2])
    )
    recent = [each for each in sessions if (today - date.fromisoformat(each.day)).days < days]
    minutes = sum(each.minutes for each in recent)
    count = counted(len(recent), "workout")
    sentences = [f"{count} {period}{f', {minutes} minutes together' if minutes else ''}."]
    sentences.append(f"The last one was {day_words(sessions[0].day, today)}: {name_of(sessions[0])}.")
    if len(sessions) >= ENOUGH and (left := _left_out(sessions, exercises, today)):
        sentences.append(f"Not trained for a week or more: {joined(left)}.")
    card = ListCard(
        card_id=f"workout-history-{stamp(asked)}",
        list_id="workout-history",
        title="Training history",
        items=tuple(
            ListItem(item_id=each.session_id, text=summary(each), when=day_words(each.day, today), checkable=False)
            for each in sessions[:SHOWN]
        ),
    )
    return Plan(speech=" ".join(sentences), cards=(card,))


def stamp(asked: Asked) -> str:
    """What tells the cards of this request from those of every other."""
    at = asked.values.get("at")
    return f"{int((at if isinstance(at, float) else asked.now.timestamp()) * 1000):x}"


def summary(session: Session) -> str:
    """As in "Upper body, 30 minutes: push-up 3 times 12, …"."""
    length = f", {session.minutes} minutes" if session.minutes else ""
    done = ", ".join(performed_words(each) for each in session.performed)
    return f"{name_of(session).capitalize()}{length}{f': {done}' if done else ''}"


def performed_words(performed: Performed) -> str:
    """What was done, with the sign for times: sets, repetitions or seconds, weight."""
    if performed.unit is Unit.SECONDS and performed.sets == 1 and performed.amount >= LONG_S:
        return f"{performed.name.lower()} {in_words(performed.amount)}"
    unit = " s" if performed.unit is Unit.SECONDS else ""
    amount = f" {performed.sets} × {performed.amount}{unit}" if performed.sets and performed.amount else ""  # noqa: RUF001
    if performed.sets and not performed.amount:
        amount = f" {counted(performed.sets, 'set')}"
    return f"{performed.name.lower()}{amount}{f' at {performed.kg:g} kg' if performed.kg else ''}"


def said_words(performed: Performed) -> str:
    """The same as it is spoken: "3 sets of 10 push-ups", "running 30 minutes"."""
    if performed.sets < 1 or (performed.unit is Unit.SECONDS and performed.sets == 1):
        return performed_words(performed)
    sets = f"{counted(performed.sets, 'set')} of "
    amount = f"{performed.amount} seconds " if performed.unit is Unit.SECONDS else f"{performed.amount} "
    weight = f" at {performed.kg:g} kg" if performed.kg else ""
    return f"{sets}{amount if performed.amount else ''}{plural(performed.name)}{weight}"


def name_of(session: Session) -> str:
    """What a workout is called."""
    if session.focus in frozenset(Focus):
        return Focus(session.focus).words
    return session.focus or "workout"


def day_words(day: str, today: date) -> str:
    """As in "today", "yesterday", "on Monday", "on 3 November"."""
    that = date.fromisoformat(day)
    days = (today - that).days
    if days in (0, 1):
        return "today" if not days else "yesterday"
    if that > today - timedelta(days=7):
        return f"on {that:%A}"
    return f"on {that.day} {that:%B}" + ("" if that.year == today.year else f" {that.year}")


def _exercise_in(said: str, sessions: Sequence[Session]) -> str:
    """Name of an exercise of the history that a question is about, empty for none."""
    names = dict.fromkeys(each.name for session in sessions for each in session.performed)
    matching = [name for name in names if re.search(rf"\b{re.escape(name.lower().replace('-', ' '))}s?\b",
                                                    said.replace("-", " "))]  # fmt: skip
    return max(matching, key=len, default="")


def _of_exercise(name: str, sessions: Sequence[Session], asked: Asked) -> Plan:
    """How one exercise went, the newest first."""
    today = asked.now.date()
    found = [(session, each) for session in sessions for each in session.performed if each.name == name]
    newest = found[0]
    sentences = [f"Last time, {day_words(newest[0].day, today)}: {said_words(newest[1])}."]
    best = max(found, key=lambda pair: (pair[1].kg, pair[1].amount))
    if best[1] != newest[1]:
        sentences.append(f"Your best was {said_words(best[1])}, {day_words(best[0].day, today)}.")
    card = ListCard(
        card_id=f"workout-history-{stamp(asked)}",
        list_id="workout-history",
        title=name,
        items=tuple(
            ListItem(
                item_id=f"{session.session_id}-{number}",
                text=performed_words(each),
                when=day_words(session.day, today),
                checkable=False,
            )
            for number, (session, each) in enumerate(found[:SHOWN])
        ),
    )
    return Plan(speech=" ".join(sentences), cards=(card,))


def _left_out(sessions: Sequence[Session], exercises: Mapping[str, Exercise], today: date) -> list[str]:
    rested = days_since(exercises, sessions, today)
    return [muscle.words for muscle in _BIG if rested.get(muscle, NEVER) >= LEFT_OUT_DAYS]
