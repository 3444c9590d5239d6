"""The rule of heat: a device near the point where it slows itself down rests until it is well below it.

One hot second rests nothing, since every burst of work is one: it takes two looks of the last three, or a single one at
the point itself. The same goes for throttling: a processor throttles now and then for milliseconds, and a counter that
ticks once says nothing. What cannot be read rests no device, and keeps none resting for long.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from app.contracts.devices import Device
from app.contracts.energy import DeviceReading
from app.power.governor.demand import Demand
from app.power.governor.view import View, named, slows_at
from app.settings.limits import Limits

LOOKS = 3
"""So many looks back count."""
ENOUGH = 2
"""Of them, so many must have been hot."""
RECENT_S = 25.0
"""A look further back tells nothing about now. While a device rests, looks may be further apart than that."""
CALM_S = 30.0
"""Where no temperature tells, a device has stopped throttling after so long without."""
BLIND_S = 120.0
"""A device that rests because it was hot, and whose temperature can no longer be read, rests for no longer."""


@dataclass(frozen=True, slots=True)
class Look:
    """What one look at one device came to."""

    at_s: float
    near: bool
    throttled: bool


@dataclass(frozen=True, slots=True)
class Heat:
    """What is remembered of one device.

    Attributes:
        device: Which.
        looks: The newest last.
        hot: It has to rest, or would have to.
        cool_at_c: It is not hot any more at this temperature; None where throttling alone was seen.
        throttled_at_s: When it was last seen throttling, None for never.
        seen_at_s: When its temperature was last read while it was hot.
    """

    device: Device
    looks: tuple[Look, ...] = ()
    hot: bool = False
    cool_at_c: float | None = None
    throttled_at_s: float | None = None
    seen_at_s: float = 0.0


def felt(heat: Heat, reading: DeviceReading, view: View, limits: Limits) -> Heat:
    """What is remembered after one more look."""
    now, temperature = view.at_s, reading.temperature_c.value
    point = slows_at(reading) - limits.rest_under_trip_c
    throttled = reading.throttled is True
    look = Look(now, temperature is not None and temperature >= point, throttled)
    kept = tuple(old for old in heat.looks if now - old.at_s <= RECENT_S)
    heat = replace(
        heat,
        looks=(*kept, look)[-LOOKS:],
        throttled_at_s=now if throttled else heat.throttled_at_s,
        seen_at_s=heat.seen_at_s if temperature is None else now,
    )
    if heat.hot:
        return heat if _still(heat, temperature, now) else Heat(heat.device)
    if temperature is not None and (temperature >= slows_at(reading) or _often(look.near for look in heat.looks)):
        return replace(heat, hot=True, cool_at_c=point - limits.warm_again_c)
    if _often(look.throttled for look in heat.looks):
        warm = temperature is not None and temperature > point - limits.warm_again_c
        return replace(heat, hot=True, cool_at_c=point - limits.warm_again_c if warm else None)
    return heat


def demanded(heats: Iterable[Heat], view: View) -> tuple[Demand, ...]:
    """What the rule asks for."""
    readings = {reading.device: reading for reading in view.present}
    return tuple(_demand(heat, readings[heat.device]) for heat in heats if heat.hot)


def _still(heat: Heat, temperature: float | None, now: float) -> bool:
    """Whether a device that was hot still is."""
    if heat.cool_at_c is None:
        return heat.throttled_at_s is not None and now - heat.throttled_at_s < CALM_S
    if temperature is None:
        return now - heat.seen_at_s < BLIND_S
    return temperature > heat.cool_at_c or heat.looks[-1].throttled


def _often(seen: Iterable[bool]) -> bool:
    return sum(seen) >= ENOUGH


def _demand(heat: Heat, reading: DeviceReading) -> Demand:
    """That it rests, why, and until when."""
    temperature, who = reading.temperature_c.value, named(heat.device)
    slowed = f"{who} slows itself down because it is too hot or takes too much power."
    if heat.cool_at_c is None or (temperature is not None and temperature <= heat.cool_at_c):
        why, until = slowed, "until that has stopped"
    elif temperature is None:
        why, until = f"{who} was too hot, and its temperature cannot be read any more.", "for about 2 minutes"
    else:
        near = f"{who} is at {temperature:.0f} °C{_where(reading, temperature)}."
        why = slowed if reading.throttled and temperature < slows_at(reading) else near
        until = f"until it is at {heat.cool_at_c:.0f} °C"
    return Demand(until, f"{why} It rests {until}.", (heat.device,))


def _where(reading: DeviceReading, temperature: float) -> str:
    """How far that is from where it slows itself down."""
    under = round(slows_at(reading)) - round(temperature)
    if reading.slows_at_c is None:
        return f"; it is taken to slow down at {slows_at(reading):.0f} °C"
    return f", {under} under the point where it slows down" if under > 0 else ", where it slows itself down"
