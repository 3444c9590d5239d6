"""One processor of the machine, as whoever reads it shows it to `LinuxSensors`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from app.contracts.devices import Device
from app.contracts.energy import DeviceReading, Quantity, unavailable
from app.power.sensors.sample import Meter

ASLEEP = "It sleeps, and asking would wake it."
NOTHING = Quantity()


@dataclass(frozen=True, slots=True)
class Context:
    """What is known at a look besides a part's own files.

    Attributes:
        at_s: Monotonic seconds.
        resident: Bytes these processes take on a device, by its address, where its driver tells.
        processor_c: Temperature of the processor that integrated parts share.
        processor_slows_at_c: Where that slows itself down.
    """

    at_s: float
    resident: dict[str, int] = field(default_factory=dict)
    processor_c: Quantity = NOTHING
    processor_slows_at_c: float | None = None


class Looked(Protocol):
    """What can be found, counted and looked at."""

    @property
    def worked_s(self) -> float | None:
        """Seconds it has worked as of the last count; None where that cannot be counted."""
        ...

    def find(self) -> None:
        """Look for its files."""
        ...

    def count(self, at_s: float) -> None:
        """Read its counters, cheaply."""
        ...

    def skip(self) -> None:
        """It or the machine sleeps, or has slept: what its counters do until the next look does not count."""
        ...

    def look(self, context: Context) -> DeviceReading:
        """Read its counters and everything else. Its watts may be left to the meters."""
        ...

    def meters(self) -> Sequence[Meter]:
        """Its own energy counters, as of the last count."""
        ...


class Part(Looked, Protocol):
    """One NPU or one graphics processor. Not safe to be used by two threads at once."""

    @property
    def device(self) -> Device:
        """Which kind."""
        ...


def sleeping(device: Device, name: str, watts: Quantity, busy: Quantity) -> DeviceReading:
    """The reading of one that sleeps."""
    unknown = unavailable(ASLEEP)
    return DeviceReading(device, name, watts, unknown, busy, unknown, unknown, asleep=True)
