"""How busy the processor is, its clock, and the memory in use.

Everything is the machine's as the kernel shows it: inside a container that is the machine around it, and time that a
virtual machine was not given (*steal*) is neither busy nor idle of its own.
"""

from __future__ import annotations

import os

from app.contracts.energy import Quantity, measured, unavailable
from app.power.sensors.files import Files
from app.power.sensors.rates import Rising

_STAT, _MEMORY, _ABOUT = "/proc/stat", "/proc/meminfo", "/proc/cpuinfo"
_POLICIES = "/sys/devices/system/cpu/cpufreq"
_TICK_S = 1 / (os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100)
_WORKING = (0, 1, 2, 5, 6)
"""Columns of ``/proc/stat``: user, nice, system, irq, softirq. What guests take is in user already."""


class Processor:
    """The processor of this machine.

    Args:
        files: The kernel's files.

    Attributes:
        name: As its maker calls it, empty when unknown.
        virtual: It is a virtual machine's.
        x86: It is of Intel's and AMD's kind.
    """

    def __init__(self, files: Files) -> None:
        self._files = files
        self._clocks: tuple[str, ...] = ()
        self._worked = Rising(2.0)
        self.name = ""
        self.virtual = False
        self.x86 = False

    def find(self) -> None:
        """Look for the files."""
        policies = [f"{_POLICIES}/{name}/scaling_cur_freq" for name in self._files.names(_POLICIES, "policy")]
        self._clocks = tuple(path for path in policies if self._files.exists(path))
        about = (self._files.block(_ABOUT, 8192) or b"").decode("utf-8", "replace")
        fields = dict(reversed([_field(line) for line in about.splitlines()]))
        self.name = fields.get("model name", "")
        self.virtual = "hypervisor" in fields.get("flags", "").split()
        self.x86 = "flags" in fields

    def worked_s(self, at_s: float) -> float | None:
        """Seconds of the whole processor since the first look; None where it is not counted."""
        columns, cores = self._stat()
        if not cores:
            return None
        ticks = sum(columns[column] for column in _WORKING if column < len(columns))
        return self._worked.took(ticks * _TICK_S / cores, at_s)

    def frequency(self) -> Quantity:
        """The clock of its fastest core now, MHz."""
        clocks = [kilohertz for path in self._clocks if (kilohertz := self._files.count(path)) is not None]
        if clocks:
            return measured(max(clocks) / 1000, f"{_POLICIES}/policy*/scaling_cur_freq")
        if self.virtual:
            return unavailable("A virtual machine is not told the clock of the processor it runs on.")
        return unavailable("The kernel has no driver for this processor's clock.")

    def memory(self) -> Quantity:
        """Memory of the machine in use, bytes."""
        fields = dict(_field(line) for line in self._files.text(_MEMORY).splitlines())
        try:
            used = _kib(fields["MemTotal"]) - _kib(fields["MemAvailable"])
        except (KeyError, ValueError, IndexError):
            return unavailable(f"{_MEMORY} does not tell how much is in use.")
        return measured(float(max(0, used) * 1024), _MEMORY)

    def _stat(self) -> tuple[list[int], int]:
        """The columns of all cores together, and how many cores there are."""
        content = self._files.block(_STAT, 65536)
        lines = (content or b"").split(b"\n")
        if not lines[0].startswith(b"cpu "):
            return [], 0
        cores = 0
        for line in lines[1:]:
            if not line.startswith(b"cpu"):
                break
            cores += 1
        return [int(column) for column in lines[0].split()[1:] if column.isdigit()], cores


def _field(line: str) -> tuple[str, str]:
    name, _, value = line.partition(":")
    return name.strip(), value.strip()


def _kib(value: str) -> int:
    return int(value.split()[0])
