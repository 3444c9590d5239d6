"""The two searches over the index: by words (BM25 of SQLite's FTS5) and by vectors.

Vectors are compared one by one, with sqlite-vec where this Python's SQLite can load it and with numpy where it cannot;
both give the same order, and the file is the same either way. Half a million passages take about a second.
"""

from __future__ import annotations

import heapq
import re
import sqlite3
from collections.abc import Sequence

import numpy as np
import sqlite_vec

from app.memory.documents_schema import Hit

TITLE_WEIGHT, PLACE_WEIGHT, TEXT_WEIGHT = 0.6, 0.8, 1.0
"""How much a word counts in the document's name, in its heading and in the text."""
MOST_WORDS = 64
"""Words of a question that are looked for; more do not make it clearer."""
_BLOCK = 4096
_WORD = re.compile(r"\w+")
_ENGLISH = """
a about an and any are as at be been but by can could did do does for from had has have how i if in into is it
its many me much my of on or our shall should so than that the their them then there these they this those to us was
we were what when where which while who whom whose why will with would you your
"""
COMMON = frozenset(_ENGLISH.split())
"""English words that say nothing about what is looked for; a question of nothing else keeps them."""


def words_query(question: str) -> str:
    """A question as an FTS5 expression: its words, any of them, each quoted. Empty when it has no word.

    Quoted words are plain text to FTS5, so no question can be an expression of its own.
    """
    words = list(dict.fromkeys(word.lower() for word in _WORD.findall(_whole(question))))
    telling = [word for word in words if word not in COMMON]
    return " OR ".join(f'"{word}"' for word in (telling or words)[:MOST_WORDS])


def by_words(connection: sqlite3.Connection, question: str, collection: str, limit: int) -> list[Hit]:
    """Passages that hold words of the question, the best first; ties by key."""
    query = words_query(question)
    if not query:
        return []
    rows = connection.execute(
        """
        SELECT p.id, c.name, d.path, p.place, p.text, -bm25(words, ?, ?, ?) AS score
        FROM words JOIN passages p ON p.id = words.rowid
        JOIN documents d ON d.id = p.document_id JOIN collections c ON c.id = d.collection_id
        WHERE words MATCH ? AND (? = '' OR c.name = ?)
        ORDER BY score DESC, p.id LIMIT ?
        """,
        (TITLE_WEIGHT, PLACE_WEIGHT, TEXT_WEIGHT, query, collection, collection, limit),
    )
    return [Hit(*row) for row in rows]


def by_vector(
    connection: sqlite3.Connection, vector: Sequence[float], collection: str, limit: int, *, loaded: bool
) -> list[Hit]:
    """Passages whose vector is nearest, the best first; ties by key. Score is the cosine.

    Args:
        connection: The index.
        vector: A unit vector as long as those of the index; another length finds nothing.
        collection: Its name, empty for all.
        limit: At most so many.
        loaded: sqlite-vec is there.
    """
    wanted = np.asarray(vector, dtype="<f4")
    nearest = (_with_sqlite_vec if loaded else _with_numpy)(connection, wanted, collection, limit)
    found = []
    for score, passage_id in nearest:
        keyed, name, path, place, text = connection.execute(
            """
            SELECT p.id, c.name, d.path, p.place, p.text FROM passages p
            JOIN documents d ON d.id = p.document_id JOIN collections c ON c.id = d.collection_id WHERE p.id = ?
            """,
            (passage_id,),
        ).fetchone()
        found.append(Hit(keyed, name, path, place, text, score))
    return found


def load_extension(connection: sqlite3.Connection) -> bool:
    """Load sqlite-vec into a connection; returns False where this Python's SQLite takes no extensions."""
    if not hasattr(connection, "enable_load_extension"):
        return False
    try:
        connection.enable_load_extension(True)
        try:
            sqlite_vec.load(connection)
        finally:
            connection.enable_load_extension(False)
    except (sqlite3.Error, OSError):
        return False
    return True


_IN_COLLECTION = """
    FROM vectors v JOIN passages p ON p.id = v.passage_id
    JOIN documents d ON d.id = p.document_id JOIN collections c ON c.id = d.collection_id
    WHERE length(v.vector) = ? AND (? = '' OR c.name = ?)
"""


def _with_sqlite_vec(
    connection: sqlite3.Connection, wanted: np.ndarray, collection: str, limit: int
) -> list[tuple[float, int]]:
    blob = wanted.tobytes()
    rows = connection.execute(
        f"SELECT 1 - vec_distance_cosine(v.vector, ?) AS score, p.id {_IN_COLLECTION} "
        "ORDER BY score DESC, p.id LIMIT ?",
        (blob, len(blob), collection, collection, limit),
    )
    return [(float(score), int(key)) for score, key in rows]


def _with_numpy(
    connection: sqlite3.Connection, wanted: np.ndarray, collection: str, limit: int
) -> list[tuple[float, int]]:
    """Block by block, so that memory does not grow with the index."""
    rows = connection.execute(
        f"SELECT p.id, v.vector {_IN_COLLECTION}",
        (wanted.nbytes, collection, collection),
    )
    best: list[tuple[float, int]] = []
    while block := rows.fetchmany(_BLOCK):
        matrix = np.frombuffer(b"".join(vector for _, vector in block), dtype="<f4").reshape(len(block), -1)
        scores = (matrix @ wanted).tolist()
        best = heapq.nsmallest(limit, [*best, *((-score, key) for score, (key, _) in zip(scores, block, strict=True))])
    return [(-score, key) for score, key in best]


def _whole(text: str) -> str:
    """Half characters, as a terminal can deliver them, become question marks: SQLite takes whole ones only."""
    return text.encode(errors="replace").decode()
