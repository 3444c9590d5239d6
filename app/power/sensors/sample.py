"""What a look at the sensors gives, and who gives it.

Why it exists: sysfs, NVML, Windows and macOS tell the same few things in four ways, and so do recorded trees and
traces. Everything above knows only these.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from app.contracts.devices import DEVICE_WORDS, Device
from app.contracts.energy import BatteryReading, DeviceReading, unavailable

COUNTED_TOGETHER = unavailable(f"It is counted together with the {DEVICE_WORDS[Device.CPU].noun}.")
"""The watts of a device that have no meter of their own and are in the processor's: an estimate would count twice."""


@dataclass(frozen=True, slots=True)
class Meter:
    """A counter of energy.

    Attributes:
        name: Unique, for instance ``package-0``, ``uncore``, ``nvml:0000:01:00.0``, ``npu``.
        devices: What it counts. One that counts more than one device is shared out among them. What another meter
            counts as well is already taken off, so the sum of all meters is what the machine's processors took.
        joules: Since it was first read; never goes back, whatever the counter behind it does.
        source: The file or the call behind it.
    """

    name: str
    devices: frozenset[Device]
    joules: float
    source: str


@dataclass(frozen=True, slots=True)
class Counters:
    """The counters at one moment.

    Attributes:
        at_s: Monotonic seconds.
        meters: Those that can be read.
        busy_s: Seconds each device has worked for anybody since the first look; one core of four that is busy for a
            second makes a quarter. A device whose work cannot be counted is not in it.
    """

    at_s: float
    meters: tuple[Meter, ...] = ()
    busy_s: Mapping[Device, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sample:
    """One whole look.

    Attributes:
        counters: As they were then.
        readings: One for every `Device`, in their order; the busiest where a machine has several of a kind.
        battery: None where there is none.
    """

    counters: Counters
    readings: tuple[DeviceReading, ...]
    battery: BatteryReading | None = None

    def of(self, device: Device) -> DeviceReading:
        """One device's reading."""
        return next(reading for reading in self.readings if reading.device is device)


class Sensors(Protocol):
    """The sensors of a machine. Safe to be called from two threads."""

    def sample(self) -> Sample:
        """Look at everything; up to some milliseconds, so not on the event loop. Wakes no device."""
        ...

    def counters(self) -> Counters:
        """Read the counters alone: some hundred microseconds at most, and no library that could block."""
        ...

    def close(self) -> None:
        """Let go of what is held open. It may be used again afterwards."""
        ...


@dataclass(frozen=True, slots=True)
class HostWork:
    """What the host of one backend has worked since it was started.

    Attributes:
        cpu_s: Seconds of the whole processor, as `Counters.busy_s` counts them.
        graphics_s: Seconds of its graphics processor, None where the driver does not count them.
    """

    cpu_s: float
    graphics_s: float | None = None


class Hosts(Protocol):
    """The processes in which backends live."""

    def work(self, backend_id: str) -> HostWork | None:
        """What one has worked; None when it is not running or cannot be looked at. An empty id is our own process."""
        ...
