"""The head of the power panel and its compact form: what the turn and the day took, what was saved, the battery.

Why it exists: joules are counted whether anybody looks or not, so they can be shown while no sensor is read; the rest
here is what a look at the sensors adds.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from PySide6.QtCore import Property, QObject, Signal
from PySide6.QtQml import QmlElement

from app.contracts.devices import DEVICE_WORDS, Device
from app.contracts.energy import BatteryReading, DeviceReading, Energy, Provenance, Quantity, unavailable
from app.contracts.events import EnergyToday
from app.contracts.metrics import TurnMetrics
from app.power.energy.units import in_joules, in_watt_hours
from app.power.energy.wording import saved_in_short, turn_in_words
from app.power.figures import ABOUT, marked, time_left, watts
from ui.viewmodels.power_lanes import PowerFigure
from ui.viewmodels.rows import device_name

QML_IMPORT_NAME = "Sotto.ViewModels"
QML_IMPORT_MAJOR_VERSION = 1

NOT_COUNTED = "No turn has been counted yet."
NONE_YET = "none yet"
CUT_SHORT = "It did not end well; what it took stands in the day's sum only."
UNKNOWN = "Nobody counted it."


@QmlElement
class PowerSummary(QObject):
    """A few figures and lines about the whole machine."""

    compactChanged = Signal()
    savedChanged = Signal()
    batteryChanged = Signal()
    absentChanged = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._now = PowerFigure("Now", watts, self)
        self._turn = PowerFigure("Last turn", in_joules, self)
        self._today = PowerFigure("Today", in_joules, self)
        for figure in (self._turn, self._today):
            figure.show(unavailable(NOT_COUNTED), standing=NONE_YET)
        self._alert = ""
        self._saved = ("", "")
        self._method = ""
        self._battery = ""
        self._absent = ""

    def _get_now(self) -> PowerFigure:
        return self._now

    def _get_turn(self) -> PowerFigure:
        return self._turn

    def _get_today(self) -> PowerFigure:
        return self._today

    def _get_compact(self) -> str:
        parts = [self._turn.words] if self._turn.known else []
        parts += [f"{self._today.words} today"] if self._today.known else []
        return " · ".join(parts)

    def _get_compact_short(self) -> str:
        return self._turn.words if self._turn.known else self._get_compact()

    def _get_spoken(self) -> str:
        parts = [figure.said for figure in (self._turn, self._today) if figure.known]
        return ". ".join(["Power and heat", *parts, *([self._alert] if self._alert else [])])

    def _get_alert(self) -> str:
        return self._alert

    def _get_saved(self) -> str:
        return "\n".join(line for line in self._saved if line)

    def _get_method(self) -> str:
        return self._method

    def _get_battery(self) -> str:
        return self._battery

    def _get_absent(self) -> str:
        return self._absent

    now = Property(PowerFigure, _get_now, constant=True)
    turn = Property(PowerFigure, _get_turn, constant=True)
    today = Property(PowerFigure, _get_today, constant=True)
    compact = Property(str, _get_compact, notify=compactChanged)
    compactShort = Property(str, _get_compact_short, notify=compactChanged)
    spoken = Property(str, _get_spoken, notify=compactChanged)
    alert = Property(str, _get_alert, notify=compactChanged)
    saved = Property(str, _get_saved, notify=savedChanged)
    method = Property(str, _get_method, notify=savedChanged)
    battery = Property(str, _get_battery, notify=batteryChanged)
    absent = Property(str, _get_absent, notify=absentChanged)

    def read(
        self, readings: Sequence[DeviceReading], battery: BatteryReading | None, absent: Iterable[Device] = ()
    ) -> None:
        """Show one look at the sensors.

        Args:
            readings: Of every device.
            battery: None where there is none.
            absent: The devices that have no lane.
        """
        self._now.show(_together(readings))
        line = battery_line(battery)
        if line != self._battery:
            self._battery = line
            self.batteryChanged.emit()
        without = absent_line(absent)
        if without != self._absent:
            self._absent = without
            self.absentChanged.emit()

    def turn_over(self, metrics: TurnMetrics | None) -> None:
        """Show what a turn took, and what the same work would have taken on the graphics card.

        Args:
            metrics: None of a turn that did not end well.
        """
        if metrics is None:
            changed = self._turn.show(unavailable(CUT_SHORT), standing="cut short")
        elif metrics.energy is None:
            changed = self._turn.show(unavailable(UNKNOWN), standing="not counted")
        else:
            changed = self._turn.show(_quantity(metrics.energy), turn_in_words(metrics))
        compared = next((one for one in metrics.compared if one.device is Device.GPU), None) if metrics else None
        line = f"Last turn {ABOUT}{saved_in_short(compared)}" if compared is not None else ""
        self._show_saved((line, self._saved[1]), compared.method if compared is not None else "")
        if changed:
            self.compactChanged.emit()

    def day(self, event: EnergyToday) -> None:
        """Show what the day took so far."""
        turns = f"{event.turns} turn{'s'[: event.turns != 1]}"
        detail = f"{turns} took {in_watt_hours(event.joules)} above idle, {event.provenance.value}."
        if event.turns:
            changed = self._today.show(_quantity(Energy(event.joules, event.provenance)), detail)
        else:
            changed = self._today.show(unavailable(NOT_COUNTED), standing=NONE_YET)
        self._show_saved((self._saved[0], _saved_today(event)), self._method)
        if changed:
            self.compactChanged.emit()

    def warn(self, resting: Sequence[str]) -> None:
        """Show which devices rest, by name where that is short."""
        who = " and ".join(resting) if len(resting) < 3 else f"{len(resting)} devices"
        alert = f"{who} rest{'s'[: len(resting) == 1]}" if resting else ""
        if alert != self._alert:
            self._alert = alert
            self.compactChanged.emit()

    def _show_saved(self, saved: tuple[str, str], method: str) -> None:
        if (saved, method) != (self._saved, self._method):
            self._saved, self._method = saved, method
            self.savedChanged.emit()


def battery_line(battery: BatteryReading | None) -> str:
    """The battery in a line; empty where there is none."""
    if battery is None:
        return ""
    parts = [{True: "On mains", False: "On battery", None: "Battery"}[battery.on_mains]]
    if battery.percent is not None:
        parts[0] += f", {battery.percent:.0f} %"
    if battery.watts.value is not None:
        parts.append(f"{marked(watts(battery.watts.value), battery.watts.provenance)} for the whole machine")
    if battery.left_s is not None:
        parts.append(f"{time_left(battery.left_s)} left".replace(" ", "\u00a0"))
    return " · ".join(parts)


def absent_line(devices: Iterable[Device]) -> str:
    """The devices this machine does not have, in one sentence; empty when it has all. A server is on no machine."""
    names = [DEVICE_WORDS[device].one for device in devices if device is not Device.REMOTE]
    if not names:
        return ""
    listed = f"{', '.join(names[:-1])} or {names[-1]}" if len(names) > 1 else names[0]
    return f"This machine is without {listed}."


def _saved_today(event: EnergyToday) -> str:
    saved = event.saved_joules if event.turns else 0.0
    if abs(saved) < 0.05:
        return ""
    direction = "less" if saved > 0 else "more"
    return f"Today {ABOUT}{in_joules(abs(saved))} {direction} than all on the {device_name(Device.GPU)}"


def _quantity(energy: Energy) -> Quantity:
    if energy.provenance is Provenance.UNAVAILABLE:
        return unavailable("The joules could not be told.")
    return Quantity(energy.joules, energy.provenance)


def _together(readings: Sequence[DeviceReading]) -> Quantity:
    """Power of all devices whose power is known; an estimate as soon as one of them is."""
    known = [(reading.device, reading.watts) for reading in readings if reading.watts.value is not None]
    if not known:
        return unavailable("The power of no device can be told.")
    guessed = any(quantity.provenance is Provenance.ESTIMATE for _, quantity in known)
    names = ", ".join(device_name(device) for device, _ in known)
    total = sum(quantity.value or 0.0 for _, quantity in known)
    return Quantity(total, Provenance.ESTIMATE if guessed else Provenance.MEASURED, f"the sum of {names}")
