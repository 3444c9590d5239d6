"""How alike two short texts are by their words, without a model.

Why it exists: a saved routine is called by a few words, and people do not repeat them exactly: "start my morning", "the
good morning thing". Words that only carry a request count for nothing, rare words for more than frequent ones, and what
people use for the same hour or errand counts as the same.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping

_CARRIERS = """
    a an the my our your please hey ok okay sotto now then do run start begin launch execute play go on for me to i want
    would like could can you will it let's lets let us is are be thing one with of at in and use trigger fire time
    routine routines workflow shortcut automation again just need kick off mode this that give have get having i'm im
    it's its going session planning help something bit moment some
"""
CARRIERS = frozenset(_CARRIERS.split())
"""Words that ask for something, whatever it is."""
NAMES_A_ROUTINE = re.compile(r"\b(?:routine|workflow|shortcut|automation)s?\b")
_ALIKE = (
    ("morning", "wake", "waking", "woke", "awake", "sunrise"),
    ("night", "bed", "bedtime", "sleep", "sleeping", "goodnight", "tonight"),
    ("leave", "leaving", "away", "out", "depart", "departure", "door"),
    ("home", "back", "arrive", "arrived", "arrival", "house"),
    ("work", "office", "job", "working", "desk"),
    ("workout", "gym", "training", "train", "exercise", "sport"),
    ("cook", "cooking", "kitchen", "dinner", "meal", "bake", "baking"),
    ("shop", "shopping", "groceries", "grocery", "supermarket"),
    ("focus", "concentrate", "concentration", "deep", "pomodoro"),
    ("tea", "brew"),
    ("coffee", "espresso"),
    ("lunch", "noon", "midday"),
    ("status", "report", "overview", "check", "health"),
    ("hello", "hi", "greet", "greeting"),
    ("week", "weekly"),
    ("day", "daily", "today"),
    ("end", "finish", "wrap", "shutdown", "done", "stop"),
    ("break", "pause", "rest", "relax"),
    ("computer", "machine", "laptop", "pc"),
)
_SENSE = {word: group[0] for group in _ALIKE for word in group}
_SUFFIXES = ("ing", "ies", "es", "s", "ed")


_UNKNOWN = ""
"""Stands for a word that none of the texts has."""


_SPELT = (
    ("tch", "s"), ("sch", "s"), ("ph", "f"), ("gh", ""), ("kn", "n"), ("wr", "r"), ("ck", "k"), ("sh", "s"),
    ("ch", "s"), ("th", "t"), ("qu", "kw"), ("x", "ks"),
)  # fmt: skip
_ONE_SOUND = str.maketrans("bdgvzjcq", "ptkfsskk")
SOUNDS = 3
"""So many consonants a phrase needs to be told by its sound."""
SOUNDS_OF_WORD = 4
"""The same for a word among others."""


def sound(text: str) -> str:
    """The consonants as one hears them: "laundry" and "londry" are one, "coding" and "coating" too.

    Speech is not always recognised as the same words; what tells it from others is there all the same.
    """
    letters = re.sub(r"[^a-z]", "", text.lower())
    letters = re.sub(r"c(?=[eiy])", "s", letters)
    for spelt, heard in _SPELT:
        letters = letters.replace(spelt, heard)
    first = "a" if letters[:1] in tuple("aeiou") else ""
    kept = re.sub(r"(?<!^)[hyw]", "", re.sub(r"[aeiou]", "", letters.translate(_ONE_SOUND)))
    return first + re.sub(r"(.)\1+", r"\1", kept)


def heard(known: tuple[str, ...]) -> tuple[str, ...]:
    """Words by their sound, those that are long enough for that."""
    sounds = (sound(word) for word in known)
    return tuple(one if len(one) >= SOUNDS_OF_WORD else word for one, word in zip(sounds, known, strict=True))


def squeezed(text: str) -> str:
    """The words that tell a text from others, without spaces: "shut down" and "shutdown" are one."""
    return "".join(word for word in plain(text).split() if word not in CARRIERS)


def plain(text: str) -> str:
    """Lower case, one space between words, no marks."""
    return " ".join(re.findall(r"[\w']+", text.lower().replace("\u2019", "'")))


def words(text: str) -> tuple[str, ...]:
    """The words that tell a text from others, each by its stem or by what it stands for."""
    return tuple(_stem(word) for word in plain(text).split() if word not in CARRIERS)


def weights(texts: Iterable[tuple[str, ...]]) -> Mapping[str, float]:
    """What each word is worth: the rarer among the texts, the more."""
    kinds = [set(text) for text in texts]
    counts = Counter(word for kind in kinds for word in kind)
    worth = {word: 1.0 + math.log((1 + len(kinds)) / (1 + count)) for word, count in counts.items()}
    return worth | {_UNKNOWN: 1.0 + math.log(1 + len(kinds))}


def likeness(said: tuple[str, ...], known: tuple[str, ...], worth: Mapping[str, float]) -> float:
    """Twice what both share over what both have, in [0, 1]; by weight."""
    mine, theirs = Counter(said), Counter(known)
    unknown = worth.get(_UNKNOWN, 1.0)
    shared = sum(worth.get(word, unknown) * count for word, count in (mine & theirs).items())
    whole = sum(worth.get(word, unknown) * count for word, count in (mine + theirs).items())
    return 2.0 * shared / whole if whole else 0.0


def covered(said: tuple[str, ...], known: Iterable[str], worth: Mapping[str, float]) -> float:
    """The share of what is said that is known, in [0, 1]; by weight."""
    theirs = set(known)
    unknown = worth.get(_UNKNOWN, 1.0)
    whole = sum(worth.get(word, unknown) for word in said)
    return sum(worth.get(word, unknown) for word in said if word in theirs) / whole if whole else 0.0


def named(said: tuple[str, ...], known: tuple[str, ...]) -> bool:
    """Everything known is said, and hardly anything else."""
    return bool(known) and set(known) <= set(said) and len(set(said) - set(known)) <= 1


def _stem(word: str) -> str:
    if word in _SENSE:
        return _SENSE[word]
    for suffix in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= 3 and not word.endswith("ss"):
            bare = word[: -len(suffix)]
            return _SENSE.get(bare, bare + "y" if suffix == "ies" else bare)
    return word
