"""What the governor sees at one moment: everything its decision depends on, beside its own memory and the limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from app.contracts.devices import DEVICE_WORDS, Device
from app.contracts.energy import BatteryReading, DeviceReading

HUNGRIEST_FIRST = (Device.GPU, Device.IGPU, Device.NPU, Device.CPU)
"""The order in which devices are sent to rest. The processor is the last: it protects itself, and all else needs it."""

SLOWS_AT_C = {Device.CPU: 95.0, Device.IGPU: 95.0, Device.NPU: 95.0, Device.GPU: 83.0}
"""Where a device is taken to slow itself down when it does not say. 95 °C is AMD's highest operating temperature of
desktop processors and below Intel's 100 to 110 °C; graphics and NPU share the die. 83 °C is the temperature NVIDIA's
GeForce cards regulate to."""


@dataclass(frozen=True, slots=True)
class View:
    """One look.

    Attributes:
        at_s: Monotonic seconds.
        minute_of_day: Of the local wall clock, from 0 to 1439.
        readings: The devices; one that is missing here is never told to rest by a rule.
        battery: None where there is none.
        spent_turn_j: What the turn that runs has taken so far, J above idle.
        spent_hour_j: What all work of the last hour took, J above idle.
        watts_of_ours: What Sotto's own work takes now, W above idle.
        overrides: The person's word: True uses a device whatever is said, False rests it.
        usable: Devices that can answer, having a backend for it; None where nobody knows, so that all present ones
            count.
    """

    at_s: float
    minute_of_day: int = 0
    readings: tuple[DeviceReading, ...] = ()
    battery: BatteryReading | None = None
    spent_turn_j: float = 0.0
    spent_hour_j: float = 0.0
    watts_of_ours: float = 0.0
    overrides: Mapping[Device, bool] = field(default_factory=dict)
    usable: frozenset[Device] | None = None

    @property
    def present(self) -> tuple[DeviceReading, ...]:
        """The devices of this machine itself, the hungriest first."""
        there = {reading.device: reading for reading in self.readings if reading.present}
        return tuple(there[device] for device in HUNGRIEST_FIRST if device in there)

    @property
    def answering(self) -> frozenset[Device]:
        """Of those, the ones that can answer, never none: one of them always works. Every machine has a processor."""
        present = frozenset(reading.device for reading in self.present) or frozenset({Device.CPU})
        return present if self.usable is None else (present & self.usable or present)


def slows_at(reading: DeviceReading) -> float:
    """The temperature at which a device slows itself down, degrees Celsius; assumed where it does not say."""
    return SLOWS_AT_C[reading.device] if reading.slows_at_c is None else reading.slows_at_c


def named(device: Device) -> str:
    """A device at the beginning of a sentence: ``The graphics card``."""
    return f"The {DEVICE_WORDS[device].noun}"
