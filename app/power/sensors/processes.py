"""How long processes have worked: by the kernel's files on Linux, by psutil elsewhere."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import psutil

from app.power.hardware.counters import Counters

_TICKS_IN_S = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100
_OWN, _WAITED, _START = slice(11, 13), slice(13, 15), 19
"""Fields of ``/proc/<pid>/stat`` behind the name: its own time, that of children it has waited for, when it began."""


@dataclass(frozen=True, slots=True)
class Lived:
    """One process until now.

    Attributes:
        began: When it began, in a unit of its own: another process under the same number began at another time.
        own_s: Processor seconds it has taken itself, all its threads together.
        waited_s: Those of its children that have ended and that it has waited for.
    """

    began: float
    own_s: float
    waited_s: float


class Processes(Protocol):
    """The processes of a machine."""

    def lived(self, pid: int) -> Lived | None:
        """One of them; None when it has ended or cannot be looked at."""
        ...

    def children(self, pid: int) -> Sequence[int]:
        """Its children and theirs."""
        ...

    def cores(self) -> int:
        """Logical processors of the machine."""
        ...


class LinuxProcesses:
    """Implements `Processes` by the kernel's files.

    Args:
        root: Where ``/proc`` lies.
    """

    def __init__(self, root: Path = Path("/")) -> None:
        self._root = root
        self._counters = Counters(root)

    def lived(self, pid: int) -> Lived | None:
        """By its ``stat``; to the nanosecond on the machine itself, where a recorded one only has ticks."""
        try:
            text = (self._root / f"proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        except OSError:
            return None
        fields = text.rpartition(")")[2].split()  # the name before may hold anything
        if len(fields) <= _START or fields[0] in ("Z", "X"):
            return None
        return Lived(int(fields[_START]), self._own_s(pid, fields), _ticks_s(fields[_WAITED]))

    def children(self, pid: int) -> Sequence[int]:
        """As the kernel lists them."""
        return self._counters.children(pid)

    def cores(self) -> int:
        """Lines of ``/proc/stat``."""
        try:
            lines = (self._root / "proc/stat").read_text(encoding="ascii", errors="replace").splitlines()
        except OSError:
            lines = []
        return sum(line.startswith("cpu") and not line.startswith("cpu ") for line in lines) or 1

    def _own_s(self, pid: int, fields: list[str]) -> float:
        if sys.platform != "win32" and self._root == Path("/"):
            try:
                return time.clock_gettime(~pid << 3 | 2)  # the kernel's name for that process's clock
            except OSError:
                pass
        return _ticks_s(fields[_OWN])


class PsutilProcesses:
    """Implements `Processes` by psutil, for systems without these files."""

    def lived(self, pid: int) -> Lived | None:
        """By its times."""
        try:
            process = psutil.Process(pid)
            with process.oneshot():
                times = process.cpu_times()
                if process.status() == psutil.STATUS_ZOMBIE:
                    return None
                waited = getattr(times, "children_user", 0.0) + getattr(times, "children_system", 0.0)
                return Lived(process.create_time(), times.user + times.system, waited)
        except psutil.Error:
            return None

    def children(self, pid: int) -> Sequence[int]:
        """As psutil finds them; none when it may not look."""
        try:
            return [child.pid for child in psutil.Process(pid).children(recursive=True)]
        except psutil.Error:
            return ()

    def cores(self) -> int:
        """As psutil counts them."""
        return psutil.cpu_count() or 1


def processes_of_this_system(root: Path = Path("/")) -> Processes:
    """Those of the system this runs on; ``root`` counts on Linux alone."""
    return LinuxProcesses(root) if sys.platform == "linux" else PsutilProcesses()


def _ticks_s(fields: list[str]) -> float:
    return sum(map(int, fields)) / _TICKS_IN_S
