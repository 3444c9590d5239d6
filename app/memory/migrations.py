"""The schema, version by version. A version that has been released is never edited; a change is a new one."""

from __future__ import annotations

MIGRATIONS: tuple[str, ...] = (
    """
    CREATE TABLE turns (
        turn_id TEXT PRIMARY KEY,
        started_at REAL NOT NULL,
        source TEXT NOT NULL,
        question TEXT NOT NULL,
        answer TEXT NOT NULL,
        heard TEXT,
        outcome TEXT NOT NULL CHECK (outcome IN ('finished', 'failed', 'cancelled')),
        error_code TEXT NOT NULL DEFAULT '',
        total_ms REAL NOT NULL
    ) STRICT;
    CREATE INDEX turns_by_time ON turns (started_at);
    CREATE TABLE events (
        turn_id TEXT NOT NULL REFERENCES turns (turn_id) ON DELETE CASCADE,
        seq INTEGER NOT NULL,
        json TEXT NOT NULL,
        PRIMARY KEY (turn_id, seq)
    ) STRICT, WITHOUT ROWID;
    """,
)
"""``MIGRATIONS[n]`` brings a database of version n to version n + 1."""

SCHEMA_VERSION = len(MIGRATIONS)
