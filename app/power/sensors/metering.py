"""What two looks tell that one cannot: power from energy, and the share of time something worked.

Why it exists: on Windows and macOS every figure of power and of load is a counter, and a rate needs two of its values.
"""

from __future__ import annotations

from app.contracts.devices import Device
from app.contracts.energy import Quantity, measured, unavailable
from app.power.sensors.rates import FIRST_LOOK, LATE_S
from app.power.sensors.sample import COUNTED_TOGETHER, Counters


def watts_between(before: Counters | None, now: Counters, device: Device) -> Quantity | None:
    """Power of a device between two looks, from the meters that count it; None where none does.

    A meter that counts several devices is told with the processor alone, which does most of what it counts.
    """
    meters = [meter for meter in now.meters if device in meter.devices]
    if not meters:
        return None
    with_processor = [meter for meter in meters if Device.CPU in meter.devices]
    if device is not Device.CPU and with_processor:
        return COUNTED_TOGETHER
    earlier = {} if before is None else {meter.name: meter.joules for meter in before.meters}
    if before is None or not _apart(before, now) or any(meter.name not in earlier for meter in meters):
        return unavailable(FIRST_LOOK)
    joules = sum(meter.joules - earlier[meter.name] for meter in meters)
    return measured(max(0.0, joules / (now.at_s - before.at_s)), ", ".join(meter.source for meter in meters))


def busy_share(before: Counters | None, now: Counters, device: Device, source: str) -> Quantity:
    """Share of the time between two looks in which a device worked, in [0, 1]."""
    if before is None or device not in before.busy_s or not _apart(before, now):
        return unavailable(FIRST_LOOK)
    share = (now.busy_s[device] - before.busy_s[device]) / (now.at_s - before.at_s)
    return measured(min(1.0, max(0.0, share)), source)


def _apart(before: Counters, now: Counters) -> bool:
    """Whether a rate over the time between two looks is one of now."""
    return 0.0 < now.at_s - before.at_s <= LATE_S
