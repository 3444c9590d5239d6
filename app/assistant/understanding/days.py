"""Which day a text names: "tomorrow", "next Monday", "the 3rd of May", "in two weeks", "Christmas Eve"."""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from app.assistant.understanding.numbers import Found
from app.assistant.understanding.projecting import Projected, projected

MONTH_NAMES = tuple(name.lower() for name in calendar.month_name)
_SHORT_MONTHS = {"jan": 1, "feb": 2, "mar": 3, "apr": 4, "jun": 6, "jul": 7, "aug": 8, "sep": 9, "sept": 9, "oct": 10,
                 "nov": 11, "dec": 12}  # fmt: skip
MONTHS = {name: at for at, name in enumerate(MONTH_NAMES) if name} | _SHORT_MONTHS
DAY_NAMES = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_SHORT_DAYS = {"mon": 0, "tue": 1, "tues": 1, "wed": 2, "thu": 3, "thur": 3, "thurs": 3, "fri": 4, "sat": 5, "sun": 6}
_WEEKDAYS = {name: at for at, name in enumerate(DAY_NAMES)} | _SHORT_DAYS
_HOLIDAYS = {
    "christmas eve": (12, 24), "christmas": (12, 25), "xmas": (12, 25), "boxing day": (12, 26),
    "new year's eve": (12, 31), "new years eve": (12, 31), "new year's day": (1, 1), "new years day": (1, 1),
    "new year's": (1, 1),
    "new year": (1, 1), "valentine's day": (2, 14), "valentines day": (2, 14), "halloween": (10, 31),
}  # fmt: skip
_MONTH = "|".join(sorted(MONTHS, key=len, reverse=True))
_DAY = "|".join(DAY_NAMES)
_ANY_DAY = "|".join(sorted(_WEEKDAYS, key=len, reverse=True))
_HOLIDAY = "|".join(sorted(_HOLIDAYS, key=len, reverse=True))
_BEFORE = r"(?:\b(?:on|by|for|until|till|from|before|since|after)\s+)?"
_NTH = r"(?P<d>\d{1,2})(?:st|nd|rd|th)?"
_UNITS = {"day": 1, "week": 7, "fortnight": 14}
_COUNT = r"(?P<n>\d{1,4}|an?|a couple of|one)"
_SPAN = rf"{_COUNT}\s+(?P<unit>day|week|fortnight|month|year)s?'?"


@dataclass(frozen=True, slots=True)
class NamedDay:
    """A day in a text. A bare weekday (``floating``) may be today or a week later: the time of day decides."""

    on: date
    floating: bool = False


def day(text: str, now: datetime) -> date | None:
    """The first day a text names, None when it names none.

    Args:
        text: As it was said or typed.
        now: Local time; a date without a year and a weekday without "next" are the next to come, today counts.
    """
    found = day_in(text, now)
    return None if found is None else found.value


def day_in(text: str, now: datetime) -> Found[date] | None:
    """The same with its place in the text, which takes in the "on" or "by" before it."""
    there = projected(text)
    found = next(days_of(there, now.date()), None)
    return None if found is None else Found(found.value.on, *there.back(found.start, found.end))


def days_of(there: Projected, today: date) -> Iterator[Found[NamedDay]]:
    """The days a text names, in order, with their places in the projected text."""
    found: list[Found[NamedDay]] = []
    for pattern, read in _PATTERNS:
        for match in pattern.finditer(there.text):
            named = read(match, today)
            if named is not None:
                found.append(Found(named, match.start(), match.end()))
    end = 0
    for each in sorted(found, key=lambda one: (one.start, -one.end)):
        if each.start >= end:
            end = each.end
            yield each


def weekday_number(name: str) -> int:
    """0 for "monday" or "mon", up to 6."""
    return _WEEKDAYS[name.removesuffix("'s").rstrip("s") if name not in _WEEKDAYS else name]


def next_on(weekday: int, today: date) -> date:
    """The next such weekday; today counts."""
    return today + timedelta(days=(weekday - today.weekday()) % 7)


def months_later(start: date, months: int) -> date:
    """The same day of the month so many months later, or the last that month has.

    Raises:
        OverflowError: It is beyond what a calendar holds.
    """
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    if not 1 <= year <= 9999:
        raise OverflowError("There is no such year in the calendar.")
    return date(year, month + 1, min(start.day, calendar.monthrange(year, month + 1)[1]))


def _of_calendar(month: int, number: int, year: str | None, today: date) -> date | None:
    """A day of a month: of the year that is named, or the next to come."""
    for candidate in (int(year),) if year else range(today.year, min(today.year + 9, 10_000)):
        try:
            found = date(candidate, month, number)
        except ValueError:
            continue
        if year or found >= today:
            return found
    return None


def _date(match: re.Match[str], today: date) -> NamedDay | None:
    found = _of_calendar(MONTHS[match["m"]], int(match["d"]), match["y"], today)
    return None if found is None else NamedDay(found)


def _iso(match: re.Match[str], today: date) -> NamedDay | None:
    found = _of_calendar(int(match["m"]), int(match["d"]), match["y"], today) if 1 <= int(match["m"]) <= 12 else None
    return None if found is None else NamedDay(found)


def _slashed(match: re.Match[str], today: date) -> NamedDay | None:
    """25/12/2026 and 12/25/2026; where both can be, the month comes first with strokes and the day with points."""
    first, second = int(match["a"]), int(match["b"])
    day_first = first > 12 or (match["sep"] == "." and second <= 12)
    number, month = (first, second) if day_first else (second, first)
    year = match["y"] if len(match["y"]) == 4 else f"20{match['y']}"
    found = _of_calendar(month, number, year, today) if 1 <= month <= 12 else None
    return None if found is None else NamedDay(found)


def _near(match: re.Match[str], today: date) -> NamedDay:
    steps = {"day after tomorrow": 2, "tomorrow": 1, "today": 0, "tonight": 0, "yesterday": -1,
             "day before yesterday": -2, "last night": -1}  # fmt: skip
    return NamedDay(today + timedelta(days=steps[re.sub(r"\s+", " ", match["near"])]))


def _weekday(match: re.Match[str], today: date) -> NamedDay:
    number, which = _WEEKDAYS[match["day"]], match["which"] or ""
    if which in ("last", "past"):
        return NamedDay(today - timedelta(days=(today.weekday() - number - 1) % 7 + 1))
    if which == "next" or match["later"]:
        monday = today - timedelta(days=today.weekday())
        return NamedDay(monday + timedelta(days=7 + number))
    return NamedDay(next_on(number, today), floating=not which)


def _counted(match: re.Match[str], today: date) -> NamedDay | None:
    """Read "In two weeks", "three days ago", "a week from tomorrow"."""
    said = match["n"]
    count = int(said) if said.isdigit() else 2 if said == "a couple of" else 1
    groups = match.groupdict()
    if groups.get("ago"):
        count = -count
    start = today
    if (origin := groups.get("origin") or "") in _WEEKDAYS:
        start = next_on(_WEEKDAYS[origin], today)
    elif origin == "tomorrow":
        start += timedelta(days=1)
    try:
        if (days := _UNITS.get(match["unit"])) is not None:
            return NamedDay(start + timedelta(days=count * days))
        return NamedDay(months_later(start, count * (12 if match["unit"] == "year" else 1)))
    except OverflowError:
        return None


def _step(match: re.Match[str], today: date) -> NamedDay:
    """Read "Next week", "next month": the same day of it."""
    if match["unit"] == "week":
        return NamedDay(today + timedelta(days=7))
    return NamedDay(months_later(today, 12 if match["unit"] == "year" else 1))


def _nth(match: re.Match[str], today: date) -> NamedDay | None:
    """Read "On the 3rd", "the 1st of next month"."""
    number = int(match["d"])
    if (match["of"] or "").endswith("next month"):
        first = months_later(today.replace(day=1), 1)
        return (
            NamedDay(first.replace(day=number)) if number <= calendar.monthrange(first.year, first.month)[1] else None
        )
    for later in range(13):
        month = months_later(today.replace(day=1), later)
        if number <= calendar.monthrange(month.year, month.month)[1] and (found := month.replace(day=number)) >= today:
            return NamedDay(found) if number else None
    return None


def _month_end(match: re.Match[str], today: date) -> NamedDay:
    month = months_later(today, 1) if match["next"] else today
    return NamedDay(month.replace(day=calendar.monthrange(month.year, month.month)[1]))


def _weekend(match: re.Match[str], today: date) -> NamedDay:
    saturday = next_on(5, today) if today.weekday() < 6 else today - timedelta(days=1)
    return NamedDay(saturday + timedelta(days=7 * (match["which"] == "next")))


def _holiday(match: re.Match[str], today: date) -> NamedDay | None:
    found = _of_calendar(*_HOLIDAYS[match["name"]], match["y"], today)
    return None if found is None else NamedDay(found)


_Reader = Callable[[re.Match[str], date], NamedDay | None]
_PATTERNS: tuple[tuple[re.Pattern[str], _Reader], ...] = tuple(
    (re.compile(pattern), read)
    for pattern, read in (
        (rf"{_BEFORE}\b(?P<y>\d{{4}})-(?P<m>\d{{1,2}})-(?P<d>\d{{1,2}})\b", _iso),
        (rf"{_BEFORE}\b(?P<a>\d{{1,2}})(?P<sep>[/.])(?P<b>\d{{1,2}})(?P=sep)(?P<y>\d{{4}}|\d\d)\b", _slashed),
        ((rf"{_BEFORE}(?:\b(?:{_DAY}),?\s+)?(?:the\s+)?\b{_NTH}(?:\s+day)?(?:\s+of)?\s+(?P<m>{_MONTH})\b\.?"
         r"(?:,?\s+(?P<y>\d{4})\b)?"), _date),
        ((rf"{_BEFORE}(?:\b(?:{_DAY}),?\s+)?\b(?P<m>{_MONTH})\.?\s+(?:the\s+)?{_NTH}\b(?!:|\s*(?:[ap]\.?m|times|people|minutes|hours)\b)"
         r"(?:,?\s+(?P<y>\d{4})\b)?"), _date),
        ((rf"{_BEFORE}(?:the\s+)?\b(?P<near>day\s+after\s+tomorrow|tomorrow|today|tonight|day\s+before\s+yesterday|"
         r"yesterday|last\s+night)\b"), _near),
        ((rf"{_BEFORE}(?:\bthis\s+)?(?:\b(?P<which>next|this|coming|last|past)\s+)?\b(?P<day>{_DAY})\b(?!s)"
         r"(?P<later>\s+(?:of\s+)?next\s+week\b)?"), _weekday),
        (rf"\b(?:on|by|until|till|next|last)\s+(?:(?P<which>next|this|last)\s+)?(?P<day>{_ANY_DAY})\b(?P<later>(?!))?",
         _weekday),
        (rf"\b(?:in|within)\s+{_SPAN}(?:\s+time)?\b(?!-)", _counted),
        (rf"{_BEFORE}\b{_SPAN}\s+(?:from|after)\s+(?P<origin>now|today|tomorrow|{_DAY})\b", _counted),
        (rf"\b{_SPAN}\s+(?P<ago>ago|before)\b", _counted),
        (rf"{_BEFORE}\bnext\s+(?P<unit>week|month|year)\b", _step),
        ((rf"{_BEFORE}\bthe\s+(?P<d>\d{{1,2}})(?:st|nd|rd|th)(?P<of>\s+of\s+(?:this|the|next)\s+month)"
         r"(?!\s+(?:of|one|time|item))"), _nth),
        ((rf"(?:\b(?:on|by|until|till|before)\s+(?:(?:{_DAY}),?\s+)?|\b(?:{_DAY}),?\s+)the\s+(?P<d>\d{{1,2}})(?:st|nd|rd|th)(?P<of>(?!))?"
         r"(?=\s*(?:$|[,.!?]|at\b|in\b|and\b|to\b|please\b|from\b|around\b))"), _nth),
        (rf"{_BEFORE}(?:at\s+)?\bthe\s+end\s+of\s+(?:the|this|(?P<next>next))\s+month\b", _month_end),
        (rf"{_BEFORE}(?:\bat\s+)?\b(?P<which>the|this|next|on)\s+weekend\b", _weekend),
        (rf"{_BEFORE}\b(?P<name>{_HOLIDAY})(?:\s+day)?\b(?:,?\s+(?P<y>\d{{4}}))?",
         _holiday),
    )
)  # fmt: skip
