"""What the processes in which backends live have worked, on the processor and on graphics.

Work on graphics is in ``/proc/<pid>/fdinfo`` of Linux, where drivers count either nanoseconds (i915, amdgpu) or cycles
of all that have passed (xe). NVIDIA's driver counts neither.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from app.power.hardware.counters import Client, Counters
from app.power.sensors.processes import Lived, Processes, processes_of_this_system
from app.power.sensors.sample import HostWork

_ACCELERATORS = ("intel_vpu", "amdxdna", "amdxdna_accel_driver")
_AGAIN_S = 5.0
"""A process that used no graphics is not looked at for them again so soon."""
_FAMILY_S = 1.0
"""Nor is one for new children: to list them takes longer than all the rest, and nothing of what they work is lost."""


@dataclass(slots=True)
class _Client:
    """Seconds one client's work has taken by engine, and where its cycles stood at the last look."""

    seconds: dict[str, float] = field(default_factory=dict)
    cycles: dict[str, tuple[int, int]] = field(default_factory=dict)


@dataclass(slots=True)
class _Process:
    """One process that lived under a backend's name, and what it has worked."""

    pid: int
    began: float
    cpu_s: float = 0.0
    clients: dict[tuple[str, str], _Client] = field(default_factory=dict)
    looked_at_s: float | None = None
    family: Sequence[int] = ()
    listed_at_s: float = float("-inf")

    @property
    def graphics_s(self) -> float | None:
        """By the busiest engine of each client; None when no driver counted anything."""
        counted = [max(client.seconds.values()) for client in self.clients.values() if client.seconds]
        return sum(counted) if counted else None


class ProcessHosts:
    """Looks at processes of this machine. Safe in several threads.

    Args:
        pid_of: The process in which a backend lives by its id; 0 when it is not running.
        root: Where ``/proc`` lies.
        clock: Monotonic seconds.
        processes: Those of the machine.
    """

    def __init__(
        self,
        pid_of: Callable[[str], int],
        root: Path = Path("/"),
        *,
        clock: Callable[[], float] = time.monotonic,
        processes: Processes | None = None,
    ) -> None:
        self._pid_of = pid_of
        self._all = processes or processes_of_this_system(root)
        self._clock = clock
        self._counters = Counters(root)
        self._processes: dict[str, _Process] = {}
        self._before: dict[str, HostWork] = {}
        self._cores = 0
        self._lock = threading.Lock()

    def work(self, backend_id: str) -> HostWork | None:
        """What one has worked, earlier processes of that backend included; it never goes back.

        A host's children count with it; ours are the hosts, so they do not count with us.
        """
        pid = self._pid_of(backend_id) if backend_id else os.getpid()
        if pid <= 0:
            return None
        with self._lock:
            now = self._clock()
            lived = self._all.lived(pid)
            if lived is None:
                return None
            process = self._process(backend_id, pid, lived.began)
            if backend_id and now - process.listed_at_s >= _FAMILY_S:
                process.family, process.listed_at_s = self._all.children(pid), now
            process.cpu_s = max(process.cpu_s, self._cpu_s(lived, process.family, alone=not backend_id))
            self._look_at_graphics(process, (pid, *process.family), now)
            return _sum(self._before.get(backend_id, HostWork(0.0)), process)

    def _process(self, backend_id: str, pid: int, began: float) -> _Process:
        process = self._processes.get(backend_id)
        if process is None or (process.pid, process.began) != (pid, began):
            if process is not None:
                self._before[backend_id] = _sum(self._before.get(backend_id, HostWork(0.0)), process)
            process = self._processes[backend_id] = _Process(pid, began)
        return process

    def _cpu_s(self, lived: Lived, family: Sequence[int], *, alone: bool) -> float:
        seconds = lived.own_s
        if not alone:
            children = [child for pid in family if (child := self._all.lived(pid)) is not None]
            seconds += sum(child.own_s + child.waited_s for child in children) + lived.waited_s
        self._cores = self._cores or self._all.cores()
        return seconds / self._cores

    def _look_at_graphics(self, process: _Process, pids: Sequence[int], now: float) -> None:
        unused = not process.clients and process.looked_at_s is not None
        if unused and process.looked_at_s is not None and now - process.looked_at_s < _AGAIN_S:
            return
        since = 0.0 if process.looked_at_s is None else now - process.looked_at_s
        for client in self._counters.clients(*pids) or ():
            if client.driver not in _ACCELERATORS:
                _add(process.clients.setdefault((client.pci, client.number), _Client()), client, since)
        process.looked_at_s = now


def _add(known: _Client, client: Client, since: float) -> None:
    """What a client has worked since the last look; cycles are a share of those that passed meanwhile."""
    for engine, nanoseconds in client.busy_ns.items():
        known.seconds[engine] = max(known.seconds.get(engine, 0.0), nanoseconds * 1e-9)
    for engine, (taken, passed) in client.cycles.items():
        before = known.cycles.get(engine, (taken, passed))
        known.cycles[engine] = (taken, passed)
        share = (taken - before[0]) / (passed - before[1]) if passed > before[1] else 0.0
        known.seconds[engine] = known.seconds.get(engine, 0.0) + min(1.0, max(0.0, share)) * since


def _sum(before: HostWork, process: _Process) -> HostWork:
    graphics = process.graphics_s
    if graphics is None and before.graphics_s is None:
        return HostWork(before.cpu_s + process.cpu_s)
    return HostWork(before.cpu_s + process.cpu_s, (before.graphics_s or 0.0) + (graphics or 0.0))
