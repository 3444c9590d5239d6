"""Which backends make the vectors that documents are found by.

Why it exists: as soon as a model that was trained for it is installed, search by meaning should use it, and count for
more than the makeshift of the embedded default.
"""

from __future__ import annotations

from dataclasses import dataclass

from app.contracts.ports import RuntimeCatalogue


@dataclass(frozen=True, slots=True)
class ChosenEmbedder:
    """What makes vectors of documents and questions.

    Attributes:
        backend_ids: The preferred one first. All serve one model, so that their vectors may be mixed.
        trained: The model was made for this. The one that comes with the program was not.
    """

    backend_ids: tuple[str, ...]
    trained: bool


def best_embedder(catalogue: RuntimeCatalogue) -> ChosenEmbedder | None:
    """The installed embedding model that is preferred, on every device that can run it; otherwise what comes along.

    Returns:
        None when nothing can make vectors.
    """
    serving = catalogue.serving("embedding")
    trained = [backend for backend in serving if ":" in backend.backend_id]
    if not trained and not serving:
        return None
    first = (trained or serving)[0]
    alike = [
        backend.backend_id
        for backend in (trained or serving)
        if (backend.runtime, backend.model) == (first.runtime, first.model)
    ]
    return ChosenEmbedder(tuple(alike), bool(trained))
