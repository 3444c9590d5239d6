"""Answers in one form each, so that answers that say the same can be counted together.

``The capital of France is Paris.`` and ``paris`` are one answer; so are ``twelve``, ``12`` and ``12.0``, and ``Yes, it
is.`` and ``yes``. The forms are made from English short answers; a long text keeps its words and equals only itself.
"""

from __future__ import annotations

import re
import unicodedata

_ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
)
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_SMALL = {word: at for at, word in enumerate(_ONES.split())} | {
    word: 20 + 10 * at for at, word in enumerate(_TENS.split())
}
_SCALES = {"thousand": 1_000, "million": 1_000_000, "billion": 1_000_000_000, "trillion": 1_000_000_000_000}
_MONTHS = {
    name: at
    for at, names in enumerate(
        (
            "january jan",
            "february feb",
            "march mar",
            "april apr",
            "may",
            "june jun",
            "july jul",
            "august aug",
            "september sep sept",
            "october oct",
            "november nov",
            "december dec",
        ),
        1,
    )
    for name in names.split()
}
_UNITS = {
    alias: unit
    for unit, aliases in {
        "m": "metre metres meter meters m",
        "km": "kilometre kilometres kilometer kilometers km",
        "cm": "centimetre centimetres centimeter centimeters cm",
        "mm": "millimetre millimetres millimeter millimeters mm",
        "mi": "mile miles mi",
        "ft": "foot feet ft",
        "in": "inch inches",
        "kg": "kilogram kilograms kilogramme kilogrammes kg",
        "g": "gram grams gramme grammes g",
        "lb": "pound pounds lb lbs",
        "l": "litre litres liter liters l",
        "ml": "millilitre millilitres milliliter milliliters ml",
        "s": "second seconds sec secs s",
        "min": "minute minutes min mins",
        "h": "hour hours hr hrs h",
        "d": "day days",
        "y": "year years",
        "c": "celsius c",
        "f": "fahrenheit f",
        "%": "percent %",
    }.items()
    for alias in aliases.split()
}
_MARKS = str.maketrans("\u2019\u2018\u201c\u201d\u2013\u2014\u2212", "''\"\"---")
"""Curly quotes, dashes and the minus sign, and what they become."""
_NUMBER = r"[-+]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?"
_MONTH = "|".join(sorted(_MONTHS, key=len, reverse=True))
_DATES = (
    re.compile(r"\b(?P<y>\d{4})-(?P<n>\d{1,2})-(?P<d>\d{1,2})\b"),
    re.compile(rf"\b(?P<m>{_MONTH})\.? (?P<d>\d{{1,2}})(?:st|nd|rd|th)?(?:,? (?P<y>\d{{4}}))?\b"),
    re.compile(rf"\b(?P<d>\d{{1,2}})(?:st|nd|rd|th)?(?: of)? (?P<m>{_MONTH})\.?(?:,? (?P<y>\d{{4}}))?\b"),
)
_MARKED = re.compile(r"(?:final answer|answer)\s*(?:is|:|=)\s*:?\s*(?P<rest>.+)", re.DOTALL)
_YES_NO = re.compile(r"(?P<word>yes|yeah|yep|no|nope|true|false|correct|incorrect)\b(?=\s*(?:$|[,.!;:]|-|it |that ))")
_TRUTHS = dict.fromkeys(("yes", "yeah", "yep", "true", "correct"), "yes") | dict.fromkeys(
    ("no", "nope", "false", "incorrect"), "no"
)
_COPULA = re.compile(
    r"(?:\s|^)(?:is|are|was|were|equals?|has|have|had|makes?|boils at|freezes at)"
    r"(?: equal to| called| named| known as| approximately| about| exactly| around"
    r"| (?:written|painted|invented|discovered|composed|developed|first \w+) by)?\s|\s=\s|:\s"
)
_DID = re.compile(r"^(?P<who>.+?) (?:wrote|painted|invented|discovered|composed|developed) ")
_SENTENCE_END = re.compile(r"(?<!\b[a-z])(?<!\b[ms][rt])[.!?](?=\s|$)|\n")
_ASIDE = re.compile(r",? (?:which|who|that|where|because|located|known|with|and it|but)\b|, (?:the|a|an|and)\b| \(|;")
_ARTICLES = re.compile(r"^(?:the|a|an) ")
_POINTING = re.compile(r"^(?:the|a|an|it|this|that|there|he|she|they|its|i|you|we)\b")
_OTHER = re.compile(r"[^\w%]+", re.ASCII)
_SUBJECT_WORDS = 4


def normalised(text: str) -> str:
    """The form of an answer in which it is compared: empty for a text that answers nothing.

    Numbers become ``#12`` or ``#12 km``, dates ``@1776-07-04``, yes and no ``yes`` and ``no``, everything else the
    words of the final answer in lower case, without articles and punctuation.
    """
    said = _plain(text)
    if marked := _MARKED.search(said):
        said = marked["rest"].strip()
    if truth := _YES_NO.match(said):
        return _TRUTHS[truth["word"]]
    return _form(_final(_first_sentence(said)))


def first_sentence(text: str) -> str:
    """The first sentence of an answer in lower case, markup and accents dropped."""
    return _first_sentence(_plain(text))


def words(text: str) -> str:
    """Words alone, in lower case, without accents, articles at the front and punctuation."""
    return _ARTICLES.sub("", _OTHER.sub(" ", _unaccented(text.replace("'", ""))).strip())


def number_of(text: str) -> float | None:
    """The first number of a text, written in digits or words; None when there is none."""
    found = _number_in(_plain(text))
    return None if found is None else found[0]


def _plain(text: str) -> str:
    """One line where that does no harm, lower case, no markup, plain quotes and dashes."""
    plain = _unaccented(unicodedata.normalize("NFKC", text))
    plain = plain.translate(_MARKS)
    plain = re.sub(r"[*_`#\"]+", "", plain).replace("°", " ").replace("$", "")
    plain = re.sub(r"[ \t]+", " ", plain).strip()
    return re.sub(r"^(?:[-•] |\d+\) )", "", plain)


def _unaccented(text: str) -> str:
    parts = unicodedata.normalize("NFKD", text.casefold())
    return "".join(part for part in parts if not unicodedata.combining(part))


def _first_sentence(said: str) -> str:
    end = _SENTENCE_END.search(said)
    return said[: end.start()].strip() if end and said[: end.start()].strip() else said.strip()


def _final(sentence: str) -> str:
    """The part of a sentence that is the answer: behind the verb, or before it (``Paris is the capital of France``)."""
    if (did := _DID.match(sentence)) and not _POINTING.match(did["who"]):
        return did["who"]
    verbs = list(_COPULA.finditer(sentence))
    if not verbs:
        return sentence
    if " = " in sentence:
        return sentence.rsplit(" = ", 1)[1]
    head, tail = sentence[: verbs[0].start()].strip(), sentence[verbs[0].end() :].strip()
    names_itself = re.match(r"(?:the|an?) ", tail) is not None and not _POINTING.match(head)
    if head and names_itself and len(head.split()) <= _SUBJECT_WORDS and _number_in(tail) is None:
        return head
    return tail or head


def _form(answer: str) -> str:
    if (date := _date_in(answer)) is not None:
        return date
    if (number := _number_in(answer)) is not None:
        value, unit = number
        return f"#{value:.12g}" + (f" {unit}" if unit else "")
    aside = _ASIDE.search(answer)
    return words(answer[: aside.start()] if aside and aside.start() else answer)


def _date_in(text: str) -> str | None:
    for pattern in _DATES:
        if (found := pattern.search(text)) is not None:
            parts = found.groupdict()
            month = _MONTHS[parts["m"]] if parts.get("m") else int(parts["n"])
            day = int(parts["d"])
            if 1 <= month <= 12 and 1 <= day <= 31:
                return f"@{parts['y'] or '-'}-{month:02}-{day:02}"
    return None


def _number_in(text: str) -> tuple[float, str] | None:
    """The first number with the unit behind it."""
    tokens = re.findall(rf"{_NUMBER}|[a-z]+|%", text.replace("-", " ") if re.search(r"[a-z]-[a-z]", text) else text)
    at = 0
    while at < len(tokens):
        if re.fullmatch(_NUMBER, tokens[at]):
            value, end = float(tokens[at].replace(",", "")), at + 1
            if end < len(tokens) and tokens[end] in _SCALES:
                value, end = value * _SCALES[tokens[end]], end + 1
        elif tokens[at] in _SMALL and not _is_pronoun(tokens, at):
            value, end = _in_words(tokens, at)
        else:
            at += 1
            continue
        if end < len(tokens) and tokens[end] in ("degrees", "degree"):
            end += 1
        return value, _UNITS.get(tokens[end], "") if end < len(tokens) else ""
    return None


def _is_pronoun(tokens: list[str], at: int) -> bool:
    """``one of them``, ``no one``."""
    return tokens[at] == "one" and (tokens[at + 1 : at + 2] == ["of"] or tokens[max(0, at - 1) : at] == ["no"])


def _in_words(tokens: list[str], at: int) -> tuple[float, int]:
    """A number in words from here on, and where it ends."""
    total = part = 0
    while at < len(tokens):
        word = tokens[at]
        if word in _SMALL:
            part += _SMALL[word]
        elif word == "hundred":
            part = max(1, part) * 100
        elif word in _SCALES:
            total, part = total + max(1, part) * _SCALES[word], 0
        elif not (word == "and" and at + 1 < len(tokens) and tokens[at + 1] in _SMALL):
            break
        at += 1
    return float(total + part), at
