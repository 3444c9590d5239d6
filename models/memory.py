"""How much memory models need and hold: guessed before they are loaded, measured afterwards.

Why it exists: a budget is worth what its figures are. A host's own resident size says what a model really takes, with
all the library allocated beside the weights; before the first load only the size of the files is known. Memory of a
graphics card or an NPU is not in these figures.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path

import psutil

from app.power.sensors.processes import processes_of_this_system
from models.store.model import InstalledModel

GB = 1_000_000_000
_GROWTH = 1.2
"""What a model takes in memory for each byte of its files."""
_OVERHEAD_BYTES = 150_000_000
"""What a process with its libraries takes besides."""
_PROCESSES = processes_of_this_system()


@dataclass(frozen=True, slots=True)
class Ram:
    """Memory of the machine, bytes.

    Attributes:
        total: What is built in.
        available: What can be had now without anything being swapped out.
    """

    total: int
    available: int


def ram() -> Ram:
    """This machine's memory now."""
    now = psutil.virtual_memory()
    return Ram(now.total, now.available)


def estimate(model: InstalledModel | None, path: Path | None = None) -> int:
    """Bytes a model is likely to take once it is loaded.

    Args:
        model: What is known of it; None for one that comes with the program.
        path: Its file or folder, where nothing else is known.
    """
    if model is not None and model.memory_bytes:
        return model.memory_bytes
    size = model.size_bytes if model is not None else file_bytes(path)
    return int(size * _GROWTH) + _OVERHEAD_BYTES


def file_bytes(path: Path | None) -> int:
    """Size of a file, or of everything in a folder; 0 when there is none."""
    if path is None or not path.exists():
        return 0
    if path.is_file():
        return path.stat().st_size
    return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())


def resident_bytes(pid: int) -> int:
    """Resident size of a process and everything it started; 0 when it is gone."""
    total = 0
    for member in (pid, *_PROCESSES.children(pid)):
        with contextlib.suppress(psutil.Error):
            total += psutil.Process(member).memory_info().rss
    return total
