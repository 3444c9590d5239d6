"""Sets timers, alarms and reminders: what is asked when something is missing, and what is then kept and said."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from datetime import date, datetime

from app.assistant.skills.skill import Asked, Clarification, Plan
from app.assistant.skills.timers import repeats
from app.assistant.skills.timers.cards import timer_card
from app.assistant.skills.timers.hands import Hands
from app.assistant.skills.timers.intents import SET_ALARM, SET_REMINDER, SET_TIMER
from app.assistant.skills.timers.reading import AT, DAY, DAY_ONLY, LABEL, MORE, REPEATS, SECONDS, reminded_of
from app.assistant.skills.timers.timer import TIMERS, Timer, What, of_what
from app.assistant.skills.timers.wording import length, when
from app.assistant.understanding.durations import duration
from app.assistant.understanding.meaning import Value
from app.assistant.understanding.moments import Moment, moment
from app.assistant.understanding.numbers import number
from app.assistant.understanding.recurring import local
from app.assistant.wording import capital, joined
from app.contracts.skill_cards import Choice
from app.memory.notebook import Put

LONGEST_S = 30 * 86400.0
MOST_AT_ONCE = 6
"""Timers that one sentence can start."""
LONGEST_LABEL = 200
"""Characters."""
_REQUEST = re.compile(r"\bremind (?:me|us)\b|\bwake me\b|\bset (?:a|an|another)\b", re.IGNORECASE)
"""Words that ask for another one; they answer nothing."""
_LENGTHS = ((60, "1 minute"), (300, "5 minutes"), (600, "10 minutes"), (1800, "30 minutes"))
_USUAL_LENGTH = 300
_WAKING = ("6:30 am", "7 am", "7:30 am", "8 am")
_USUAL_WAKING = "7 am"
_LATER = (
    ("in 10 minutes", "In 10 minutes"),
    ("in one hour", "In an hour"),
    ("today at 6 pm", "This evening at 6"),
    ("tomorrow at 9 am", "Tomorrow at 9"),
)


def missing(asked: Asked) -> Clarification | None:
    """The question about the first value that is missing."""
    values = asked.values
    if asked.intent == SET_TIMER and SECONDS not in values:
        choices = (
            Choice(value=str(seconds), label=label, default=seconds == _USUAL_LENGTH) for seconds, label in _LENGTHS
        )
        return Clarification(SECONDS, "For how long?", tuple(choices))
    if asked.intent == SET_REMINDER and LABEL not in values:
        return Clarification(LABEL, "What shall I remind you of?", ())
    if asked.intent == SET_ALARM and AT not in values:
        waking = (Choice(value=each, label=each, default=each == _USUAL_WAKING) for each in _WAKING)
        return Clarification(AT, "For what time?", tuple(waking))
    if asked.intent == SET_REMINDER and AT not in values:
        return Clarification(AT, "When shall I remind you?", tuple(_later(asked.now)))
    return None


def read_answer(asked: Asked, slot: str, text: str) -> Value | None:
    """What an answer in the person's own words gives."""
    if slot == SECONDS:
        return _seconds(text)
    if _REQUEST.search(text):
        return None
    if slot == AT:
        return text if _moment(text, asked.now) is not None else None
    return reminded_of(text) or None


def plan(asked: Asked, hands: Hands) -> Plan:
    """What is set, with the sentence that says so."""
    values = asked.values
    label = str(values.get(LABEL, ""))[:LONGEST_LABEL]
    if asked.intent == SET_TIMER:
        return _timers(asked, label, hands)
    what = What.ALARM if asked.intent == SET_ALARM else What.REMINDER
    at, again = _when(asked)
    if at is None:
        return Plan(speech="I did not understand the time. Say it as in: tomorrow at five.")
    if at <= hands.now():
        return Plan(speech=f"{when(at, asked.now).capitalize()} has passed already.")
    if 0 < repeats.interval_s(again) < repeats.LEAST_S:
        return Plan(speech="I can remind you once a minute at most.")
    timer = hands.waiting(Timer(secrets.token_hex(6), what, label, at, hands.now(), repeats=again), at)
    return _kept((timer,), _announced(timer, asked))


def _timers(asked: Asked, label: str, hands: Hands) -> Plan:
    """One timer, or all of those that one sentence asked for."""
    wanted = [(_seconds(asked.values.get(SECONDS, "")), label)]
    more = asked.values.get(MORE, ())
    for each in more if isinstance(more, tuple) else ():
        seconds, _, name = each.partition(" ")
        wanted.append((float(seconds), name[:LONGEST_LABEL]))
    fit = [(seconds, name) for seconds, name in wanted if seconds is not None and 1.0 <= seconds <= LONGEST_S]
    if len(fit) < len(wanted):
        return Plan(speech="A timer needs a length between one second and 30 days.")
    if len(fit) > MOST_AT_ONCE:
        return Plan(speech=f"I can start {MOST_AT_ONCE} timers at once. Ask for the others after that.")
    timers = tuple(
        hands.running(Timer(secrets.token_hex(6), What.TIMER, name, 0.0, hands.now(), duration_s=seconds), seconds)
        for seconds, name in fit
    )
    if len(timers) == 1:
        return _kept(timers, _started(label, timers[0].duration_s))
    told = joined([f"{name} {length(seconds)}".strip() for seconds, name in fit])
    return _kept(timers, f"{len(timers)} timers: {told}, starting now.")


def _kept(timers: Sequence[Timer], speech: str) -> Plan:
    puts = tuple(Put(TIMERS, timer.timer_id, timer, timer.due_at) for timer in timers)
    return Plan(speech=speech, cards=tuple(timer_card(timer) for timer in timers), writes=puts)


def _started(label: str, seconds: float) -> str:
    name = f"{capital(label)} timer" if label else "Timer"
    name = name.removesuffix(" timer timer") + " timer" if name.endswith(" timer timer") else name
    return f"{name}: {length(seconds)}, starting now."


def _announced(timer: Timer, asked: Asked) -> str:
    told = when(timer.due_at, asked.now)
    again = repeats.in_words(timer.repeats)
    if timer.what is What.ALARM:
        name = capital(timer.name)
        return f"{name} set for {again}, next {told}." if again else f"{name} set {_for(told)}."
    if again:
        return f"I'll remind you {again}{of_what(timer.label)}. The next time is {told}."
    assumed = " I took nine in the morning." if asked.values.get(DAY_ONLY) is True else ""
    return f"I'll remind you {told}{of_what(timer.label)}.{assumed}"


def _for(told: str) -> str:
    """A moment behind "set": "for 7 am"."""
    return f"for {told.removeprefix('at ').removeprefix('on ')}"


def _later(now: datetime) -> tuple[Choice, ...]:
    """Moments that lie ahead; the first is the default."""
    ahead = [(text, label) for text, label in _LATER if (found := moment(text, now)) is not None and found.at > now]
    return tuple(Choice(value=text, label=label, default=not place) for place, (text, label) in enumerate(ahead))


def _seconds(value: Value) -> float | None:
    """A length from a number of seconds, the value of a choice, or words; a bare number in words is minutes."""
    if isinstance(value, int | float):
        return float(value)
    text = str(value)
    if text.isdigit() and int(text) in dict(_LENGTHS):
        return float(text)
    if (found := duration(text)) is not None:
        return found
    minutes = number(text.strip(" .!?").lower())
    return None if minutes is None else minutes * 60.0


def _moment(text: str, now: datetime) -> Moment | None:
    return moment(text, now) or moment(f"at {text}", now)


def _when(asked: Asked) -> tuple[float | None, str]:
    """The moment that was said, seconds since the epoch, and how it repeats."""
    value = asked.values.get(AT)
    again = str(asked.values.get(REPEATS, ""))
    if isinstance(value, int | float):
        return float(value), again
    found = _moment(str(value), asked.now) if isinstance(value, str) else None
    if found is None:
        return None, ""
    again = repeats.form(found.recurrence) or repeats.at_time(again, found.at.hour, found.at.minute)
    at = found.at
    if (day := str(asked.values.get(DAY, ""))) and not found.has_day:  # the day was said first, the time when asked
        at = local(date.fromisoformat(day), at.time(), asked.now)
    return at.timestamp(), again
