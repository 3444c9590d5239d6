"""A screen for machines that have none: Xvfb, which belongs to whoever started it and ends with it."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from app.bench.programs import end, need
from app.contracts.errors import Unavailable


@contextmanager
def virtual_screen(width: int = 1280, height: int = 900) -> Iterator[dict[str, str]]:
    """A screen with a window manager (so that windows get the focus); yields the variables that select it.

    Raises:
        Unavailable: Xvfb is not installed or does not start.
    """
    need("Xvfb", remedy="sudo apt-get install xvfb openbox")
    with ExitStack() as stack:
        read, write = os.pipe()
        server = subprocess.Popen(
            ["Xvfb", "-displayfd", str(write), "-screen", "0", f"{width}x{height}x24", "-nolisten", "tcp", "-noreset"],
            pass_fds=(write,), stderr=subprocess.DEVNULL,
        )  # fmt: skip
        os.close(write)
        stack.callback(end, server)
        with os.fdopen(read, "rb") as numbers:
            number = numbers.readline().strip().decode()
        if not number:
            raise Unavailable("The virtual screen (Xvfb) did not start.")
        display = {"DISPLAY": f":{number}"}
        if shutil.which("openbox"):
            manager = subprocess.Popen(
                ["openbox"], env={**os.environ, **display}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
            stack.callback(end, manager)
        yield display
