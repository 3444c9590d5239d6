"""Looks at sensors, written down for tests."""

from __future__ import annotations

from collections.abc import Mapping

from app.contracts.devices import Device
from app.contracts.energy import BatteryReading, DeviceReading, Quantity, measured, unavailable
from app.power.sensors.sample import Counters, Meter, Sample

UNKNOWN = unavailable("No sensor of it is found here.")


def reading(
    device: Device,
    *,
    watts: float | Quantity | None = None,
    heat: float | None = None,
    busy: float | None = None,
    slows_at_c: float | None = None,
    throttled: bool | None = None,
    asleep: bool = False,
    present: bool = True,
) -> DeviceReading:
    """One device's reading; what is not given is unavailable."""

    def told(value: float | Quantity | None) -> Quantity:
        if isinstance(value, Quantity):
            return value
        return UNKNOWN if value is None else measured(value, f"/sys/{device}")

    return DeviceReading(
        device,
        name=f"The {device} of a test",
        watts=told(watts),
        temperature_c=told(heat),
        busy=told(busy),
        memory_bytes=UNKNOWN,
        frequency_mhz=UNKNOWN,
        throttled=throttled,
        slows_at_c=slows_at_c,
        asleep=asleep,
        present=present,
    )


def sample(
    at_s: float,
    *readings: DeviceReading,
    joules: Mapping[str, float] | None = None,
    battery: BatteryReading | None = None,
) -> Sample:
    """A whole look; devices that are not given are not there."""
    given = {each.device: each for each in readings}
    meters = tuple(
        Meter(name, frozenset({Device.CPU, Device.NPU}), value, f"/sys/{name}")
        for name, value in (joules or {}).items()
    )
    whole = tuple(given.get(device) or reading(device, present=False) for device in Device)
    return Sample(Counters(at_s, meters, {Device.CPU: at_s / 10}), whole, battery)
