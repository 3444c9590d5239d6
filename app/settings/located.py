"""YAML as plain values that know where they stand.

Why it exists: files of a person are checked far from the YAML library, and every sentence about them names line and
column. A `Node` carries both, so that whoever reads a file needs neither the library nor its types.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.scalarbool import ScalarBoolean

from app.contracts.errors import InvalidInput
from app.settings.files import Place, as_mapping, place_of, read_mapping

Plain = str | int | float | bool | None
"""What a node that is neither mapping nor list holds."""

MOST_NODES = 50_000
"""A file with more (a few lines can do it, with ``&`` and ``*``) is refused."""
LONGEST_SHOWN = 50
"""Characters of a text that are quoted in a sentence."""
DEEPEST = 40
"""Levels of mappings and lists within each other."""


@dataclass(frozen=True, slots=True)
class Node:
    """A value of a file.

    Attributes:
        scalar: What it holds when it is neither mapping nor list; dates and tagged values as the text they print as.
        entries: Its keys when it is a mapping, None otherwise.
        items: Its members when it is a list, None otherwise.
        line: Where it stands, from 1; for an entry of a mapping that of its key. 0 for one that stands in no file.
        column: Likewise.
        odd: What kind of scalar it is when it is none of `Plain`, for instance ``a date``.
    """

    scalar: Plain = None
    entries: Mapping[str, Node] | None = None
    items: tuple[Node, ...] | None = None
    line: int = 0
    column: int = 0
    odd: str = ""

    @property
    def shown(self) -> str:
        """The value for a sentence: short, in quotes when it is text."""
        if self.entries is not None:
            return "a mapping"
        if self.items is not None:
            return "a list"
        if self.odd:
            return f"{self.odd} ({self.scalar})"
        if self.scalar is None:
            return "nothing"
        if isinstance(self.scalar, bool):
            return "true" if self.scalar else "false"
        if isinstance(self.scalar, str) and len(self.scalar) > LONGEST_SHOWN:
            return repr(f"{self.scalar[:LONGEST_SHOWN]}…")
        shown = repr(self.scalar)
        return shown if isinstance(self.scalar, str) or len(shown) <= LONGEST_SHOWN else f"{shown[:LONGEST_SHOWN]}…"


def read_located(path: Path, shown_as: Path | None = None) -> Node:
    """The YAML mapping in a file.

    Args:
        path: The file.
        shown_as: Its name in sentences, None for the path.

    Raises:
        InvalidInput: It is no YAML, no mapping, or far too large; the sentence names line and column.
        StorageError: It cannot be read.
    """
    return _Copy(shown_as or path).whole(read_mapping(path, shown_as))


def located(text: str, shown_as: Path) -> Node:
    """The YAML mapping in a text.

    Raises:
        InvalidInput: As in `read_located`.
    """
    return _Copy(shown_as).whole(as_mapping(text, shown_as))


def unplaced(value: object) -> Node:
    """A value that stands in no file, for instance an override; lists and mappings become nodes throughout."""
    if isinstance(value, Mapping):
        return Node(entries={str(key): unplaced(item) for key, item in value.items()})
    if isinstance(value, list | tuple):
        return Node(items=tuple(unplaced(item) for item in value))
    if value is None or isinstance(value, str | int | float | bool):
        return Node(value)
    return Node(str(value), odd=f"a {type(value).__name__}")


@dataclass(slots=True)
class _Copy:
    """One copy of one file."""

    shown_as: Path
    count: int = field(default=0, init=False)

    def whole(self, content: CommentedMap) -> Node:
        return self._node(content, (1, 1), 0)

    def _node(self, value: object, place: Place, depth: int) -> Node:
        self.count += 1
        line, column = place
        if self.count > MOST_NODES or depth > DEEPEST:
            what = "values" if depth <= DEEPEST else "levels"
            raise InvalidInput(f"{self.shown_as}:{line}:{column}: this file has too many {what}.", code="yaml")
        if isinstance(value, CommentedMap):
            entries = {_key(key): self._node(value[key], place_of(value, key), depth + 1) for key in value}
            return Node(entries=entries, line=line, column=column)
        if isinstance(value, CommentedSeq):
            items = tuple(self._node(item, _item_place(value, at), depth + 1) for at, item in enumerate(value))
            return Node(items=items, line=line, column=column)
        scalar, odd = _scalar(value)
        return Node(scalar, line=line, column=column, odd=odd)


def _key(key: object) -> str:
    """A key for a sentence; one that is a list or a mapping is no word of ours, whatever it holds."""
    return "{…}" if isinstance(key, Mapping) else "[…]" if isinstance(key, tuple | list) else str(key)


def _item_place(items: CommentedSeq, at: int) -> Place:
    """Where a member stands; the list's own place where the library forgot it (a list with a tag of its own)."""
    line, column = items.lc.item(at) or (items.lc.line or 0, items.lc.col or 0)
    return line + 1, column + 1


def _scalar(value: object) -> tuple[Plain, str]:
    """The value without the library's types, and what it is when it is nothing plain."""
    match value:
        case None | bool():
            return value, ""
        case ScalarBoolean():
            return bool(value), ""
        case int():
            return int(value), ""
        case float():
            return float(value), ""
        case str():
            return str(value), ""
        case _:
            tagged = getattr(value, "value", value)
            return str(tagged), {"TimeStamp": "a date", "date": "a date", "TaggedScalar": "a tagged value"}.get(
                type(value).__name__, "something else"
            )
