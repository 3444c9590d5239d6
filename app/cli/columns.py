"""Text for a terminal of 80 columns."""

from __future__ import annotations

import textwrap

COLUMNS = 80


def wrapped(text: str, beginning: str) -> list[str]:
    """Lines that begin at the same column; commands and paths are never broken.

    Args:
        text: What is said.
        beginning: Stands before the first line; as many spaces before the others.
    """
    return textwrap.wrap(
        text,
        COLUMNS,
        initial_indent=beginning,
        subsequent_indent=" " * len(beginning),
        break_long_words=False,
        break_on_hyphens=False,
    )
