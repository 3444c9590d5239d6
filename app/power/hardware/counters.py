"""Evidence of where something ran, read from the kernel: nothing here asks a library, and nothing wakes a device.

Sources: ``npu_busy_time_us`` of the kernel's ivpu driver; ``drm-engine-*``, ``drm-cycles-*`` and ``drm-resident-*`` of
``/proc/<pid>/fdinfo`` (drm-usage-stats of the kernel's documentation); open files under ``/dev``.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_FIRST_PID_NAMESPACE = "pid:[4026531836]"
"""Outside every container; elsewhere process numbers of NVIDIA's driver are not ours."""
_UNITS = {"KiB": 2**10, "MiB": 2**20}


@dataclass(frozen=True, slots=True)
class Graphics:
    """What one process did on graphics processors.

    Attributes:
        opened: It holds a graphics device open.
        busy: Nanoseconds or cycles its work took there; None when the driver does not count.
    """

    opened: bool
    busy: int | None


@dataclass(frozen=True, slots=True)
class Client:
    """One user of one device through the kernel's graphics interface.

    Attributes:
        driver: The kernel's module, for instance ``xe``.
        pci: The device's address, empty where the driver does not say.
        number: Its number with that driver: several open files may stand for one client.
        busy_ns: Nanoseconds its work took, by engine.
        cycles: Cycles its work took and cycles that have passed meanwhile, by engine; for drivers that count these.
        resident_bytes: Memory it takes now, None when the driver does not tell.
    """

    driver: str
    pci: str
    number: str
    busy_ns: Mapping[str, int]
    cycles: Mapping[str, tuple[int, int]]
    resident_bytes: int | None


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
        clients = self.clients(pid, *self.children(pid))
        if clients is None:
            return None
        counts = [*(ns for client in clients for ns in client.busy_ns.values())]
        counts += [taken for client in clients for taken, _ in client.cycles.values()]
        return Graphics(bool(clients), sum(counts) if counts else None)

    def clients(self, *pids: int) -> tuple[Client, ...] | None:
        """The clients that these processes are; None where none of them can be looked at."""
        found: dict[tuple[int, str, str, str], Client] = {}
        readable = False
        for pid in pids:
            try:
                entries = list((self._root / f"proc/{pid}/fdinfo").iterdir())
            except OSError:
                continue
            readable = True
            for entry in entries:
                client = _client(entry)
                if client is not None:
                    found[(pid, client.driver, client.pci, client.number)] = client
        return tuple(found.values()) if readable else None

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


def _client(entry: Path) -> Client | None:
    """The client behind one open file, which says the whole of its work; None for other files."""
    try:
        text = entry.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    if "drm-driver" not in text:
        return None  # which is nearly every file
    fields = {key: value.split() for key, _, value in (line.partition(":") for line in text.splitlines())}
    driver = "".join(fields.get("drm-driver", ()))
    if not driver:
        return None
    numbers = {key: int(words[0]) for key, words in fields.items() if words and words[0].isdigit()}
    cycles = {
        engine: (count, numbers.get(f"drm-total-cycles-{engine}", 0))
        for key, count in numbers.items()
        if (engine := _rest(key, "drm-cycles-"))
    }
    busy = {
        engine: count
        for key, count in numbers.items()
        if (engine := _rest(key, "drm-engine-")) and not engine.startswith("capacity-")
    }
    return Client(
        driver,
        "".join(fields.get("drm-pdev", ())),
        "".join(fields.get("drm-client-id", (entry.name,))),
        busy,
        cycles,
        _resident(fields),
    )


def _rest(key: str, beginning: str) -> str:
    return key[len(beginning) :] if key.startswith(beginning) else ""


def _resident(fields: Mapping[str, Sequence[str]]) -> int | None:
    """Memory by region added up; drivers of before 6.5 name it differently."""
    for beginning in ("drm-resident-", "drm-memory-"):
        regions = [words for key, words in fields.items() if key.startswith(beginning) and words]
        if regions:
            return sum(int(words[0]) * _UNITS.get("".join(words[1:]), 1) for words in regions if words[0].isdigit())
    return None


def _number(path: Path) -> int | None:
    try:
        return int(path.read_text(encoding="ascii").strip())
    except (OSError, ValueError):
        return None
