"""Finds the answer that was meant in words that were heard wrong: "floor body" where "full body" can be said.

Recognisers keep most consonants and lose vowels, so consonants as they sound are compared, those that are easily
confused taken for the same. A guess is made only where one option is clearly nearer than every other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from app.assistant.staged.matching import LONGEST_MISHEARD, NOT_AN_ANSWER, Sayable, bare, plain, words_of
from app.assistant.understanding.features import sound

ALIKE = 0.65
"""How much like an option words must sound to be taken for it, in [0, 1]."""
LEAD = 0.2
"""How much more than like every other option."""


def alike(text: str, options: Sequence[Sayable]) -> str | None:
    """The option that words sound like and no other does: "floor body" where "full body" can be said."""
    said = bare(text).split()
    if not 1 <= len(said) <= LONGEST_MISHEARD or NOT_AN_ANSWER & set(said):
        return None
    counted = Counter(word for each in options for word in set(plain(each.label).split()))
    everywhere = {word for word, count in counted.items() if count > 1}
    scores = sorted(((_best(said, option, everywhere), option.value) for option in options), reverse=True)
    if not scores or scores[0][0] < ALIKE or (len(scores) > 1 and scores[0][0] - scores[1][0] < LEAD):
        return None
    return scores[0][1]


def _best(said: Sequence[str], option: Sayable, everywhere: set[str]) -> float:
    """How much words sound like the likest of an option's, those left out that several options have."""
    scores = [0.0]
    for words in words_of(option):
        of_it = words.split()
        shared = everywhere & set(of_it)
        own = [word for word in of_it if word not in shared]
        rest = said[: len(said) - len(shared)] if len(said) > len(shared) else said
        scores.append(_likeness(_skeleton(rest), _skeleton(own)))
    return max(scores)


def _skeleton(words: Iterable[str]) -> str:
    """The consonants of words as they sound, those that are easily confused alike."""
    return "".join(sound(word).replace("a", "").translate(_CONFUSED) for word in words if word not in _ARTICLES)


_ARTICLES = frozenset(("the", "a", "an", "my"))
_CONFUSED = str.maketrans("bdgjvzn", "ptkkfsm")


def _likeness(first: str, second: str) -> float:
    """One less the share of letters that have to be changed, in [0, 1]; nothing is like what has fewer than two."""
    if min(len(first), len(second)) < 2:
        return 0.0
    row = list(range(len(second) + 1))
    for at, letter in enumerate(first, 1):
        above, row[0] = row[0], at
        for place, other in enumerate(second, 1):
            above, row[place] = row[place], min(row[place] + 1, row[place - 1] + 1, above + (letter != other))
    return 1.0 - row[-1] / max(len(first), len(second))
