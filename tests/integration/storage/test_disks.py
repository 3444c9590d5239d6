"""A full disk and a read-only one, for real: a small file system of its own, mounted for one child process.

Root ignores the modes of folders, so only a mount shows what a person sees.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

SCRIPT = """
import asyncio, json, sys
from pathlib import Path
from app.contracts.errors import SottoError
from app.memory.history import History, TurnRecord
from app.settings.instance import InstanceLock
from app.settings.paths import Paths
from app.settings.store import SettingsStore

paths = Paths.under(Path(sys.argv[1]))


def settings():
    store = SettingsStore(paths.settings_file)
    store.load()
    try:
        store.set("audio.input", "x" * 100_000)
    finally:
        assert store.text("audio.input") == ""


async def record():
    history = History(paths.database)
    try:
        words = "x" * 400_000
        await history.record(TurnRecord("t", 1.0, "text", words, words, None, "finished", "", 1.0))
    finally:
        await history.aclose()


def outcome(work):
    try:
        work()
    except SottoError as error:
        return {"code": error.code, "exit": error.exit_code, "sentence": str(error)}
    return None


print(json.dumps({
    "folders": outcome(paths.ensure),
    "settings": outcome(settings),
    "history": outcome(lambda: asyncio.run(record())),
    "instance": outcome(InstanceLock(paths.runtime_dir).acquire),
}))
"""

FILLING = """
import asyncio, json, sys
from pathlib import Path
from app.contracts.errors import StorageError
from app.memory.history import History, TurnRecord
from app.settings.paths import Paths
from app.settings.store import SettingsStore

paths = Paths.under(Path(sys.argv[1]))
paths.ensure()
filler = Path(sys.argv[1]) / "filler"
codes = []


def turn(turn_id, words):
    return TurnRecord(turn_id, 1.0, "text", words, "", None, "finished", "", 1.0)


def fill():
    with filler.open("wb", buffering=0) as file:
        while True:
            try:
                file.write(bytes(1024))
            except OSError:
                return


async def main():
    store = SettingsStore(paths.settings_file)
    store.load()
    store.set("audio.input", "small")
    history = History(paths.database)
    await history.record(turn("before", "small"))
    fill()
    for words in ("x" * 200_000, "y" * 200_000):
        try:
            await history.record(turn("large", words))
        except StorageError as error:
            codes.append(error.code)
        try:
            store.set("audio.input", words)
        except StorageError as error:
            codes.append(error.code)
    assert store.text("audio.input") == "small"
    assert [kept.turn_id for kept in await history.turns()] == ["before"]
    filler.unlink()
    store.set("audio.output", "after")
    await history.record(turn("after", "small"))
    await history.aclose()
    again = History(paths.database)
    fresh = SettingsStore(paths.settings_file)
    fresh.load()
    print(json.dumps({
        "codes": codes,
        "turns": [kept.turn_id for kept in await again.turns()],
        "settings": [fresh.text("audio.input"), fresh.text("audio.output")],
    }))
    await again.aclose()


asyncio.run(main())
"""

READ_ONLY = 'mount -t tmpfs -o size=1m tmpfs "$0" && mkdir -p "$0/sotto" && mount -o remount,ro "$0"'
FULL = (
    'mount -t tmpfs -o size=256k tmpfs "$0" && mkdir -p "$0/sotto" && '
    '{ cat /dev/zero > "$0/fill" 2>/dev/null || true; }'
)
SMALL = 'mount -t tmpfs -o size=1m tmpfs "$0" && mkdir -p "$0/sotto"'


def on_a_disk(tmp_path: Path, mount: str, script: str) -> dict[str, Any]:
    if shutil.which("unshare") is None:
        pytest.skip("util-linux's unshare is not installed")
    place = tmp_path / "disk"
    place.mkdir()
    command = f'set -e; {{ {mount}; }} || exit 77; exec "$1" -c "$2" "$0/sotto"'
    child = subprocess.run(
        ["unshare", "--mount", "bash", "-c", command, str(place), sys.executable, script],
        capture_output=True,
        text=True,
        check=False,
    )
    if child.returncode == 77 or "unshare:" in child.stderr:
        pytest.skip(f"a file system cannot be mounted here: {child.stderr.strip()}")
    assert child.returncode == 0, child.stderr
    found: dict[str, Any] = json.loads(child.stdout)
    return found


@pytest.mark.parametrize(("mount", "code"), [(READ_ONLY, "read-only"), (FULL, "disk-full")], ids=["read-only", "full"])
def test_every_store_says_what_is_wrong_where_and_what_helps(tmp_path: Path, mount: str, code: str) -> None:
    found = on_a_disk(tmp_path, mount, SCRIPT)
    for part in ("folders", "settings", "history"):
        outcome = found[part]
        assert outcome is not None, part
        assert outcome["code"] == code, (part, outcome)
        assert outcome["exit"] == 5
        assert str(tmp_path / "disk" / "sotto") in str(outcome["sentence"])
        assert "Make " in str(outcome["sentence"])
    if mount is READ_ONLY:
        assert found["instance"] is not None
        assert found["instance"]["code"] == "read-only"


def test_a_disk_that_fills_up_costs_nothing_and_writing_goes_on_once_there_is_room(
    tmp_path: Path,
) -> None:
    found = on_a_disk(tmp_path, SMALL, FILLING)
    assert found["codes"] == ["disk-full"] * 4
    assert sorted(found["turns"]) == ["after", "before"]
    assert found["settings"] == ["small", "after"]
