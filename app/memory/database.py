"""Opens the one database: WAL, a schema version, a backup before each migration, and nothing ever thrown away.

Why it exists: a history that a crash, a full disk or an update can lose is not a history. A damaged file is moved
aside, never deleted; a file from a newer Sotto is left alone.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from app.contracts.errors import StorageError
from app.memory.migrations import MIGRATIONS, SCHEMA_VERSION
from app.settings.locks import file_lock

log = logging.getLogger(__name__)

BUSY_TIMEOUT_MS = 5000


class Database:
    """One connection to the database file; used from one thread.

    Args:
        path: The file; made with its folder when it is not there.

    Raises:
        StorageError: The folder is read-only, the disk is full, or the file is of a newer version.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.moved_aside: Path | None = None
        with storage_errors(path):
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with file_lock(path.with_suffix(".lock")):
                self.connection = self._open_sound()

    def _open_sound(self) -> sqlite3.Connection:
        """Open and bring up to date; a damaged file is moved aside and a fresh one made."""
        try:
            return self._open()
        except sqlite3.DatabaseError as error:
            if not _damaged(error):
                raise
            self.moved_aside = _free_name(self.path, "damaged")
            log.warning("the history is damaged (%s); moved to %s", error, self.moved_aside.name)
            for suffix in ("", "-wal", "-shm"):
                with contextlib.suppress(FileNotFoundError):
                    os.replace(f"{self.path}{suffix}", f"{self.moved_aside}{suffix}")
            return self._open()

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, timeout=BUSY_TIMEOUT_MS / 1000, isolation_level=None)
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute("PRAGMA secure_delete = ON")
            _check(connection)
            os.chmod(self.path, 0o600)
            self._migrate(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _migrate(self, connection: sqlite3.Connection) -> None:
        version = int(connection.execute("PRAGMA user_version").fetchone()[0])
        if version > SCHEMA_VERSION:
            raise StorageError(
                f"The history in {self.path} was written by a newer Sotto (version {version}, this one knows "
                f"{SCHEMA_VERSION}).",
                code="newer-database",
                remedy="Update Sotto, or move the file away.",
            )
        for step in range(version, SCHEMA_VERSION):
            if step:
                self._back_up(connection, step)
            with transaction(connection):
                for statement in _statements(MIGRATIONS[step]):
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {step + 1}")

    def _back_up(self, connection: sqlite3.Connection, version: int) -> None:
        copy = _free_name(self.path, f"before-version-{version + 1}")
        with closing(sqlite3.connect(copy)) as target:
            connection.backup(target)
        os.chmod(copy, 0o600)

    def close(self) -> None:
        """Let the file go. May be called twice."""
        self.connection.close()


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All of it or nothing."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


@contextmanager
def storage_errors(path: Path) -> Iterator[None]:
    """Turn what the disk and SQLite raise into one sentence with a remedy."""
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        raise StorageError(
            f"The history in {path} cannot be used: {error}.",
            code="history",
            remedy="Make room on the disk, or make the folder writable.",
        ) from error


def _check(connection: sqlite3.Connection) -> None:
    """Raise what SQLite itself raises for a damaged file when only the check finds it."""
    if connection.execute("PRAGMA quick_check").fetchone() != ("ok",):
        raise sqlite3.DatabaseError("database disk image is malformed")


def _damaged(error: sqlite3.DatabaseError) -> bool:
    return any(words in str(error) for words in ("malformed", "not a database"))


def _free_name(path: Path, word: str) -> Path:
    """A name beside ``path`` that nothing has yet."""
    number = 1
    while (candidate := path.with_name(f"{path.name}.{word}-{number}")).exists():
        number += 1
    return candidate


def _statements(script: str) -> list[str]:
    return [statement.strip() for statement in script.split(";") if statement.strip()]
