"""Lengths of time as people say and type them, in seconds.

Understood are "ten minutes", "an hour and a half", "1h30", "90 s", "half an hour", "two and a half minutes", "1 hour, 5
minutes and 10 seconds". Months and years have no fixed length and are no durations here; `moments` counts with them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from app.assistant.understanding.numbers import Found, folded, numbers_in
from app.assistant.wording import counted

_Part = tuple[float, float, int, int]
"""A single length: its seconds, the seconds of its smallest unit, start and end."""
_SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400, "week": 604800, "fortnight": 1209600}
_SHORT = {
    "sec": 1, "secs": 1, "s": 1, "min": 60, "mins": 60, "h": 3600, "hr": 3600, "hrs": 3600, "m": 60, "d": 86400,
}  # fmt: skip
_LONG = "|".join(_SECONDS)
_UNIT = re.compile(rf"(?:\s*-?\s*(?:of\s+)?(?:an?\s+)?(?P<long>{_LONG})s?|\s?(?P<short>secs?|s|mins?|m|hrs?|h))\b")
_ARTICLE = re.compile(rf"\b(?:an?|another|one more)\s+(?P<long>{_LONG})\b(?!\s+(?:time|place|opinion|thought)\b)")
_CLOCK = re.compile(
    r"(?<![\w:.])(?:(?P<h>\d{1,2}):)?(?P<m>\d{1,3}):(?P<s>[0-5]\d)\s*(?P<unit>hours?|h|minutes?|mins?)\b"
)
_TIGHT = re.compile(r"(?<![\w.:])(?:(?P<h>\d{1,2})\s?h\s?(?P<m>[0-5]?\d)?(?:\s?m(?:in)?)?|(?P<mm>\d{1,3})m)"
                    r"(?:\s?(?P<s>[0-5]?\d)\s?s)?\b")  # fmt: skip
_TAIL = re.compile(r"\s+and\s+(?:a\s+half|half(?!\s+an?\b)|a\s+quarter|three[\s-]quarters)\b")
_TAILS = {"half": 0.5, "quarter": 0.25, "quarters": 0.75}
_BARE = re.compile(r"\s+(?:and\s+)?")
_GLUE = re.compile(r"(?:\s*,?\s*(?:and\s+)?)")


def duration(text: str) -> float | None:
    """The first length of time in a text, in seconds; None when there is none."""
    found = durations_in(text)
    return found[0].value if found else None


def durations_in(text: str) -> tuple[Found[float], ...]:
    """Every length of time in a text, in seconds and in order; "1 hour and 5 minutes" is one."""
    lower = folded(text)
    parts = _parts(lower)
    found: list[Found[float]] = []
    smallest = 0.0
    for value, unit, start, end in parts:
        last = found[-1] if found else None
        if last is not None and start < last.end:
            continue
        if last is not None and unit < smallest and _GLUE.fullmatch(lower, last.end, start):
            found[-1] = Found(last.value + value, last.start, end)
        else:
            found.append(Found(value, start, end))
        smallest = unit
    return tuple(found)


def in_words(seconds: float) -> str:
    """A length of time for people, to the second: "1 hour 30 minutes", "2 days"; under half a second "0 seconds"."""
    rest = max(0, round(seconds))
    words: list[str] = []
    for unit in ("day", "hour", "minute", "second"):
        count, rest = divmod(rest, _SECONDS[unit])
        if count:
            words.append(counted(count, unit))
    return " ".join(words) or "0 seconds"


def _parts(text: str) -> list[_Part]:
    """Single lengths, in order; of those that begin at the same place the longer one first."""
    numbers = numbers_in(text)
    found = [*_typed(text), *_clocks(text), *_counted(text, numbers)]
    for match in _ARTICLE.finditer(text):
        unit = float(_SECONDS[match["long"]])
        if unit > 1 or text[match.start()] == "a" or not re.match(r"\s+[a-z]", text[match.end() :]):
            found.append(_with_tail(text, numbers, 1.0, unit, match.span()))
    return sorted(found, key=lambda part: (part[2], -part[3]))


def _typed(text: str) -> list[_Part]:
    """Read "1h30", "5m30s"; "5m" alone only as a whole text, since it may be metres."""
    found: list[_Part] = []
    for match in _TIGHT.finditer(text):
        if match["mm"] is not None and match["s"] is None and match.span() != (0, len(text.rstrip())):
            continue
        hours, minutes, seconds = (int(match[name] or 0) for name in ("h", "m", "s"))
        minutes += int(match["mm"] or 0)
        smallest = 1.0 if match["s"] else 60.0 if match["m"] or match["mm"] else 3600.0
        found.append((hours * 3600.0 + minutes * 60 + seconds, smallest, *match.span()))
    return found


def _clocks(text: str) -> list[_Part]:
    """Read "1:30 hours", "2:30 minutes", "1:02:30 hours"."""
    found: list[_Part] = []
    for match in _CLOCK.finditer(text):
        first, second, third = int(match["h"] or 0), int(match["m"]), int(match["s"])
        if match["h"] is None and match["unit"].startswith("h"):
            first, second, third = second, third, 0
        found.append((first * 3600.0 + second * 60 + third, 1.0, *match.span()))
    return found


def _counted(text: str, numbers: Sequence[Found[float]]) -> list[_Part]:
    """A number and a unit: "ten minutes", "90 s", "three quarters of an hour", "half an hour"."""
    found: list[_Part] = []
    for each in numbers:
        unit = _UNIT.match(text, each.end)
        if unit is None or each.value < 0 or unit["short"] == "m":
            continue
        if unit["short"] and text[: each.start].endswith("the "):
            continue
        seconds = float(_SECONDS[unit["long"]] if unit["long"] else _SHORT[unit["short"]])
        found.append(_with_tail(text, numbers, each.value, seconds, (each.start, unit.end())))
    return found


def _with_tail(text: str, numbers: Sequence[Found[float]], count: float, unit: float, span: tuple[int, int]) -> _Part:
    """A length with the "and a half" behind it, or the "thirty" of "an hour thirty" at the end of the text."""
    start, end = span
    if count != int(count):
        return count * unit, unit, start, end
    if (tail := _TAIL.match(text, end)) is not None:
        return (count + _TAILS[re.split(r"[\s-]", tail[0])[-1]]) * unit, unit / 2, start, tail.end()
    last = numbers[-1] if numbers else None
    ends_it = last is not None and 0 < last.value < 60 and last.end == len(text.rstrip(" .!?"))
    if unit in (60, 3600) and last is not None and ends_it and _BARE.fullmatch(text, end, max(end, last.start)):
        return count * unit + last.value * unit / 60, unit / 60, start, last.end
    return count * unit, unit, start, end
