"""Turns what people say and type into the signs of a calculation: "seven squared" into ``7 ²``.

Why it exists: the parser knows numbers and signs alone. Words that are neither make a text something else than a
calculation, and `tokens` says so; nothing is guessed and nothing is left out in the middle.
"""

# ruff: noqa: RUF001 - typographic signs are what people read here
from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from app.assistant.understanding.numbers import numbers_in

MOST_CHARACTERS = 600
SIGNS: dict[str, tuple[str, ...]] = {
    "+": ("plus", "added to"),
    "−": ("minus", "take away", "less", "-", "–"),
    "×": ("times", "multiplied by", "multiplied with", "*", "·", "⋅"),
    "÷": ("divided by", "over", "/"),
    "mod": ("modulo", "mod", "remainder after division by"),
    "^": ("to the power of", "to the power", "raised to the power of", "raised to", "**"),
    "of": ("of", "tip on", "of a"),
    "off": ("off", "discount on", "off of"),
    "share": ("is what percent of", "is what percentage of", "as a percentage of", "as a percent of"),
    "share-of": ("what percent of", "what percentage of", "how many percent of"),
    "share-is": ("what percent is", "what percentage is", "how many percent is", "how many percent are"),
    "²": ("squared",),
    "³": ("cubed",),
    "%": ("percent", "per cent", "percentage"),
    "!": ("factorial",),
    "factorial-of": ("factorial of",),
    "√": ("square root of", "square root", "root of", "sqrt of", "sqrt", "squareroot of"),
    "∛": ("cube root of", "cubic root of", "third root of", "cube root"),
    "abs": ("absolute value of", "abs"),
    "round": ("round",),
    "log₂": ("log base 2 of", "binary logarithm of", "log2"),
    "log": ("logarithm of", "log base 10 of", "log of", "log10", "log"),
    "ln": ("natural logarithm of", "natural log of", "ln of", "ln"),
    "sin": ("sine of", "sin of", "sine", "sin"),
    "cos": ("cosine of", "cos of", "cosine", "cos"),
    "tan": ("tangent of", "tan of", "tangent", "tan"),
    "sum": ("sum of", "total of", "add up", "add together", "sum up"),
    "product": ("product of",),
    "average": ("average of", "mean of", "average"),
    "largest": ("largest of", "maximum of", "biggest of"),
    "smallest": ("smallest of", "minimum of"),
    "difference": ("difference between", "difference of"),
    "remainder-of": ("remainder of", "remainder when dividing"),
    "add": ("add",),
    "subtract": ("subtract", "take"),
    "multiply": ("multiply",),
    "divide": ("divide",),
    "increase": ("increase",),
    "decrease": ("decrease", "reduce"),
    "double": ("double", "twice"),
    "triple": ("triple",),
    "square-of": ("square of", "square"),
    "cube-of": ("cube of", "cube"),
    "halve": ("halve",),
    "subtracted-from": ("subtracted from", "taken from"),
    "and": ("and", ",", ";"),
    "by": ("by", "with"),
    "to": ("to",),
    "from": ("from",),
    "is": ("is", "are"),
    "degrees": ("degrees", "degree", "°"),
    "radians": ("radians", "radian"),
    "π": ("pi",),
    "e": ("euler's number", "eulers number"),
    "(": ("open bracket", "open brackets", "open parenthesis", "left parenthesis", "["),
    ")": ("close bracket", "close brackets", "close parenthesis", "right parenthesis", "closed bracket", "]"),
}
"""What each sign may be called. A sign may always be written as itself, if it is no word of ours."""

_SPELLED = {called: sign for sign, names in SIGNS.items() for called in (*names, sign)}
_PHRASES = "|".join(
    rf"\b{re.escape(called)}\b" if called[0].isalpha() and called[-1].isalnum() else re.escape(called)
    for called in sorted(_SPELLED, key=len, reverse=True)
)
_TOKEN = re.compile(
    r"\s*(?:(?P<mixed>\d+ \d+/\d+)(?![\d.])|\{(?P<part>\d+/\d+)\}"
    r"|(?P<number>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+)"
    rf"|(?P<sign>{_PHRASES})"
    r"|(?P<idle>\bthe\b|\ban?\b|\bnumbers?\b|\bvalue of\b|[$€£]))"
)
_TIMES = re.compile(r"(?<=[\d)])\s*x\s*(?=[\d(.\-])")
_NTH = ("second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
_POWER = re.compile(rf"\bto the (\d+(?:st|nd|rd|th)|{'|'.join(_NTH)})(?: power)?\b")
_POINT = re.compile(r"(?<=\d) point (?=\d)")
_TOGETHER = re.compile(r"^(.+ and .+) (?:all )?(?:together|combined|added up)$")
_PART = re.compile(r"\b(?:hal(?:f|ves)|(?:third|quarter|fourth|fifth|sixth|seventh|eighth|ninth|tenth)s?)$")
_LEADING = re.compile(
    r"^(?:hey|okay|ok|so|and|now|please|quickly|just|can you|could you|would you|will you|do you know|i need to know"
    r"|i want to know|tell me|give me|show me|help me|calculate|compute|evaluate|solve|work out|figure out|quick"
    r"|take(?= the (?:square|cube))"
    r"|what do i get if i|what do you get if you|what happens if you|what(?:'s|s)|what (?:is|are|does|would be|will be)"
    r"|how much (?:is|are|does|do|would be|will be)|how much's|how many (?:is|are)|the answer (?:to|of|for)"
    r"|answer (?:to|for)|(?:the )?result of|(?:the )?value of|if you|if i|if we|me|for me|sotto|[,:])(?![\w%])\s*"
)
_ASKS_SHARE = re.compile(r"^(?:what|how many) (?:percent|percentage|per cent)\b")
_TRAILING = re.compile(
    r"\s*(?:please|for me|equals?(?: to)?|equal|makes?|is|be|make|come to|comes to|exactly|in total|thanks"
    r"|thank you|what|how much|to what|[=?.,])$"
)


@dataclass(frozen=True, slots=True)
class Token:
    """A sign, or the digits of a number: ``3.5``, ``1 3/4`` where it was given so."""

    sign: str
    digits: str = ""


def tokens(text: str) -> tuple[Token, ...] | None:
    """The signs of a text, None when it has words that belong to no calculation, or is longer than any."""
    if len(text) > MOST_CHARACTERS:
        return None
    bare = _TOGETHER.sub(r"sum of \1", _bare(text.lower().replace("\u2019", "'")))
    rest = _TIMES.sub(" × ", _POINT.sub(".", with_digits(_POWER.sub(_to_the, bare))))
    found: list[Token] = []
    at = 0
    while at < len(rest):
        match = _TOKEN.match(rest, at)
        if match is None:
            return tuple(found) if not rest[at:].strip() else None
        at = match.end()
        if digits := match["mixed"] or match["number"]:
            found.append(Token("number", digits.replace(",", "")))
        elif part := match["part"]:
            found.append(Token("number", f"0 {part}"))
        elif sign := match["sign"]:
            found.append(Token(_SPELLED[sign]))
    return tuple(found)


def with_digits(text: str) -> str:
    """The same text with the numbers that are spelled out as digits."""
    written, at = [], 0
    for one in numbers_in(text):
        said = text[one.start : one.end]
        if not any(letter.isalpha() for letter in said):
            continue
        written += [text[at : one.start], _digits(one.value, said)]
        at = one.end
    return "".join((*written, text[at:]))


def _digits(value: float, said: str) -> str:
    """A number in digits; one that was said as a part ("two thirds") in braces, as the fraction it is."""
    if _PART.search(said):
        part = Fraction(value).limit_denominator(100)
        return f"{{{part.numerator}/{part.denominator}}}" if part > 0 else f"−{{{-part.numerator}/{part.denominator}}}"
    return format(Decimal(repr(value)).normalize(), "f")


def _to_the(match: re.Match[str]) -> str:
    said = match[1]
    return f"^ {_NTH.index(said) + 2 if said in _NTH else said[:-2]}"


def _bare(text: str) -> str:
    """Without the courtesies around it."""
    text = text.strip()
    while not _ASKS_SHARE.match(text) and (match := _LEADING.match(text)) and match.end() < len(text):
        text = text[match.end() :]
    while (match := _TRAILING.search(text)) and match.start() > 0:
        text = text[: match.start()]
    return text
