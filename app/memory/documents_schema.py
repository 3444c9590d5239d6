"""The schema of the document index, version by version, and the rows that go in and out.

A version that has been released is never edited; a change is a new one. The words of a passage lie in one table only:
the full-text index refers to it, and triggers keep the two together.
"""

from __future__ import annotations

from dataclasses import dataclass

NAME = "document index"
"""What error messages call it."""

MIGRATIONS: tuple[str, ...] = (
    """
    CREATE TABLE collections (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,
        folder TEXT NOT NULL UNIQUE,
        indexed_at REAL NOT NULL DEFAULT 0
    ) STRICT;
    CREATE TABLE documents (
        id INTEGER PRIMARY KEY,
        collection_id INTEGER NOT NULL REFERENCES collections (id),
        path TEXT NOT NULL,
        size INTEGER NOT NULL,
        mtime_ns INTEGER NOT NULL,
        sha256 TEXT NOT NULL,
        problem TEXT NOT NULL,
        UNIQUE (collection_id, path)
    ) STRICT;
    CREATE TABLE passages (
        id INTEGER PRIMARY KEY,
        document_id INTEGER NOT NULL REFERENCES documents (id),
        seq INTEGER NOT NULL,
        title TEXT NOT NULL,
        place TEXT NOT NULL,
        text TEXT NOT NULL,
        start INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX passages_by_document ON passages (document_id, seq);
    CREATE TABLE vectors (
        passage_id INTEGER PRIMARY KEY REFERENCES passages (id),
        vector BLOB NOT NULL
    ) STRICT;
    CREATE TABLE facts (
        key TEXT PRIMARY KEY,
        value TEXT NOT NULL
    ) STRICT;
    CREATE VIRTUAL TABLE words USING fts5 (
        title, place, text,
        content = 'passages', content_rowid = 'id', tokenize = 'porter unicode61 remove_diacritics 2'
    );
    CREATE TRIGGER passage_added AFTER INSERT ON passages BEGIN
        INSERT INTO words (rowid, title, place, text) VALUES (new.id, new.title, new.place, new.text);
    END;
    CREATE TRIGGER passage_gone AFTER DELETE ON passages BEGIN
        INSERT INTO words (words, rowid, title, place, text)
        VALUES ('delete', old.id, old.title, old.place, old.text);
    END;
    """,
)
"""``MIGRATIONS[n]`` brings an index of version n to version n + 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectionRow:
    """One indexed folder.

    Attributes:
        collection_id: Its key.
        name: What the person calls it.
        folder: Absolute path.
        indexed_at: Seconds since the epoch of the last whole pass, 0 before the first.
        documents: Files that can be found.
        refused: Files that are known and cannot be read.
        passages: Stretches of text.
        vectors: How many of them have a vector.
    """

    collection_id: int
    name: str
    folder: str
    indexed_at: float
    documents: int = 0
    refused: int = 0
    passages: int = 0
    vectors: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentRow:
    """A file as it was when it was read.

    Attributes:
        path: Relative to the collection's folder, with forward slashes.
        size: Bytes.
        mtime_ns: Time of its last change.
        sha256: Of its content, hexadecimal; empty when it is to be read again in any case.
        problem: Why nothing of it can be found, one sentence; empty when all is well.
    """

    path: str
    size: int
    mtime_ns: int
    sha256: str
    problem: str = ""


@dataclass(frozen=True, slots=True)
class PassageRow:
    """A stretch of a document: its words, where it stands, and its first character in the document's text."""

    text: str
    place: str
    start: int


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage that was found.

    Attributes:
        passage_id: Its key.
        collection: Name of its collection.
        path: Its document.
        place: Where in it.
        text: Its words.
        score: Higher is better; of one kind of search only.
    """

    passage_id: int
    collection: str
    path: str
    place: str
    text: str
    score: float
