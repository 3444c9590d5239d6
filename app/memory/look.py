"""Looks at a database without touching it, for `sotto doctor`."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen.

    Attributes:
        damage: What is wrong with the file, empty when it is sound.
        version: Its schema version, 0 when it cannot be told.
    """

    damage: str
    version: int


def look(path: Path) -> Look:
    """Check an existing database, read-only; nothing is made beside it."""
    # Without a log beside it nobody has it open, and then even reading would make one.
    alone = "" if path.with_name(f"{path.name}-wal").exists() else "&immutable=1"
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro{alone}", uri=True)) as connection:
            verdict = str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
            version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    except sqlite3.Error as error:
        return Look(str(error), 0)
    return Look("" if verdict == "ok" else verdict, version)
