"""Numbers as people say and type them. Skills read their values with this; nothing here knows any skill.

Understood are digits ("2,500", "-3.5", "1 1/2", "½"), words ("twenty-five", "two hundred and five", "nineteen ninety
nine"), scales ("2.5 million", "three dozen"), fractions ("a quarter", "two thirds", "one and a half") and signs
("minus three"). Times of day ("7:30"), ordinals ("3rd") and version numbers are no numbers here.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Found(Generic[T]):
    """A value and the place in the text that says it: ``text[start:end]``."""

    value: T
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Token:
    """A word, or digits with their value; ``joined`` to the one before by nothing but a space or a hyphen."""

    word: str
    start: int
    end: int
    joined: bool
    value: float | None = None


_ONES = ("zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
         "seventeen eighteen nineteen")  # fmt: skip
SMALL = {word: value for value, word in enumerate(_ONES.split())} | {"nought": 0}
TENS = {
    word: 20 + 10 * at for at, word in enumerate(("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty",
                                                  "ninety"))
}  # fmt: skip
_SCALES = {"thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12}
_BUNDLES = {"dozen": 12, "couple": 2}
_PARTS = {
    "half": 2, "halves": 2, "third": 3, "thirds": 3, "quarter": 4, "quarters": 4, "fourth": 4, "fourths": 4, "fifth": 5,
    "fifths": 5, "sixth": 6, "sixths": 6, "seventh": 7, "sevenths": 7, "eighth": 8, "eighths": 8, "ninth": 9,
    "ninths": 9, "tenth": 10, "tenths": 10,
}  # fmt: skip
_SIGNS = {"½": 0.5, "¼": 0.25, "¾": 0.75, "⅓": 1 / 3, "⅔": 2 / 3, "⅛": 0.125}
_POINTS = frozenset(
    ("the", "this", "that", "no", "which", "another", "each", "every", "any", "some", "last", "next", "only", "first",
     "second", "good", "bad", "right", "wrong", "new", "old", "big", "small", "same", "other", "loved")
)  # fmt: skip
"""Words before "one" that make it a pronoun."""
_TOKEN = re.compile(
    r"(?P<digits>(?<![\w.])(?<!\d:)(?:\d{1,3}(?:,\d{3})++(?:\.\d++)?|\d++(?:\.\d++)?(?:e[+-]?\d{1,3})?|\.\d++)"
    r"(?!\d|\.\d|:\d|(?:st|nd|rd|th)\b))(?:\s?(?P<sign>[½¼¾⅓⅔⅛])|(?P<over>(?:(?<=\d)\s+\d)?/\d{1,2}(?![\d/])))?"
    r"|(?P<alone>[½¼¾⅓⅔⅛])|(?P<word>[a-z]+)",
    re.ASCII | re.IGNORECASE,
)


def number(text: str) -> float | None:
    """The number a whole text is, as in "twenty-five" or "a dozen"; None when it is anything else."""
    text = text.strip().rstrip(".!?")
    found = numbers_in(text)
    return found[0].value if len(found) == 1 and (found[0].start, found[0].end) == (0, len(text)) else None


def numbers_in(text: str) -> tuple[Found[float], ...]:
    """Every number in a text, in order; "an hour and a half" has only the half, as the hour is no number."""
    tokens = _tokens(text)
    found: list[Found[float]] = []
    at = 0
    while at < len(tokens):
        read = _signed(text, tokens, at, found[-1].end if found else -1)
        if read is None:
            at += 1
            continue
        value, start, end = read
        if math.isfinite(value):
            found.append(Found(value, start, tokens[end - 1].end))
        at = end
    return tuple(found)


def folded(text: str) -> str:
    """A text in lower case with plain apostrophes and of the same length, so that places in it are places in both."""
    lower = text.lower()
    if len(lower) != len(text):
        lower = "".join(small if len(small := sign.lower()) == 1 else sign for sign in text)
    return lower.replace("\u2019", "'")


def _tokens(text: str) -> list[_Token]:
    tokens: list[_Token] = []
    last = 0
    for match in _TOKEN.finditer(text):
        between = text[last : match.start()]
        joined = bool(tokens) and (between.isspace() or between == "-" or not between)
        tokens.append(_Token(_word_of(match), match.start(), match.end(), joined, _digits(match)))
        last = match.end()
    return tokens


def _word_of(match: re.Match[str]) -> str:
    return (match["word"] or "").lower()


def _digits(match: re.Match[str]) -> float | None:
    """The value of digits and what stands with them: "1 1/2", "3/4", "2½"."""
    if match["alone"]:
        return _SIGNS[match["alone"]]
    if not match["digits"]:
        return None
    value = float(match["digits"].replace(",", ""))
    if match["sign"]:
        return value + _SIGNS[match["sign"]]
    if match["over"]:
        above, _, below = match["over"].rpartition("/")
        if int(below) == 0:
            return math.nan
        return value + int(above) / int(below) if above else value / int(below)
    return value


def _signed(text: str, tokens: list[_Token], at: int, last_end: int) -> tuple[float, int, int] | None:
    """The number that begins with a token: value, where its text begins, index of the token behind it."""
    token = tokens[at]
    if token.word in ("minus", "negative") and at + 1 < len(tokens) and tokens[at + 1].joined:
        if token.word == "minus" and last_end >= 0 and text[last_end : token.start].isspace():
            return None
        read = _magnitude(tokens, at + 1)
        return None if read is None else (-read[0], token.start, read[1])
    read = _magnitude(tokens, at)
    if read is None:
        return None
    if token.value is not None and _is_negative(text, token.start - 1, last_end):
        return -read[0], token.start - 1, read[1]
    return read[0], token.start, read[1]


def _is_negative(text: str, sign: int, last_end: int) -> bool:
    """Whether a minus stands there that is no dash and takes nothing away from a number before it."""
    if sign < 0 or text[sign] not in "-\u2212" or (sign > 0 and text[sign - 1] not in " \t(=*/"):
        return False
    return last_end < 0 or bool(text[last_end:sign].strip())


def _magnitude(tokens: list[_Token], at: int) -> tuple[float, int] | None:
    """A number without its sign, and the index behind it."""
    read = _fraction(tokens, at) or _bundle(tokens, at) or _cardinal(tokens, at)
    if read is None:
        return None
    value, end = read
    tail = _and_a_part(tokens, end)
    if tail is not None and value == int(value):
        value, end = value + tail[0], tail[1]
    if (scale := _SCALES.get(_word(tokens, end))) and value < 1000:
        value, end = value * scale, end + 1
    return value, end


def _word(tokens: list[_Token], at: int) -> str:
    """The word at an index when it follows on the one before, else nothing."""
    return tokens[at].word if at < len(tokens) and tokens[at].joined else ""


def _fraction(tokens: list[_Token], at: int) -> tuple[float, int] | None:
    """Read "half a dozen", "half", "a quarter", "two thirds"; not the "quarter" of "a quarter past"."""
    first, second = tokens[at].word, _word(tokens, at + 1)
    if first == "half":
        if second == "a" and _word(tokens, at + 2) in ("dozen", "million", "billion", "thousand", "hundred"):
            word = _word(tokens, at + 2)
            return {"dozen": 6.0, "hundred": 50.0}.get(word, _SCALES.get(word, 0.0) / 2), at + 3
        return (0.5, at + 1) if second in ("", "a", "an", "of", "the", "hour", "as", "day") else None
    above = 1 if first in ("a", "an") else SMALL.get(first)
    below = _PARTS.get(second)
    if not above or below is None or above >= below:
        return None
    following = _word(tokens, at + 2)
    if (above == 1) == second.endswith("s") or following in ("past", "to", "after", "before", "till"):
        return None
    if first in ("a", "an") and second not in ("half", "quarter") and following not in ("", "of"):
        return None
    return above / below, at + 2


def _and_a_part(tokens: list[_Token], at: int) -> tuple[float, int] | None:
    """Read "and a half", "and three quarters"."""
    if _word(tokens, at) != "and" or not _word(tokens, at + 1):
        return None
    if _word(tokens, at + 1) == "half" and _word(tokens, at + 2) not in ("a", "an"):
        return 0.5, at + 2
    return _fraction(tokens, at + 1) if _word(tokens, at + 1) != "half" else None


def _bundle(tokens: list[_Token], at: int) -> tuple[float, int] | None:
    """Read "a dozen", "three dozen", "a couple of", "a hundred", "a thousand and one"."""
    if tokens[at].word in ("a", "an"):
        word = _word(tokens, at + 1)
        if word in ("hundred", *_SCALES):
            return _groups(tokens, 1.0, at + 1)
        count, behind = 1.0, at + 1
    else:
        read = _below_hundred(tokens, at) or _digit_token(tokens, at)
        if read is None:
            return (12.0, at + 1) if tokens[at].word == "dozen" else None
        (count, behind), word = read, _word(tokens, read[1])
    if word not in _BUNDLES:
        return None
    end = behind + 1
    if word == "couple" and _word(tokens, end) == "of":
        end += 1
    return count * _BUNDLES[word], end


def _cardinal(tokens: list[_Token], at: int) -> tuple[float, int] | None:
    """Digits or words, with their scales and decimals."""
    if (read := _digit_token(tokens, at)) is not None:
        return _groups(tokens, *read) if _word(tokens, read[1]) in ("hundred", *_SCALES) else read
    if tokens[at].word == "point":
        return _decimals(tokens, at + 1, 0.0)
    if tokens[at].word == "one" and _is_pronoun(tokens, at):
        return None
    first = _below_hundred(tokens, at)
    if first is None:
        return None
    value, end = _year(tokens, *first) or _groups(tokens, *first)
    return (_decimals(tokens, end + 1, value) if _word(tokens, end) == "point" else None) or (value, end)


def _is_pronoun(tokens: list[_Token], at: int) -> bool:
    """The "one" of "the first one" or "one of them"."""
    return _word(tokens, at + 1) == "of" or (at > 0 and tokens[at].joined and tokens[at - 1].word in _POINTS)


def _digit_token(tokens: list[_Token], at: int) -> tuple[float, int] | None:
    value = tokens[at].value
    return None if value is None else (value, at + 1)


def _below_hundred(tokens: list[_Token], at: int) -> tuple[float, int] | None:
    """Read "seven", "twenty", "twenty-five"."""
    word = tokens[at].word
    if word in SMALL:
        return float(SMALL[word]), at + 1
    if word not in TENS:
        return None
    ones = SMALL.get(_word(tokens, at + 1), 0)
    return (float(TENS[word] + ones), at + 2) if 1 <= ones <= 9 else (float(TENS[word]), at + 1)


def _year(tokens: list[_Token], century: float, end: int) -> tuple[float, int] | None:
    """Read "nineteen ninety nine", "twenty twenty six", "nineteen oh five"."""
    if not 16 <= century <= 20 or end >= len(tokens) or not tokens[end].joined:
        return None
    if tokens[end].word == "oh" and 1 <= SMALL.get(_word(tokens, end + 1), 0) <= 9:
        return century * 100 + SMALL[_word(tokens, end + 1)], end + 2
    rest = _below_hundred(tokens, end)
    return (century * 100 + rest[0], rest[1]) if rest is not None and rest[0] >= 10 else None


def _groups(tokens: list[_Token], value: float, at: int) -> tuple[float, int]:
    """Hundreds, thousands and so on behind a first group that ends before ``at``."""
    total, group, end = 0.0, value, at
    limit = math.inf
    while True:
        word = _word(tokens, end)
        if word == "hundred" and group < 100:
            group, end = group * 100, end + 1
            group, end = _plus(tokens, group, end)
            continue
        scale = _SCALES.get(word)
        if scale is None or scale >= limit:
            return total + group, end
        total, limit, end = total + group * scale, scale, end + 1
        after = end + (_word(tokens, end) == "and")
        following = _below_hundred(tokens, after) if after < len(tokens) and _word(tokens, after) else None
        if following is None or _word(tokens, following[1]) in _PARTS:
            return total, end
        group, end = following


def _plus(tokens: list[_Token], group: float, end: int) -> tuple[float, int]:
    """What follows "hundred": "and five", "twenty"; not the "and a half"."""
    after = end + (_word(tokens, end) == "and")
    rest = _below_hundred(tokens, after) if _word(tokens, after) else None
    if rest is None or _word(tokens, rest[1]) in (*_PARTS, "hundred", *_BUNDLES):
        return group, end
    return group + rest[0], rest[1]


def _decimals(tokens: list[_Token], at: int, value: float) -> tuple[float, int] | None:
    """The digits behind "point", added to what stands before it."""
    digits, end = "", at
    while (word := _word(tokens, end)) == "oh" or SMALL.get(word, 99) <= 9:
        digits, end = digits + str(SMALL.get(word, 0)), end + 1
    if not digits and _word(tokens, at) and (tens := _below_hundred(tokens, at)) is not None:
        digits, end = str(int(tens[0])), tens[1]
    return (float(f"{value:.0f}.{digits}"), end) if digits else None
