"""One look at this machine: what the operating system says of battery, memory, disk and load.

Why it exists: these calls ask the kernel and may take a while, so they are made in a thread, and each figure is there
or not by itself: a container has no battery, and that is no failure.
"""

from __future__ import annotations

import asyncio
import platform
from dataclasses import dataclass
from pathlib import Path

import psutil

LOAD_OVER_S = 0.15
"""The load is the mean of so long."""


@dataclass(frozen=True, slots=True)
class Battery:
    """The battery: charge in per cent, whether the machine runs on mains, and seconds left, None where unknown."""

    percent: float
    on_mains: bool | None
    left_s: float | None = None


@dataclass(frozen=True, slots=True)
class Room:
    """Memory or disk, bytes."""

    total: int
    free: int


@dataclass(frozen=True, slots=True)
class Load:
    """What the processor does: the share of its time, in [0, 1], and how many cores that is a mean of."""

    share: float
    cores: int


@dataclass(frozen=True, slots=True)
class Machine:
    """A look; None for what this machine does not have or does not tell."""

    battery: Battery | None = None
    memory: Room | None = None
    disk: Room | None = None
    load: Load | None = None
    up_s: float | None = None
    system: str = ""


async def look(wanted: frozenset[str], folder: Path, now_s: float) -> Machine:
    """Look at what is wanted: ``battery``, ``memory``, ``disk``, ``load``, ``uptime``.

    Args:
        wanted: Which of them; the others cost nothing.
        folder: The disk it lies on is looked at.
        now_s: Seconds since the epoch.
    """
    return await asyncio.to_thread(_look, wanted, folder, now_s)


def _look(wanted: frozenset[str], folder: Path, now_s: float) -> Machine:
    return Machine(
        battery=_battery() if "battery" in wanted else None,
        memory=_memory() if "memory" in wanted else None,
        disk=_disk(folder) if "disk" in wanted else None,
        load=_load() if "load" in wanted else None,
        up_s=max(now_s - psutil.boot_time(), 0.0) if "uptime" in wanted else None,
        system=f"{platform.system()} {platform.release()}",
    )


def _battery() -> Battery | None:
    try:
        found = psutil.sensors_battery()
    except (OSError, AttributeError, ValueError):  # some kernels have no such table, some write no numbers into it
        return None
    if found is None:
        return None
    left_s = float(found.secsleft) if found.secsleft is not None and found.secsleft > 0 else None
    return Battery(min(max(float(found.percent), 0.0), 100.0), found.power_plugged, left_s)


def _memory() -> Room:
    found = psutil.virtual_memory()
    return Room(int(found.total), int(found.available))


def _disk(folder: Path) -> Room | None:
    try:
        found = psutil.disk_usage(str(folder))
    except OSError:
        return None
    return Room(int(found.total), int(found.free))


def _load() -> Load:
    return Load(psutil.cpu_percent(interval=LOAD_OVER_S) / 100.0, psutil.cpu_count() or 1)
