"""What indexing says about itself, while it goes on and at its end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from app.pipeline.documents.scanning import Skipped


@dataclass(frozen=True, slots=True)
class IndexProgress:
    """How far indexing is.

    Attributes:
        step: ``reading`` or ``vectors``.
        done: Documents, or passages for ``vectors``.
        total: Of them; for ``vectors`` as far as is known.
        name: The document at hand, empty for ``vectors``.
    """

    step: str
    done: int
    total: int
    name: str = ""


Watch = Callable[[IndexProgress], None]
"""Takes progress; called on the event loop, a few times a second at most for each document."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexReport:
    """What a pass over a folder came to.

    Attributes:
        collection: Its name.
        folder: Absolute path.
        added: Documents that are new.
        changed: Documents whose content is another than before.
        removed: Documents that are gone.
        unchanged: How many are as they were.
        parsed: Documents that were read by the parser in this pass, in order.
        refused: Documents that cannot be read, with the reason; those of earlier passes among them.
        skipped: What was passed over, the first thousand of it.
        skipped_counts: How many were passed over for each reason, the most frequent first.
        notes: What else is worth a sentence.
        passages: Stretches of text that were made in this pass.
        seconds: Time of the pass.
    """

    collection: str
    folder: str
    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]
    unchanged: int
    parsed: tuple[str, ...]
    refused: tuple[Skipped, ...]
    skipped: tuple[Skipped, ...]
    skipped_counts: tuple[tuple[str, int], ...]
    notes: tuple[str, ...]
    passages: int
    seconds: float
