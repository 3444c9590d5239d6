"""Sees to it that a command has its three standard streams.

Why it exists: a service manager or ``>&-`` may start it without one. Python then has ``None`` in its place, and what is
opened next, a pipe to a host for instance, would get the free number and be taken for the stream.
"""

from __future__ import annotations

import os
import sys


def ensure_standard_streams() -> None:
    """Put the null device where standard input, output or error is closed."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # gets the lowest free number, which is this one
            os.set_inheritable(number, True)
    if sys.stdin is None:
        sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - open as long as the process lives
    if sys.stdout is None:
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    if sys.stderr is None:
        sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
