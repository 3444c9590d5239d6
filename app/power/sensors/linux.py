"""Everything that Linux tells of power, heat and load, by its files.

Which files there are is found out once, and again when one has vanished (a driver was loaded anew, a device was pulled)
and now and then, so that a look is little more than some dozens of reads of files that are open already.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from app.contracts.devices import DEVICE_WORDS, Device
from app.contracts.energy import BatteryReading, DeviceReading, Quantity, measured, unavailable
from app.power.hardware.tree import Tree
from app.power.sensors.battery import Batteries
from app.power.sensors.files import Files
from app.power.sensors.graphics_card import CardReader
from app.power.sensors.ours import OurProcesses
from app.power.sensors.part import Context
from app.power.sensors.parts import Parts
from app.power.sensors.processor import Processor
from app.power.sensors.rapl import REMEDY, Rapl, Whole
from app.power.sensors.rates import FIRST_LOOK, Rates
from app.power.sensors.sample import COUNTED_TOGETHER, Counters, Meter, Sample
from app.power.sensors.thermal import ProcessorHeat

_AGAIN_S = 60.0
_VANISHED_S = 5.0
_SLEPT_S = 1.0
_INSIDE = (Device.NPU, Device.IGPU)


def _asleep_s() -> float:
    """Seconds that this machine has slept since it was started; `time.monotonic` does not count them."""
    since_start = getattr(time, "CLOCK_BOOTTIME", None)
    return 0.0 if since_start is None else time.clock_gettime(since_start) - time.monotonic()


class LinuxSensors:
    """Implements `app.power.sensors.sample.Sensors`.

    Args:
        root: Where ``/sys`` and ``/proc`` lie; another than ``/`` for a recorded machine.
        tree: The processors of the machine.
        files: Its files.
        nvidia: Who asks NVIDIA's driver; None where nobody can.
        clock: Monotonic seconds.
        asleep_s: Seconds the machine has slept so far.
        pid: This program; its children are its hosts.
    """

    def __init__(
        self,
        root: Path = Path("/"),
        *,
        tree: Tree | None = None,
        files: Files | None = None,
        nvidia: CardReader | None = None,
        clock: Callable[[], float] = time.monotonic,
        asleep_s: Callable[[], float] = _asleep_s,
        pid: int | None = None,
    ) -> None:
        self._files = files or Files(root)
        self._slow_files = files or Files(root)
        self._nvidia = nvidia
        self._clock = clock
        self._asleep_s = asleep_s
        self._slept_s = asleep_s()
        self._ours = OurProcesses(root, os.getpid() if pid is None else pid)
        self._processor = Processor(self._files)
        self._heat = ProcessorHeat(self._files)
        self._rapl = Rapl(self._files)
        self._batteries = Batteries(self._slow_files)
        self._parts = Parts(tree or Tree(root), self._files, nvidia)
        self._chip = Whole("chip")
        self._rates = Rates()
        self._found_at: float | None = None
        self._vanished = False
        self._lock = threading.Lock()
        self._sampling = threading.Lock()

    def sample(self) -> Sample:
        """Look at everything. A library or a battery that hangs keeps only other samples waiting, not the counters."""
        with self._sampling:
            with self._lock:
                at_s = self._moment()
                self._find(at_s)
            used, resident = self._ours.look(at_s) if self._parts.graphics else (frozenset(), {})
            with self._lock:
                questions = self._parts.plan(at_s, used)
            for ask in questions:
                ask()
            battery = self._batteries.look(at_s)
            with self._lock:
                return self._look(self._context(self._moment(), resident), battery)

    def counters(self) -> Counters:
        """Read the counters alone."""
        with self._lock:
            at_s = self._moment()
            if self._found_at is None:
                self._find(at_s)
            for part in self._parts:
                part.count(at_s)
            return self._collected(at_s)

    def close(self) -> None:
        """Close all files and let go of NVIDIA's library. The sums stay as they are."""
        with self._sampling, self._lock:
            self._files.close()
            self._slow_files.close()
        if self._nvidia is not None:
            self._nvidia.close()

    def _moment(self) -> float:
        """Now. When the machine has slept, what the counters did meanwhile is left out: the clock stood still."""
        slept_s = self._asleep_s()
        if slept_s - self._slept_s > _SLEPT_S:
            self._rapl.skip()
            self._parts.skip()
            self._rates = Rates()
        self._slept_s = slept_s
        return self._clock()

    def _look(self, context: Context, battery: BatteryReading | None) -> Sample:
        looks = [part.look(context) for part in self._parts]
        counters = self._collected(context.at_s)
        watts = self._watts(counters)
        readings = [self._of_processor(context, counters, watts[Device.CPU])]
        readings += [_with_watts(reading, watts) for reading in looks]
        return Sample(counters, tuple(_busiest(device, readings) for device in Device), battery)

    def _find(self, at_s: float) -> None:
        vanished = self._files.forget_losses() or self._slow_files.forget_losses() or self._vanished
        since = float("inf") if self._found_at is None else at_s - self._found_at
        if since < (_VANISHED_S if vanished else _AGAIN_S):
            self._vanished = vanished
            return
        self._vanished = False
        self._found_at = at_s
        for reader in (self._processor, self._heat, self._rapl, self._batteries):
            reader.find()
        self._parts.find()

    def _context(self, at_s: float, resident: dict[str, int]) -> Context:
        heat = self._heat.look()
        return Context(
            at_s,
            resident,
            measured(heat.celsius, heat.source) if heat else unavailable(self._why_no("sensor of its temperature")),
            self._heat.slows_at_c,
        )

    def _collected(self, at_s: float) -> Counters:
        """The counters as of now; the parts have been counted."""
        own = [meter for part in self._parts for meter in part.meters()]
        inside = frozenset(part.device for part in self._parts if part.device in _INSIDE)
        apart = {device: meter.joules for meter in own for device in meter.devices if device in inside}
        chip = list(self._rapl.meters(at_s, inside, apart))
        if not chip and (told := self._parts.chip(at_s)) is not None:
            chip = [self._chip.meter(*told, inside, apart)]
        busy: dict[Device, float] = {}
        worked = [(Device.CPU, self._processor.worked_s(at_s)), *((part.device, part.worked_s) for part in self._parts)]
        for device, seconds in worked:
            if seconds is not None:
                busy[device] = busy.get(device, 0.0) + seconds
        return Counters(at_s, (*chip, *own), busy)

    def _watts(self, counters: Counters) -> dict[Device, Quantity]:
        """The power of what the chip's own meters count."""
        rates = {meter.name: self._rates.per_s(meter.name, meter.joules, counters.at_s) for meter in counters.meters}
        found: dict[Device, Quantity] = {}
        for device in (Device.CPU, Device.IGPU):
            meters = [meter for meter in counters.meters if device in meter.devices]
            if not meters:
                found[device] = unavailable(*self._why_no_watts())
            elif device is not Device.CPU and any(Device.CPU in meter.devices for meter in meters):
                found[device] = COUNTED_TOGETHER
            else:
                found[device] = _sum([(rates[meter.name], _with_company(meter)) for meter in meters])
        return found

    def _why_no_watts(self) -> tuple[str, str]:
        if self._rapl.denied:
            return "Only root may read the processor's energy counter: it can give away what programs compute.", REMEDY
        if self._rapl.present or self._processor.virtual or not self._processor.x86:
            return self._why_no("energy counter"), ""
        return self._why_no("energy counter"), "sudo modprobe intel_rapl_msr"

    def _why_no(self, what: str) -> str:
        if self._processor.virtual:
            return (
                f"This is a virtual machine, and it is not shown the processor's {what.replace('sensor of its ', '')}."
            )
        return f"The kernel shows no {what} for this processor."

    def _of_processor(self, context: Context, counters: Counters, watts: Quantity) -> DeviceReading:
        worked = counters.busy_s.get(Device.CPU)
        share = None if worked is None else self._rates.per_s("worked", worked, counters.at_s)
        busy = unavailable(FIRST_LOOK) if worked is not None else unavailable("/proc/stat cannot be read.")
        return DeviceReading(
            Device.CPU,
            self._processor.name,
            watts,
            context.processor_c,
            busy if share is None else measured(min(1.0, share), "/proc/stat"),
            self._processor.memory(),
            self._processor.frequency(),
            self._heat.throttled(context.at_s),
            context.processor_slows_at_c,
        )


def _with_company(meter: Meter) -> str:
    """Where a meter was read, and what else it counts."""
    company = " and ".join(
        f"the {DEVICE_WORDS[device].noun}" for device in Device if device in meter.devices - {Device.CPU}
    )
    return f"{meter.source}, {company} included" if company and Device.CPU in meter.devices else meter.source


def _sum(told: Sequence[tuple[float | None, str]]) -> Quantity:
    watts = [rate for rate, _ in told if rate is not None]
    if len(watts) < len(told):
        return unavailable(FIRST_LOOK)
    return measured(sum(watts), "; ".join(source for _, source in told))


def _with_watts(reading: DeviceReading, watts: Mapping[Device, Quantity]) -> DeviceReading:
    """A part's reading, its power from the chip's meters where it cannot tell its own."""
    told = watts.get(reading.device)
    better = told is not None and (reading.watts.value is None or (reading.asleep and told.value is not None))
    return replace(reading, watts=told) if told is not None and better else reading


def _busiest(device: Device, readings: Sequence[DeviceReading]) -> DeviceReading:
    ours = [reading for reading in readings if reading.device is device]
    if not ours:
        return _absent(device)
    return max(ours, key=lambda reading: (reading.busy.value or 0.0, not reading.asleep, reading.watts.value or 0.0))


def _absent(device: Device) -> DeviceReading:
    one = DEVICE_WORDS[device].one
    remote = device is Device.REMOTE
    why = unavailable(
        "What a server takes is known to the server alone." if remote else f"This machine does not have {one}."
    )
    return DeviceReading(device, "", why, why, why, why, why, present=False)
