"""Whether a text says that something comes again: "every weekday", "daily", "on Mondays and Thursdays"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from app.assistant.understanding.days import DAY_NAMES, weekday_number
from app.assistant.understanding.numbers import Found
from app.assistant.understanding.recurring import ALL_DAYS, WEEKEND, WORKING_DAYS

_DAY = "|".join(DAY_NAMES)
_DAYS = rf"(?:{_DAY})s?(?:(?:\s*,\s*(?:and\s+)?|\s+and\s+|\s*&\s*|\s+)(?:on\s+)?(?:{_DAY})s?)*"
_PLURALS = rf"(?:{_DAY})s(?:(?:\s*,\s*(?:and\s+)?|\s+and\s+|\s+)(?:on\s+)?(?:{_DAY})s)*"
_EVERY = re.compile(
    r"\b(?:on\s+)?(?:every|each)\s+(?:single\s+)?(?:"
    rf"(?P<days>{_DAYS})(?!\s+(?:through|to)\b)"
    r"|(?P<what>weekday|working\s+day|work\s+day|week\s+day|weekend|day|morning|afternoon|evening|night)s?"
    rf"|(?:(?P<other>other|second|2nd)\s+|(?P<n>\d{{1,3}})\s+)?(?P<unit>day|week|fortnight)s?(?:\s+on\s+(?P<on>{_DAY})s?)?"
    rf"|(?:other|second|2nd)\s+(?P<alternate>{_DAY})"
    r")\b(?!'s|\s+of\b)"
)
_RANGE = re.compile(rf"\b(?:(?:every|each|from|on)\s+)?(?P<a>{_DAY})s?\s+(?:to|through|till|until)\s+(?P<b>{_DAY})s?\b")
_ADVERB = re.compile(
    rf"\b(?P<word>daily|nightly|weekly|biweekly|fortnightly)\b(?:\s+on\s+(?P<on>{_DAY})s?)?"
    r"|\b(?:(?:on|during)\s+)?(?:the\s+)?(?P<plural>weekdays|weekends|working\s+days)\b"
    rf"|\b(?:on\s+)?(?P<days>{_PLURALS})\b(?!')"
)
_PARTS = ("morning", "afternoon", "evening", "night")


@dataclass(frozen=True, slots=True)
class Repeats:
    """How something comes again: on weekdays, or every so many days, if so on one weekday; and the part of the day."""

    weekdays: tuple[int, ...] = ()
    every_days: int = 1
    weekday: int | None = None
    part: str = ""


def repeats_of(text: str, today: date) -> Iterator[Found[Repeats]]:
    """What a projected text says about coming again, in order.

    Args:
        text: Lower case, with numbers in digits.
        today: "Every week" without a weekday means the one of today.
    """
    found = [Found(_from_every(match, today), *match.span()) for match in _EVERY.finditer(text)]
    found += [Found(_from_adverb(match, today), *match.span()) for match in _ADVERB.finditer(text)]
    found += [Found(_from_range(match), *match.span()) for match in _RANGE.finditer(text)]
    yield from sorted(found, key=lambda each: (each.start, -each.end))


def _from_every(match: re.Match[str], today: date) -> Repeats:
    if match["days"]:
        return Repeats(_listed(match["days"]))
    if match["alternate"]:
        return Repeats(every_days=14, weekday=weekday_number(match["alternate"]))
    if (what := match["what"]) is not None:
        if what in _PARTS or what == "day":
            return Repeats(ALL_DAYS, part=what if what in _PARTS else "")
        return Repeats(WEEKEND if what == "weekend" else WORKING_DAYS)
    count = 2 if match["other"] else int(match["n"] or 1)
    return _every(max(1, count) * {"day": 1, "week": 7, "fortnight": 14}[match["unit"]], match["on"], today)


def _from_adverb(match: re.Match[str], today: date) -> Repeats:
    if match["days"]:
        return Repeats(_listed(match["days"]))
    if match["plural"]:
        return Repeats(WEEKEND if match["plural"] == "weekends" else WORKING_DAYS)
    if match["word"] in ("daily", "nightly"):
        return Repeats(ALL_DAYS, part="night" if match["word"] == "nightly" else "")
    return _every(7 if match["word"] == "weekly" else 14, match["on"], today)


def _from_range(match: re.Match[str]) -> Repeats:
    first, last = weekday_number(match["a"]), weekday_number(match["b"])
    return Repeats(tuple(sorted((first + step) % 7 for step in range((last - first) % 7 + 1))))


def _every(days: int, on: str | None, today: date) -> Repeats:
    """Every so many days; whole weeks come on one weekday."""
    if days == 1:
        return Repeats(ALL_DAYS)
    if days % 7:
        return Repeats(every_days=days)
    weekday = today.weekday() if on is None else weekday_number(on)
    return Repeats((weekday,)) if days == 7 else Repeats(every_days=days, weekday=weekday)


def _listed(days: str) -> tuple[int, ...]:
    return tuple(sorted({weekday_number(name) for name in re.findall(rf"(?:{_DAY})", days)}))
