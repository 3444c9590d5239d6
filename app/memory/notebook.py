"""What skills keep for the person: reminders, lists, facts, training, routines, choices, and the cards on the canvas.

Why it exists: the cards of a turn and what the turn changed have to be there together or not at all. So a change is a
value, a `Write`, that can be made ahead, looked at and thrown away; `Notebook.commit` does any number of them in one
transaction. Entries are frozen dataclasses, kept as JSON in named collections, one namespace for each skill.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from app.contracts import wire
from app.contracts.cards import AnyCard
from app.contracts.errors import InvalidInput
from app.memory.database import Database, transaction
from app.memory.worker import DatabaseWorker

T = TypeVar("T")
log = logging.getLogger(__name__)

NAME = "notebook"
CARDS = "cards"
"""The collection of the cards on the canvas."""
MIGRATIONS: tuple[str, ...] = (
    """
    CREATE TABLE entries (
        collection TEXT NOT NULL,
        entry_id TEXT NOT NULL,
        at REAL NOT NULL,
        json TEXT NOT NULL,
        PRIMARY KEY (collection, entry_id)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX entries_by_time ON entries (collection, at);
    """,
)


@dataclass(frozen=True, slots=True)
class Put:
    """Keep an entry, in place of the one of the same id.

    Attributes:
        collection: Where; a skill's own begin with its id, as in ``timers`` or ``workout.sessions``.
        entry_id: Unique in the collection.
        value: A frozen dataclass made of what events are made of, or a card.
        at: Seconds since the epoch it is sorted by: when it was made, or when it is due.
    """

    collection: str
    entry_id: str
    value: object
    at: float = 0.0


@dataclass(frozen=True, slots=True)
class Remove:
    """Erase an entry; nothing happens when it is not there."""

    collection: str
    entry_id: str


@dataclass(frozen=True, slots=True)
class Clear:
    """Erase all entries of a collection, or those sorted before ``before`` (seconds since the epoch)."""

    collection: str
    before: float | None = None


Write = Put | Remove | Clear


class Notebook:
    """The entries of one database. Opens it at the first use; every method raises `StorageError`.

    Args:
        path: The database file.
    """

    def __init__(self, path: Path) -> None:
        self._worker = DatabaseWorker(lambda: Database(path, MIGRATIONS, NAME), NAME)
        self._listeners: list[Callable[[frozenset[str]], None]] = []
        self._version: int | None = None
        self._used: set[str] = set()

    def subscribe(self, listener: Callable[[frozenset[str]], None]) -> Callable[[], None]:
        """Have ``listener`` told the collections of every commit, on the loop; returns how to end that.

        What another program wrote is told at `others_wrote`: all collections that were used here may be other ones.
        """
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener) if listener in self._listeners else None

    async def open(self) -> Path | None:
        """Open the database now; returns where a damaged one was moved to, None when all is well."""
        return await self._worker.do(lambda database: database.moved_aside)

    async def commit(self, writes: Iterable[Write]) -> None:
        """Do all of it, in order, or nothing.

        Raises:
            InvalidInput: A value cannot be kept: a number in it is infinite or not a number.
        """
        prepared = [_prepared(write) for write in writes]
        if not prepared:
            return
        erases = any(not isinstance(write, Put) for write, _ in prepared)
        await self._worker.do(lambda database: _commit(database, prepared, erases=erases))
        self._tell(frozenset(write.collection for write, _ in prepared))

    async def entries(
        self, collection: str, cls: type[T], *, since: float | None = None, limit: int = -1, newest_first: bool = False
    ) -> tuple[T, ...]:
        """The entries of a collection in the order of their time; one that cannot be read is left out and logged.

        Args:
            collection: Which.
            cls: What they are.
            since: Only those of this moment or later, seconds since the epoch.
            limit: At most so many, -1 for all.
            newest_first: The other way round.
        """
        self._used.add(collection)
        order = "DESC" if newest_first else "ASC"
        query = f"SELECT json FROM entries WHERE collection = ? AND at >= ? ORDER BY at {order}, entry_id LIMIT ?"  # noqa: S608
        values = (collection, float("-inf") if since is None else since, limit)
        rows = await self._worker.do(lambda database: database.connection.execute(query, values).fetchall())
        read = (_read(cls, text, collection) for (text,) in rows)
        return tuple(value for value in read if value is not None)

    async def entry(self, collection: str, entry_id: str, cls: type[T]) -> T | None:
        """One entry, None when it is not there or cannot be read."""
        text = await self._text(collection, entry_id)
        return None if text is None else _read(cls, text, collection)

    async def card(self, card_id: str) -> AnyCard | None:
        """A card as it was kept last, None when it is not there."""
        text = await self._text(CARDS, card_id)
        return None if text is None else _card(text)

    async def cards_of(self, skill_id: str) -> tuple[AnyCard, ...]:
        """All cards of a skill in the order of their time."""
        query = "SELECT json FROM entries WHERE collection = ? ORDER BY at, entry_id"
        rows = await self._worker.do(lambda database: database.connection.execute(query, (CARDS,)).fetchall())
        cards = (_card(text) for (text,) in rows)
        return tuple(card for card in cards if card is not None and card.skill == skill_id)

    async def others_wrote(self) -> bool:
        """Whether another program has written since this was asked last; listeners are then told of what they may mean.

        Costs some microseconds and reads no entries.
        """
        version = await self._worker.do(
            lambda database: int(database.connection.execute("PRAGMA data_version").fetchone()[0])
        )
        before, self._version = self._version, version
        if before is None or before == version:
            return False
        self._tell(frozenset(self._used))
        return True

    async def erase(self) -> None:
        """Erase everything, and every copy of the database there is."""

        def work(database: Database) -> None:
            with transaction(database.connection):
                database.connection.execute("DELETE FROM entries")
            database.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            database.forget_copies(damaged=True)

        await self._worker.do(work)

    async def aclose(self) -> None:
        """Finish what is being written and let the file go. May be called twice."""
        await self._worker.aclose()

    def _tell(self, collections: frozenset[str]) -> None:
        self._used |= collections
        for listener in tuple(self._listeners):
            listener(collections)

    async def _text(self, collection: str, entry_id: str) -> str | None:
        self._used.add(collection)
        query = "SELECT json FROM entries WHERE collection = ? AND entry_id = ?"
        row = await self._worker.do(
            lambda database: database.connection.execute(query, (collection, entry_id)).fetchone()
        )
        return None if row is None else str(row[0])


def put_card(card: AnyCard, at: float) -> Put:
    """Keep a card as it is shown."""
    return Put(CARDS, card.card_id, card, at)


def _prepared(write: Write) -> tuple[Write, str]:
    """A write with the text of its value, made on the caller's thread so that what cannot be kept is told at once."""
    if not isinstance(write, Put):
        return write, ""
    value = wire.fields_of(write.value, write.collection)
    return write, json.dumps(value, separators=(",", ":"), allow_nan=False)


def _commit(database: Database, writes: list[tuple[Write, str]], *, erases: bool) -> None:
    connection = database.connection
    with transaction(connection):
        for write, text in writes:
            match write:
                case Put(collection=collection, entry_id=entry_id, at=at):
                    row = (collection, entry_id, at, text)
                    connection.execute("INSERT OR REPLACE INTO entries VALUES (?,?,?,?)", row)
                case Remove(collection=collection, entry_id=entry_id):
                    query = "DELETE FROM entries WHERE collection = ? AND entry_id = ?"
                    connection.execute(query, (collection, entry_id))
                case Clear(collection=collection, before=before):
                    query = "DELETE FROM entries WHERE collection = ? AND at < ?"
                    connection.execute(query, (collection, float("inf") if before is None else before))
    if erases:  # what was erased is gone from the disk too
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        database.forget_copies(damaged=False)


def _card(text: str) -> AnyCard | None:
    """A card as it was kept; None for one whose form this Sotto does not know."""
    try:
        return wire.card_from_json(json.loads(text))
    except InvalidInput as error:
        log.warning("a card in the notebook is left out: %s", error.code)
    except ValueError:
        log.warning("a card in the notebook is left out: it is not JSON")
    return None


def _read(cls: type[T], text: str, collection: str) -> T | None:
    """An entry as it was kept; None for one whose form this Sotto does not know: the others are still good."""
    try:
        return wire.read_fields(cls, json.loads(text), collection)
    except InvalidInput as error:
        log.warning("an entry of %s is left out: %s", collection, error.code)
    except ValueError:
        log.warning("an entry of %s is left out: it is not JSON", collection)
    return None
