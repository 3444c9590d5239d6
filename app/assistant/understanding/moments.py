"""Moments as people say and type them: a day, a time of day, both, "in two hours", or again and again.

A time without "am" or "pm" is the next one to come. On a named day, one to six o'clock are in the afternoon and seven
to twelve before noon, unless words like "wake me" or "dinner" say otherwise. Times are those of the clock on the wall
in the zone of ``now``; with a `zoneinfo.ZoneInfo` there, they stay right when summer time begins or ends.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TypeVar

from app.assistant.understanding.clocking import PARTS, ClockTime, parts_of, times_of
from app.assistant.understanding.days import NamedDay, day, day_in, days_of, next_on
from app.assistant.understanding.durations import durations_in
from app.assistant.understanding.numbers import Found
from app.assistant.understanding.projecting import Projected, projected
from app.assistant.understanding.recurring import ALL_DAYS, Recurrence, clock_in_words, local
from app.assistant.understanding.repeating import Repeats, repeats_of

__all__ = ["Moment", "Recurrence", "clock_in_words", "day", "day_in", "moment", "without"]

DEFAULT_TIME = time(9)
"""The time of day of a moment of which only the day was said."""
_EARLY = re.compile(r"\b(?:wake|waking|alarm|get up|getting up|breakfast|sunrise|morning run|before work)\b")
_LATE = re.compile(r"\b(?:dinner|supper|lunch|after work|sunset|bedtime)\b")
_BEFORE_DURATION = re.compile(r"\b(?:in|within|after)\s+(?:about\s+|another\s+|exactly\s+)?$")
_BEHIND_DURATION = re.compile(r"\s+(?:from now|hence)\b")
_TAIL_OF_DURATION = re.compile(r"(?:'s?)?(?:\s+time)?\b")
_T = TypeVar("_T")
_GLUE = r"(?:at|on|by|in|for|from|and|then|around|about)"


@dataclass(frozen=True, slots=True)
class Moment:
    """When something is meant to be.

    Attributes:
        at: The moment, aware, in the zone of ``now``; of a recurrence the first one. `DEFAULT_TIME` when no time of day
            was said. It lies in the past only when the words say so ("yesterday at five").
        has_time: A time of day was said, or a part of the day, which stands for a usual time ("in the evening").
        has_day: A day was said.
        recurrence: How it comes again, None when it comes once.
        spans: The places of the text that say it, in order and not overlapping; see `without`.
    """

    at: datetime
    has_time: bool
    has_day: bool
    recurrence: Recurrence | None = None
    spans: tuple[tuple[int, int], ...] = ()


def moment(text: str, now: datetime) -> Moment | None:
    """The moment a text names, None when it names none.

    Args:
        text: As it was said or typed.
        now: Local time, aware.
    """
    there = projected(text)
    if (found := _in_a_while(text, now)) is not None:
        return found
    repeats = next(repeats_of(there.text, now.date()), None)
    taken = [] if repeats is None else [(repeats.start, repeats.end)]
    named = _first(days_of(there, now.date()), taken)
    if named is not None:
        taken.append((named.start, named.end))
    clock = _first(times_of(there.text), taken)
    if clock is not None:
        taken.append((clock.start, clock.end))
    part = next(iter(parts_of(there.text)), None)
    if part is not None and not _overlaps(part, taken):
        taken.append((part.start, part.end))
    if not taken:
        return None
    spans = _spans(there, taken)
    words = _Words(
        there.text,
        None if named is None else named.value,
        None if clock is None else clock.value,
        "" if part is None else part.value,
    )
    if repeats is not None:
        return _again(words, repeats.value, now, spans)
    return Moment(_once(words, now), clock is not None or part is not None, named is not None, spans=spans)


def without(text: str, spans: Iterable[tuple[int, int]]) -> str:
    """A text with places cut out, and without the "at" or the comma that is left at its ends."""
    kept, at = [], 0
    for start, end in sorted(spans):
        if start > at:
            kept.append(text[at:start])
        at = max(at, end)
    kept.append(text[at:])
    rest = " ".join(" ".join(kept).split())
    rest = re.sub(r"\s+([,.;!?])", r"\1", rest)
    rest = re.sub(r"([,;])[,;]+", r"\1", rest)
    while (shorter := re.sub(rf"^{_GLUE}(?:\s+|$)|(?:\s+|^){_GLUE}$", "", rest.strip(" ,;-"), flags=re.I)) != rest:
        rest = shorter
    return rest


@dataclass(frozen=True, slots=True)
class _Words:
    """What was said: the text, the day, the time and the part of the day."""

    text: str
    named: NamedDay | None
    clock: ClockTime | None
    part: str


def _in_a_while(text: str, now: datetime) -> Moment | None:
    """Read "In two hours", "ten minutes from now"; whole days are left to the days."""
    for each in durations_in(text):
        before = _BEFORE_DURATION.search(text.lower()[: each.start])
        behind = _BEHIND_DURATION.match(text.lower(), each.end)
        if (before is None and behind is None) or _is_days(text[each.start : each.end]):
            continue
        if before is not None and (tail := _TAIL_OF_DURATION.match(text.lower(), each.end)) is not None:
            end = tail.end() if tail[0].endswith("time") or tail[0].startswith("'") else each.end
        else:
            end = each.end
        span = (before.start() if before else each.start, behind.end() if behind else end)
        try:
            at = (now.astimezone(UTC) + timedelta(seconds=each.value)).astimezone(now.tzinfo)
        except OverflowError:
            return None
        return Moment(at, has_time=True, has_day=False, spans=(span,))
    return None


def _is_days(words: str) -> bool:
    return re.search(r"hour|\bhrs?\b|min|sec|\d\s?[hms]\b|\dh|:", words.lower()) is None


def _once(words: _Words, now: datetime) -> datetime:
    """The day and the time that were said, or the next that fits."""
    today = now.date()
    times = _times(words)
    if words.named is None:
        return _next([(today + timedelta(days=more), at) for more in (0, 1) for at in times], now)
    on = words.named.on
    if words.named.floating and on == today:
        return _next([(on + timedelta(days=more), at) for more in (0, 7) for at in times], now)
    if on == today and len(times) > 1:
        to_come = [at for at in times if local(on, at, now) > now]
        return local(on, (to_come or [times[-1]])[0], now)
    at = _usual(times, words.text)
    return local(on + timedelta(days=_is_next_day(words)), at, now)


def _times(words: _Words) -> tuple[time, ...]:
    """The times of day the words may mean; one when they leave no doubt."""
    if words.clock is None:
        return (PARTS.get(words.part, DEFAULT_TIME),)
    times = words.clock.candidates()
    if len(times) == 2 and words.part:
        hour = words.clock.hour
        late = words.part in ("afternoon", "evening") or (words.part in ("night", "tonight") and 5 <= hour < 12)
        return (times[1],) if late else (times[0],)
    if len(times) == 2 and words.named is None and re.search(r"\bwake|\bget(?:ting)? up\b", words.text):
        return (times[0],)
    return times


def _usual(times: Sequence[time], text: str) -> time:
    """Which of two times of a day is meant when it may be both."""
    if len(times) == 1 or _EARLY.search(text):
        return times[0]
    if _LATE.search(text) or times[0].hour == 0 or 1 <= times[0].hour <= 6:
        return times[1]
    return times[0]


def _is_next_day(words: _Words) -> bool:
    """Midnight ends the day that is named; "tonight at one" is tomorrow."""
    if words.clock is None:
        return False
    small = words.part in ("night", "tonight") and words.clock.half != "p" and (words.clock.hour in (12, 1, 2, 3, 4))
    return words.clock.hour == 24 or small


def _next(choices: Sequence[tuple[date, time]], now: datetime) -> datetime:
    """The first of several moments that is still to come."""
    moments = sorted(local(on, at, now).astimezone(UTC) for on, at in choices)
    to_come = [each for each in moments if each > now.astimezone(UTC)]
    return (to_come or moments[-1:])[0].astimezone(now.tzinfo)


def _again(words: _Words, repeats: Repeats, now: datetime, spans: tuple[tuple[int, int], ...]) -> Moment:
    """A recurrence and its first moment."""
    part = words.part or repeats.part
    said = _Words(words.text, NamedDay(now.date()), words.clock, part)
    at = _usual(_times(said), words.text)
    start = now.date() if words.named is None else words.named.on
    if repeats.weekdays:
        recurrence = Recurrence(at.hour, at.minute, repeats.weekdays)
    elif repeats.every_days == 1:
        recurrence = Recurrence(at.hour, at.minute, ALL_DAYS)
    else:
        if repeats.weekday is not None:
            start = next_on(repeats.weekday, start)
        if local(start, at, now) <= now and words.named is None:
            start += timedelta(days=7 if repeats.weekday is not None else 1)
        recurrence = Recurrence(at.hour, at.minute, (), repeats.every_days, start.isoformat())
    begin = now if words.named is None else max(now, local(start, time(0), now) - timedelta(seconds=1))
    first = recurrence.next_after(begin)
    has_time = words.clock is not None or bool(part)
    return Moment(first, has_time=has_time, has_day=True, recurrence=recurrence, spans=spans)


def _first(found: Iterable[Found[_T]], taken: Sequence[tuple[int, int]]) -> Found[_T] | None:
    return next((each for each in found if not _overlaps(each, taken)), None)


def _overlaps(each: Found[_T], taken: Sequence[tuple[int, int]]) -> bool:
    return any(each.start < end and start < each.end for start, end in taken)


def _spans(there: Projected, taken: Iterable[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Places in the projected text as places in the original, without the spaces around them."""
    spans = []
    for start, end in sorted(taken):
        while there.text[start].isspace():
            start += 1
        spans.append(there.back(start, end))
    return tuple(spans)
