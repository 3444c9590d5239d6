"""Evidence of where something ran, read from the kernel: nothing here asks a library, and nothing wakes a device.

Sources: ``npu_busy_time_us`` of the kernel's ivpu driver; ``drm-engine-*`` and ``drm-cycles-*`` of
``/proc/<pid>/fdinfo`` (drm-usage-stats of the kernel's documentation); open files under ``/dev``.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_FIRST_PID_NAMESPACE = "pid:[4026531836]"
"""Outside every container; elsewhere process numbers of NVIDIA's driver are not ours."""


@dataclass(frozen=True, slots=True)
class Graphics:
    """What one process did on graphics processors.

    Attributes:
        opened: It holds a graphics device open.
        busy: Nanoseconds or cycles its work took there; None when the driver does not count.
    """

    opened: bool
    busy: int | None


class Counters:
    """The kernel's counters.

    Args:
        root: Where ``/sys`` and ``/proc`` lie.
    """

    def __init__(self, root: Path = Path("/")) -> None:
        self._root = root

    def npu_busy_us(self) -> int | None:
        """Microseconds the NPUs of this machine were busy since start; None when the kernel does not count (< 6.11)."""
        found = [_number(path) for path in self._root.glob("sys/class/accel/accel*/device/npu_busy_time_us")]
        counts = [count for count in found if count is not None]
        return sum(counts) if counts else None

    def graphics(self, pid: int) -> Graphics | None:
        """What a process and its children did on graphics processors; None where that cannot be read."""
        opened, busy, counted, readable = False, 0, False, False
        for process in (pid, *self.children(pid)):
            try:
                entries = list((self._root / f"proc/{process}/fdinfo").iterdir())
            except OSError:
                continue
            readable = True
            clients: dict[str, int | None] = {}
            for entry in entries:
                client, work = _client(entry)
                if client:
                    clients[client] = work
            opened = opened or bool(clients)
            for work in clients.values():
                counted = counted or work is not None
                busy += work or 0
        return Graphics(opened, busy if counted else None) if readable else None

    def holds_nvidia(self, pid: int) -> bool | None:
        """Whether a process or a child of it holds an NVIDIA GPU open; None where that cannot be read."""
        known = False
        for process in (pid, *self.children(pid)):
            try:
                entries = list((self._root / f"proc/{process}/fd").iterdir())
            except OSError:
                continue
            known = True
            for entry in entries:
                try:
                    target = os.readlink(entry)
                except OSError:
                    continue
                if target.startswith("/dev/nvidia") and target != "/dev/nvidiactl":
                    return True
        return False if known else None

    def children(self, pid: int) -> tuple[int, ...]:
        """The children of a process and theirs."""
        return tuple(self._descendants(pid))

    def own_numbers(self) -> bool:
        """Whether the process numbers seen here are those the drivers know: not so in a container."""
        try:
            return os.readlink(self._root / "proc/self/ns/pid") == _FIRST_PID_NAMESPACE
        except OSError:
            return False

    def _descendants(self, pid: int) -> Iterator[int]:
        for path in self._root.glob(f"proc/{pid}/task/*/children"):
            try:
                numbers = path.read_text(encoding="ascii").split()
            except OSError:
                continue
            for number in map(int, numbers):
                yield number
                yield from self._descendants(number)


def _client(entry: Path) -> tuple[str, int | None]:
    """The graphics client behind one open file and its work; an empty name for other files.

    Several files may stand for one client, and each says the whole of its work.
    """
    try:
        text = entry.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return "", None
    fields = dict(line.partition(":")[::2] for line in text.splitlines())
    driver = fields.get("drm-driver", "").strip()
    if not driver:
        return "", None
    where = fields.get("drm-pdev", "").strip()
    name = f"{driver} {where} {fields.get('drm-client-id', entry.name).strip()}"
    work = [
        int(words[0])
        for key, value in fields.items()
        if key.startswith(("drm-engine-", "drm-cycles-")) and not key.startswith("drm-engine-capacity-")
        if (words := value.split()) and words[0].isdigit()
    ]
    return name, sum(work) if work else None


def _number(path: Path) -> int | None:
    try:
        return int(path.read_text(encoding="ascii").strip())
    except (OSError, ValueError):
        return None
