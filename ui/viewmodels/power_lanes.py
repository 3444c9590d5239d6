"""One lane per device of the power panel: its figures, what runs there, and whether it may.

Why it exists: readings come once a second and hardly ever change anything that can be seen. Each figure tells the
window only when its own words change, so that steady readings paint nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import (
    Property,
    QAbstractListModel,
    QByteArray,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    Signal,
)
from PySide6.QtQml import QmlElement

from app.contracts.devices import DEVICE_WORDS, Device
from app.contracts.energy import DeviceReading, Provenance, Quantity, unavailable
from app.power.figures import NOTHING, degrees, marked, memory, share, watts
from ui.viewmodels.quantities import origin, spoken
from ui.viewmodels.rows import lane_title

QML_IMPORT_NAME = "Sotto.ViewModels"
QML_IMPORT_MAJOR_VERSION = 1

Index = QModelIndex | QPersistentModelIndex
NO_INDEX = QModelIndex()
_LANE = int(Qt.ItemDataRole.UserRole) + 1
NOT_READ = unavailable("It has not been read yet.")


@dataclass(frozen=True, slots=True)
class _Shown:
    """What a figure shows: its text, how it is said, where it comes from, and what would make it readable."""

    text: str = NOTHING
    said: str = NOTHING
    provenance: Provenance = Provenance.UNAVAILABLE
    standing: str = ""
    origin: str = ""
    remedy: str = ""


@QmlElement
class PowerFigure(QObject):
    """One figure, with where it comes from.

    Args:
        title: What it is.
        words: Writes its value.
    """

    changed = Signal()

    def __init__(self, title: str, words: Callable[[float], str], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._title = title
        self._words = words
        self._shown = _Shown()

    def _get_title(self) -> str:
        return self._title

    def _get_text(self) -> str:
        return self._shown.text

    def _get_spoken(self) -> str:
        return f"{self._title}: {self._shown.said}"

    def _is_estimate(self) -> bool:
        return self._shown.provenance is Provenance.ESTIMATE

    def _is_available(self) -> bool:
        return self._shown.provenance is not Provenance.UNAVAILABLE

    def _get_origin(self) -> str:
        return self._shown.origin

    def _get_standing(self) -> str:
        return self._shown.standing

    def _get_remedy(self) -> str:
        return self._shown.remedy

    title = Property(str, _get_title, constant=True)
    text = Property(str, _get_text, notify=changed)
    spoken = Property(str, _get_spoken, notify=changed)
    estimate = Property(bool, _is_estimate, notify=changed)
    available = Property(bool, _is_available, notify=changed)
    standing = Property(str, _get_standing, notify=changed)
    origin = Property(str, _get_origin, notify=changed)
    remedy = Property(str, _get_remedy, notify=changed)

    @property
    def words(self) -> str:
        """The figure as shown."""
        return self._shown.text

    @property
    def said(self) -> str:
        """The figure as a screen reader says it."""
        return self._get_spoken()

    @property
    def known(self) -> bool:
        """There is a figure."""
        return self._is_available()

    def show(self, quantity: Quantity, detail: str = "", standing: str = "") -> bool:
        """Show another value; returns whether anything that is seen changed.

        Args:
            quantity: It.
            detail: Where it comes from, where that takes more than the quantity says itself.
            standing: A word for it, where that is none of measured, estimate and unavailable.
        """
        plain = "" if quantity.value is None else self._words(quantity.value)
        provenance = quantity.provenance if plain else Provenance.UNAVAILABLE
        shown = _Shown(
            text=marked(plain, provenance),
            said=spoken(plain, provenance),
            provenance=provenance,
            standing=standing or provenance.value,
            origin=detail or origin(quantity),
            remedy=quantity.remedy,
        )
        if shown == self._shown:
            return False
        self._shown = shown
        self.changed.emit()
        return True


@QmlElement
class PowerLane(QObject):
    """One device of this machine."""

    nameChanged = Signal()
    runningChanged = Signal()
    stateChanged = Signal()
    overrideChanged = Signal()
    hintChanged = Signal()

    def __init__(self, device: Device, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.device = device
        self._name = ""
        self._running = ""
        self._loaded = ""
        self._state = ""
        self._note = ""
        self._override: bool | None = None
        self._reading: DeviceReading | None = None
        self._rest = ""
        self._hint = ""
        self._watts = PowerFigure("Power", watts, self)
        self._temperature = PowerFigure("Temperature", degrees, self)
        self._busy = PowerFigure("Busy", share, self)
        self._memory = PowerFigure("Memory", memory, self)
        for figure in (self._watts, self._temperature, self._busy, self._memory):
            figure.show(NOT_READ)

    def _get_key(self) -> str:
        return self.device.value

    def _get_place(self) -> int:
        return list(Device).index(self.device)

    def _get_title(self) -> str:
        return lane_title(self.device)

    def _get_name(self) -> str:
        return self._name or DEVICE_WORDS[self.device].title

    def _get_running(self) -> str:
        return self._running or self._loaded

    def _is_working(self) -> bool:
        return bool(self._running)

    def _get_state(self) -> str:
        return self._state

    def _get_note(self) -> str:
        return self._note

    def _get_hint(self) -> str:
        return self._hint

    def _get_override(self) -> str:
        return {None: "", True: "use", False: "rest"}[self._override]

    def _get_watts(self) -> PowerFigure:
        return self._watts

    def _get_temperature(self) -> PowerFigure:
        return self._temperature

    def _get_busy(self) -> PowerFigure:
        return self._busy

    def _get_memory(self) -> PowerFigure:
        return self._memory

    key = Property(str, _get_key, constant=True)
    place = Property(int, _get_place, constant=True)
    title = Property(str, _get_title, constant=True)
    name = Property(str, _get_name, notify=nameChanged)
    running = Property(str, _get_running, notify=runningChanged)
    working = Property(bool, _is_working, notify=runningChanged)
    state = Property(str, _get_state, notify=stateChanged)
    note = Property(str, _get_note, notify=stateChanged)
    hint = Property(str, _get_hint, notify=hintChanged)
    override = Property(str, _get_override, notify=overrideChanged)
    power = Property(PowerFigure, _get_watts, constant=True)
    temperature = Property(PowerFigure, _get_temperature, constant=True)
    busy = Property(PowerFigure, _get_busy, constant=True)
    memory = Property(PowerFigure, _get_memory, constant=True)

    def read(self, reading: DeviceReading) -> None:
        """Show one look at the device."""
        self._reading = reading
        if reading.name != self._name:
            self._name = reading.name
            self.nameChanged.emit()
        for figure, quantity in (
            (self._watts, reading.watts),
            (self._temperature, reading.temperature_c),
            (self._busy, reading.busy),
            (self._memory, reading.memory_bytes),
        ):
            figure.show(quantity)
        hint = _hint(reading)
        if hint != self._hint:
            self._hint = hint
            self.hintChanged.emit()
        self._judge()

    def runs(self, running: str, loaded: str) -> None:
        """Show what works there and what is loaded; both may be empty."""
        if (running, loaded) != (self._running, self._loaded):
            self._running, self._loaded = running, loaded
            self.runningChanged.emit()

    def rests(self, reason: str) -> None:
        """Show that the governor holds it back, and why; empty when it does not."""
        self._rest = reason
        self._judge()

    def overridden(self, allowed: bool | None) -> None:
        """Show the person's own word on it."""
        if allowed is not self._override:
            self._override = allowed
            self.overrideChanged.emit()
            self._judge()

    def _judge(self) -> None:
        """Find the state and its sentence from everything that is known."""
        reading = self._reading
        if self._override is False:
            shown = ("Resting", "You let it rest.")
        elif self._rest:
            shown = ("Resting", self._rest)
        elif reading is not None and reading.throttled:
            at = f" at {degrees(reading.slows_at_c)}" if reading.slows_at_c is not None else ""
            shown = ("Throttled", f"It slows itself down{at} because of heat or power.")
        elif self._override:
            shown = ("Used anyway", "You use it whatever the governor says.")
        elif reading is not None and reading.asleep:
            shown = ("Asleep", "It is suspended, and looking does not wake it.")
        else:
            shown = ("", "")
        if shown != (self._state, self._note):
            self._state, self._note = shown
            self.stateChanged.emit()


@QmlElement
class PowerLanes(QAbstractListModel):
    """The devices of this machine, and others that something ran on, in the order of `Device`."""

    countChanged = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._all = {device: PowerLane(device, self) for device in Device}
        self._present: set[Device] = set()
        self._used: set[Device] = set()
        self._shown: tuple[Device, ...] = ()

    def _get_count(self) -> int:
        return len(self._shown)

    count = Property(int, _get_count, notify=countChanged)

    @property
    def shown(self) -> tuple[PowerLane, ...]:
        """The lanes on screen, top to bottom."""
        return tuple(self._all[device] for device in self._shown)

    def lane(self, device: Device) -> PowerLane:
        """The lane of a device, whether it is shown or not."""
        return self._all[device]

    def rowCount(self, parent: Index = NO_INDEX) -> int:
        """Number of lanes."""
        return 0 if parent.isValid() else len(self._shown)

    def roleNames(self) -> dict[int, QByteArray]:
        """The one role: the lane itself."""
        return {_LANE: QByteArray(b"lane")}

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """The lane of a row."""
        if not index.isValid() or not 0 <= index.row() < len(self._shown) or role != _LANE:
            return None
        return self._all[self._shown[index.row()]]

    def read(self, readings: Sequence[DeviceReading]) -> None:
        """Show one look at every device; one that this machine does not have gets no lane unless it is used."""
        for reading in readings:
            self._all[reading.device].read(reading)
        self._present = {reading.device for reading in readings if reading.present}
        self._choose()

    def runs(self, device: Device, running: str, loaded: str) -> None:
        """Show what works on a device and what is loaded there."""
        self._all[device].runs(running, loaded)
        if running and device not in self._used:
            self._used.add(device)
            self._choose()

    def _choose(self) -> None:
        """Find the lanes to show; rows come and go only when devices do."""
        wanted = tuple(device for device in Device if device in self._present or device in self._used)
        if wanted != self._shown:
            self.beginResetModel()
            self._shown = wanted
            self.endResetModel()
            self.countChanged.emit()


def _hint(reading: DeviceReading) -> str:
    """Which figure could be measured if somebody ran a command, else why one is missing; empty where all is told."""
    figures = (("Power", reading.watts), ("Temperature", reading.temperature_c), ("Busy", reading.busy))
    named = [name for name, quantity in figures if quantity.remedy]
    if named:
        return f"{' and '.join(named)} can be measured: open to see how"
    if reading.asleep:
        return ""
    return next((quantity.reason for _, quantity in figures if quantity.value is None), "")
