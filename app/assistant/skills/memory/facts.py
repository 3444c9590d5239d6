"""Facts as they are kept, and which of them have to do with a text.

Words are compared by their stem; a word that few facts hold weighs more than one that many hold.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from app.assistant.wording import singular

_ALL_OF_IT = 0.99
FACTS = "person.facts"
"""The collection: what is known of the person."""

_WORD = re.compile(r"[\w']+")
_EMPTY_WORDS = """
a an the my mine i me myself we our us you your he him his she her it its they them their this that these those
is am are was were be been being do does did have has had having can could will would shall should may might
must of in on at to for from by with about as and or but if so not no yes what which who whom whose when where
why how that's what's who's where's when's i'm i've i'd i'll it's please tell know remember remind forget name
named called call there here some any all more most very just also again then than too much many give say said
get got let make want like think really
"""
_EMPTY = frozenset(_EMPTY_WORDS.split())
_KEPT_APART = frozenset({"name", "like", "want", "call", "called", "named"})
"""Words that say little by themselves but tell facts about the same thing apart."""
_SAME = {
    "mum": "mother", "mom": "mother", "mummy": "mother", "dad": "father", "daddy": "father", "kid": "child",
    "kids": "child", "children": "child", "bday": "birthday", "born": "birthday", "living": "live", "lives": "live",
    "lived": "live", "home": "live", "address": "live", "job": "work", "works": "work", "working": "work",
    "workplace": "work", "favourite": "favorite", "wifi": "wi-fi", "phone": "telephone", "bike": "bicycle",
    "allergy": "allergic", "allergies": "allergic", "vegetarian": "diet", "vegan": "diet", "wife": "spouse",
    "husband": "spouse", "partner": "spouse", "bro": "brother", "sis": "sister", "grandma": "grandmother",
    "granny": "grandmother", "grandpa": "grandfather", "car": "car", "colour": "color",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing to remember, in the person's own words; ``told_at`` in seconds since the epoch."""

    fact_id: str
    text: str
    told_at: float


def stems(text: str, *, all_words: bool = False) -> frozenset[str]:
    """The words of a text that say something.

    Args:
        text: It.
        all_words: Also those that only tell facts about the same thing apart.
    """
    words = (word.strip("'") for word in _WORD.findall(text.lower().replace("\u2019", "'").replace("wi-fi", "wifi")))
    kept = (word for word in words if word and (word not in _EMPTY or (all_words and word in _KEPT_APART)))
    return frozenset(_stem(word) for word in kept)


def weights(facts: Iterable[Fact]) -> dict[str, float]:
    """How much each word of the facts says: log(1 + N / n) for n of N facts that hold it."""
    sets = [stems(fact.text) for fact in facts]
    counts: dict[str, int] = {}
    for words in sets:
        for word in words:
            counts[word] = counts.get(word, 0) + 1
    return {word: math.log(1.0 + len(sets) / count) for word, count in counts.items()}


def overlap(one: frozenset[str], other: frozenset[str], weigh: dict[str, float]) -> float:
    """In [0, 1], how alike two sets of words are: what they share against what they hold, weighed (Dice)."""
    unknown = max(weigh.values(), default=1.0)
    shared, whole = _sum(one & other, weigh, unknown), _sum(one, weigh, unknown) + _sum(other, weigh, unknown)
    return 0.0 if not whole else 2.0 * shared / whole


def covered(wanted: frozenset[str], fact: Fact, weigh: dict[str, float]) -> float:
    """In [0, 1], the share of the wanted words that a fact holds, weighed."""
    unknown = max(weigh.values(), default=1.0)
    whole = _sum(wanted, weigh, unknown)
    return 0.0 if not whole else _sum(wanted & stems(fact.text), weigh, unknown) / whole


def best(facts: Sequence[Fact], wanted: frozenset[str], least: float) -> tuple[Fact, ...]:
    """The facts that hold at least such a share of the wanted words, the best first, the newest of equals first."""
    weigh = weights(facts)
    scored = [(covered(wanted, fact, weigh), fact.told_at, fact) for fact in facts]
    return tuple(fact for share, _, fact in sorted(scored, key=lambda each: each[:2], reverse=True) if share >= least)


_WHAT_IS = re.compile(r"^(?:what|who|where|when)(?:'s|'re| is| are| was| were)\s+", re.IGNORECASE)
_COPULA = re.compile(r"\s+(?:is|are|was|were)\s+(?:called\s+|named\s+)?", re.IGNORECASE)


def subject(text: str) -> str:
    """What a fact is about, in small letters: "my sister's name" of "my sister's name is Anna"; empty for no such."""
    parts = _COPULA.split(text.strip(), maxsplit=1)
    if len(parts) < 2 or not parts[1].strip():
        return ""
    plain = " ".join(parts[0].lower().replace("\u2019", "'").split())
    return plain if plain.startswith(("my ", "our ", "the ")) else ""


def answering(facts: Sequence[Fact], question: str) -> tuple[Fact, ...]:
    """The facts that answer a question: those about the very thing, else those that hold all its words."""
    plain = " ".join(question.lower().replace("\u2019", "'").split()).strip(" .!?")
    about = _WHAT_IS.sub("", plain)
    same = tuple(fact for fact in facts if about != plain and subject(fact.text) == about)
    wanted = stems(question)
    return same or (best(facts, wanted, _ALL_OF_IT) if wanted else ())


def _sum(words: Iterable[str], weigh: dict[str, float], unknown: float) -> float:
    return sum(weigh.get(word, unknown) for word in words)


def _stem(word: str) -> str:
    word = word.removesuffix("'s").removesuffix("'")
    word = singular(_SAME.get(word, word))
    return _SAME.get(word, word)
