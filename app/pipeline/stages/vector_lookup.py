"""Custom stage ``vector-lookup``: a question in, passages of the person's documents out.

Under ``with``: ``limit`` (1 to 50, default 4), ``collection`` (a name, empty for all), ``min_score`` (0 to 1: passages
below it are left out; 1 is the first of every search).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from app.contracts.capabilities import ConfidenceSource
from app.contracts.errors import InvalidInput
from app.contracts.metrics import StageMetadata
from app.pipeline.definition import OptionValue
from app.pipeline.documents.index import NOTHING_INDEXED
from app.pipeline.outlet import Outlet
from app.pipeline.stages.processor import Done, StageCall
from app.pipeline.values import Parts, Passages, Value, Vectors, in_words

MOST = 50
_KEYS = ("collection", "limit", "min_score")


@dataclass(frozen=True)
class LookupSettings:
    """What stands under ``with``."""

    limit: int = 4
    collection: str = ""
    min_score: float = 0.0

    @classmethod
    def of(cls, settings: Mapping[str, OptionValue]) -> LookupSettings:
        """Checked settings.

        Raises:
            InvalidInput: One is unknown, of the wrong kind or out of bounds.
        """
        if unknown := sorted(set(settings) - set(_KEYS)):
            raise _wrong(unknown[0], f"is not known; there are {', '.join(_KEYS)}")
        limit = settings.get("limit", cls.limit)
        collection = settings.get("collection", "") or ""
        min_score = settings.get("min_score", cls.min_score)
        if not isinstance(limit, int) or isinstance(limit, bool) or not 1 <= limit <= MOST:
            raise _wrong("limit", f"is a whole number from 1 to {MOST}")
        if not isinstance(collection, str):
            raise _wrong("collection", "is a name")
        if not isinstance(min_score, int | float) or isinstance(min_score, bool) or not 0 <= min_score <= 1:
            raise _wrong("min_score", "is a number from 0 to 1")
        return cls(limit, collection, float(min_score))


class VectorLookupProcessor:
    """Implements `app.pipeline.stages.processor.Processor`.

    Without documents, and where nothing fits, the output is empty and a note says which of the two it is.
    """

    async def run(self, call: StageCall, outlet: Outlet) -> Done:  # noqa: ARG002 - passages are not shown
        """Find passages for the text of the input; a vector beside it is used instead of making one.

        Raises:
            InvalidInput: A setting is wrong, or there is no such collection.
            StorageError: The index cannot be read.
        """
        settings = LookupSettings.of(call.stage.definition.settings)
        question, vector = _asked(await call.value())
        documents = call.tools.documents
        if documents is None or not await documents.indexed():
            return Done(Passages(question, ()), _metadata(0, NOTHING_INDEXED))
        found = await documents.lookup(question, settings.limit, settings.collection, vector)
        assert isinstance(found, Passages)
        items = tuple(item for item in found.items if item.score >= settings.min_score)
        note = "" if items else "Nothing in the documents has to do with this."
        return Done(Passages(question, items), _metadata(len(items), note))


def _asked(value: Value) -> tuple[str, tuple[float, ...] | None]:
    """The question, and its vector where an embedding stage made one."""
    items = value.items if isinstance(value, Parts) else (value,)
    vectors = next((item for item in items if isinstance(item, Vectors) and len(item.vectors) == 1), None)
    words = " ".join(in_words(item) for item in items if not isinstance(item, Vectors)).strip()
    if vectors is None:
        return words, None
    return words or vectors.texts[0], vectors.vectors[0]


def _metadata(found: int, note: str) -> StageMetadata:
    return StageMetadata(
        confidence_source=ConfidenceSource.NONE,
        notes=(note,) if note else (),
        figures=(("passages", float(found)),),
    )


def _wrong(key: str, reason: str) -> InvalidInput:
    return InvalidInput(f"The setting {key!r} of a vector-lookup stage {reason}.", code="bad-setting")
