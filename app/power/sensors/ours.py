"""What this program's own processes do with graphics devices: which they hold open, and the memory they take there.

A card of NVIDIA's that only this very process holds open is not in use: it does so itself whenever it asks the library.
"""

from __future__ import annotations

from pathlib import Path

from app.power.hardware.counters import Counters

_EVERY_S = 5.0
OPEN_AS_NVIDIA = "nvidia"
"""Stands for every card of NVIDIA's: their driver does not say which of them a process holds open."""


class OurProcesses:
    """This program and its children. Looked at only every few seconds: it means reading a file for each open file.

    Args:
        root: Where ``/proc`` lies.
        pid: This program.
    """

    def __init__(self, root: Path, pid: int) -> None:
        self._counters = Counters(root)
        self._pid = pid
        self._last: tuple[float, frozenset[str], dict[str, int]] | None = None

    def look(self, at_s: float) -> tuple[frozenset[str], dict[str, int]]:
        """Addresses of devices they hold open, and bytes they take on each whose driver tells."""
        if self._last is None or at_s - self._last[0] >= _EVERY_S:
            used: set[str] = set()
            resident: dict[str, int] = {}
            children = self._counters.children(self._pid)
            for client in self._counters.clients(self._pid, *children) or ():
                used.add(client.pci)
                if client.resident_bytes is not None:
                    resident[client.pci] = resident.get(client.pci, 0) + client.resident_bytes
            if any(self._counters.holds_nvidia(child) for child in children):
                used.add(OPEN_AS_NVIDIA)
            self._last = (at_s, frozenset(used), resident)
        return self._last[1], self._last[2]
