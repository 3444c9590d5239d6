"""Reads short forms, acronyms, Roman numerals and signs, and leaves nothing that a voice cannot say.

Acronyms that are spelled come out as "U.S.B": every voice reads that letter by letter, while a lone "A" would be taken
for an article.
"""

# ruff: noqa: RUF001 - typographic signs are what this module is about
from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from app.audio.reading.tables import (
    ABBREVIATIONS,
    BEFORE_NUMBER,
    SHORT_WORDS,
    SIGNS,
    SPELLED,
    SPOKEN_WORDS,
    UNITS,
    WITHOUT_STOP,
)

_SHORT = re.compile(
    rf"(?<![\w.])({'|'.join(re.escape(form) for form in sorted(ABBREVIATIONS, key=len, reverse=True))})\.(?!\w)",
    re.IGNORECASE,
)
_BARE = re.compile(rf"(?<![\w.])({'|'.join(WITHOUT_STOP)})(?![\w.])")
_NUMBERED = re.compile(rf"(?<![\w.])({'|'.join(BEFORE_NUMBER)})\.\s?(?=\d)", re.IGNORECASE)
_DOCTOR_OR_DRIVE = re.compile(r"(?<![\w.])Dr\.(?!\w)")
_SAINT_OR_STREET = re.compile(r"(?<![\w.])St\.(?!\w)")
_AFTER_NAME = re.compile(r"(?:[A-Z][a-z]+|\d(?:st|nd|rd|th)) $")
_BEFORE_NAME = re.compile(r"\s[A-Z]")
_INITIALS = re.compile(r"(?<![\w.])((?:[A-Z]\.\s?){1,4})(?=[A-Z][a-z])")
_DOTTED = re.compile(r"(?<![\w.])((?:[A-Za-z]\.){1,5}[A-Za-z])\.(?![\w.])")
_DOCTORATE = re.compile(r"\bPh\.?D\b\.?(?=\s+[a-z,]|,)|\bPh\.?D\b")

_SOMETHING = re.compile(r"[^\s'\"’”»)*_]")

_CAPITALS = re.compile(r"(?<![\w.])([A-Z]{2,12})(['’]?s)?(?![\w])(?!\.[A-Z])")
_AND_BETWEEN = re.compile(r"\b([A-Z]{1,4})&([A-Z]{1,4})\b")
_BEFORE_DIGIT = re.compile(r"(?<=[A-Z][A-Z])-(?=\d)")
_VOWEL = re.compile(r"[AEIOUY]")
_CLUSTER = re.compile(r"^(?!CHR|PHR|SCH|SCR|SHR|SPL|SPR|STR|THR)[BCDFGHJKLMNPQRSTVWXZ]{3}")
_ROMAN = re.compile(r"\b([A-Z][a-z]+) ([IVX]{2,5})\b(?!['’.]\w)")
_ROMAN_ONE = re.compile(r"\b(War|Part|Chapter|Volume|Act|Phase|Type|Level) I\b(?!['’])")
_ROMAN_VALUES = {
    "II": 2, "III": 3, "IV": 4, "V": 5, "VI": 6, "VII": 7, "VIII": 8, "IX": 9, "X": 10, "XI": 11, "XII": 12,
    "XIII": 13, "XIV": 14, "XV": 15, "XVI": 16, "XVII": 17, "XVIII": 18, "XIX": 19, "XX": 20,
}  # fmt: skip
_COUNTED = frozenset(
    {"Act", "Appendix", "Bowl", "Chapter", "Level", "Part", "Phase", "Section", "Title", "Type", "Volume", "War"}
)
_NOT_NAMES = frozenset({"An", "And", "In", "Of", "Or", "That", "The", "This", "To"})

_SLASHES = (("and/or", "and or"), ("w/o ", "without "), ("w/ ", "with "), ("b/c ", "because "))
_PATH = re.compile(r"(?<!\S)(?:~|\.{1,2})?/[\w.-]+(?:/[\w.-]*)*|(?<!\S)[\w.-]+(?:/[\w.-]+){2,}")
_SLASH = re.compile(r"\b([a-zA-Zµ]+)\s?/\s?([a-z]+)\b(?![.\w])")
_HASH_WORD = re.compile(r"(?<!\w)([A-G])#(?!\w)")
_PLUS_PLUS = re.compile(r"(?<=\w)\+\+")
_DOT_NAME = re.compile(r"(?<!\S)\.(?=[A-Za-z])")
_SIGN = re.compile(f"[{re.escape(''.join(SIGNS))}]")
_EQUALS = re.compile(r"={2,}|:=")

_FOREIGN = re.compile(r"[^\x00-\x7f]")
_UNSPEAKABLE = re.compile(r"[\x00-\x1f\x7f\"#*_`~|\\\[\]{}<>^@=+&%$/]")
_OPENING = re.compile(r"(?<=\w)\s*\(\s*")
_CLOSING = re.compile(r"\)(?=\s*[\w])")
_DASHES = re.compile(r"\s*[—―]\s*|\s+[–-]{1,3}\s+|--+")
_COMMAS = re.compile(r"(?:\s*,)+\s*(?=[,.!?;:])|(?<=[,;:.!?])\s*,(?:\s*,)*|^\s*[,;:]+")
_SPACES = re.compile(r"\s+")
_SPACE_BEFORE = re.compile(r"\s+(?=[,.!?;:](?!\w))")
_QUOTES = str.maketrans(
    dict.fromkeys('“”„«»‹›"', " ") | {"’": "'", "‘": "'", "ʼ": "'", "…": "...", "\u00ad": "", "‑": "-"}
)


def read_words(text: str) -> str:
    """Write short forms, acronyms and signs out, and drop what is left of marks and pictures."""
    if "." in text or "/" in text or "D" in text:
        text = _short_forms(text)
    text = _BARE.sub(lambda match: WITHOUT_STOP[match.group(1)], text)
    text = _roman(text)
    text = _acronyms(text)
    return clean(_signs(text))


def clean(text: str) -> str:
    """Only letters, digits and the marks of punctuation that a voice makes a pause of; single spaces."""
    text = text.translate(_QUOTES)
    text = _DASHES.sub(", ", text)
    text = _CLOSING.sub(",", _OPENING.sub(", ", text)).replace("(", " ").replace(")", " ")
    if not text.isascii():
        text = _FOREIGN.sub(lambda match: _speakable(match.group()), text)
    text = _SPACES.sub(" ", _UNSPEAKABLE.sub(" ", text))
    text = _SPACE_BEFORE.sub("", text)
    text = _SPACES.sub(" ", _COMMAS.sub("", text)).strip()
    return text if any(character.isalnum() for character in text) else ""


@lru_cache(maxsize=4096)
def _speakable(character: str) -> str:
    """The character itself when a voice can say it or pause at it, a space for pictures and private signs."""
    if "\ufe00" <= character <= "\ufe0f" or character in "\u20e3〰ℹ":
        return ""
    category = unicodedata.category(character)
    if category in {"Cf", "Mn", "Me"} and not "\u0300" <= character < "\U0001f000":
        return ""
    return character if category[0] in "LMN" or category in {"Po", "Pd", "Ps", "Pe"} else " "


def _short_forms(text: str) -> str:
    text = _INITIALS.sub(_initials, text)
    text = _DOCTORATE.sub("P.H.D", text)
    text = _DOCTOR_OR_DRIVE.sub(lambda match: _by_place(match, "Doctor", "Drive"), text)
    text = _SAINT_OR_STREET.sub(lambda match: _by_place(match, "Saint", "Street"), text)
    text = _NUMBERED.sub(lambda match: f"{BEFORE_NUMBER[match.group(1).lower()]} ", text)
    text = _SHORT.sub(_written_out, text)
    text = _DOTTED.sub(lambda match: match.group(1).upper() + _stop_at_end(match), text)
    for short, written in _SLASHES:
        text = text.replace(short, written)
    text = _PATH.sub(lambda match: match.group().replace("/", " slash "), text)
    return _DOT_NAME.sub("dot ", text)


def _initials(match: re.Match[str]) -> str:
    letters = re.findall("[A-Z]", match.group(1))
    return f"{'.'.join(letters)}{'.' if letters == ['A'] else ''} "


def _by_place(match: re.Match[str], before_name: str, after_name: str) -> str:
    """A title before a name, a kind of road behind one."""
    after = _AFTER_NAME.search(match.string[: match.start()]) is not None
    if after or not _BEFORE_NAME.match(match.string, match.end()):
        return (after_name if after else before_name) + _stop_at_end(match)
    return before_name


def _written_out(match: re.Match[str]) -> str:
    form = match.group(1)
    written = ABBREVIATIONS[form.lower()]
    if form[0].isupper():
        written = written[0].upper() + written[1:]
    return written + _stop_at_end(match)


def _stop_at_end(match: re.Match[str]) -> str:
    """The stop of a short form that ends the text is the sentence's stop too."""
    return "" if _SOMETHING.search(match.string, match.end()) else "."


def _roman(text: str) -> str:
    """Roman numerals behind a name: "World War II" is counted, "Henry VIII" is the eighth."""
    if " I" not in text and " V" not in text and " X" not in text:
        return text
    return _ROMAN_ONE.sub(r"\1 1", _ROMAN.sub(_numeral, text))


def _numeral(match: re.Match[str]) -> str:
    name, numeral = match.groups()
    value = _ROMAN_VALUES.get(numeral)
    if value is None:
        return match.group()
    if name in _COUNTED:
        return f"{name} {value}"
    if name in _NOT_NAMES:
        return match.group()
    ending = "th" if value > 3 else {2: "nd", 3: "rd"}[value]
    return f"{name} the {value}{ending}"


def _acronyms(text: str) -> str:
    found = _CAPITALS.findall(text)
    if not found:
        return text
    stressed = sum(word in SHORT_WORDS or (len(word) >= 5 and word not in SPOKEN_WORDS) for word, _ in found)
    shouted = stressed >= 2 and len(found) * 2 > len(re.findall(r"[^\W\d_]{2,}", text))
    text = _AND_BETWEEN.sub(lambda match: f"{'.'.join(match.group(1))} and {'.'.join(match.group(2))}", text)
    text = _BEFORE_DIGIT.sub(" ", text)
    return _CAPITALS.sub(lambda match: _acronym(match.group(1), match.group(2) or "", shouted=shouted), text)


def _acronym(word: str, ending: str, *, shouted: bool) -> str:
    if _spelled(word, shouted=shouted):
        return ".".join(word) + ("'s" if ending else "")
    written = word.lower() if word in SHORT_WORDS or shouted else word.capitalize()
    return written + ending.replace("’", "'")


def _spelled(word: str, *, shouted: bool) -> bool:
    """Letter by letter: what has no vowel, what nobody could pronounce, and short ones that are no words."""
    if word in SPOKEN_WORDS:
        return False
    if word in SPELLED or not _VOWEL.search(word):
        return True
    if len(word) <= 3:
        return not shouted and word not in SHORT_WORDS
    return _CLUSTER.search(word) is not None


def _slash(match: re.Match[str]) -> str:
    """Two units make a rate, two words a choice."""
    first, second = match.groups()
    if first in UNITS and second in UNITS:
        return f"{UNITS[first].many} per {UNITS[second].one}"
    return f"{first} or {second}"


def _signs(text: str) -> str:
    text = _HASH_WORD.sub(r"\1 sharp", text)
    text = _PLUS_PLUS.sub(" plus plus", text)
    text = _SLASH.sub(_slash, text)
    return _SIGN.sub(lambda match: f" {SIGNS[match.group()]} ", _EQUALS.sub("=", text))
