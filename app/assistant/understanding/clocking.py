"""Which time of day a text names: "half past six", "7:30 am", "at seven", "noon", "in the evening"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import time

from app.assistant.understanding.days import DAY_NAMES
from app.assistant.understanding.numbers import Found

PARTS = {"morning": time(9), "afternoon": time(15), "evening": time(19), "night": time(21), "tonight": time(20)}
"""The parts of a day, and the time each stands for when no other is said."""
_AP = r"(?:\s*(?P<ap>[ap])\.?\s?m\b\.?)"
_PREP = r"(?:\b(?:at|by|around|about|for|before|until|till|from|after|to|exactly)\s+)"
_FOLLOWS = (
    r"(?=\s*(?:$|[,.;!?]|(?:to|on|in the|every|each|for|please|and|so|sharp|daily|that|this|today|tomorrow|tonight|"
    rf"with|because|then|as|but|from|next|o'?clock|thanks|thank|labelled|labeled|called|named|{'|'.join(DAY_NAMES)})\b))"
)
_NO_UNIT = (
    r"(?!\s*(?:%|°|x\b|-|\d|percent|degrees?|seconds?|secs?|minutes?|mins?|hours?|hrs?|days?|weeks?|months?|years?|km|"
    r"kilom|miles?|met(?:er|re)s?|times?|plus|minus|euros?|dollars?|pounds?|kilos?|kg|grams?|people|persons?|reps?|sets?|"
    r"of\b|and a half|point|st\b|nd\b|rd\b|th\b))"
)
_PATTERNS = tuple(
    re.compile(pattern)
    for pattern in (
        rf"{_PREP}?(?<![\d:.])\b(?P<h>\d{{1,2}})[:h](?P<m>[0-5]\d)(?![\d:])(?!\s*(?:hours|minutes)\b){_AP}?",
        rf"{_PREP}?(?<![\d:.])\b(?P<h>\d{{1,2}})[.](?P<m>[0-5]\d)(?![\d:.]){_AP}",
        rf"\bat\s+(?P<h>\d{{1,2}})[.](?P<m>[0-5]\d)(?![\d:.]){_NO_UNIT}",
        rf"\b(?:for|by|before|until|till)\s+(?P<h>\d{{1,2}})[.](?P<m>[0-5]\d)(?![\d:.]){_FOLLOWS}",
        (
            rf"{_PREP}?(?:\b(?:an?\s+)?(?P<part>half|quarter|(?<!from )\d{{1,2}})(?:\s+minutes?)?"
            rf"\s+(?P<way>past|after|to|before|till|of)\s+(?P<h>\d{{1,2}}|noon|midnight)\b(?![\d:]){_NO_UNIT}(?:{_AP}|{_FOLLOWS}))"
        ),
        rf"{_PREP}?(?<![\d:.])\b(?P<h>\d{{1,2}}?)(?P<m>[0-5]\d){_AP}",
        rf"{_PREP}?(?<![\d:.])\b(?P<h>\d{{1,2}})(?:\s*(?:oh\s+)?(?P<m>\d{{1,2}}))?{_AP}",
        rf"{_PREP}?(?<![\d:.])\b(?P<h>\d{{1,2}})\s+o'?\s?clock\b{_AP}?",
        rf"{_PREP}?\b(?P<part>half)(?P<way>)\s+(?P<h>\d{{1,2}})\b(?![:.]\d){_FOLLOWS}",
        r"(?<![\d:.])\b(?P<h>\d{1,2})(?=\s+(?:(?:in\s+the|this|tomorrow)\s+(?:morning|afternoon|evening)|at\s+night|tonight)\b)",
        rf"(?:(?<=day\s)|(?<=tomorrow\s)|(?<=tonight\s))(?P<h>\d{{1,2}}){_FOLLOWS}",
        rf"{_PREP}?\b(?P<name>noon|midday|midnight)\b",
        rf"\b(?:at|exactly)\s+(?P<h>\d{{1,2}})\s+(?:oh\s+)?(?P<m>\d{{1,2}})\b(?![:\d]){_NO_UNIT}",
        rf"\b(?:at|exactly)\s+(?P<h>\d{{1,2}}?)(?P<m>[0-5]\d)\b(?![:\d]){_NO_UNIT}",
        rf"\bat\s+(?P<h>\d{{1,2}})\b(?![:.]\d){_NO_UNIT}",
        rf"{_PREP}\s*(?P<h>\d{{1,2}})(?:\s+(?:oh\s+)?(?P<m>\d{{1,2}}))?(?![:.]\d){_FOLLOWS}",
        rf"(?<![\d:.])\b(?P<h>\d{{1,2}})\s+(?:oh\s+(?P<oh>\d)|(?P<m>10|15|20|25|30|35|40|45|50|55)){_FOLLOWS}",
    )
)
_PART = re.compile(
    r"\b(?:(?:(?:early|late|later)\s+)?(?:(?P<lead>in|during|this|on)\s+)(?:the\s+)?(?:(?:early|late)\s+)?|"
    r"(?P<at>at\s+))?(?P<part>morning|afternoon|evening|night)s?\b|\b(?P<tonight>tonight)\b"
)
_CARRIERS = (*DAY_NAMES, "tomorrow", "yesterday", "every", "each", "last", "o'clock", "today")


@dataclass(frozen=True, slots=True)
class ClockTime:
    """A time of day as it was said.

    Attributes:
        hour: 0-24 as said.
        minute: 0-59.
        half: ``a``, ``p``, or empty when neither was said.
        sure: It cannot mean the other half of the day.
    """

    hour: int
    minute: int
    half: str = ""
    sure: bool = False

    def candidates(self) -> tuple[time, ...]:
        """The times of a day it may mean, the earlier first."""
        if self.sure or self.hour > 12 or self.hour == 0:
            return (time(self.hour % 24, self.minute),)
        early = time(self.hour % 12, self.minute)
        late = time(self.hour % 12 + 12, self.minute)
        return {"a": (early,), "p": (late,)}.get(self.half, (early, late))


def times_of(text: str) -> Iterator[Found[ClockTime]]:
    """The times of day in a projected text, in order."""
    found: list[Found[ClockTime]] = []
    for pattern in _PATTERNS:
        for match in pattern.finditer(text):
            if (said := _read(match)) is not None and not _overlaps(found, match):
                found.append(Found(said, match.start(), match.end()))
    return iter(sorted(found, key=lambda each: each.start))


def parts_of(text: str) -> Iterator[Found[str]]:
    """The parts of a day in a projected text: keys of `PARTS`. "Good morning" is none."""
    for match in _PART.finditer(text):
        if match["tonight"]:
            yield Found("tonight", *match.span())
            continue
        before = text[: match.start()].split()
        carried = bool(before) and before[-1].strip(",") in _CARRIERS
        if match["part"] == "night" if match["at"] else match["lead"] or carried:
            yield Found(match["part"], *match.span())


def _overlaps(found: list[Found[ClockTime]], match: re.Match[str]) -> bool:
    return any(each.start < match.end() and match.start() < each.end for each in found)


def _read(match: re.Match[str]) -> ClockTime | None:
    groups = match.groupdict()
    if (name := groups.get("name")) is not None:
        return ClockTime(24 if name == "midnight" else 12, 0, sure=True)
    half = groups.get("ap") or ""
    said = groups["h"]
    if said in ("noon", "midnight"):
        hour, half = 12, "p" if said == "noon" else "a"
    else:
        hour = int(said)
    minute = int(groups.get("m") or groups.get("oh") or 0)
    if (part := groups.get("part")) is not None:
        return _stepped(part, groups["way"] or "", hour, half)
    if hour > 24 or minute > 59 or (half and not 1 <= hour <= 12) or (hour == 24 and minute):
        return None
    written = len(said) == 2 and said.startswith("0")
    return ClockTime(hour, minute, half, sure=written and not half)


def _stepped(part: str, way: str, hour: int, half: str) -> ClockTime | None:
    """Half past, quarter to, ten before."""
    minutes = {"half": 30, "quarter": 15}.get(part) or int(part)
    if not 0 < minutes < 60 or not 0 <= hour <= 24:
        return None
    if way in ("past", "after", ""):
        return ClockTime(hour, minutes, half) if hour < 24 else None
    if part == "half":
        return None
    earlier = (hour - 1) % 24
    if hour == 12 and half:
        half = "p" if half == "a" else "a"
    if hour == 1:
        earlier = 12
    return ClockTime(earlier, 60 - minutes, half)
