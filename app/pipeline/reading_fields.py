"""The small readers a pipeline file is read with: each takes one value of a file and says what is wrong with it.

Why it exists: files and overrides say the same things in the same words; both are read by these.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.contracts.errors import InvalidInput
from app.pipeline.definition import OptionValue, Place, Template
from app.pipeline.templates import compile_check
from app.settings.files import suggestion
from app.settings.located import Node

CODE = "pipeline"
ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_DURATION = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(ms|s|m|min|h|d)?\s*")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86_400.0}


class MisfitError(Exception):
    """A value that is not what it should be.

    Args:
        what: The rest of a sentence that begins with the key, without its stop.
        node: Where exactly, None for the place of the key.
        hint: A sentence about what to write instead.
    """

    def __init__(self, what: str, node: Node | None = None, hint: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.node = node
        self.hint = hint


@dataclass(slots=True)
class Told:
    """Everything that is wrong with one file.

    Attributes:
        path: Its name in sentences, None for values that stand in no file.
        problems: What is wrong, in the order in which it was found.
    """

    path: Path | None
    problems: list[tuple[int, int, InvalidInput]] = field(default_factory=list)

    def add(self, node: Node, what: str, hint: str = "") -> None:
        """Note a problem.

        Args:
            node: Where it stands.
            what: A sentence.
            hint: What to do about it.
        """
        where = f"{self.path}:{node.line or 1}:{node.column or 1}: " if self.path else ""
        error = InvalidInput(f"{where}{what}", code=CODE, remedy=hint)
        self.problems.append((node.line, node.column, error))

    def place(self, node: Node) -> Place | None:
        """Where a node stands."""
        return Place(self.path, node.line, node.column) if self.path else None


Read = Callable[[Node, Told], Any]
"""Reads one value; raises `MisfitError`, or tells what is wrong inside a mapping and gives what could be read."""


@dataclass(frozen=True, slots=True)
class Field:
    """One key of a mapping.

    Attributes:
        key: As it is written.
        read: Reads its value.
        attribute: Where it is kept, empty for the key's own name.
        required: It cannot be left out.
    """

    key: str
    read: Read
    attribute: str = ""
    required: bool = False

    @property
    def name(self) -> str:
        """Where it is kept."""
        return self.attribute or self.key


def flag(node: Node, _told: Told) -> bool:
    """True or false."""
    if not isinstance(node.scalar, bool):
        raise MisfitError(f"must be true or false, not {node.shown}", node)
    return node.scalar


def words(node: Node, _told: Told) -> str:
    """Text."""
    if not isinstance(node.scalar, str) or node.odd:
        hint = "Put it in quotes." if isinstance(node.scalar, int | float) or node.odd else ""
        raise MisfitError(f"must be text, not {node.shown}", node, hint)
    return node.scalar


def some_words(node: Node, told: Told) -> str:
    """Text that is not empty."""
    text = words(node, told)
    if not text.strip():
        raise MisfitError("must not be empty", node)
    return text


def identifier(node: Node, told: Told) -> str:
    """A name of letters, digits, ``-`` and ``_``."""
    text = some_words(node, told)
    if not ID.fullmatch(text):
        better = re.sub(r"[^A-Za-z0-9_-]+", "-", text).strip("-_")[:64]
        hint = f"Write {better!r}." if better else ""
        raise MisfitError(f"must be letters, digits, '-' and '_', at most 64, not {node.shown}", node, hint)
    return text


def whole(low: int, high: int) -> Read:
    """A whole number in a range."""

    def read(node: Node, told: Told) -> int:
        value = number(low, high)(node, told)
        if not float(value).is_integer():
            raise MisfitError(f"must be a whole number, not {node.shown}", node)
        return int(value)

    return read


def number(low: float, high: float) -> Read:
    """A number in a range."""

    def read(node: Node, _told: Told) -> float:
        value = node.scalar
        if isinstance(value, bool) or not isinstance(value, int | float) or value != value:
            raise MisfitError(f"must be a number between {low:,g} and {high:,g}, not {node.shown}", node)
        if not low <= value <= high:
            raise MisfitError(f"must be between {low:,g} and {high:,g}, not {node.shown}", node)
        return float(value)

    return read


def duration(low_s: float, high_s: float, *, unit: float = 1.0, bare: str = "s") -> Read:
    """A time: ``10`` (in ``bare``), ``"10s"``, ``"500ms"``, ``"2m"``; kept in multiples of ``unit`` seconds."""

    def read(node: Node, _told: Told) -> float:
        match = None if isinstance(node.scalar, bool | None) or node.odd else _DURATION.fullmatch(str(node.scalar))
        if match is None:
            raise MisfitError(f"must be a time such as 10, '10s' or '500ms', not {node.shown}", node)
        seconds = float(match[1]) * _SECONDS[match[2] or bare]
        if not low_s <= seconds <= high_s:
            raise MisfitError(f"must be between {_time(low_s)} and {_time(high_s)}, not {node.shown}", node)
        return seconds / unit

    return read


def or_none(read: Read) -> Read:
    """What ``read`` reads, or nothing, written ``none`` or left empty."""

    def either(node: Node, told: Told) -> Any:
        nothing = node.entries is None and node.items is None and node.scalar in (None, "none")
        return None if nothing else read(node, told)

    return either


def choice(of: type[Any] | Sequence[str]) -> Read:
    """One of a few words."""
    allowed = [str(item) for item in of]

    def read(node: Node, _told: Told) -> str:
        if not isinstance(node.scalar, str) or node.scalar not in allowed:
            hint = suggestion(str(node.scalar), allowed)
            raise MisfitError(f"must be one of {', '.join(allowed)}, not {node.shown}", node, hint)
        return node.scalar

    return read


def listed(read: Read, *, least: int = 0, alone: bool = False) -> Read:
    """A list of values of one kind; ``alone`` takes one without a list as well."""

    def all_of(node: Node, told: Told) -> tuple[Any, ...]:
        if node.items is None:
            if alone:
                return (read(node, told),)
            raise MisfitError(f"must be a list, not {node.shown}", node)
        if len(node.items) < least:
            raise MisfitError("must not be empty", node)
        return tuple(read(item, told) for item in node.items)

    return all_of


def template(node: Node, told: Told) -> Template:
    """Text with places to be filled in, alone or as ``{template: …}``."""
    if node.entries is not None:
        inside = filled(node, (Field("template", template, required=True),), told, "a template")
        if "template" not in inside:
            raise MisfitError("")
        found: Template = inside["template"]
        return found
    try:
        checked = compile_check(words(node, told))
    except InvalidInput as error:
        raise MisfitError(f"is no template. {error.message.rstrip('.')}", node, error.remedy) from error
    return Template(checked.source, told.place(node))


def plain(node: Node, told: Told) -> OptionValue:
    """Anything JSON can say."""
    if node.entries is not None:
        return {key: plain(entry, told) for key, entry in node.entries.items()}
    if node.items is not None:
        return [plain(item, told) for item in node.items]
    if node.odd or (isinstance(node.scalar, float) and not math.isfinite(node.scalar)):
        raise MisfitError(f"cannot hold {node.shown}", node, "Put it in quotes.")
    return node.scalar


def record(
    make: Callable[..., Any],
    fields: Sequence[Field],
    what: str,
    *,
    short: Mapping[type, Callable[[Any], Any]] | None = None,
) -> Read:
    """A mapping that becomes an object; ``short`` says what a value of some type alone stands for."""

    def read(node: Node, told: Told) -> Any:
        if node.entries is None:
            for kind, made in (short or {}).items():
                if type(node.scalar) is kind and not node.odd and node.items is None:
                    return made(node.scalar)
            raise MisfitError(f"must be a mapping ({', '.join(item.key for item in fields)}), not {node.shown}", node)
        before = len(told.problems)
        content = filled(node, fields, told, what)
        if len(told.problems) > before:
            raise MisfitError("")  # said already, in its own place
        return make(**content)

    return read


def filled(node: Node, fields: Sequence[Field], told: Told, what: str) -> dict[str, Any]:
    """What a mapping says, by attribute; what is wrong in it is told and left out.

    Args:
        node: The mapping.
        fields: Its keys.
        told: Takes what is wrong.
        what: What the mapping is, for sentences: ``a stage``.
    """
    by_key = {item.key: item for item in fields}
    content: dict[str, Any] = {}
    for key, entry in (node.entries or {}).items():
        item = by_key.get(key)
        if item is None:
            told.add(entry, f"{key!r} is not a key of {what}.", _known(key, by_key))
            continue
        read_into(content, item, entry, told)
    for item in fields:
        if item.required and item.key not in (node.entries or {}):
            told.add(node, f"{item.key!r} is missing from {what}.")
    return content


def read_into(content: dict[str, Any], item: Field, entry: Node, told: Told) -> None:
    """Read one value, or tell what is wrong with it."""
    try:
        content[item.name] = item.read(entry, told)
    except MisfitError as error:
        if error.what:
            told.add(error.node or entry, f"{item.key!r} {error.what}.", error.hint)


def _known(key: str, known: Mapping[str, Field]) -> str:
    return suggestion(key, known) or f"It may have {', '.join(known)}."


def _time(seconds: float) -> str:
    return f"{seconds * 1000:g} ms" if 0 < seconds < 1 else f"{seconds:,g} s"
