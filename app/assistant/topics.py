"""One line about what was talked about before: a few telling words of each question, always the same ones."""

from __future__ import annotations

import re
from collections.abc import Iterable

WORDS_EACH = 3
"""At most so many words of a question."""

_WORD = re.compile(r"[^\W_][\w'’.-]*[^\W_]|[^\W_]")  # noqa: RUF001 - a typographic apostrophe
_COMMON_WORDS = (
    "a about after again all also am an and any anything are as ask at be because been before being best "
    "better between but by can cannot could did do does doing don't done down each else ever every explain few "
    "find first for from gave get give go going good got great had happen happens has have having he hello "
    "help her here hers hey him his how however i i'd i'll i'm i've if in into is it it's its just kind know "
    "last let let's like long look made make many may maybe me mean means might mine more most much must my "
    "name need never next no not now of off ok okay on once one only or other our out over own part please "
    "quite rather really right said same say see she should show simple since so some something sort still "
    "such sure take talk tell than thank thanks that that's the their them then there there's these they thing "
    "things think this those through time to too try two under until up us use used very want was way we well "
    "were what what's when where where's which while who who's whose why will with word words work would yes "
    "yet you you're your yours"
)
_COMMON = frozenset(_COMMON_WORDS.split())


def topic(question: str) -> str:
    """The telling words of a question, in its order; empty when it has none.

    Names and numbers count more than other words, longer words more than shorter ones.
    """
    words = [match.group() for match in _WORD.finditer(question)]
    told = [word for index, word in enumerate(words) if word.lower() not in _COMMON and word not in words[:index]]
    ranked = sorted(told, key=lambda word: (-_weight(word, first=word == words[0]), -len(word)))
    chosen = set(ranked[:WORDS_EACH])
    return " ".join(word for word in told if word in chosen)


def topic_line(topics: Iterable[str]) -> str:
    """Topics in one line, each once."""
    return "; ".join(dict.fromkeys(topic for topic in topics if topic))


def _weight(word: str, *, first: bool) -> int:
    named = any(letter.isupper() for letter in word[0 if not first else 1 :])
    return 2 if named or any(letter.isdigit() for letter in word) else 1
