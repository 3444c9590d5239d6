"""What psutil tells on every system: load, clock and temperature of the processor, memory, the battery.

Why it exists: Windows and macOS have no tree of files, and a system that is neither of the three still has a processor.
What the systems' own interfaces add is put over these readings by `app.power.sensors.windows` and
`app.power.sensors.macos`.
"""

from __future__ import annotations

import platform
import sys
import threading
import time
from collections.abc import Callable

import psutil

from app.contracts.devices import DEVICE_WORDS, Device
from app.contracts.energy import BatteryReading, DeviceReading, Quantity, measured, unavailable
from app.power.sensors.metering import busy_share
from app.power.sensors.sample import Counters, Sample

_NO_WATTS = "This system has no energy counter that a program may read."
_CHIPS = ("coretemp", "k10temp", "zenpower", "cpu_thermal", "cpu-thermal", "acpitz")
"""Sensors of processors, as psutil names them, the best first."""


class EverywhereSensors:
    """Implements `app.power.sensors.sample.Sensors` with psutil alone.

    Args:
        clock: Monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._began_s = _busy_s()
        self._last: Counters | None = None

    def sample(self) -> Sample:
        """Look at the processor; the other devices are said to be unknown here."""
        with self._lock:
            counters = self.counters()
            busy = busy_share(self._last, counters, Device.CPU, "psutil.cpu_times")
            self._last = counters
        readings = tuple(self._processor(busy) if each is Device.CPU else nothing_known(each) for each in Device)
        return Sample(counters, readings, battery())

    def counters(self) -> Counters:
        """How long the processor has worked; there are no meters."""
        return Counters(self._clock(), busy_s={Device.CPU: max(0.0, _busy_s() - self._began_s)})

    def close(self) -> None:
        """Nothing is held open."""

    def _processor(self, busy: Quantity) -> DeviceReading:
        return DeviceReading(
            Device.CPU,
            name=platform.processor(),
            watts=unavailable(_NO_WATTS),
            temperature_c=_temperature(),
            busy=busy,
            memory_bytes=_memory(),
            frequency_mhz=_frequency(),
        )


def nothing_known(device: Device) -> DeviceReading:
    """The reading of a device that nothing here can look at."""
    if device is Device.REMOTE:
        unknown = unavailable("What a server takes is known to the server alone.")
    else:
        unknown = unavailable(f"No sensor of {DEVICE_WORDS[device].one} is found here.")
    return DeviceReading(
        device,
        watts=unknown,
        temperature_c=unknown,
        busy=unknown,
        memory_bytes=unknown,
        frequency_mhz=unknown,
        present=False,
    )


def battery() -> BatteryReading | None:
    """The battery as psutil sees it, None where there is none. Its watts are for those who can read them."""
    try:
        found = psutil.sensors_battery()
    except (AttributeError, NotImplementedError, OSError, ValueError):
        return None
    if found is None:
        return None
    why = "The machine runs on mains." if found.power_plugged else "This system does not tell what the battery gives."
    seconds = float(found.secsleft) if found.secsleft is not None and found.secsleft > 0 else None
    return BatteryReading(
        percent=float(found.percent),
        on_mains=found.power_plugged,
        watts=unavailable(why),
        left_s=None if found.power_plugged else seconds,
    )


def _busy_s() -> float:
    """Seconds the whole processor has worked; half of the cores for a second are half a second.

    Guests are counted in user and nice already, and on Windows interrupts in the system's time.
    """
    times = psutil.cpu_times()
    waiting = times.idle + getattr(times, "iowait", 0.0)
    twice = sum(getattr(times, name, 0.0) for name in ("guest", "guest_nice", "interrupt", "dpc"))
    return float(sum(times) - twice - waiting) / (psutil.cpu_count() or 1)


def _temperature() -> Quantity:
    read = getattr(psutil, "sensors_temperatures", None)
    if read is None:
        return unavailable("This system keeps the processor's temperature to itself.")
    chips = read()
    for chip in _CHIPS:
        values = [entry.current for entry in chips.get(chip, ()) if entry.current is not None and entry.current > 0]
        if values:
            return measured(float(max(values)), f"psutil.sensors_temperatures()[{chip!r}]")
    return unavailable("No sensor of the processor's temperature is found here.")


def _frequency() -> Quantity:
    try:
        found = psutil.cpu_freq()
    except (AttributeError, NotImplementedError, OSError, RuntimeError):
        found = None
    if found is None or not found.current:
        return unavailable("This system does not tell the processor's clock.")
    if sys.platform in ("win32", "darwin"):
        return unavailable("This system tells the nominal clock alone, not the one of the moment.")
    return measured(float(found.current), "psutil.cpu_freq")


def _memory() -> Quantity:
    memory = psutil.virtual_memory()
    return measured(float(memory.total - memory.available), "psutil.virtual_memory")
