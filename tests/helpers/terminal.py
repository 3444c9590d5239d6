"""The installed `sotto` command as a person runs it: from a shell, in a terminal, on a disk of its own."""

from __future__ import annotations

import fcntl
import os
import pty
import shutil
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from models.host import launch
from tests.helpers.prepared_command import PreparedCommand

_SCRIPT = Path(sys.executable).with_name("sotto")
COMMAND = (str(_SCRIPT),) if _SCRIPT.exists() else (sys.executable, "-P", "-m", "app")
"""The console script; the module where only the packages are installed."""
_TIMEOUT_S = 120.0
_prepared: PreparedCommand | None = None


@contextmanager
def command_in_advance() -> Iterator[None]:
    """Have `sotto` start from an interpreter that has imported the command already, where that can be."""
    global _prepared
    if not hasattr(os, "fork"):
        yield
        return
    _prepared = PreparedCommand(launch.environment())
    try:
        yield
    finally:
        _prepared.close()
        _prepared = None


def sotto(environment: dict[str, str], *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run the command to its end, with nothing to read."""
    words = [*map(str, arguments)]
    if _prepared is not None:
        return _prepared.run(COMMAND[-1], words, environment, _TIMEOUT_S)
    return subprocess.run(
        [*COMMAND, *words],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        timeout=_TIMEOUT_S,
    )


def on_a_disk_of_its_own(
    environment: dict[str, str], folder: Path, options: str, *arguments: str
) -> subprocess.CompletedProcess[str]:
    """Run the command where ``folder`` is a file system mounted with ``options``, full if it is not read-only.

    What lies in the folder afterwards is listed at the end of standard error.
    """
    if shutil.which("unshare") is None or subprocess.run(["unshare", "-m", "true"], check=False).returncode:
        pytest.skip("no file system of its own can be mounted here")
    folder.mkdir(exist_ok=True)
    fill = '{ head -c 1m /dev/zero >"$0/filler"; } 2>/dev/null || true'
    script = f'mount -t tmpfs -o {options} tmpfs "$0" || exit 77; {fill}; "$@"; code=$?; ls -A "$0" >&2; exit $code'
    done = subprocess.run(
        ["unshare", "-m", "sh", "-c", script, str(folder), *COMMAND, *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        timeout=120,
    )
    if done.returncode == 77:
        pytest.skip(f"no file system of its own can be mounted here: {done.stderr.strip()}")
    return done


class Terminal:
    """A terminal with the command in it: what is typed goes in, what is shown can be waited for."""

    def __init__(self, environment: dict[str, str], *arguments: str) -> None:
        self._typing, self._inside = pty.openpty()
        self.attributes_before = termios.tcgetattr(self._inside)
        self.process = subprocess.Popen(
            [*COMMAND, *arguments],
            env=environment,
            stdin=self._inside,
            stdout=self._inside,
            stderr=self._inside,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        self.shown = ""
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def attributes(self) -> list[object]:
        """How the terminal is set now."""
        return list(termios.tcgetattr(self._inside))

    def type(self, keys: str) -> None:
        """Press keys."""
        os.write(self._typing, keys.encode())

    def wait_for(self, text: str, times: int = 1, timeout_s: float = 40.0) -> None:
        """Wait until a text has been shown, so many times."""
        deadline = time.monotonic() + timeout_s
        while self.shown.count(text) < times:
            assert time.monotonic() < deadline, self.shown
            assert self.process.poll() is None, self.shown
            time.sleep(0.02)

    def wait(self, timeout_s: float = 60.0) -> int:
        """Wait for the command's end; returns its exit code."""
        code = self.process.wait(timeout_s)
        time.sleep(0.1)  # what it wrote last is still being read
        return code

    def close(self) -> None:
        """End it, whatever happened."""
        self.process.kill()
        self.process.wait()
        os.close(self._inside)
        self._reader.join(5)
        os.close(self._typing)

    def _read(self) -> None:
        while True:
            try:
                data = os.read(self._typing, 4096)
            except OSError:
                return
            if not data:
                return
            self.shown += data.decode(errors="replace")
