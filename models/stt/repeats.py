"""Loops: a model that has lost the thread writes the same words again and again. Their structure alone tells them.

Why it exists: no list of phrases can say what a model makes out of noise in a hundred languages, but a loop is a loop
in all of them.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Hashable, Sequence
from typing import TypeVar

_LONGEST_BLOCK = 20
"""Items of a block that may be repeated."""
_TIMES = 4
"""A block of several items that comes so often in a row is a loop."""
_TIMES_ALONE = 7
"""Likewise for a single item, which people do repeat: "no, no, no"."""
SQUEEZES = 2.4
"""A text that zlib makes shorter than by this factor repeats itself. The limit of Whisper's own reference code."""
_SHORTEST_SQUEEZED = 60
"""Bytes below which the factor says nothing."""
_MANY_IN_A_WORD = 24
"""Characters of a text without spaces from which its characters are looked at instead of its words."""
_IGNORED = re.compile(r"[^\w]+")

Item = TypeVar("Item", bound=Hashable)


def loop_in(items: Sequence[Item]) -> tuple[int, int, int] | None:
    """The first loop.

    Returns:
        Where it begins, how long its block is, and how often that comes; None without one.
    """
    for start in range(len(items)):
        for size in range(1, min(_LONGEST_BLOCK, (len(items) - start) // 2) + 1):
            times = _times(items, start, size)
            if times >= (_TIMES_ALONE if size == 1 else _TIMES):
                return start, size, times
    return None


def loops_at_its_end(items: Sequence[Item]) -> bool:
    """Whether what came last is a loop, so that nothing new can be expected."""
    backwards = items[::-1]
    return any(
        _times(backwards, 0, size) >= (_TIMES_ALONE if size == 1 else _TIMES)
        for size in range(1, min(_LONGEST_BLOCK, len(items) // 2) + 1)
    )


def without_loops(text: str) -> str:
    """The text with every loop said once; empty when it repeats itself nevertheless."""
    spaced = " " in text.strip() or len(text) < _MANY_IN_A_WORD
    pieces = text.split() if spaced else list(text)
    while (loop := loop_in([_IGNORED.sub("", piece.casefold()) for piece in pieces])) is not None:
        start, size, times = loop
        pieces = pieces[: start + size] + pieces[start + size * times :]
    kept = (" " if spaced else "").join(pieces)
    return "" if squeezes(kept) > SQUEEZES else kept


def squeezes(text: str) -> float:
    """By which factor zlib makes a text shorter; 1 for a short one."""
    raw = text.encode()
    return len(raw) / len(zlib.compress(raw)) if len(raw) >= _SHORTEST_SQUEEZED else 1.0


def _times(items: Sequence[Item], start: int, size: int) -> int:
    """How often the block that begins at ``start`` comes in a row."""
    block = items[start : start + size]
    times = 1
    while items[start + times * size : start + (times + 1) * size] == block:
        times += 1
    return times
