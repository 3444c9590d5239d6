"""A machine that uses power as a test tells it to.

Why it exists: energy counters only rise on a real machine, and only as fast as it likes. `LivingTree` has the same
files, and a test says how many watts each part draws, so it knows the truth to the joule.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from app.contracts.devices import Device
from app.power.sensors.graphics_card import CardLook
from app.power.sensors.hosts import ProcessHosts
from app.power.sensors.linux import LinuxSensors

CARD = "0000:01:00.0"
"""Address of the graphics card."""

_GRAPHICS, _NPU = "sys/bus/pci/devices/0000:00:02.0", "sys/bus/pci/devices/0000:00:0b.0"
_RAPL = "sys/class/powercap"
_ZONE = "sys/class/thermal/thermal_zone0"
_TELEMETRY = "sys/class/intel_pmt/telem0"
_TICKS_IN_S = os.sysconf("SC_CLK_TCK")
_NPU_ENERGY_AT = 0x628
_NPU_ENERGY_RANGE_J = 2**32 / 2**14


@dataclass(frozen=True, slots=True)
class Work:
    """What one host does per second.

    Attributes:
        cpu: Share of the whole processor it takes, in [0, 1].
        graphics: Share of time the integrated graphics work for it, in [0, 1].
    """

    cpu: float = 0.0
    graphics: float = 0.0


@dataclass(slots=True)
class _Host:
    cpu_s: float = 0.0
    graphics_s: float = 0.0


@dataclass(slots=True)
class LivingTree:
    """A Meteor Lake laptop with an NVIDIA card, below a folder.

    Say what runs with `level`, then let time pass: by `advance`, or by itself when a clock was given and a look is
    taken through `sensors` or `hosts`, which bring the files up to that clock's time first. Safe in several threads.

    Attributes:
        root: Where the tree is made.
        now: The clock that drives it; None when only `advance` does.
        cores: Logical processors.
        range_j: Where the processor's energy counters start again at 0, J.
        start_j: Where they stand at first, J.
        npu_meter: The NPU's telemetry can be read.
        watts: What each part draws, W: ``package-0`` (with everything in it), ``uncore``, ``npu`` and ``gpu``.
        busy: Share of time each device works for anybody, in [0, 1].
        work: What each host does, by process number.
        spent_j: The truth: what each part has taken, J, by the names of `watts`.
        worked_s: The truth: seconds each device has worked.
        temperature_c: Of the processor.
    """

    root: Path
    now: Callable[[], float] | None = None
    cores: int = 8
    range_j: float = 262143.32885
    start_j: float = 1000.0
    npu_meter: bool = True
    watts: dict[str, float] = field(default_factory=dict)
    busy: dict[Device, float] = field(default_factory=dict)
    work: dict[int, Work] = field(default_factory=dict)
    spent_j: dict[str, float] = field(default_factory=dict)
    worked_s: dict[Device, float] = field(default_factory=dict)
    temperature_c: float = 45.0
    seconds: float = 0.0
    _at_s: float = 0.0
    _throttles: int = 0
    _hosts: dict[int, _Host] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def __post_init__(self) -> None:
        self._at_s = self.now() if self.now else 0.0
        self._lay_out()
        self._write_all()

    def level(
        self,
        *,
        watts: Mapping[str, float] | None = None,
        busy: Mapping[Device, float] | None = None,
        work: Mapping[int, Work] | None = None,
        temperature_c: float | None = None,
    ) -> None:
        """From now on this runs; what is not named stays as it was, and up to now what ran before is counted."""
        with self._lock:
            self.catch_up()
            self.watts.update(watts or {})
            self.busy.update(busy or {})
            self.work.update(work or {})
            if temperature_c is not None:
                self.temperature_c = temperature_c
                self._write_all()

    def advance(
        self,
        seconds: float,
        *,
        watts: Mapping[str, float] | None = None,
        busy: Mapping[Device, float] | None = None,
        work: Mapping[int, Work] | None = None,
        temperature_c: float | None = None,
    ) -> None:
        """Say what runs, as `level` does, and let so much time pass. Only for a tree without a clock."""
        assert self.now is None, "its clock drives it"
        with self._lock:
            self.level(watts=watts, busy=busy, work=work, temperature_c=temperature_c)
            self._at_s += seconds
            self._pass(seconds)

    def catch_up(self) -> float:
        """Bring the files up to the clock's time; gives that time, seconds. This is the clock of its sensors."""
        with self._lock:
            if self.now is not None and (now := self.now()) > self._at_s:
                self._pass(now - self._at_s)
                self._at_s = now
            return self._at_s

    def throttle(self) -> None:
        """The processor slows itself down once."""
        with self._lock:
            self._throttles += 1
            self._write_all()

    def sensors(self) -> LinuxSensors:
        """Sensors that look at it."""
        return LinuxSensors(self.root, nvidia=LivingCard(self), clock=self.catch_up)

    def hosts(self, pid_of: Callable[[str], int]) -> ProcessHosts:
        """The processes of `work`."""
        return ProcessHosts(pid_of, self.root, clock=self.catch_up)

    def _pass(self, seconds: float) -> None:
        self.seconds += seconds
        for name, watts in self.watts.items():
            self.spent_j[name] = self.spent_j.get(name, 0.0) + watts * seconds
        for device, share in self.busy.items():
            self.worked_s[device] = self.worked_s.get(device, 0.0) + share * seconds
        for pid, work in self.work.items():
            host = self._hosts.setdefault(pid, _Host())
            host.cpu_s += work.cpu * seconds
            host.graphics_s += work.graphics * seconds
        self._write_all()

    def _lay_out(self) -> None:
        for path, text in _FILES.items():
            self._write(path, text)
        for path, target in _LINKS.items():
            at = self.root / path
            at.parent.mkdir(parents=True, exist_ok=True)
            at.symlink_to(target)
        for name in ("intel-rapl:0", "intel-rapl:0:1"):
            self._write(f"{_RAPL}/{name}/max_energy_range_uj", str(round(self.range_j * 1e6)))

    def _write_all(self) -> None:
        for domain, part in (("intel-rapl:0", "package-0"), ("intel-rapl:0:1", "uncore")):
            joules = (self.start_j + self.spent_j.get(part, 0.0)) % self.range_j
            self._write(f"{_RAPL}/{domain}/energy_uj", str(int(joules * 1e6)))
        self._write(f"{_ZONE}/temp", str(round(self.temperature_c * 1000)))
        for core in range(self.cores):
            self._write(f"sys/devices/system/cpu/cpu{core}/thermal_throttle/core_throttle_count", str(self._throttles))
        idle_ms = (self.seconds - self.worked_s.get(Device.IGPU, 0.0)) * 1000
        self._write(f"{_GRAPHICS}/tile0/gt0/gtidle/idle_residency_ms", str(int(idle_ms)))
        self._write(f"{_NPU}/npu_busy_time_us", str(int(self.worked_s.get(Device.NPU, 0.0) * 1e6)))
        if self.npu_meter:
            self._write_telemetry()
        self._write_proc()

    def _write_telemetry(self) -> None:
        raw = int(self.spent_j.get("npu", 0.0) % _NPU_ENERGY_RANGE_J * 2**14)
        table = bytearray(0x1000)
        table[_NPU_ENERGY_AT : _NPU_ENERGY_AT + 8] = raw.to_bytes(8, "little")
        table[0x98:0xA0] = (int(self.temperature_c) << 40).to_bytes(8, "little")
        self._put(f"{_TELEMETRY}/telem", bytes(table))

    def _write_proc(self) -> None:
        ticks = int(self.seconds * self.cores * _TICKS_IN_S)
        busy = int(self.worked_s.get(Device.CPU, 0.0) * self.cores * _TICKS_IN_S)
        each = "".join(f"cpu{core} 0 0 0 0 0 0 0 0 0 0\n" for core in range(self.cores))
        self._write("proc/stat", f"cpu  {busy} 0 0 {ticks - busy} 0 0 0 0 0 0\n{each}")
        for pid, host in self._hosts.items():
            used = int(host.cpu_s * self.cores * _TICKS_IN_S)
            self._write(
                f"proc/{pid}/stat", f"{pid} (python3) S 1 {pid} {pid} 0 -1 0 0 0 0 0 {used} 0 0 0 20 0 8 0 77 0 0"
            )
            self._write(f"proc/{pid}/task/{pid}/children", "")
            self._write(
                f"proc/{pid}/fdinfo/9",
                "drm-driver:\txe\ndrm-client-id:\t7\ndrm-pdev:\t0000:00:02.0\ndrm-resident-system:\t4096 KiB\n"
                f"drm-cycles-ccs:\t{int(host.graphics_s * 19_200_000)}\n"
                f"drm-total-cycles-ccs:\t{int(self.seconds * 19_200_000)}\n",
            )

    def _write(self, path: str, text: str) -> None:
        self._put(path, f"{text}\n".encode())

    def _put(self, path: str, content: bytes) -> None:
        """In place and padded, so that whoever holds it open reads one whole state."""
        at = self.root / path
        at.parent.mkdir(parents=True, exist_ok=True)
        before = at.stat().st_size if at.exists() else 0
        file = os.open(at, os.O_WRONLY | os.O_CREAT)
        try:
            os.pwrite(file, content.ljust(before, b"\n"), 0)
        finally:
            os.close(file)


class LivingCard:
    """The NVIDIA card of a `LivingTree`, as its library would tell of it."""

    def __init__(self, tree: LivingTree) -> None:
        self._tree = tree
        self.looks = 0

    def look(self, pci: str, *, keep_open: bool) -> CardLook | None:
        """What it draws now; no energy counter of its own when the tree names no watts for it."""
        self.looks += 1
        return CardLook(
            "NVIDIA GeForce RTX 4060 Laptop GPU",
            watts=self._tree.watts.get("gpu", 0.0),
            joules=self._tree.spent_j.get("gpu", 0.0),
            temperature_c=50.0,
            slows_at_c=87.0,
            busy=self._tree.busy.get(Device.GPU, 0.0),
            memory_bytes=2**30,
            frequency_mhz=1500.0,
            throttled=False,
        )

    def joules(self, pci: str) -> float | None:
        """What it has taken by now."""
        return self._tree.spent_j.get("gpu", 0.0) if self.looks else None

    def why_not(self, pci: str) -> str:
        """It always answers."""
        return ""

    def close(self) -> None:
        """It holds nothing."""


_FILES = {
    "proc/meminfo": "MemTotal:       32000000 kB\nMemAvailable:   24000000 kB",
    "proc/cpuinfo": "processor\t: 0\nmodel name\t: Intel(R) Core(TM) Ultra 7 155H\nflags\t\t: fpu avx2",
    f"{_RAPL}/intel-rapl:0/name": "package-0",
    f"{_RAPL}/intel-rapl:0:1/name": "uncore",
    f"{_ZONE}/type": "x86_pkg_temp",
    f"{_ZONE}/trip_point_0_type": "passive",
    f"{_ZONE}/trip_point_0_temp": "100000",
    f"{_TELEMETRY}/guid": "0x130670b2",
    f"{_GRAPHICS}/class": "0x030000",
    f"{_GRAPHICS}/vendor": "0x8086",
    f"{_GRAPHICS}/device": "0x7d55",
    f"{_GRAPHICS}/power/runtime_status": "active",
    f"{_GRAPHICS}/power/control": "on",
    f"{_GRAPHICS}/tile0/gt0/freq0/act_freq": "1200",
    f"{_GRAPHICS}/tile0/gt0/freq0/throttle/status": "0",
    f"{_NPU}/class": "0x120000",
    f"{_NPU}/vendor": "0x8086",
    f"{_NPU}/device": "0x7d1d",
    f"{_NPU}/power/runtime_status": "active",
    f"{_NPU}/npu_current_frequency_mhz": "1400",
    f"{_NPU}/npu_memory_utilization": "104857600",
    f"sys/bus/pci/devices/{CARD}/class": "0x030000",
    f"sys/bus/pci/devices/{CARD}/vendor": "0x10de",
    f"sys/bus/pci/devices/{CARD}/device": "0x28e0",
    f"sys/bus/pci/devices/{CARD}/power/runtime_status": "active",
    f"sys/bus/pci/devices/{CARD}/power/control": "on",
}
_LINKS = {
    f"{_GRAPHICS}/driver": "../../../bus/pci/drivers/xe",
    f"{_NPU}/driver": "../../../bus/pci/drivers/intel_vpu",
    f"sys/bus/pci/devices/{CARD}/driver": "../../../bus/pci/drivers/nvidia",
    "sys/class/accel/accel0/device": "../../../bus/pci/devices/0000:00:0b.0",
}
