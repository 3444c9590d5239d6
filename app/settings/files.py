"""Files of ours: written whole or not at all, and read as YAML that says where it is wrong."""

from __future__ import annotations

import contextlib
import difflib
import io
import math
import os
import stat
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.constructor import ConstructorError, RoundTripConstructor
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import Node
from ruamel.yaml.reader import ReaderError

from app.contracts.errors import InvalidInput, StorageError
from app.settings.disk import disk_error

Place = tuple[int, int]
"""Line and column, both from 1."""

LARGEST_BYTES = 1_000_000
"""A longer file was not written by a person."""

_FROM_CONSTRUCTORS = (ValueError, TypeError, KeyError, AttributeError, RecursionError)
"""What a wrong date, number, tag or depth raises inside the YAML library instead of an error of its own."""


class _Constructor(RoundTripConstructor):
    """Makes values of what was parsed. Says where a value stands that cannot be made, for the library does not."""

    def construct_object(self, node: Node, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep)
        except RecursionError:
            raise
        except _FROM_CONSTRUCTORS as error:
            kind = str(getattr(node, "tag", "")).rpartition(":")[2] or "value"
            raise ConstructorError(None, None, f"this cannot be read as {kind}", node.start_mark) from error


def write_whole(path: Path, text: str) -> None:
    """Replace a file in one step, readable by its owner alone.

    Raises:
        StorageError: The disk is full or the folder read-only; the file is as it was.
    """
    temporary = ""
    try:
        target = path.resolve()  # a link is written through, not replaced
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}-")
        with os.fdopen(descriptor, "wb") as file:
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, target)
    except OSError as error:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise disk_error(error, path) from error


def read_mapping(path: Path, shown_as: Path | None = None) -> CommentedMap:
    """The YAML mapping in a file, with its comments and places; an empty file is an empty mapping.

    Args:
        path: The file.
        shown_as: Its name in sentences, None for the path.

    Raises:
        InvalidInput: It is no YAML, or no mapping; the sentence names line and column.
        StorageError: It cannot be read.
    """
    shown = shown_as or path
    try:
        text = _bytes_of(path, shown).decode()
    except UnicodeDecodeError as error:
        raise InvalidInput(
            f"{shown}: byte {error.start} is not UTF-8.", code="yaml", remedy="Save it as UTF-8."
        ) from error
    except OSError as error:
        remedy = "Look at its name." if isinstance(error, FileNotFoundError) else "Make it readable."
        reason = error.strerror or error
        raise StorageError(f"{shown} cannot be read: {reason}.", code="unreadable", remedy=remedy) from error
    return as_mapping(text, shown)


def _bytes_of(path: Path, shown: Path) -> bytes:
    """What an ordinary file holds: a pipe would be waited for, and a device may have no end.

    Raises:
        InvalidInput: It is far too long.
        StorageError: It is something else.
        OSError: It cannot be read.
    """
    found = path.stat()
    if not stat.S_ISREG(found.st_mode) and not stat.S_ISDIR(found.st_mode):
        raise StorageError(f"{shown} is not a file.", code="unreadable", remedy="Name a YAML file.")
    if found.st_size > LARGEST_BYTES:
        raise InvalidInput(f"{shown} has {found.st_size} bytes; that is no file of Sotto's.", code="yaml")
    with path.open("rb") as file:
        return file.read(LARGEST_BYTES)


def as_mapping(text: str, path: Path) -> CommentedMap:
    """The YAML mapping in a text; ``path`` names it in sentences.

    Raises:
        InvalidInput: It is no YAML, or no mapping; the sentence names line and column.
    """
    try:
        content = _yaml().load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f":{mark.line + 1}:{mark.column + 1}" if mark else ""
        raise InvalidInput(f"{path}{where}: {error.problem or error.context}.", code="yaml") from error
    except ReaderError as error:
        line, column = _counted(text, error.position)
        what = f"the character U+{ord(text[error.position]):04X} may not stand in YAML"
        remedy = 'Take it out, or write it as an escape in double quotes ("\\x00").'
        raise InvalidInput(f"{path}:{line}:{column}: {what}.", code="yaml", remedy=remedy) from error
    except RecursionError as error:
        raise InvalidInput(f"{path} is nested too deeply.", code="yaml") from error
    except (YAMLError, *_FROM_CONSTRUCTORS) as error:
        raise InvalidInput(f"{path}: {' '.join(str(error).split())}.", code="yaml") from error
    if content is None:
        return CommentedMap()
    if not isinstance(content, CommentedMap):
        raise InvalidInput(f"{path}:1:1: this must be a mapping (key: value).", code="yaml")
    return content


def dump(content: CommentedMap) -> str:
    """A mapping as YAML text, its comments kept."""
    stream = io.StringIO()
    _yaml().dump(content, stream)
    return stream.getvalue()


def place_of(content: CommentedMap, key: object) -> Place:
    """Where a key of a mapping stands; the mapping's own place for a key it has from elsewhere (``<<``)."""
    try:
        found = content.lc.key(key)
    except KeyError:
        found = None
    line, column = found or (content.lc.line or 0, content.lc.col or 0)
    return line + 1, column + 1


def _counted(text: str, position: int) -> Place:
    """The line and column of a character of a text."""
    before = text[:position]
    return before.count("\n") + 1, position - before.rfind("\n")


def as_number(value: object) -> float | None:
    """A finite number out of a file, None for anything else; true and false are no numbers."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def suggestion(word: str, known: Iterable[str]) -> str:
    """``Did you mean 'x'?`` when something known is close, otherwise nothing."""
    close = difflib.get_close_matches(word, list(known), 1)
    return f"Did you mean {close[0]!r}?" if close else ""


def _yaml() -> YAML:
    yaml = YAML(typ="rt")
    yaml.Constructor = _Constructor
    yaml.allow_duplicate_keys = False
    yaml.preserve_quotes = True
    yaml.width = LARGEST_BYTES
    return yaml
