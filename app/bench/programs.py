"""Programs that run beside a benchmark: are they there, have they started, and how they end."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Callable

from app.contracts.errors import Unavailable


def need(*programs: str, remedy: str) -> None:
    """Make sure that programs are installed.

    Raises:
        Unavailable: One is not; ``remedy`` is the command that installs them.
    """
    missing = [program for program in programs if shutil.which(program) is None]
    if missing:
        raise Unavailable(f"{', '.join(missing)} is not installed.", remedy=remedy)


def wait_for(condition: Callable[[], bool], name: str, timeout_s: float = 10.0) -> None:
    """Wait until what ``name`` needs time for has happened.

    Raises:
        Unavailable: It did not happen in time.
    """
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            raise Unavailable(f"{name} did not start within {timeout_s:.0f} s.")
        time.sleep(0.05)


def end(process: subprocess.Popen[bytes]) -> None:
    """Ask a program to end, and end it if it does not."""
    process.terminate()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(5)
