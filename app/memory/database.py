"""Opens the one database: WAL, a schema version, a backup before each migration, and nothing ever thrown away.

Why it exists: a history that a crash, a full disk or an update can lose is not a history. A damaged file is moved
aside, never deleted; a file from a newer Sotto is left alone.
"""

from __future__ import annotations

import contextlib
import errno
import glob
import logging
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from app.contracts.errors import StorageError
from app.memory.migrations import MIGRATIONS
from app.settings.disk import disk_error
from app.settings.locks import file_lock

log = logging.getLogger(__name__)

BUSY_TIMEOUT_S = 5.0
BACKUP = "before-version"
"""Word in the name of a copy made before a migration."""
DAMAGED = "damaged"
"""Word in the name of a damaged file that was moved aside."""

_DAMAGE = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_FORBIDDEN = frozenset({sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH})
_BUSY = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})


class Database:
    """One connection to the database file; used from one thread.

    Args:
        path: The file; made with its folder when it is not there.
        migrations: ``migrations[n]`` brings version n to version n + 1.
        name: What it holds, for sentences: "history".

    Attributes:
        moved_aside: Where a damaged file was moved to, None when it was sound.

    Raises:
        StorageError: The folder is read-only, the disk is full, or the file is of a newer version.
    """

    def __init__(self, path: Path, migrations: tuple[str, ...] = MIGRATIONS, name: str = "history") -> None:
        self.path = path
        self.name = name
        self.moved_aside: Path | None = None
        self._migrations = migrations
        with storage_errors(path, name):
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with file_lock(path.with_suffix(".lock")):
                self.connection = self._open_sound()

    def _open_sound(self) -> sqlite3.Connection:
        """Open and bring up to date; a damaged file is moved aside and a fresh one made."""
        try:
            return self._open()
        except _DamagedError as error:
            self.moved_aside = _free_name(self.path, DAMAGED)
            log.warning("the %s is damaged (%s); moved to %s", self.name, error, self.moved_aside.name)
            for suffix in ("", "-wal", "-shm"):
                with contextlib.suppress(FileNotFoundError):
                    os.replace(f"{self.path}{suffix}", f"{self.moved_aside}{suffix}")
            return self._open()

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, timeout=BUSY_TIMEOUT_S, isolation_level=None)
        try:
            _prepare(connection)
            os.chmod(self.path, 0o600)
            self._migrate(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _migrate(self, connection: sqlite3.Connection) -> None:
        version = int(connection.execute("PRAGMA user_version").fetchone()[0])
        newest = len(self._migrations)
        if version > newest:
            raise StorageError(
                f"A newer Sotto wrote the {self.name} in {self.path} "
                f"(its version is {version}, this one knows {newest}).",
                code="newer-database",
                remedy="Update Sotto, or move the file away.",
            )
        for step in range(version, newest):
            if version:
                self._back_up(connection, step + 1)
            with transaction(connection):
                for statement in statements(self._migrations[step]):
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {step + 1}")

    def _back_up(self, connection: sqlite3.Connection, version: int) -> None:
        """Copy the database as it is before it becomes of this version; a copy that is not whole does not stay."""
        copy = _free_name(self.path, f"{BACKUP}-{version}")
        unfinished = copy.with_name(f"{copy.name}.part")
        try:
            os.close(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
            with closing(sqlite3.connect(unfinished)) as target:
                connection.backup(target)
            os.replace(unfinished, copy)
        finally:
            unfinished.unlink(missing_ok=True)

    def forget_copies(self, *, damaged: bool) -> None:
        """Erase the copies made before migrations, and the damaged files moved aside too if ``damaged``."""
        words = (BACKUP, DAMAGED) if damaged else (BACKUP,)
        for word in words:
            for copy in self.path.parent.glob(f"{glob.escape(self.path.name)}.{word}-*"):
                copy.unlink(missing_ok=True)

    def close(self) -> None:
        """Let the file go. May be called twice."""
        self.connection.close()


class _DamagedError(Exception):
    """The file is no sound database; what SQLite said about it."""


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All of it or nothing."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # a full disk has ended it already
            connection.execute("ROLLBACK")
        raise


@contextmanager
def storage_errors(path: Path, name: str = "history") -> Iterator[None]:
    """Turn what the disk and SQLite raise into one sentence with a remedy."""
    try:
        yield
    except OSError as error:
        raise disk_error(error, path) from error
    except sqlite3.Error as error:
        raise _told(error, path, name) from error


def statements(script: str) -> list[str]:
    """The statements of a script, one by one, so that they can run in one transaction. Triggers may be among them."""
    found, pending = [], ""
    for piece in script.split(";"):
        pending += f"{piece};"
        if sqlite3.complete_statement(pending):
            found.append(pending.strip())
            pending = ""
    return [statement for statement in found if statement != ";"]


def _told(error: sqlite3.Error, path: Path, name: str) -> StorageError:
    """The sentence for what SQLite reports."""
    code = name.replace(" ", "-")
    number = _primary(error)
    if number == sqlite3.SQLITE_FULL:
        return disk_error(OSError(errno.ENOSPC, str(error)), path)
    if number in _FORBIDDEN:
        return disk_error(OSError(errno.EACCES, str(error)), path)
    if number in _DAMAGE:
        return StorageError(
            f"The {name} in {path} is damaged: {error}.",
            code=f"{code}-damaged",
            remedy="Start Sotto again: it moves the file aside and begins a new one.",
        )
    if number in _BUSY:
        return StorageError(f"The {name} in {path} is in use by another program.", code=f"{code}-busy")
    return StorageError(f"The {name} in {path} cannot be used: {error}.", code=code)


def _prepare(connection: sqlite3.Connection) -> None:
    """Set the connection up, and look whether the file is sound."""
    with _damage_told_apart():
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", "secure_delete = ON"):
            connection.execute(f"PRAGMA {pragma}")
        verdict = str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
        if verdict != "ok":
            raise _DamagedError(verdict)


@contextmanager
def _damage_told_apart() -> Iterator[None]:
    try:
        yield
    except sqlite3.DatabaseError as error:
        if _primary(error) in _DAMAGE:
            raise _DamagedError(str(error)) from error
        raise


def _primary(error: sqlite3.Error) -> int:
    """SQLite's primary result code, which extended ones carry in their low byte; 0 where Python itself complains."""
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF


def _free_name(path: Path, word: str) -> Path:
    """A name beside ``path`` that nothing has yet."""
    number = 1
    while (candidate := path.with_name(f"{path.name}.{word}-{number}")).exists():
        number += 1
    return candidate
