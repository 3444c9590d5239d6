"""What templates may use, how long they may be, and the sentences for what goes beyond."""

from __future__ import annotations

from collections.abc import Iterable

from app.contracts.errors import InvalidInput
from app.settings.files import suggestion

LONGEST_TEMPLATE = 20_000
"""Characters."""
MOST_OUTPUT = 1_000_000
"""Characters."""
NAMES = ("input", "stages", "context")
OF_A_STAGE = ("output", "passed", "confidence")
CODE = "template"


def too_long() -> InvalidInput:
    """The rendered text goes beyond `MOST_OUTPUT`."""
    return InvalidInput(f"The template makes more than {MOST_OUTPUT} characters.", code=CODE)


def unknown_name(name: str, walked: str, holder: object) -> InvalidInput:
    """A name that is not there.

    Args:
        name: The name.
        walked: The names before it, ``stages.check`` for instance; empty at the start.
        holder: What should have it; a mapping or something iterable over its names.
    """
    whole = f"{walked}.{name}" if walked else name
    known = sorted(str(key) for key in holder) if isinstance(holder, Iterable) and not isinstance(holder, str) else []
    where = f" under {walked!r}" if walked else ""
    shown = ", ".join(known) if known else "nothing"
    hint = suggestion(name, known)
    return InvalidInput(f"The template asks for {whole!r}; known{where}: {shown}.", code=CODE, remedy=hint)
