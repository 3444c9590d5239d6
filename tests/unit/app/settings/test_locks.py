from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from app.contracts.errors import AlreadyRunning, StorageError
from app.settings.instance import InstanceLock
from app.settings.locks import file_lock

HOLD = """
import sys
from pathlib import Path
from app.settings.instance import InstanceLock
from app.settings.locks import file_lock
kind, path = sys.argv[1], Path(sys.argv[2])
with InstanceLock(path) if kind == "instance" else file_lock(path):
    print("held", flush=True)
    sys.stdin.read()
"""


class Holder:
    """Another process that holds a lock until it is ended."""

    def __init__(self, kind: str, path: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", HOLD, kind, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "held\n"

    def end(self, *, kill: bool) -> None:
        if kill:
            self.process.kill()
        self.process.communicate()


@pytest.mark.parametrize("kill", [False, True], ids=["ends", "is killed"])
def test_a_second_window_is_refused_until_the_first_is_gone(tmp_path: Path, kill: bool) -> None:
    first = Holder("instance", tmp_path)
    try:
        with pytest.raises(AlreadyRunning) as caught:
            InstanceLock(tmp_path).acquire()
    finally:
        first.end(kill=kill)
    assert caught.value.exit_code == 3
    assert caught.value.message == "Sotto is already running."
    assert caught.value.remedy
    with InstanceLock(tmp_path):
        pass


def test_within_one_process_there_is_one_instance_too(tmp_path: Path) -> None:
    first, second = InstanceLock(tmp_path / "run"), InstanceLock(tmp_path / "run")
    first.acquire()
    with pytest.raises(AlreadyRunning):
        second.acquire()
    second.release()
    with pytest.raises(AlreadyRunning):
        second.acquire()
    first.release()
    first.release()
    second.acquire()
    second.release()
    assert (tmp_path / "run" / "window.lock").stat().st_mode & 0o777 == 0o600


def test_a_child_process_does_not_inherit_the_lock(tmp_path: Path) -> None:
    lock = InstanceLock(tmp_path)
    lock.acquire()
    child = subprocess.Popen(
        [sys.executable, "-c", "print('up', flush=True); input()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        close_fds=False,
    )
    try:
        assert child.stdout is not None
        assert child.stdout.readline() == b"up\n"
        lock.release()
        with InstanceLock(tmp_path):
            pass
    finally:
        child.communicate(b"\n")


def test_a_runtime_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError) as caught:
        InstanceLock(tmp_path / "file" / "run").acquire()
    assert caught.value.code == "in-the-way"


def test_a_file_system_without_locks_is_not_taken_for_another_window(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fcntl = pytest.importorskip("fcntl")

    def no_locks(_descriptor: int, _operation: int) -> None:
        raise OSError(37, "No locks available")

    monkeypatch.setattr(fcntl, "flock", no_locks)
    with pytest.raises(StorageError, match="No locks available"):
        InstanceLock(tmp_path).acquire()


def test_who_waits_for_a_file_gets_it_when_it_is_free(tmp_path: Path) -> None:
    path = tmp_path / "file.lock"
    holder = Holder("file", path)
    try:
        with pytest.raises(TimeoutError), file_lock(path, timeout_s=0.0):
            pass
    finally:
        holder.end(kill=True)
    with file_lock(path, timeout_s=0.0), pytest.raises(TimeoutError), file_lock(path, timeout_s=0.0):
        pass
    with file_lock(path, timeout_s=0.0):
        pass
