"""The index of the person's documents: their passages, the words in them, and their vectors.

It has a file of its own, so that removing a collection can shrink it and a damaged one can be made again without
touching the history. All work happens in one thread of its own, in short transactions: questions are answered while a
folder is being indexed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np

from app.contracts.errors import InvalidInput
from app.memory.database import Database, transaction
from app.memory.documents_schema import MIGRATIONS, NAME, CollectionRow, DocumentRow, Hit, PassageRow
from app.memory.documents_search import by_vector, by_words, load_extension
from app.memory.worker import DatabaseWorker

T = TypeVar("T")
FILE = "documents.db"
"""Name of the file in the data folder."""
ENOUGH = 0.95
"""Share of the passages that must have a vector before vectors are searched."""
_EMBEDDER = "embedder"


class DocumentStore:
    """The index in one file. Opens it at the first use; every method raises `StorageError`.

    Args:
        path: The database file.

    Attributes:
        moved_aside: Where a damaged file was moved to, None when it was sound or has not been opened.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._loaded = False
        self._worker = DatabaseWorker(self._open, NAME)
        self.moved_aside: Path | None = None

    async def open(self) -> Path | None:
        """Open the file now; returns where a damaged one was moved to, None when all is well."""
        return await self._do(lambda database: database.moved_aside)

    async def add_collection(self, name: str, folder: str) -> CollectionRow:
        """The collection of this name over this folder, made when there is none.

        Raises:
            InvalidInput: The name belongs to another folder, or the folder to another name.
        """
        return await self._do(lambda database: _add_collection(database, name, folder))

    async def collections(self) -> tuple[CollectionRow, ...]:
        """All of them by name, with counts."""
        return await self._do(_collections)

    async def known(self, collection_id: int) -> dict[str, DocumentRow]:
        """The documents of a collection by path."""
        return await self._do(lambda database: _known(database, collection_id))

    async def put(self, collection_id: int, documents: Sequence[tuple[DocumentRow, Sequence[PassageRow]]]) -> None:
        """Keep documents with their passages in place of what was known of them, all or none."""
        await self._do(lambda database: _put(database, collection_id, documents))

    async def touch(self, collection_id: int, documents: Sequence[DocumentRow]) -> None:
        """Note size and time of documents whose content is as it was."""
        await self._do(lambda database: _touch(database, collection_id, documents))

    async def forget(self, collection_id: int, paths: Sequence[str]) -> None:
        """Drop documents."""
        await self._do(lambda database: _forget(database, collection_id, paths))

    async def finished(self, collection_id: int, epoch_s: float) -> None:
        """Note that a pass over the whole folder ended."""
        await self._do(
            lambda database: database.connection.execute(
                "UPDATE collections SET indexed_at = ? WHERE id = ?", (epoch_s, collection_id)
            )
        )

    async def remove(self, name: str) -> bool:
        """Erase a collection, its words and its vectors from the disk; returns whether it was there."""
        return await self._do(lambda database: _remove(database, name))

    async def by_words(self, question: str, collection: str, limit: int) -> list[Hit]:
        """Passages by BM25, the best first. Any text is a question."""
        return await self._do(lambda database: by_words(database.connection, question, collection, limit))

    async def by_vector(self, vector: Sequence[float], embedder: str, collection: str, limit: int) -> list[Hit]:
        """Passages by the cosine of their vectors, the best first.

        None when the vectors were made by another embedder, or less than `ENOUGH` of the passages have one: those that
        happen to have one would win over better ones.
        """

        def search(database: Database) -> list[Hit]:
            if _fact(database, _EMBEDDER) != embedder or _share(database) < ENOUGH:
                return []
            return by_vector(database.connection, vector, collection, limit, loaded=self._loaded)

        return await self._do(search)

    async def without_vector(self, embedder: str, limit: int) -> list[tuple[int, str]]:
        """Passages that still need a vector. Vectors of any other embedder are erased first: two never mix."""
        return await self._do(lambda database: _without_vector(database, embedder, limit))

    async def put_vectors(self, embedder: str, vectors: Iterable[tuple[int, Sequence[float]]]) -> None:
        """Keep vectors by passage; those of passages that have gone meanwhile are dropped."""
        rows = [(np.asarray(vector, dtype="<f4").tobytes(), key, key) for key, vector in vectors]
        await self._do(lambda database: _put_vectors(database, embedder, rows))

    async def embedder(self) -> str:
        """Who made the vectors, empty when there are none."""
        return await self._do(lambda database: _fact(database, _EMBEDDER))

    async def aclose(self) -> None:
        """Finish what is being written and let the file go. May be called twice."""
        await self._worker.aclose()

    def _open(self) -> Database:
        database = Database(self._path, MIGRATIONS, NAME)
        self.moved_aside = database.moved_aside
        self._loaded = load_extension(database.connection)
        return database

    async def _do(self, work: Callable[[Database], T]) -> T:
        return await self._worker.do(work)


def _add_collection(database: Database, name: str, folder: str) -> CollectionRow:
    connection = database.connection
    with transaction(connection):
        for key, known_name, known_folder, at in connection.execute(
            "SELECT id, name, folder, indexed_at FROM collections WHERE name = ? OR folder = ?", (name, folder)
        ):
            if (known_name, known_folder) == (name, folder):
                return CollectionRow(collection_id=key, name=name, folder=folder, indexed_at=at)
            if known_name == name:
                raise InvalidInput(
                    f"The collection {name!r} is already over the folder {known_folder}.",
                    code="collection-taken",
                    remedy="Give another name with --name.",
                )
            raise InvalidInput(
                f"The folder {folder} is indexed already, as {known_name!r}.",
                code="folder-indexed",
                remedy=f"Bring it up to date with: sotto documents refresh {known_name}",
            )
        key = connection.execute("INSERT INTO collections (name, folder) VALUES (?,?)", (name, folder)).lastrowid
    assert key is not None
    return CollectionRow(collection_id=key, name=name, folder=folder, indexed_at=0.0)


def _collections(database: Database) -> tuple[CollectionRow, ...]:
    rows = database.connection.execute(
        """
        SELECT c.id, c.name, c.folder, c.indexed_at,
            (SELECT count(*) FROM documents d WHERE d.collection_id = c.id AND d.problem = ''),
            (SELECT count(*) FROM documents d WHERE d.collection_id = c.id AND d.problem != ''),
            (SELECT count(*) FROM documents d JOIN passages p ON p.document_id = d.id WHERE d.collection_id = c.id),
            (SELECT count(*) FROM documents d JOIN passages p ON p.document_id = d.id
                JOIN vectors v ON v.passage_id = p.id WHERE d.collection_id = c.id)
        FROM collections c ORDER BY c.name
        """
    )
    names = ("collection_id", "name", "folder", "indexed_at", "documents", "refused", "passages", "vectors")
    return tuple(CollectionRow(**dict(zip(names, row, strict=True))) for row in rows)


def _known(database: Database, collection_id: int) -> dict[str, DocumentRow]:
    rows = database.connection.execute(
        "SELECT path, size, mtime_ns, sha256, problem FROM documents WHERE collection_id = ?", (collection_id,)
    )
    return {
        path: DocumentRow(path=path, size=size, mtime_ns=mtime_ns, sha256=sha256, problem=problem)
        for path, size, mtime_ns, sha256, problem in rows
    }


def _put(database: Database, collection_id: int, documents: Sequence[tuple[DocumentRow, Sequence[PassageRow]]]) -> None:
    connection = database.connection
    with transaction(connection):
        if connection.execute("SELECT 1 FROM collections WHERE id = ?", (collection_id,)).fetchone() is None:
            raise InvalidInput("The collection was removed while it was being indexed.", code="collection-gone")
        for document, passages in documents:
            _drop(database, collection_id, document.path)
            key = connection.execute(
                "INSERT INTO documents (collection_id, path, size, mtime_ns, sha256, problem) VALUES (?,?,?,?,?,?)",
                (
                    collection_id,
                    document.path,
                    document.size,
                    document.mtime_ns,
                    document.sha256,
                    _storable(document.problem),
                ),
            ).lastrowid
            title = document.path.rpartition("/")[2].rpartition(".")[0].replace("_", " ")
            connection.executemany(
                "INSERT INTO passages (document_id, seq, title, place, text, start) VALUES (?,?,?,?,?,?)",
                (
                    (key, seq, title, _storable(passage.place), _storable(passage.text), passage.start)
                    for seq, passage in enumerate(passages)
                ),
            )


def _drop(database: Database, collection_id: int, path: str) -> None:
    connection = database.connection
    row = connection.execute(
        "SELECT id FROM documents WHERE collection_id = ? AND path = ?", (collection_id, path)
    ).fetchone()
    if row is None:
        return
    connection.execute("DELETE FROM vectors WHERE passage_id IN (SELECT id FROM passages WHERE document_id = ?)", row)
    connection.execute("DELETE FROM passages WHERE document_id = ?", row)
    connection.execute("DELETE FROM documents WHERE id = ?", row)


def _touch(database: Database, collection_id: int, documents: Sequence[DocumentRow]) -> None:
    with transaction(database.connection):
        database.connection.executemany(
            "UPDATE documents SET size = ?, mtime_ns = ? WHERE collection_id = ? AND path = ?",
            ((document.size, document.mtime_ns, collection_id, document.path) for document in documents),
        )


def _forget(database: Database, collection_id: int, paths: Sequence[str]) -> None:
    with transaction(database.connection):
        for path in paths:
            _drop(database, collection_id, path)
    database.forget_copies(damaged=False)


def _remove(database: Database, name: str) -> bool:
    """Delete, rebuild what is left of the word index, and shrink the file: what was erased is gone from the disk."""
    connection = database.connection
    row = connection.execute("SELECT id FROM collections WHERE name = ?", (name,)).fetchone()
    if row is None:
        return False
    of_it = "SELECT p.id FROM passages p JOIN documents d ON d.id = p.document_id WHERE d.collection_id = ?"
    with transaction(connection):
        connection.execute(f"DELETE FROM vectors WHERE passage_id IN ({of_it})", row)  # noqa: S608
        connection.execute(f"DELETE FROM passages WHERE id IN ({of_it})", row)  # noqa: S608
        connection.execute("DELETE FROM documents WHERE collection_id = ?", row)
        connection.execute("DELETE FROM collections WHERE id = ?", row)
        connection.execute("INSERT INTO words (words) VALUES ('rebuild')")
    connection.execute("VACUUM")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.forget_copies(damaged=True)
    return True


def _without_vector(database: Database, embedder: str, limit: int) -> list[tuple[int, str]]:
    connection = database.connection
    if _fact(database, _EMBEDDER) != embedder:
        with transaction(connection):
            connection.execute("DELETE FROM vectors")
            connection.execute("INSERT OR REPLACE INTO facts VALUES (?,?)", (_EMBEDDER, embedder))
    rows = connection.execute(
        """
        SELECT p.id, p.text FROM passages p
        WHERE NOT EXISTS (SELECT 1 FROM vectors v WHERE v.passage_id = p.id) ORDER BY p.id LIMIT ?
        """,
        (limit,),
    )
    return [(int(key), str(text)) for key, text in rows]


def _put_vectors(database: Database, embedder: str, rows: list[tuple[bytes, int, int]]) -> None:
    with transaction(database.connection):
        if _fact(database, _EMBEDDER) == embedder:
            database.connection.executemany(
                "INSERT OR REPLACE INTO vectors (vector, passage_id) "
                "SELECT ?, ? WHERE EXISTS (SELECT 1 FROM passages WHERE id = ?)",
                rows,
            )


def _share(database: Database) -> float:
    """How many of the passages have a vector, in [0, 1]."""
    vectors, passages = database.connection.execute(
        "SELECT (SELECT count(*) FROM vectors), (SELECT count(*) FROM passages)"
    ).fetchone()
    return vectors / passages if passages else 0.0


def _fact(database: Database, key: str) -> str:
    row = database.connection.execute("SELECT value FROM facts WHERE key = ?", (key,)).fetchone()
    return "" if row is None else str(row[0])


def _storable(text: str) -> str:
    """Half characters become question marks, and the character zero goes: SQLite keeps neither as text."""
    return text.encode(errors="replace").decode().replace("\0", "")
