"""The person's indexed folders, as everybody else uses them. Implements `app.pipeline.tools.Documents`.

Words carry the search: a folder can be asked as soon as it has been read. Vectors are made afterwards, a few passages
at a time, by whatever embedder this machine has; until they are there, and wherever they fail, words alone are used.
The language model of the embedded default takes about half a second for a passage, so vectors are made on request.
"""

from __future__ import annotations

import asyncio
import difflib
import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from app.aio.clock import SystemClock
from app.contracts.errors import InvalidInput, SottoError, StorageError, TurnCancelledError, Unavailable
from app.contracts.ports import Clock, Embedder
from app.memory.documents import DocumentStore
from app.memory.documents_schema import CollectionRow, Hit
from app.pipeline.documents.indexing import Indexer
from app.pipeline.documents.lookup import Fusion, chosen, fused
from app.pipeline.documents.report import IndexProgress, IndexReport, Watch
from app.pipeline.documents.scanning import not_there, shown
from app.pipeline.tools import Documents, Sandbox
from app.pipeline.values import Passage, Passages, Vectors

log = logging.getLogger(__name__)

DEPTH = 50
"""Passages taken from each search before they are fused."""
_EMBEDDED_AT_ONCE = 16
_LONGEST_NAME = 80
_NO_NAME = re.compile(r"[^\w.-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexStatus:
    """The whole index.

    Attributes:
        documents: Files that can be found.
        refused: Files that are known and cannot be read.
        passages: Stretches of text.
        vectors: How many of them have a vector.
        embedder: Who made the vectors, empty when there are none.
        moved_aside: Where a damaged index was moved to, None when it was sound.
    """

    documents: int
    refused: int
    passages: int
    vectors: int
    embedder: str
    moved_aside: Path | None


class DocumentIndex(Documents):
    """The index in one file.

    Args:
        path: The file it is kept in; opened at the first use.
        sandbox: Reads documents; not closed.
        embedder: Makes vectors, None for words alone; not closed.
        revision: Of the embedder's weights: vectors of another one are made again.
        fusion: How the two searches become one.
        clock: Time.
    """

    def __init__(
        self,
        path: Path,
        sandbox: Sandbox,
        embedder: Embedder | None = None,
        *,
        revision: str = "",
        fusion: Fusion | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._store = DocumentStore(path)
        self._embedder = embedder
        self._revision = revision
        self._fusion = fusion or Fusion()
        self._indexer = Indexer(self._store, sandbox, clock or SystemClock())
        self._one_pass = asyncio.Lock()
        self._one_filling = asyncio.Lock()

    @property
    def embedder_id(self) -> str:
        """Who makes the vectors: runtime, model and revision, whatever the device; empty for nobody."""
        if self._embedder is None:
            return ""
        backend = self._embedder.backend
        return f"{backend.runtime}/{backend.model}@{self._revision}"

    @property
    def by_meaning(self) -> bool:
        """Whether its vectors are worth having from the start: a model that was trained for it makes them."""
        return self._embedder is not None and self._fusion.vectors >= self._fusion.words

    async def index(self, folder: Path, collection: str = "", watch: Watch | None = None) -> IndexReport:
        """Index a folder, or bring it up to date; afterwards it can be asked by words.

        Args:
            folder: The folder.
            collection: What to call it; empty takes the name it has, or the folder's own.
            watch: Told how far it is.

        Raises:
            InvalidInput: There is no such folder, the name belongs to another one, or is none, or the folder has one.
            StorageError: The index cannot be written; what was done stays.
            SottoError: The sandbox cannot be used.
        """
        if len(collection) > _LONGEST_NAME or not collection.isprintable() or collection != collection.strip():
            raise InvalidInput(
                f"{collection[:_LONGEST_NAME]!r} is no name for a collection.",
                code="bad-name",
                remedy=f"Take one of at most {_LONGEST_NAME} characters in one line, without a space at either end.",
            )
        place = await asyncio.to_thread(_resolved, folder)
        async with self._one_pass:
            rows = await self._store.collections()
            known = next((row for row in rows if row.folder == place), None)
            name = collection or (known.name if known else _free_name(Path(place), rows))
            row = await self._store.add_collection(name, place)
            return await self._indexer.run(row, watch)

    async def refresh(self, collection: str, watch: Watch | None = None) -> IndexReport:
        """Bring a collection up to date.

        Raises:
            InvalidInput: There is no such collection, or its folder is not there.
            StorageError: The index cannot be written; what was done stays.
        """
        async with self._one_pass:
            return await self._indexer.run(await self._collection(collection), watch)

    async def fill_vectors(self, watch: Watch | None = None) -> int:
        """Make the vectors that are missing; returns how many were made.

        It is taken up where it stopped when it is cancelled, and finds nothing to do when all are there.

        Raises:
            SottoError: The embedder or the disk failed; what was done stays.
        """
        if self._embedder is None:
            return 0
        made = 0
        async with self._one_filling:
            rows = await self._store.collections()
            total = sum(row.passages for row in rows)
            there = sum(row.vectors for row in rows) if await self._store.embedder() == self.embedder_id else 0
            while waiting := await self._store.without_vector(self.embedder_id, _EMBEDDED_AT_ONCE):
                vectors = await self._embedder.embed([text for _, text in waiting])
                keys = [key for key, _ in waiting]
                await self._store.put_vectors(self.embedder_id, zip(keys, vectors, strict=True))
                made += len(waiting)
                if watch is not None:
                    watch(IndexProgress("vectors", there + made, max(total, there + made)))
        return made

    async def lookup(
        self, question: str, limit: int, collection: str = "", vector: tuple[float, ...] | None = None
    ) -> Passages:
        """Passages for a question, the best first; scores are in (0, 1] and comparable within one lookup only.

        Args:
            question: Any text.
            limit: At most so many, at least 1.
            collection: Where to look, empty for everywhere.
            vector: Of the question, made by the index's own embedder; None has it made where there are vectors.

        Raises:
            InvalidInput: There is no such collection, or the limit is below 1.
            StorageError: The index cannot be read.
        """
        if limit < 1:
            raise InvalidInput(f"The limit is {limit}, and at least one passage has to be asked for.", code="bad-limit")
        if collection:
            await self._collection(collection)
        by_words = await self._store.by_words(question, collection, DEPTH)
        by_vector = await self._near(question, collection, vector)
        hits = chosen(fused(by_words, by_vector, self._fusion), limit, self._fusion)
        return Passages(question, tuple(Passage(hit.text, hit.path, hit.place, hit.score) for hit in hits))

    async def _near(self, question: str, collection: str, vector: tuple[float, ...] | None) -> list[Hit]:
        """What the vectors find; nothing when there are none or the embedder fails: words are enough then."""
        if self._embedder is None or not question.strip():
            return []
        if self._fusion.vectors <= 0 or await self._store.embedder() != self.embedder_id:
            return []
        if vector is None:
            try:
                (vector,) = await self._embedder.embed([question], query=True)
            except (StorageError, TurnCancelledError):
                raise
            except SottoError as error:
                log.warning("no vector for the question, words alone are used: %s", error.code)
                return []
        return await self._store.by_vector(vector, self.embedder_id, collection, DEPTH)

    async def embed(self, texts: Sequence[str]) -> Vectors:
        """Vectors as the index uses them.

        Raises:
            Unavailable: There is no embedder.
        """
        if self._embedder is None:
            raise Unavailable("No embedding model is installed.", code="no-embedder")
        return Vectors(tuple(texts), await self._embedder.embed(list(texts)))

    async def indexed(self) -> int:
        """Documents that can be found."""
        return (await self.status()).documents

    async def collections(self) -> tuple[CollectionRow, ...]:
        """The indexed folders by name."""
        return await self._store.collections()

    async def remove(self, collection: str) -> None:
        """Erase a collection from the disk: its text, its words and its vectors. The folder itself is not touched.

        Raises:
            InvalidInput: There is no such collection.
            StorageError: The index cannot be written.
        """
        await self._collection(collection)
        await self._store.remove(collection)

    async def status(self) -> IndexStatus:
        """The whole index in figures."""
        rows = await self._store.collections()
        return IndexStatus(
            documents=sum(row.documents for row in rows),
            refused=sum(row.refused for row in rows),
            passages=sum(row.passages for row in rows),
            vectors=sum(row.vectors for row in rows),
            embedder=await self._store.embedder(),
            moved_aside=self._store.moved_aside,
        )

    async def aclose(self) -> None:
        """Let the file go. May be called twice."""
        await self._store.aclose()

    async def _collection(self, name: str) -> CollectionRow:
        rows = {row.name: row for row in await self._store.collections()}
        if name in rows:
            return rows[name]
        near = difflib.get_close_matches(name, rows, 1)
        remedy = f"Did you mean {near[0]!r}?" if near else f"There are: {', '.join(rows)}." if rows else NOTHING_INDEXED
        raise InvalidInput(f"There is no collection {name!r}.", code="no-collection", remedy=remedy)


NOTHING_INDEXED = "No documents are indexed; add a folder with: sotto documents add FOLDER"
"""What to say when there is nothing to look in."""


def _resolved(folder: Path) -> str:
    """The absolute path without links; the same folder has one."""
    try:
        place = folder.expanduser().resolve(strict=True)
    except (OSError, RuntimeError) as error:
        raise not_there(folder, error if isinstance(error, OSError) else None) from error
    if not place.is_dir():
        raise not_there(folder)
    return str(place)


def _free_name(folder: Path, rows: Sequence[CollectionRow]) -> str:
    """The folder's own name, with a number behind it where another collection has it."""
    base = _NO_NAME.sub("-", shown(folder.name)).strip("-.") or "documents"
    taken = {row.name for row in rows}
    name, number = base, 1
    while name in taken:
        number += 1
        name = f"{base}-{number}"
    return name
