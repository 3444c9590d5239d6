"""Cuts a text that is too long for a model into pieces that are not, without losing a character.

Why it exists: a piece that ends in the middle of a sentence is misread at both sides of the cut. Pieces end at a
paragraph where one ends late in the piece, otherwise behind a sentence; only a sentence that is longer than a whole
piece is cut between words, and a word longer than that between characters.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from app.audio.sentences import SentenceSplitter

CountTokens = Callable[[Sequence[str]], Awaitable[tuple[int, ...]]]

_AT_ONCE = 200
"""Sentences whose tokens are counted in one request."""
_LATE = 0.6
"""From this share of a piece on, the end of a paragraph is a good place to end it."""
_WORD = re.compile(r"\s*\S+\s*?(?=\s|$)|\s+")


@dataclass(frozen=True, slots=True)
class Cut:
    """One piece.

    Attributes:
        text: Its own; the texts of all pieces, one after the other, are the whole.
        before: The end of the piece before it, repeated so that the cut tears nothing apart; empty for the first.
        tokens: Of both.
    """

    text: str
    before: str
    tokens: int


@dataclass(frozen=True, slots=True)
class _Unit:
    text: str
    tokens: int

    @property
    def ends_paragraph(self) -> bool:
        return "\n" in self.text[len(self.text.rstrip()) :]


async def cut(text: str, tokens: int, overlap: int, count: CountTokens) -> tuple[Cut, ...]:
    """The pieces of a text, in order.

    Args:
        text: Of any length; blank text gives no piece.
        tokens: Longest piece, what it repeats included; at least 1.
        overlap: Tokens that are repeated of the piece before, at most; never more than a quarter of a piece.
        count: Tokens of each of several texts.
    """
    if not text.strip():
        return ()
    overlap = max(0, min(overlap, tokens // 4))
    room = max(1, tokens - overlap)
    sentences = await asyncio.to_thread(_sentences, text)
    units = [part for unit in await _counted(sentences, count) for part in await _divided(unit, room, count)]
    pieces: list[Cut] = []
    before: tuple[_Unit, ...] = ()
    while units:
        taken = _fitting(units, room)
        piece, units = units[:taken], units[taken:]
        head = "".join(unit.text for unit in before)
        pieces.append(Cut("".join(unit.text for unit in piece), head, sum(unit.tokens for unit in (*before, *piece))))
        before = _tail(piece, overlap)
    return tuple(pieces)


def _sentences(text: str) -> list[str]:
    splitter = SentenceSplitter()
    return [sentence.text for sentence in (*splitter.push(text), *splitter.flush())]


async def _counted(texts: Sequence[str], count: CountTokens) -> list[_Unit]:
    units: list[_Unit] = []
    for start in range(0, len(texts), _AT_ONCE):
        some = texts[start : start + _AT_ONCE]
        units += [_Unit(*pair) for pair in zip(some, await count(some), strict=True)]
    return units


async def _divided(unit: _Unit, room: int, count: CountTokens) -> list[_Unit]:
    """The unit in parts that fit, cut between words as long as there are any."""
    if unit.tokens <= room or len(unit.text) <= 1:
        return [unit]
    words = _WORD.findall(unit.text)
    parts = words if len(words) > 1 and "".join(words) == unit.text else list(unit.text)
    half = len(parts) // 2
    halves = await count(["".join(parts[:half]), "".join(parts[half:])])
    first, second = _Unit("".join(parts[:half]), halves[0]), _Unit("".join(parts[half:]), halves[1])
    return [*await _divided(first, room, count), *await _divided(second, room, count)]


def _fitting(units: Sequence[_Unit], room: int) -> int:
    """How many units make the next piece."""
    used, taken, good = 0, 0, 0
    for unit in units:
        if taken and used + unit.tokens > room:
            return good or taken
        used += unit.tokens
        taken += 1
        if unit.ends_paragraph and used >= _LATE * room:
            good = taken
    return taken


def _tail(units: Sequence[_Unit], overlap: int) -> tuple[_Unit, ...]:
    """The last sentences of a piece within so many tokens."""
    used, start = 0, len(units)
    while start > 0 and used + units[start - 1].tokens <= overlap:
        start -= 1
        used += units[start].tokens
    return tuple(units[start:])
