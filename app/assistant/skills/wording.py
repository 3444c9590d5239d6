"""How skills put a person's own words to them: inside a sentence, and turned around."""

from __future__ import annotations

_SMALL = frozenset(("The", "A", "An", "My", "Your", "Our", "His", "Her", "Their", "This", "That", "These", "Some"))


def inside(words: str) -> str:
    """Words as they stand inside a sentence: "The plumber comes" becomes "the plumber comes", a name stays."""
    first = words.split(" ", 1)[0]
    return f"{words[:1].lower()}{words[1:]}" if first in _SMALL else words


_PERSONS = {
    "my": "your",
    "mine": "yours",
    "i": "you",
    "me": "you",
    "myself": "yourself",
    "i'm": "you're",
    "i've": "you've",
    "i'd": "you'd",
    "i'll": "you'll",
    "am": "are",
    "was": "were",
}
_ONLY_AFTER_I = {"am", "was"}


def second_person(words: str) -> str:
    """What the person said of themselves, as it is said to them: "my sister" becomes "your sister"."""
    turned: list[str] = []
    before = ""
    for word in words.split():
        bare = word.rstrip(".,;:!?").lower().replace("\u2019", "'")
        other = _PERSONS.get(bare)
        if other is None or (bare in _ONLY_AFTER_I and before != "i"):
            turned.append(word)
        else:
            turned.append(other + word[len(bare) :])
        before = bare
    return " ".join(turned)
