from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from app.contracts.errors import StorageError
from app.memory.database import Database, statements, storage_errors, transaction
from app.memory.look import Look, look
from app.memory.migrations import MIGRATIONS, SCHEMA_VERSION
from app.settings.locks import file_lock

ONE = "CREATE TABLE notes (note TEXT NOT NULL) STRICT;"
TWO = "ALTER TABLE notes ADD COLUMN stars INTEGER NOT NULL DEFAULT 3; CREATE INDEX by_stars ON notes (stars);"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "sotto.db"


def names(path: Path) -> set[str]:
    return {entry.name for entry in path.parent.iterdir()} - {"sotto.lock"}


def rows(path: Path, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(query).fetchall()


def with_a_note(path: Path) -> None:
    with closing(Database(path, (ONE,))) as database:
        database.connection.execute("INSERT INTO notes VALUES ('kept')")


def test_a_new_database_is_private_current_and_in_wal(path: Path) -> None:
    with closing(Database(path)) as database:
        ask = database.connection.execute
        assert ask("PRAGMA journal_mode").fetchone() == ("wal",)
        assert ask("PRAGMA foreign_keys").fetchone() == (1,)
        assert ask("PRAGMA secure_delete").fetchone() == (1,)
        assert ask("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)
        assert path.stat().st_mode & 0o777 == 0o600
        assert database.moved_aside is None
    database.close()
    assert names(path) == {"sotto.db"}


def test_every_migration_in_turn_after_a_copy_of_what_was(path: Path) -> None:
    with_a_note(path)
    with closing(Database(path, (ONE, TWO))) as database:
        assert database.connection.execute("SELECT note, stars FROM notes").fetchall() == [("kept", 3)]
    copy = path.with_name("sotto.db.before-version-2-1")
    assert names(path) == {"sotto.db", copy.name}
    assert copy.stat().st_mode & 0o777 == 0o600
    assert rows(copy, "SELECT * FROM notes") == [("kept",)]
    assert rows(copy, "PRAGMA user_version") == [(1,)]
    Database(path, (ONE, TWO)).close()
    assert names(path) == {"sotto.db", copy.name}


def test_a_migration_that_fails_changes_nothing(path: Path) -> None:
    with_a_note(path)
    with pytest.raises(StorageError) as caught:
        Database(path, (ONE, TWO + "INSERT INTO nowhere VALUES (1);"))
    assert isinstance(caught.value.__cause__, sqlite3.Error)
    assert rows(path, "PRAGMA user_version") == [(1,)]
    assert rows(path, "SELECT * FROM notes") == [("kept",)]


def test_a_newer_database_is_left_alone(path: Path) -> None:
    with closing(Database(path, (ONE, TWO))) as database:
        database.connection.execute("INSERT INTO notes VALUES ('later', 5)")
    before = path.read_bytes()
    with pytest.raises(StorageError, match="newer Sotto") as caught:
        Database(path, (ONE,))
    assert caught.value.code == "newer-database"
    assert path.read_bytes() == before
    assert names(path) == {"sotto.db"}


def text_file(path: Path) -> None:
    path.write_text("This is a letter, not a database. " * 100)


def torn(path: Path) -> None:
    with closing(Database(path, (ONE,))) as database, transaction(database.connection):
        for number in range(2000):
            database.connection.execute("INSERT INTO notes VALUES (?)", (f"note {number} " * 10,))
    content = bytearray(path.read_bytes())
    content[8192:40000] = b"\xa5" * (40000 - 8192)
    path.write_bytes(content)


@pytest.mark.parametrize("damage", [text_file, torn])
def test_a_damaged_database_is_moved_aside_and_a_new_one_begun(path: Path, damage: Callable[[Path], None]) -> None:
    path.parent.mkdir()
    damage(path)
    damaged = path.read_bytes()
    with closing(Database(path, (ONE,))) as database:
        assert database.moved_aside == path.with_name("sotto.db.damaged-1")
        assert database.moved_aside.read_bytes() == damaged
        database.connection.execute("INSERT INTO notes VALUES ('new')")
    with closing(Database(path, (ONE,))) as database:
        assert database.moved_aside is None
        assert database.connection.execute("SELECT * FROM notes").fetchall() == [("new",)]


def test_nothing_that_was_moved_aside_is_overwritten(path: Path) -> None:
    path.parent.mkdir()
    for number in (1, 2):
        path.write_text(f"letter {number} " * 100)
        Database(path).close()
    assert path.with_name("sotto.db.damaged-1").read_text().startswith("letter 1")
    assert path.with_name("sotto.db.damaged-2").read_text().startswith("letter 2")


def test_damage_found_later_is_told_apart_from_a_full_disk(path: Path) -> None:
    torn(path)
    with closing(sqlite3.connect(path)) as connection, pytest.raises(StorageError) as caught, storage_errors(path):
        connection.execute("SELECT count(note || '') FROM notes").fetchone()
    assert caught.value.code == "history-damaged"


def test_a_full_disk_undoes_the_whole_transaction_and_leaves_the_connection_usable(path: Path) -> None:
    with closing(Database(path, (ONE,))) as database:
        connection = database.connection
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages + 2}")
        too_much = ("x" * 4000 for _ in range(100))
        with pytest.raises(StorageError) as caught, storage_errors(path), transaction(connection):
            connection.executemany("INSERT INTO notes VALUES (?)", ((note,) for note in too_much))
        assert caught.value.code == "disk-full"
        assert caught.value.exit_code == 5
        assert connection.execute("SELECT count(*) FROM notes").fetchone() == (0,)
        with transaction(connection):
            connection.execute("INSERT INTO notes VALUES ('small')")
        assert connection.execute("SELECT * FROM notes").fetchall() == [("small",)]


def test_an_error_in_between_undoes_the_transaction(path: Path) -> None:
    with closing(Database(path, (ONE,))) as database:

        def notes() -> Iterator[tuple[str]]:
            yield ("half",)
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt), transaction(database.connection):
            database.connection.executemany("INSERT INTO notes VALUES (?)", notes())
        assert database.connection.execute("SELECT * FROM notes").fetchall() == []


def test_another_program_in_the_middle_of_writing_is_told(path: Path) -> None:
    with closing(Database(path, (ONE,))) as ours, closing(sqlite3.connect(path, isolation_level=None)) as theirs:
        ours.connection.execute("PRAGMA busy_timeout = 0")
        theirs.execute("BEGIN IMMEDIATE")
        in_use = pytest.raises(StorageError, match="in use by another program")
        with in_use, storage_errors(path), transaction(ours.connection):
            pass


def test_a_place_that_cannot_be_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError) as caught:
        Database(tmp_path / "file" / "sotto.db")
    assert caught.value.code == "in-the-way"
    (tmp_path / "folder.db").mkdir()
    with pytest.raises(StorageError):
        Database(tmp_path / "folder.db")


def test_whoever_comes_while_another_migrates_waits(path: Path) -> None:
    with_a_note(path)
    script = (
        "import sys; from pathlib import Path; from app.memory.database import Database\n"
        "print('ready', flush=True)\n"
        "Database(Path(sys.argv[1]), (sys.argv[2], sys.argv[3])).close()\n"
    )
    with file_lock(path.with_suffix(".lock")):
        children = [
            subprocess.Popen([sys.executable, "-c", script, str(path), ONE, TWO], stdout=subprocess.PIPE, text=True)
            for _ in range(3)
        ]
        for child in children:
            assert child.stdout is not None
            assert child.stdout.readline() == "ready\n"
        assert rows(path, "PRAGMA user_version") == [(1,)]
    for child in children:
        child.communicate()
        assert child.returncode == 0
    assert rows(path, "SELECT note, stars FROM notes") == [("kept", 3)]
    assert names(path) == {"sotto.db", "sotto.db.before-version-2-1"}


def test_forgetting_the_copies(path: Path) -> None:
    with_a_note(path)
    other = path.with_name("sotto.db2.before-version-2-1")
    other.write_text("somebody else's")
    with closing(Database(path, (ONE, TWO))) as database:
        aside = path.with_name("sotto.db.damaged-1")
        aside.write_text("")
        database.forget_copies(damaged=False)
        assert aside.exists()
        database.forget_copies(damaged=True)
    assert names(path) == {"sotto.db", other.name}


def test_scripts_are_taken_apart_at_whole_statements() -> None:
    trigger = "CREATE TRIGGER t AFTER INSERT ON a BEGIN INSERT INTO b VALUES ('x;y'); DELETE FROM c; END;"
    script = f"CREATE TABLE a (b TEXT DEFAULT ';');\n\n{trigger}\nDROP TABLE c;\n"
    assert statements(script) == ["CREATE TABLE a (b TEXT DEFAULT ';');", trigger, "DROP TABLE c;"]


def test_each_released_schema_can_still_be_reached(path: Path) -> None:
    assert len(MIGRATIONS) == SCHEMA_VERSION
    for version in range(1, SCHEMA_VERSION + 1):
        Database(path, MIGRATIONS[:version]).close()
    assert rows(path, "PRAGMA integrity_check") == [("ok",)]


def test_looking_touches_nothing(path: Path) -> None:
    with_a_note(path)
    before = {entry.name: entry.read_bytes() for entry in path.parent.iterdir()}
    assert look(path) == Look("", 1)
    assert {entry.name: entry.read_bytes() for entry in path.parent.iterdir()} == before


def test_looking_sees_what_an_open_database_has_just_written(path: Path) -> None:
    with closing(Database(path, (ONE,))), closing(Database(path, (ONE, TWO))):
        assert look(path) == Look("", 2)


@pytest.mark.parametrize("damage", [text_file, torn])
def test_looking_sees_damage(path: Path, damage: Callable[[Path], None]) -> None:
    path.parent.mkdir()
    damage(path)
    assert look(path).damage
