"""What every reader returns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice

PAGE = "page"
LINE = "line"
_UNDER = " > "
_LONGEST_TITLE = 80
_LONGEST_TITLES = 1000
"""Titles without words of their own are kept together up to so many characters."""


@dataclass(frozen=True, slots=True)
class Section:
    """A stretch of a document under one heading or on one page.

    Attributes:
        text: Its words, the heading included.
        heading: Titles above it, the outermost first, joined with ``>``; empty without.
        unit: `PAGE`, `LINE`, or empty where a document has neither.
        number: Of its page or first line, from 1; 0 without a unit.
    """

    text: str
    heading: str = ""
    unit: str = ""
    number: int = 0


@dataclass(frozen=True, slots=True)
class Window:
    """A part of a document.

    Attributes:
        sections: In order.
        next: Where the next part begins, None at the end.
        notes: What could not be read, one sentence each.
        if_empty: Why a document of this kind may have no words at all.
    """

    sections: tuple[Section, ...]
    next: int | None = None
    notes: tuple[str, ...] = ()
    if_empty: str = "There are no words in it."


class Headings:
    """The titles above the place that is being read."""

    def __init__(self) -> None:
        self._titles: list[tuple[int, str]] = []

    def enter(self, level: int, title: str) -> None:
        """Go under a title; those of its level and below end. An empty title only ends them."""
        while self._titles and self._titles[-1][0] >= level:
            self._titles.pop()
        if title := " ".join(title.split()):
            self._titles.append((level, title[:_LONGEST_TITLE]))

    @property
    def path(self) -> str:
        """The titles, the outermost first."""
        return _UNDER.join(title for _, title in self._titles)


def window(sections: Iterable[Section], begin: int, most: int) -> Window:
    """The sections from the one numbered ``begin`` on, until ``most`` characters are reached."""
    taken: list[Section] = []
    size = 0
    bounded = (part for section in _with_titles(sections) for part in _bounded(section, most))
    for section in islice(bounded, begin, None):
        if taken and size + len(section.text) > most:
            return Window(tuple(taken), begin + len(taken))
        taken.append(section)
        size += len(section.text)
    return Window(tuple(taken))


def _with_titles(sections: Iterable[Section]) -> Iterator[Section]:
    """Sections in which a title that has no words of its own stands before the first one under it."""
    alone: Section | None = None
    for section in sections:
        merged = section
        if alone is not None and section.heading.startswith(alone.heading):
            gap = "\n" * max(1, section.number - alone.number - alone.text.count("\n"))
            merged = replace(section, text=f"{alone.text}{gap}{section.text}", number=alone.number)
        elif alone is not None:
            yield alone
        alone = merged if _is_bare(section) and len(merged.text) <= _LONGEST_TITLES else None
        if alone is None:
            yield merged
    if alone is not None:
        yield alone


def _is_bare(section: Section) -> bool:
    """A title and nothing under it."""
    words = " ".join(section.text.strip("#=- \n").split())
    return bool(words) and section.heading.rpartition(_UNDER)[2] == words[:_LONGEST_TITLE]


def _bounded(section: Section, most: int) -> Iterator[Section]:
    """The section, in several at line ends where it is longer than ``most`` characters."""
    text, number = section.text, section.number
    while len(text) > most:
        cut = text.rfind("\n", 0, most) + 1 or most
        yield replace(section, text=text[:cut], number=number)
        if section.unit == LINE:
            number += text.count("\n", 0, cut)
        text = text[cut:]
    yield replace(section, text=text, number=number)
