"""The battery, and what the whole machine draws from it.

The kernel counts in millionths: watts, amperes, volts, and hours of these. A mouse's battery says that it is one and
is left out. The firmware is asked only every few seconds: it answers slowly, and no faster than that.
"""

from __future__ import annotations

from dataclasses import dataclass

from app.contracts.energy import BatteryReading, Quantity, measured, unavailable
from app.power.sensors.files import Files

_FOLDER = "/sys/class/power_supply"
_EVERY_S = 5.0
_MICRO = 1e-6
_HOUR_S = 3600.0


@dataclass(frozen=True, slots=True)
class _Battery:
    """One battery: watts drawn from it, what it holds and could hold (watt-hours), its charge and its state."""

    watts: float | None
    holds_wh: float | None
    full_wh: float | None
    percent: float | None
    status: str


class Batteries:
    """The batteries of this machine together.

    Args:
        files: The kernel's files.
    """

    def __init__(self, files: Files) -> None:
        self._files = files
        self._batteries: tuple[str, ...] = ()
        self._mains: tuple[str, ...] = ()
        self._last: tuple[float, bool | None, BatteryReading] | None = None

    def find(self) -> None:
        """Look for them."""
        supplies = [f"{_FOLDER}/{name}" for name in self._files.names(_FOLDER)]
        kinds = {supply: self._files.text(f"{supply}/type") for supply in supplies}
        ours = [supply for supply in supplies if self._files.text(f"{supply}/scope") != "Device"]
        self._batteries = tuple(supply for supply in ours if kinds[supply] == "Battery")
        self._mains = tuple(supply for supply in ours if kinds[supply] in ("Mains", "USB"))
        self._last = None

    def look(self, at_s: float) -> BatteryReading | None:
        """What they say; None where there is none."""
        if not self._batteries:
            return None
        plugged = self._plugged()
        if self._last is None or at_s - self._last[0] >= _EVERY_S or plugged != self._last[1]:
            self._last = (at_s, plugged, self._read(plugged))
        return self._last[2]

    def _plugged(self) -> bool | None:
        states = [state for supply in self._mains if (state := self._files.number(f"{supply}/online")) is not None]
        return any(states) if states else None

    def _read(self, plugged: bool | None) -> BatteryReading:
        batteries = [self._battery(path) for path in self._batteries]
        on_mains = plugged
        if on_mains is None and (states := {battery.status for battery in batteries} - {"", "Unknown"}):
            on_mains = "Discharging" not in states
        watts = self._watts(batteries, on_mains)
        held = [battery.holds_wh for battery in batteries if battery.holds_wh is not None]
        left_s = None
        if watts.value and len(held) == len(batteries):
            left_s = sum(held) / watts.value * _HOUR_S
        return BatteryReading(_percent(batteries), on_mains, watts, left_s)

    def _watts(self, batteries: list[_Battery], on_mains: bool | None) -> Quantity:
        if on_mains:
            return unavailable("On mains the battery does not tell what the machine draws.")
        drawn = [battery.watts for battery in batteries if battery.status in ("Discharging", "", "Unknown")]
        known = [watts for watts in drawn if watts is not None]
        if not known or sum(known) <= 0:
            return unavailable("This battery does not tell what is drawn from it.")
        return measured(sum(known), f"{_FOLDER}, the whole machine with its screen")

    def _battery(self, path: str) -> _Battery:
        volts = self._micro(path, "voltage_now")
        amperes = self._micro(path, "current_now")
        watts = self._micro(path, "power_now")
        if watts is None and volts is not None and amperes is not None:
            watts = volts * amperes
        capacity = self._files.number(f"{path}/capacity")
        return _Battery(
            None if watts is None else abs(watts),
            self._hours(path, "now", volts),
            self._hours(path, "full", volts),
            None if capacity is None else float(min(100, max(0, capacity))),
            self._files.text(f"{path}/status"),
        )

    def _hours(self, path: str, when: str, volts: float | None) -> float | None:
        """Watt-hours, from ampere-hours where it counts those."""
        energy = self._micro(path, f"energy_{when}")
        charge = self._micro(path, f"charge_{when}")
        if energy is not None:
            return energy
        return None if charge is None or volts is None else charge * volts

    def _micro(self, path: str, name: str) -> float | None:
        value = self._files.number(f"{path}/{name}")
        return None if value is None else value * _MICRO


def _percent(batteries: list[_Battery]) -> float | None:
    """Of all together: by what they hold where all tell it, else the mean of what each says."""
    held = [battery.holds_wh for battery in batteries if battery.holds_wh is not None]
    full = [battery.full_wh for battery in batteries if battery.full_wh]
    if len(batteries) > 1 and len(held) == len(full) == len(batteries):
        return min(100.0, 100.0 * sum(held) / sum(full))
    said = [battery.percent for battery in batteries if battery.percent is not None]
    return sum(said) / len(said) if said else None
