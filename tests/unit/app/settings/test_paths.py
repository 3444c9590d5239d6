from __future__ import annotations

import stat
import sys
from pathlib import Path

import pytest

from app.contracts.errors import StorageError, Unavailable
from app.settings import paths
from app.settings.paths import HOME_VARIABLE, Paths, asset

ROOT = Path(__file__).parents[4]


def test_one_variable_puts_everything_under_one_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path / "stick"))
    found = Paths.default()
    everything = (
        found.settings_file, found.profiles_dir, found.database, found.recordings_dir,
        found.cache_dir, found.runtime_dir, found.log_dir,
    )  # fmt: skip
    assert all(place.is_relative_to(tmp_path / "stick") for place in everything)
    assert len(set(everything)) == len(everything)
    assert not (tmp_path / "stick").exists()


def test_a_relative_home_does_not_move_with_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(HOME_VARIABLE, "here")
    assert Paths.default() == Paths.under(tmp_path / "here")


@pytest.mark.skipif(sys.platform != "linux", reason="the XDG folders are Linux's")
def test_without_it_the_platform_says_where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(HOME_VARIABLE, raising=False)
    for name in ("CONFIG_HOME", "DATA_HOME", "CACHE_HOME", "STATE_HOME"):
        monkeypatch.setenv(f"XDG_{name}", str(tmp_path / name))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    found = Paths.default()
    assert found.settings_file == tmp_path / "CONFIG_HOME" / "sotto" / "settings.yaml"
    assert found.database == tmp_path / "DATA_HOME" / "sotto" / "sotto.db"
    assert found.runtime_dir == tmp_path / "sotto"
    assert found.log_dir == tmp_path / "STATE_HOME" / "sotto" / "log"

    monkeypatch.delenv("XDG_RUNTIME_DIR")
    assert Paths.default().runtime_dir == tmp_path / "CACHE_HOME" / "sotto" / "run"


def test_the_folders_are_made_for_their_owner_alone(tmp_path: Path) -> None:
    found = Paths.under(tmp_path)
    found.ensure()
    found.ensure()
    for folder in (found.config_dir, found.data_dir, found.cache_dir, found.runtime_dir, found.log_dir):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert list(folder.iterdir()) == []


def test_an_open_folder_is_closed_to_others(tmp_path: Path) -> None:
    found = Paths.under(tmp_path)
    found.runtime_dir.mkdir()
    found.runtime_dir.chmod(0o755)
    found.ensure()
    assert stat.S_IMODE(found.runtime_dir.stat().st_mode) == 0o700


def test_what_stands_in_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    with pytest.raises(StorageError) as caught:
        Paths.under(tmp_path).ensure()
    assert str(tmp_path / "data") in caught.value.message
    assert HOME_VARIABLE in caught.value.remedy


def test_assets_come_from_the_checkout() -> None:
    assert asset("profiles/starter.yaml") == ROOT / "assets" / "profiles" / "starter.yaml"


def test_assets_come_from_the_frozen_app_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "assets" / "profiles").mkdir(parents=True)
    monkeypatch.setattr(sys, "_MEIPASS", str(tmp_path), raising=False)
    assert asset("profiles") == tmp_path / "assets" / "profiles"


def test_an_installed_package_finds_its_assets_in_share_and_not_beside_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = tmp_path / "lib" / "site-packages"
    (site / "assets" / "profiles").mkdir(parents=True)  # somebody else's
    share = tmp_path / "share" / "sotto" / "assets" / "profiles"
    share.mkdir(parents=True)
    monkeypatch.setattr(paths, "__file__", str(site / "app" / "settings" / "paths.py"))
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    assert asset("profiles") == share


def test_a_part_that_is_missing_says_so() -> None:
    with pytest.raises(Unavailable, match="'nothing/here' of Sotto is missing") as caught:
        asset("nothing/here")
    assert caught.value.remedy
