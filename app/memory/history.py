"""The history of turns: what was asked, what was answered, what of it was heard.

All work happens in one thread of its own, so the event loop never waits for the disk.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

from app.contracts import wire
from app.contracts.errors import InvalidInput
from app.contracts.events import TURN_EVENTS, SystemEvent, TurnEvent
from app.memory.database import Database, transaction
from app.memory.worker import DatabaseWorker

T = TypeVar("T")
log = logging.getLogger(__name__)
_COLUMNS = "turn_id, started_at, source, question, answer, heard, outcome, error_code, total_ms"


@dataclass(frozen=True, slots=True)
class TurnRecord:
    """One turn as it is kept.

    Attributes:
        turn_id: Its id.
        started_at: Seconds since the epoch.
        source: ``voice``, ``text`` or ``file``.
        question: The words, empty when none were understood.
        answer: The whole text as it was shown.
        heard: The part that was spoken, None when nothing was to be spoken.
        outcome: ``finished``, ``failed`` or ``cancelled``.
        error_code: Of a failed turn.
        total_ms: From start to end.
        events: What happened, in order; empty in a list of turns.
    """

    turn_id: str
    started_at: float
    source: str
    question: str
    answer: str
    heard: str | None
    outcome: str
    error_code: str
    total_ms: float
    events: tuple[TurnEvent, ...] = field(default=(), repr=False)


class History:
    """The turns of one database. Opens it at the first use; every method raises `StorageError`.

    Args:
        path: The database file.
    """

    def __init__(self, path: Path) -> None:
        self._worker = DatabaseWorker(lambda: Database(path), "history")

    async def open(self) -> Path | None:
        """Open the database now; returns where a damaged one was moved to, None when all is well."""
        return await self._do(lambda database: database.moved_aside)

    async def record(self, turn: TurnRecord) -> None:
        """Keep a turn that has ended, whole or not at all."""
        await self._do(lambda database: _record(database, turn))

    async def turns(self, limit: int = 50) -> tuple[TurnRecord, ...]:
        """The newest turns, newest first, without their events."""
        return await self._do(lambda database: _turns(database, limit))

    async def turn(self, turn_id: str) -> TurnRecord | None:
        """One turn with its events, None when there is no such turn."""
        return await self._do(lambda database: _turn(database, turn_id))

    async def delete(self, turn_id: str) -> bool:
        """Erase one turn, also from the copies made before migrations; returns whether it was there."""
        statement = "DELETE FROM turns WHERE turn_id = ?"
        return await self._do(lambda database: _erase(database, statement, turn_id)) > 0

    async def delete_all(self) -> int:
        """Erase every turn, and every copy of the database there is; returns how many turns there were."""

        def erase(database: Database) -> int:
            count = _erase(database, "DELETE FROM turns")
            database.forget_copies(damaged=True)
            return count

        return await self._do(erase)

    async def delete_before(self, epoch_s: float) -> int:
        """Erase turns that began before a moment (seconds since the epoch); returns how many."""
        statement = "DELETE FROM turns WHERE started_at < ?"
        return await self._do(lambda database: _erase(database, statement, epoch_s))

    async def aclose(self) -> None:
        """Finish what is being written and let the file go. May be called twice."""
        await self._worker.aclose()

    async def _do(self, work: Callable[[Database], T]) -> T:
        return await self._worker.do(work)


def _record(database: Database, turn: TurnRecord) -> None:
    connection = database.connection
    texts = (_storable(text) for text in (turn.question, turn.answer, turn.heard))
    row = (turn.turn_id, turn.started_at, turn.source, *texts, turn.outcome, turn.error_code, turn.total_ms)
    with transaction(connection):
        connection.execute(f"INSERT OR REPLACE INTO turns ({_COLUMNS}) VALUES (?,?,?,?,?,?,?,?,?)", row)  # noqa: S608
        connection.executemany(
            "INSERT INTO events VALUES (?,?,?)",
            ((turn.turn_id, event.seq, wire.to_line(event)) for event in turn.events),
        )


def _turns(database: Database, limit: int) -> tuple[TurnRecord, ...]:
    rows = database.connection.execute(
        f"SELECT {_COLUMNS} FROM turns ORDER BY started_at DESC, rowid DESC LIMIT ?",  # noqa: S608
        (limit,),
    )
    return tuple(TurnRecord(*row) for row in rows)


def _turn(database: Database, turn_id: str) -> TurnRecord | None:
    connection = database.connection
    row = connection.execute(f"SELECT {_COLUMNS} FROM turns WHERE turn_id = ?", (turn_id,)).fetchone()  # noqa: S608
    if row is None:
        return None
    lines = connection.execute("SELECT json FROM events WHERE turn_id = ? ORDER BY seq", (turn_id,))
    events = (_readable(line) for (line,) in lines)
    return replace(TurnRecord(*row), events=tuple(event for event in events if isinstance(event, TURN_EVENTS)))


def _storable(text: str | None) -> str | None:
    """Half characters, as a terminal can deliver them, become question marks: SQLite takes whole ones only."""
    return None if text is None else text.encode(errors="replace").decode()


def _readable(line: str) -> TurnEvent | SystemEvent | None:
    """An event as it was kept; None for one whose form this Sotto does not know: the rest of the turn is still good."""
    try:
        return wire.from_line(line)
    except InvalidInput as error:
        log.warning("an event in the history is left out: %s", error.code)
        return None


def _erase(database: Database, statement: str, *values: str | float) -> int:
    """Delete, and shrink the write-ahead log, so that what was erased is gone from the disk."""
    connection = database.connection
    with transaction(connection):
        count = connection.execute(statement, values).rowcount
    if count:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        database.forget_copies(damaged=False)
    return count
