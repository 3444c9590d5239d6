"""Files of ours: written whole or not at all, and read as YAML that says where it is wrong."""

from __future__ import annotations

import contextlib
import difflib
import io
import math
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from app.contracts.errors import InvalidInput, StorageError
from app.settings.disk import disk_error

Place = tuple[int, int]
"""Line and column, both from 1."""

LARGEST_BYTES = 1_000_000
"""A longer file was not written by a person."""

_FROM_CONSTRUCTORS = (ValueError, TypeError, KeyError, AttributeError, RecursionError)
"""What a wrong date, number, tag or depth raises inside the YAML library instead of an error of its own."""


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
        data = path.read_bytes()
        if len(data) > LARGEST_BYTES:
            raise InvalidInput(f"{shown} has {len(data)} bytes; that is no file of Sotto's.", code="yaml")
        text = data.decode()
    except UnicodeDecodeError as error:
        raise InvalidInput(
            f"{shown}: byte {error.start} is not UTF-8.", code="yaml", remedy="Save it as UTF-8."
        ) from error
    except OSError as error:
        reason = error.strerror or error
        raise StorageError(
            f"{shown} cannot be read: {reason}.", code="unreadable", remedy="Make it readable."
        ) from error
    return as_mapping(text, shown)


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
        line, column = content.lc.key(key)
    except KeyError:
        line, column = content.lc.line, content.lc.col
    return line + 1, column + 1


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
    yaml.allow_duplicate_keys = False
    yaml.preserve_quotes = True
    yaml.width = LARGEST_BYTES
    return yaml
