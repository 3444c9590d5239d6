"""Words a recogniser heard wrong or a hand typed wrong, put right by what skills are asked for.

"Set a time or for ten minutes" sounds like "set a timer for ten minutes", and "tine" is one letter from "time". Only
words that several examples hold are put in, and only for words that no example holds, or for two that sound like one.
What is put right is a second reading beside the first; whoever matches takes it when it fits clearly better.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator

from app.assistant.understanding.features import sound

_WORD = re.compile(r"[a-z']+")
COMMON = 3
"""So many examples hold a word before others are taken for it."""
SHORTEST = 4


class Mender:
    """Knows the words of examples.

    Args:
        texts: The examples, in lower case.
    """

    def __init__(self, texts: Iterable[str]) -> None:
        counts = Counter(word for text in texts for word in set(_WORD.findall(text)))
        self._known = frozenset(counts)
        common = sorted(word for word, count in counts.items() if count >= COMMON and len(word) >= SHORTEST)
        self._by_sound: dict[str, str] = {}
        self._by_hole: dict[str, set[str]] = {}
        for word in sorted(common, key=lambda each: -counts[each]):
            self._by_sound.setdefault(sound(word), word)
            for hole in _holes(word):
                self._by_hole.setdefault(hole, set()).add(word)

    def mended(self, text: str) -> str:
        """The text with what sounds or looks like a known word put right; the same text when nothing does."""
        words = list(_WORD.finditer(text))
        pieces, at, skip = [], 0, False
        for place, match in enumerate(words):
            if skip:
                skip = False
                continue
            following = words[place + 1] if place + 1 < len(words) else None
            right = None
            if following is not None and text[match.end() : following.start()] == " ":
                right = self._joined(match[0], following[0])
            end = following.end() if right is not None and following is not None else match.end()
            skip = right is not None
            right = right or self._alone(match[0])
            if right is not None:
                pieces += [text[at : match.start()], right]
                at = end
        return "".join((*pieces, text[at:]))

    def _joined(self, first: str, second: str) -> str | None:
        """The one word that two sound like, written almost the same."""
        right = self._by_sound.get(sound(first + second))
        if right is None or len(right) <= max(len(first), len(second), SHORTEST):
            return None
        return right if right == first + second or _is_close(first + second, right) else None

    def _alone(self, word: str) -> str | None:
        """The known word that an unknown one is meant for, None when there is not exactly one."""
        if len(word) < SHORTEST or {word, f"{word}s", word.removesuffix("s")} & self._known:
            return None
        alike = self._by_sound.get(sound(word))
        if alike is not None and alike[0] == word[0] and abs(len(alike) - len(word)) <= 1:
            return alike
        close = {known for hole in _holes(word) for known in self._by_hole.get(hole, ()) if _is_close(word, known)}
        return close.pop() if len(close) == 1 else None


def _holes(word: str) -> Iterator[str]:
    """A word, and the word with each of its letters left out."""
    yield word
    for at in range(len(word)):
        yield word[:at] + word[at + 1 :]


def _is_close(word: str, known: str) -> bool:
    """One letter more, less or other, or two neighbours that changed places; the first is the same."""
    if word[0] != known[0] or abs(len(word) - len(known)) > 1 or word.rstrip("s") == known.rstrip("s"):
        return False
    if len(word) != len(known):
        return True
    different = [at for at, (one, other) in enumerate(zip(word, known, strict=True)) if one != other]
    swapped = (
        len(different) == 2
        and different[1] == different[0] + 1
        and sorted(word[different[0] : different[1] + 1]) == sorted(known[different[0] : different[1] + 1])
    )
    return len(different) == 1 or swapped
