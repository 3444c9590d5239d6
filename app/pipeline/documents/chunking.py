"""Cuts text into passages of bounded size at the borders a reader would choose."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

PASSAGE_CHARACTERS = 800
OVERLAP_CHARACTERS = 120

_BORDERS = (re.compile(r"\n\s*\n"), re.compile(r"\n"), re.compile(r"[.!?…。！？][\"'”’)\]]*\s"), re.compile(r"\s"))  # noqa: RUF001
"""The ends of paragraphs, lines, sentences and words, the best first."""
_LONGEST_BORDER = 4
"""Characters before a place that are looked at for a border that ends there."""
_SMALLEST_SHARE = 0.5
"""A passage is not cut before this share of its longest length for the sake of a better border."""


@dataclass(frozen=True, slots=True)
class Span:
    """Characters ``start`` to ``end`` of a text."""

    start: int
    end: int


def spans(text: str, most: int = PASSAGE_CHARACTERS, overlap: int = OVERLAP_CHARACTERS) -> Iterator[Span]:
    """Spans in order that together cover the text; each but the first begins inside or right behind the one before.

    Args:
        text: Any text; an empty one has no span.
        most: Longest span, at least 1.
        overlap: At most so many characters are in two spans, less than half of ``most``.

    Raises:
        ValueError: The lengths do not fit together.
    """
    if most < 1 or overlap < 0 or overlap * 2 > most:
        raise ValueError(f"passages of {most} characters cannot overlap by {overlap}")
    start = 0
    while start < len(text):
        end = _end(text, start, most)
        yield Span(start, end)
        if end == len(text):
            return
        start = _restart(text, start, end, overlap)


def _end(text: str, start: int, most: int) -> int:
    """Behind the last of the best borders in reach; at the longest length when there is none."""
    if len(text) - start <= most:
        return len(text)
    earliest = start + max(1, int(most * _SMALLEST_SHARE))
    for border in _BORDERS:
        ends = [found.end() for found in border.finditer(text, start, start + most) if found.end() >= earliest]
        if ends:
            return ends[-1]
    return start + most


def _restart(text: str, start: int, end: int, overlap: int) -> int:
    """At the beginning of a sentence or word not more than ``overlap`` before the end, always behind ``start``."""
    earliest = max(start + 1, end - overlap)
    for border in _BORDERS[1:]:
        for found in border.finditer(text, max(start, earliest - _LONGEST_BORDER), end):
            if earliest <= found.end() < end:
                return found.end()
    return end
