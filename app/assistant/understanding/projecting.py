"""A text with its number words in digits, and the way back to the words.

"at half past seven on the third of May" becomes "at half past 7 on the 3rd of may". What reads times and days is
written for digits only; what it finds is told in places of the text as it was said.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from app.assistant.understanding.numbers import Found, folded, numbers_in

_ORDINALS = (
    "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh",
    "twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth", "seventeenth", "eighteenth", "nineteenth",
    "twentieth",
)  # fmt: skip
_PLACES = {word: at for at, word in enumerate(_ORDINALS, start=1)} | {"thirtieth": 30}
_ORDINAL = re.compile(
    rf"\b(?:(?P<tens>twenty|thirty)[\s-]+(?P<ones>{'|'.join(_ORDINALS[:9])})|(?P<word>{'|'.join(_PLACES)}))\b"
)
_MONTHS = "january|february|march|april|may|june|july|august|september|october|november|december"
_NO_TIME = re.compile(rf"\bthe\s+second\b|\b(?:{_MONTHS})\s+second\b|\bsecond\s+(?:of\s+)?(?:{_MONTHS})\b")


@dataclass(frozen=True, slots=True)
class Projected:
    """Lower-cased text in digits; ``starts`` and ``ends`` have the place of each of its signs in the original."""

    text: str
    starts: tuple[int, ...]
    ends: tuple[int, ...]

    def back(self, start: int, end: int) -> tuple[int, int]:
        """Where in the original the non-empty part from ``start`` to ``end`` stands."""
        return self.starts[start], self.ends[end - 1]


def projected(text: str) -> Projected:
    """A text with its whole numbers and ordinals in digits."""
    lower = folded(text)
    swaps = sorted((*_numbers(lower), *_ordinals(lower)), key=lambda swap: (swap.start, -swap.end))
    pieces: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    at = 0
    for swap in swaps:
        if swap.start < at:
            continue
        pieces += (lower[at : swap.start], swap.value)
        starts += (*range(at, swap.start), *[swap.start] * len(swap.value))
        ends += (*range(at + 1, swap.start + 1), *[swap.end] * len(swap.value))
        at = swap.end
    return Projected(
        "".join((*pieces, lower[at:])), (*starts, *range(at, len(lower))), (*ends, *range(at + 1, len(lower) + 1))
    )


def _numbers(text: str) -> list[Found[str]]:
    """Whole numbers in words, up to four digits."""
    return [
        Found(str(int(each.value)), each.start, each.end)
        for each in numbers_in(text)
        if 0 <= each.value < 10_000 and each.value == int(each.value) and text[each.start].isalpha()
    ]


def _ordinals(text: str) -> list[Found[str]]:
    """Ordinals in words; "second" only where it is no length of time."""
    found: list[Found[str]] = []
    dates = [match.span() for match in _NO_TIME.finditer(text)]
    for match in _ORDINAL.finditer(text):
        if match["word"] == "second" and not any(start <= match.start() < end for start, end in dates):
            continue
        if match["word"]:
            place = _PLACES[match["word"]]
        else:
            place = {"twenty": 20, "thirty": 30}[match["tens"]] + _PLACES[match["ones"]]
        ending = "th" if 10 < place < 20 else {1: "st", 2: "nd", 3: "rd"}.get(place % 10, "th")
        found.append(Found(f"{place}{ending}", match.start(), match.end()))
    return found
