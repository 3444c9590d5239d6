"""The operation the sandbox runs on a document: which reader fits, and what may cross the process border.

Documents come from strangers. So this runs in a child with limits, takes a path and returns what JSON can say; a file
that cannot be read is a sentence, never a crash.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TYPE_CHECKING

from app.contracts.errors import InvalidInput

if TYPE_CHECKING:
    from app.pipeline.definition import OptionValue

OPERATION = "app.pipeline.documents.parsing:parse"
"""What the sandbox knows it by."""

LARGEST_BYTES = 64 * 1024 * 1024
"""A larger file is not read."""
PART_CHARACTERS = 400_000
"""About so many characters are returned at a time."""

_READERS = {
    ".txt": "text:read",
    ".text": "text:read",
    ".log": "text:read",
    ".md": "text:read_markdown",
    ".markdown": "text:read_markdown",
    ".html": "html:read",
    ".htm": "html:read",
    ".xhtml": "html:read",
    ".pdf": "pdf:read",
    ".docx": "docx:read",
}
KINDS = frozenset(_READERS)
"""Endings of the files that are read, in lower case."""


def parse(path: str, begin: int = 0, most: int = PART_CHARACTERS) -> dict[str, OptionValue]:
    """Read a part of a document.

    Args:
        path: Absolute.
        begin: Where the part begins: 0, or ``next`` of the part before.
        most: About how many characters to return.

    Returns:
        ``sections``: list of ``{text, heading, unit, number}`` as `readers.section.Section`; ``next``: where the next
        part begins, None at the end; ``notes``: what could not be read; ``if_empty``: why there may be no words.

    Raises:
        InvalidInput: It cannot be read; one sentence that says why and, where there is one, the remedy.
    """
    file = Path(path)
    try:
        size = file.stat().st_size
        if size > LARGEST_BYTES:
            raise too_large(size)
        # Each library is loaded when the first document of its kind comes: most folders hold one or two kinds.
        module, _, function = _READERS[file.suffix.lower()].partition(":")
        reader = importlib.import_module(f"app.pipeline.documents.readers.{module}")
        part = getattr(reader, function)(file, begin, most)
    except KeyError as error:
        raise InvalidInput(f"Files of the kind {file.suffix!r} are not read.", code="document-kind") from error
    except OSError as error:
        raise InvalidInput(f"It cannot be read: {error.strerror or error}.", code="document-unreadable") from error
    except RecursionError as error:
        raise InvalidInput("It is nested too deeply to be read.", code="document-broken") from error
    return {
        "sections": [
            {"text": item.text, "heading": item.heading, "unit": item.unit, "number": item.number}
            for item in part.sections
        ],
        "next": part.next,
        "notes": list(part.notes),
        "if_empty": part.if_empty,
    }


def too_large(size: int) -> InvalidInput:
    """The error for a file of so many bytes."""
    return InvalidInput(
        f"It has {size / 1e6:.0f} MB, and files above {LARGEST_BYTES / 1e6:.0f} MB are not read: split it.",
        code="document-too-large",
    )
