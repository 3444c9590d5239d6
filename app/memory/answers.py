"""Outputs of pipelines that are kept to be given again: bytes under a key, with an age and a bound in bytes.

It lies in the cache folder: losing it costs time, never words of the person, so trouble with it is logged and otherwise
passed over. All work happens in one thread of its own.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from app.contracts.errors import StorageError
from app.contracts.ports import Clock
from app.memory.database import Database, transaction
from app.memory.worker import DatabaseWorker

_T = TypeVar("_T")
log = logging.getLogger(__name__)

NAME = "cache"
LARGEST_BYTES = 64 * 1024 * 1024
"""What all kept outputs may take together."""
_MIGRATIONS = (
    """
    CREATE TABLE answers (
        key TEXT PRIMARY KEY,
        payload BLOB NOT NULL,
        bytes INTEGER NOT NULL,
        expires_at REAL NOT NULL,
        used_at REAL NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX answers_by_use ON answers (used_at);
    CREATE INDEX answers_by_end ON answers (expires_at);
    """,
)


class KeptAnswers:
    """The kept outputs of one file. Opens it at the first use; no method raises.

    Args:
        path: The database file.
        clock: Tells ages, in seconds since the epoch.
        largest_bytes: Bound of the payloads together; what was used longest ago goes first.
    """

    def __init__(self, path: Path, clock: Clock, largest_bytes: int = LARGEST_BYTES) -> None:
        self._clock = clock
        self._largest_bytes = largest_bytes
        self._worker = DatabaseWorker(lambda: Database(path, _MIGRATIONS, NAME), NAME)

    async def get(self, key: str) -> tuple[bytes, float] | None:
        """The payload and the seconds it is still good for; None when nothing is kept or it is too old."""
        now = self._clock.time()
        return await self._do(lambda database: _get(database, key, now))

    async def put(self, key: str, payload: bytes, ttl_s: float) -> None:
        """Keep a payload not larger than a quarter of the bound; ``ttl_s`` 0 keeps it until room is needed."""
        if len(payload) <= self._largest_bytes // 4:
            now = self._clock.time()
            await self._do(lambda database: self._put(database, key, payload, now, ttl_s))

    async def clear(self) -> None:
        """Forget everything."""
        await self._do(_clear)

    async def stored_bytes(self) -> int:
        """What the payloads take together."""
        return await self._do(_stored_bytes) or 0

    async def aclose(self) -> None:
        """Let the file go. May be called twice."""
        await self._worker.aclose()

    async def _do(self, work: Callable[[Database], _T]) -> _T | None:
        if self._worker.closed:
            return None
        try:
            return await self._worker.do(work)
        except StorageError as error:
            log.warning("kept answers are not used from now on: %s", error.code)
            await self._worker.aclose()
            return None

    def _put(self, database: Database, key: str, payload: bytes, now: float, ttl_s: float) -> None:
        expires_at = now + ttl_s if ttl_s > 0 else float("inf")
        connection = database.connection
        with transaction(connection):
            connection.execute("DELETE FROM answers WHERE expires_at <= ?", (now,))
            connection.execute(
                "INSERT OR REPLACE INTO answers VALUES (?,?,?,?,?)", (key, payload, len(payload), expires_at, now)
            )
            over = (_stored_bytes(database) or 0) - self._largest_bytes
            for old, size in connection.execute("SELECT key, bytes FROM answers ORDER BY used_at").fetchall():
                if over <= 0:
                    break
                connection.execute("DELETE FROM answers WHERE key = ?", (old,))
                over -= size


def _get(database: Database, key: str, now: float) -> tuple[bytes, float] | None:
    row = database.connection.execute("SELECT payload, expires_at FROM answers WHERE key = ?", (key,)).fetchone()
    if row is None:
        return None
    payload, expires_at = row
    if expires_at <= now:
        database.connection.execute("DELETE FROM answers WHERE key = ?", (key,))
        return None
    database.connection.execute("UPDATE answers SET used_at = ? WHERE key = ?", (now, key))
    return bytes(payload), expires_at - now


def _stored_bytes(database: Database) -> int:
    return int(database.connection.execute("SELECT coalesce(sum(bytes), 0) FROM answers").fetchone()[0])


def _clear(database: Database) -> None:
    with transaction(database.connection):
        database.connection.execute("DELETE FROM answers")
    database.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.connection.execute("VACUUM")
