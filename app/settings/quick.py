"""Reads a large YAML file of ours in a tenth of the time, or not at all.

Why it exists: ruamel takes more than a second for the catalogue of models. libyaml is quick, but keeps another edition
of YAML and says less about what is wrong. So it reads what both take for the same thing; whatever is less plain is left
to `app.settings.located`, whose sentences name every place.
"""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from app.settings.files import LARGEST_BYTES
from app.settings.located import DEEPEST, MOST_NODES, Node, Plain

_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_WHOLE = re.compile(r"0|[1-9][0-9]*", re.ASCII)
_MAYBE_NO_TEXT = re.compile(
    r"<<|=|[-+.]?\d[\d._+:TtZz -]*(?:e[-+]?[\d_]*)?|[-+]?0(?:b[01_]+|o[0-7_]+|x[\da-f_]+)|[-+]?\.(?:inf|nan)", re.I
)
"""What one of the two editions could take for a number, a date or an instruction."""
_NOT_PLAIN = re.compile("(?:^|[\\s,\\[{])!|^%|[\t\x85\u2028\u2029\ufeff]", re.M)
"""Tags, directives, and white space that one edition alone takes for it."""
_ANCHOR = re.compile(r"(?<![^\s,\[{])&[^\s,\]}]+")


class _NotPlainError(Exception):
    """This is for the other reader."""


def read_quickly(path: Path) -> Node | None:
    """The YAML mapping in a file, as `app.settings.located.read_located` gives it; None where that one has to read it.

    That is the case whenever something is wrong with the file, too.
    """
    loader = getattr(yaml, "CBaseLoader", None)  # a PyYAML can be without libyaml
    try:
        with path.open("rb") as file:
            raw = file.read(LARGEST_BYTES + 1)
        text = raw.decode()
        if loader is None or len(raw) > LARGEST_BYTES or _NOT_PLAIN.search(text) or _twice(_ANCHOR.findall(text)):
            return None
        root = yaml.compose(text, Loader=loader)
        return _Copy().node(root, 1, 1, 0) if isinstance(root, yaml.MappingNode) else None
    except (OSError, ValueError, RecursionError, yaml.YAMLError, _NotPlainError):
        return None


def _twice(words: list[str]) -> bool:
    return len(set(words)) < len(words)


class _Copy:
    """One copy of one file."""

    def __init__(self) -> None:
        self._count = 0

    def node(self, value: yaml.Node, line: int, column: int, depth: int) -> Node:
        self._count += 1
        if self._count > MOST_NODES or depth > DEEPEST:
            raise _NotPlainError
        if isinstance(value, yaml.ScalarNode):
            return Node(_scalar(value), line=line, column=column)
        if isinstance(value, yaml.MappingNode):
            entries: dict[str, Node] = {}
            for key, held in value.value:
                name = _scalar(key) if isinstance(key, yaml.ScalarNode) else None
                if not isinstance(name, str) or name in entries:
                    raise _NotPlainError
                mark = key.start_mark
                entries[name] = self.node(held, mark.line + 1, mark.column + 1, depth + 1)
            return Node(entries=entries, line=line, column=column)
        marked = [(item, item.start_mark) for item in value.value]
        items = tuple(self.node(item, mark.line + 1, mark.column + 1, depth + 1) for item, mark in marked)
        return Node(items=items, line=line, column=column)


def _scalar(node: yaml.ScalarNode) -> Plain:
    """What a scalar means, where nobody can doubt it."""
    text: str = node.value
    if node.style:  # quoted, or a block
        return text
    if text in _NULLS:
        return None
    if text in _BOOLS:
        return _BOOLS[text]
    if _WHOLE.fullmatch(text):
        return int(text)
    if _MAYBE_NO_TEXT.fullmatch(text):
        raise _NotPlainError
    return text
