"""Shortens a text to a number of tokens and says so in it: the beginning and the end stay, the middle goes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

NOTE = " [a part is left out here] "
NOTE_TOKENS = 12
"""At least what `NOTE` takes in any vocabulary."""
_HEAD_SHARE = 0.6
_SHRINK = 0.85
_LEAST_CHARACTERS = 8

CountTokens = Callable[[Sequence[str]], Awaitable[Sequence[int]]]
"""Tokens in each of several texts."""


class TokenCounts:
    """Counts tokens, each text once.

    Args:
        kept: How many counts are remembered; the oldest are forgotten first.
    """

    def __init__(self, kept: int = 512) -> None:
        self._kept = kept
        self._counts: dict[str, int] = {}

    async def of(self, texts: Sequence[str], count_tokens: CountTokens) -> tuple[int, ...]:
        """Tokens in each text; asks for those it does not know, all at once."""
        counts = {text: self._counts.pop(text) for text in dict.fromkeys(texts) if text in self._counts}
        unknown = [text for text in dict.fromkeys(texts) if text not in counts]
        if unknown:
            counts.update(zip(unknown, await count_tokens(unknown), strict=True))
        self._counts.update(counts)
        while len(self._counts) > self._kept:
            del self._counts[next(iter(self._counts))]
        return tuple(counts[text] for text in texts)


async def trimmed(text: str, limit: int, counts: TokenCounts, count_tokens: CountTokens) -> str:
    """The text itself when it has at most ``limit`` tokens, else its beginning and its end with a note between.

    Args:
        text: What to shorten.
        limit: Tokens it may have. Below what the note takes, only the beginning of the text stays.
        counts: Remembers what has been counted.
        count_tokens: Counts.
    """
    (tokens,) = await counts.of([text], count_tokens)
    if tokens <= limit:
        return text
    note = NOTE if limit > 2 * NOTE_TOKENS else ""
    room = max(1, limit - (NOTE_TOKENS if note else 0))
    characters = int(len(text) * room / tokens)
    while characters > _LEAST_CHARACTERS:
        shorter = _ends(text, characters, note)
        if (await counts.of([shorter], count_tokens))[0] <= limit:
            return shorter
        characters = int(characters * _SHRINK)
    return _ends(text, _LEAST_CHARACTERS, "")


def _ends(text: str, characters: int, note: str) -> str:
    """So many characters of the beginning and the end, cut at spaces where there are any near."""
    if not note:
        return _cut_back(text[:characters])
    head = int(characters * _HEAD_SHARE)
    tail = text[len(text) - (characters - head) :]
    space = tail.find(" ")
    return _cut_back(text[:head]) + note + (tail[space + 1 :] if 0 <= space < len(tail) // 2 else tail)


def _cut_back(head: str) -> str:
    space = head.rfind(" ")
    return head[:space] if space > len(head) // 2 else head
