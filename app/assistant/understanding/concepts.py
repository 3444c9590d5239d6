"""What words stand for, whatever skill may use them: "erase" and "cross" remove, "gallon" is a unit.

Six examples of an intent do not hold every word people have for it. The table in ``assets/understanding/concepts.json``
is general English, made without a look at what understanding is measured on.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import combinations, pairwise

from app.settings.paths import asset

TABLE = "understanding/concepts.json"


def concepts_of(text: str) -> list[tuple[str, ...]]:
    """The concepts of a lower-cased text in the order of their words; a word may stand for several."""
    pattern, meanings = _table()
    return [meanings[match[0]] for match in pattern.finditer(text)]


def concept_grams(text: str, classes: Iterable[str]) -> Iterator[str]:
    """Concepts, pairs of them, those that follow on one another, and the first.

    Args:
        text: Lower case.
        classes: What its numbers and times are, as in ``@duration``; they count as concepts of their own.
    """
    found = concepts_of(text)
    names = sorted({name for each in found for name in each} | set(classes))
    yield from names
    for first, second in combinations(names, 2):
        yield f"{first}&{second}"
    yield from (f"^{name}" for each in found[:1] for name in each)
    for before, after in pairwise(found):
        yield from (f"{first} {second}" for first in before for second in after)


@lru_cache(maxsize=1)
def _table() -> tuple[re.Pattern[str], dict[str, tuple[str, ...]]]:
    """A pattern that finds the longest known words first, and what each stands for.

    Raises:
        Unavailable: The table is missing.
    """
    concepts: dict[str, list[str]] = json.loads(asset(TABLE).read_text(encoding="utf-8"))
    meanings: dict[str, tuple[str, ...]] = {}
    for name, words in concepts.items():
        for word in words:
            meanings[word] = (*meanings.get(word, ()), name)
    longest_first = "|".join(re.escape(word) for word in sorted(meanings, key=len, reverse=True))
    return re.compile(rf"(?<![\w'])(?:{longest_first})(?![\w'])"), meanings
