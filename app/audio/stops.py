"""Tells whether a full stop ends a sentence. Pure: what stands before it and after it goes in, a verdict comes out.

Why it exists: "Dr. Smith", "9 a.m. tomorrow", "J. R. R. Tolkien" and "No. 5" carry full stops that end nothing, and a
voice that pauses there sounds broken. The verdict never changes when more text arrives: it is `Verdict.UNKNOWN` until
what follows settles it, so a splitter built on it cuts the same text the same way however the text is chunked.
"""

# ruff: noqa: RUF001 - typographic marks are what this module is about
from __future__ import annotations

import re
from enum import Enum, auto

OPENERS = "\"'“‘«„([{<*_`~¿¡"
"""Marks that may stand between a space and the first letter of a word."""


class Verdict(Enum):
    """What a full stop does."""

    ENDS = auto()
    GOES_ON = auto()
    UNKNOWN = auto()


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


NEVER_END = _set(
    "adm approx brig ca capt cf cmdr col dr e.g eg esp gen gov hon i.e ie incl lt maj messrs mme mr mrs ms mx pres "
    "prof rep rev sen sgt viz vs"
)
"""Titles, and words that always lead on to something."""

BEFORE_NUMBER = _set(
    "apr art aug c ch chap dec eq est ex ext feb fig figs ft jan jul jun lb lbs mar max min no nos nov nr oct op oz p "
    "pp pt sec sep sept tel v ver vol"
)
"""Go on before a digit: "No. 5", "Fig. 2", "Jan. 3"."""

MAY_END = _set(
    "abbr al assn ave blvd bros co corp dept dist etc govt hr hrs inc jr ltd misc mt ph.d rd sr st tbsp temp tsp univ"
)
"""Abbreviations that end a sentence only when the next word is one of `STARTERS`. So do single letters and U.S."""

STARTERS = _set(
    "a after all although an and another are as at because before both but by can did do does during each even every "
    "first for from he her here his how however i if in is it its just let like many more most my no not now of on "
    "once one or our people please she since so some such that the their then there these they this those though "
    "through to today under until was we were what when where which while who why will with would yes yet you your"
)
"""Words that begin sentences and hardly ever follow a title, an initial or U.S. as a name."""

_DOTTED = re.compile(r"(?:[^\W\d_]\.)+[^\W\d_]")
_WORD = re.compile(r"[^\W\d_]+")


def word_before(text: str, stop: int) -> str:
    """The word that ends at index ``stop``, without opening marks."""
    start = stop
    while start and not text[start - 1].isspace() and text[start - 1] != "—":
        start -= 1
    return text[start:stop].lstrip(OPENERS)


def judge(before: str, after: str, *, whole: bool) -> Verdict:
    """Say what a single full stop does that is followed by white space.

    Args:
        before: The word it stands after, without the stop: ``"Dr"``, ``"U.S"``, ``"Paris"``.
        after: What follows the white space, as far as it is known.
        whole: ``after`` is all there will ever be.
    """
    if not after:
        return Verdict.GOES_ON if whole else Verdict.UNKNOWN
    word = before.lower()
    if word in NEVER_END or after[0] in ".,;:!?)]}”’":
        return Verdict.GOES_ON
    if word in BEFORE_NUMBER and after[0].isdigit():
        return Verdict.GOES_ON
    if word in MAY_END or (len(word) == 1 and word.isalpha()) or _DOTTED.fullmatch(word):
        return _before_starter(after, whole=whole)
    if after[0].islower() and not _ordinary(before):
        return Verdict.GOES_ON
    return Verdict.ENDS


def _ordinary(word: str) -> bool:
    """A plain lower-case word, not likely to be an unknown abbreviation."""
    return len(word) >= 3 and word.islower() and word.isalpha() and word not in BEFORE_NUMBER


def _before_starter(after: str, *, whole: bool) -> Verdict:
    """End only before a word that begins sentences; waits until that word is complete."""
    rest = after.lstrip(OPENERS)
    if not rest:
        return Verdict.GOES_ON if whole else Verdict.UNKNOWN
    if not rest[0].isupper():
        return Verdict.GOES_ON
    match = _WORD.match(rest)
    if match is None:
        return Verdict.GOES_ON
    if match.end() == len(rest) and not whole:
        return Verdict.UNKNOWN
    initial = rest[match.end() : match.end() + 1] == "."
    return Verdict.ENDS if match.group().lower() in STARTERS and not initial else Verdict.GOES_ON
