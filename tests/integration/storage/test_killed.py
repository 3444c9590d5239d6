"""The history survives the end of its process at any moment."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from app.memory.history import History

WRITER = """
import asyncio, sys
from pathlib import Path
from app.contracts.events import CacheHit
from app.memory.history import History, TurnRecord

async def write_for_ever():
    history = History(Path(sys.argv[1]))
    number = 0
    while True:
        turn_id = f"{sys.argv[2]}-{number}"
        events = tuple(CacheHit(turn_id=turn_id, seq=seq, stage="x" * 500) for seq in range(40))
        await history.record(TurnRecord(turn_id, number, "text", "q", "a", None, "finished", "", 1.0, events))
        print(number, flush=True)
        number += 1

asyncio.run(write_for_ever())
"""


def written_before_it_was_killed(path: Path, run: int) -> int:
    """Start a writer, kill it in the middle; returns the number of the last turn it said it had kept."""
    writer = subprocess.Popen([sys.executable, "-c", WRITER, str(path), str(run)], stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None
    enough = 5 + run * 3
    while (last := int(writer.stdout.readline())) < enough:
        pass
    writer.send_signal(signal.SIGKILL)
    rest, _ = writer.communicate()
    assert writer.returncode == -signal.SIGKILL
    return max((int(line) for line in rest.split()), default=last)


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
async def test_a_writer_that_is_killed_leaves_whole_turns(tmp_path: Path) -> None:
    path = tmp_path / "sotto.db"
    written = {run: written_before_it_was_killed(path, run) for run in range(4)}

    history = History(path)
    assert await history.open() is None
    kept = {turn.turn_id for turn in await history.turns(10_000)}
    for run, last in written.items():
        assert {f"{run}-{number}" for number in range(last + 1)} <= kept
    for turn_id in kept:
        turn = await history.turn(turn_id)
        assert turn is not None
        assert len(turn.events) == 40
    await history.aclose()
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
