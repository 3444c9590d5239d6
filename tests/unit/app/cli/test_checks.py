from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.cli import checks
from app.cli.findings import Finding, State
from app.memory.database import Database
from app.memory.migrations import MIGRATIONS
from app.memory.notebook import MIGRATIONS as NOTEBOOK_MIGRATIONS
from app.settings.instance import InstanceLock
from app.settings.paths import Paths


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return Paths.under(tmp_path / "sotto")


def only(check: Callable[[Paths], Iterator[Finding]], paths: Paths) -> Finding:
    (finding,) = check(paths)
    return finding


def test_looking_makes_nothing(paths: Paths, tmp_path: Path) -> None:
    for check in (checks.folders, checks.settings, checks.profiles, checks.database, checks.notebook, checks.instance):
        assert {finding.state for finding in check(paths)} == {State.OK}
    assert list(tmp_path.iterdir()) == []


def test_this_python_and_this_machine_are_good_enough(paths: Paths) -> None:
    assert only(checks.python, paths).state is State.OK
    assert {finding.check for finding in checks.machine(paths)} == {"processor", "memory"}


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.touch()
    findings = tuple(checks.folders(Paths(tmp_path, in_the_way / "data", tmp_path, tmp_path, tmp_path)))
    (bad,) = (finding for finding in findings if finding.state is State.WARNING)
    assert bad.check == "data-folder"
    assert str(in_the_way) in bad.detail
    assert "SOTTO_HOME" in bad.remedy


def test_the_nearest_folder_that_exists(tmp_path: Path) -> None:
    assert checks.existing(tmp_path / "a" / "b") == tmp_path
    assert checks.existing(tmp_path) == tmp_path


def test_problems_in_the_settings_are_told_with_their_place(paths: Paths) -> None:
    paths.settings_file.parent.mkdir(parents=True)
    paths.settings_file.write_text("voice:\n  speed: 9\n", encoding="utf-8")
    finding = only(checks.settings, paths)
    assert finding.state is State.WARNING
    assert "settings.yaml:2:" in finding.detail


def test_a_chosen_profile_that_is_gone(paths: Paths) -> None:
    paths.settings_file.parent.mkdir(parents=True)
    paths.settings_file.write_text("profile:\n  active: gone\n", encoding="utf-8")
    finding = only(checks.profiles, paths)
    assert finding.state is State.WARNING
    assert "'gone'" in finding.detail
    assert finding.remedy == "sotto profiles use starter"


@dataclass(frozen=True)
class Kept:
    """A database that is looked at: its file, its check, its migrations."""

    path: Path
    check: checks.Check
    migrations: tuple[str, ...]


@pytest.fixture(params=["history", "notebook"])
def kept(request: pytest.FixtureRequest, paths: Paths) -> Kept:
    if request.param == "history":
        return Kept(paths.database, checks.database, MIGRATIONS)
    return Kept(paths.notebook, checks.notebook, NOTEBOOK_MIGRATIONS)


def test_a_sound_database_is_only_read(kept: Kept, paths: Paths) -> None:
    Database(kept.path, kept.migrations).close()
    before = sorted(path.name for path in paths.data_dir.iterdir())
    finding = only(kept.check, paths)
    assert (finding.state, finding.detail) == (State.OK, f"{kept.path} (schema {len(kept.migrations)})")
    assert sorted(path.name for path in paths.data_dir.iterdir()) == before


def test_a_damaged_database_is_found_and_left_alone(kept: Kept, paths: Paths) -> None:
    paths.data_dir.mkdir(parents=True)
    kept.path.write_bytes(b"this is no database" * 100)
    finding = only(kept.check, paths)
    assert finding.state is State.WARNING
    assert f"{kept.path} is damaged" in finding.detail
    assert kept.path.read_bytes().startswith(b"this is no database")


def test_a_database_of_a_newer_version(kept: Kept, paths: Paths) -> None:
    paths.data_dir.mkdir(parents=True)
    with closing(sqlite3.connect(kept.path)) as connection:
        connection.execute(f"PRAGMA user_version = {len(kept.migrations) + 1}")
    assert "newer" in only(kept.check, paths).detail


def test_an_open_window_is_seen_and_not_disturbed(paths: Paths) -> None:
    with InstanceLock(paths.runtime_dir):
        assert "One" in only(checks.instance, paths).detail
    assert only(checks.instance, paths).detail == "None"


def test_no_display_still_leaves_the_terminal(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    findings = {finding.check: finding for finding in checks.window(paths)}
    assert findings["qt"].state is State.OK, findings["qt"].detail
    assert findings["display"].state is State.WARNING
    assert findings["display"].remedy.startswith("sotto ask")
