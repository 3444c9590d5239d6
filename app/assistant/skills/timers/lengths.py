"""Lengths of time as timers are set with: several in one sentence, and "every two hours"."""

from __future__ import annotations

import re
from itertools import pairwise

from app.assistant.understanding.durations import durations_in
from app.assistant.understanding.numbers import Found, numbers_in

_SEVERAL = re.compile(r"\b(?:timers|countdowns)\b|\b(?:timer|countdown)\b.*\b(?:timer|countdown)\b|\bone (?:for|of)\b")
_SHARED = re.compile(r"\s*(?:,\s*(?:and\s+)?|\s+and\s+|\s*&\s*)(?:of\s+|for\s+)?")
_BORDER = re.compile(r"\s*(?:,\s*(?:and\s+)?|;\s*|\band\b|\bplus\b)\s*", re.IGNORECASE)
_EVERY = re.compile(r"\b(?:every|each)\s+(?:single\s+)?|\bonce (?:every|an?)\s+|\b(?P<hourly>hourly)\b", re.IGNORECASE)
_ONE = re.compile(r"(?P<other>other\s+|second\s+)?(?P<half>half(?:\s+an)?\s+)?(?P<unit>hour|minute)\b", re.IGNORECASE)
_DAY_S = 86400.0


def several(text: str) -> tuple[tuple[Found[float], str], ...]:
    """The lengths of a sentence that sets more than one timer, each with the words around it; empty for one timer.

    "Timers for 5 and 10 minutes" has two: the first borrows its unit from the second.
    """
    if _SEVERAL.search(text.lower()) is None:
        return ()
    found = [each for length in durations_in(text) for each in (*_borrowed(text, length), length)]
    if len(found) < 2:
        return ()
    borders = [0]
    for one, other in pairwise(found):
        marks = list(_BORDER.finditer(text, one.end, other.start))
        borders.append(marks[-1].end() if marks else one.end)
    ends = [*borders[1:], len(text)]
    return tuple(
        (Found(each.value, each.start - begin, each.end - begin), text[begin:end])
        for each, begin, end in zip(found, borders, ends, strict=True)
    )


def interval(text: str) -> Found[float] | None:
    """How long from one time to the next in "every two hours", "hourly"; None where whole days or nothing is said."""
    for match in _EVERY.finditer(text):
        if match["hourly"]:
            return Found(3600.0, *match.span())
        rest = text[match.end() :]
        lengths = durations_in(rest)
        if lengths and lengths[0].start == 0 and lengths[0].value < _DAY_S:
            return Found(lengths[0].value, match.start(), match.end() + lengths[0].end)
        if (one := _ONE.match(rest)) is not None:
            seconds = 3600.0 if one["unit"].lower() == "hour" else 60.0
            seconds *= (2.0 if one["other"] else 1.0) * (0.5 if one["half"] else 1.0)
            return Found(seconds, match.start(), match.end() + one.end())
    return None


def _borrowed(text: str, length: Found[float]) -> list[Found[float]]:
    """The bare numbers right in front of a length that share its unit: the 5 of "5 and 10 minutes"."""
    numbers = numbers_in(text)
    own = next((each for each in numbers if each.start == length.start), None)
    if own is None or own.value <= 0:
        return []
    unit_s, begin = length.value / own.value, length.start
    found: list[Found[float]] = []
    for each in reversed([number for number in numbers if number.end <= length.start]):
        if each.value <= 0 or _SHARED.fullmatch(text, each.end, begin) is None:
            break
        found.insert(0, Found(each.value * unit_s, each.start, each.end))
        begin = each.start
    return found
