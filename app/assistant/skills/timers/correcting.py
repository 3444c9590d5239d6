"""Reads what puts right the timer that was set a moment ago: "no, make it 8 minutes", "actually half past six"."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from app.assistant.understanding.durations import durations_in
from app.assistant.understanding.moments import moment, without
from app.assistant.understanding.numbers import number

WITHIN_S = 120.0
"""So long after it was set, words like these mean it."""
_LEAD = r"(?:(?:no|nope|wait|sorry|oops|actually|hang on|hold on|hmm|uh|um|please|not that|can you|could you)\b[\s,.]*)"
_MEANT = r"i (?:said|mean|meant)|(?:it|that) (?:should|has to|must) be|let's (?:make it|say)|rather"
_MAKE = r"(?:make|set|change|switch|move) (?:it|that|this|the timer|the alarm)(?: (?:to|for|into|at))?"
_CORRECTS = re.compile(
    rf"^(?P<lead>{_LEAD}*)(?P<verb>(?:{_MEANT}|{_MAKE})[\s,]+)?(?:(?:for|at|to)\s+)?(?P<to>.+?)"
    r"(?P<instead>\s+instead)?(?:,?\s+(?:please|thanks|not .+))?$"
)
_BY = re.compile(r"^(?P<length>.+?)\s+(?P<way>longer|more|later|shorter|less|earlier)$")
_DROPS = re.compile(rf"^{_LEAD}*(?:cancel|delete|scrap|undo|stop|drop) (?:it|that|this)(?: (?:again|please))*$")


@dataclass(frozen=True, slots=True)
class Correction:
    """What the last one is to become.

    Attributes:
        to: Its new length or time in words.
        by_s: Seconds longer or later, negative for shorter; 0 for none.
        drops: It is to go.
    """

    to: str = ""
    by_s: float = 0.0
    drops: bool = False


def correction(text: str, now: datetime) -> Correction | None:
    """What a sentence puts right; None when it is about something else."""
    plain = " ".join(text.lower().replace("\u2019", "'").split()).strip(" .!?")
    if _DROPS.match(plain):
        return Correction(drops=True)
    match = _CORRECTS.match(plain)
    if match is None or not (match["lead"] or match["verb"] or match["instead"]):
        return None
    to = match["to"]
    if (by := _BY.match(to)) is not None and (seconds := _length(by["length"])) is not None:
        return Correction(by_s=seconds if by["way"] in ("longer", "more", "later") else -seconds)
    if _length(to) is not None:
        return Correction(to=to)
    if number(to) is not None:
        return Correction(to=to)
    said = moment(to, now)
    return Correction(to=to) if said is not None and not without(to, said.spans) else None


def _length(words: str) -> float | None:
    """A length of time that is all of the words."""
    found = durations_in(words)
    whole = len(found) == 1 and not words[: found[0].start].strip() and not words[found[0].end :].strip()
    return found[0].value if whole else None
