"""The power and thermal panel: what the devices draw, how warm they are, and what the answers cost.

Why it exists: looking costs power too. Sensors are read only while the panel is open, in view and on a window that is
on the screen, and that is decided here, in one place. Its compact form, a line in the head of the window, shows joules
that were counted anyway and has nothing sampled.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from PySide6.QtCore import Property, QObject, QTimer, Signal, Slot
from PySide6.QtQml import QmlElement

from app.contracts.devices import Device
from app.contracts.events import (
    EnergyToday,
    GovernorDecided,
    SensorReadings,
    SystemEvent,
    SystemEventBase,
    TurnCancelled,
    TurnEvent,
    TurnFailed,
    TurnFinished,
)
from app.contracts.ports import PowerWatch
from ui.viewmodels.power_lanes import PowerLanes
from ui.viewmodels.power_summary import PowerSummary
from ui.viewmodels.power_trail import LENGTH_S, PowerTrail
from ui.viewmodels.rows import lane_title
from ui.viewmodels.timeline import TimelineModel
from ui.viewmodels.whereabouts import Whereabouts

QML_IMPORT_NAME = "Sotto.ViewModels"
QML_IMPORT_MAJOR_VERSION = 1

_WORDS = {"use": True, "rest": False, "": None}
"""What a button of a lane asks for."""
NOBODY = "Nothing reads watts or degrees here."
SOON = "The first reading comes in a second."
PATIENCE_MS = 5000
"""So long without a reading, and what is shown counts as old."""
SILENT = "No reading has come for a while, so these figures are old."


@QmlElement
class PowerViewModel(QObject):
    """Lanes, charts and figures of the panel; begins and ends the watch on the sensors.

    Args:
        power: Who reads the sensors, None where nobody does.
        copy_text: Puts text on the clipboard.
    """

    openChanged = Signal()
    inViewChanged = Signal()
    heldChanged = Signal()
    noticeChanged = Signal()
    copied = Signal(str)

    def __init__(
        self, power: PowerWatch | None, copy_text: Callable[[str], None], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._power = power
        self._copy_text = copy_text
        self._end_watch: Callable[[], None] | None = None
        self._open = False
        self._in_view = False
        self._exposed = False
        self._read_at_s = 0.0
        # The governor has sensors read while nobody looks. A panel that is hidden is told of it when it is shown.
        self._unseen: deque[SensorReadings] = deque(maxlen=LENGTH_S)
        self._held = ""
        self._notice = NOBODY if power is None else SOON
        self._patience = QTimer(self, singleShot=True, interval=PATIENCE_MS)
        self._patience.timeout.connect(self._none_came)
        self._where = Whereabouts()
        self._lanes = PowerLanes(self)
        self._summary = PowerSummary(self)
        self._watts = PowerTrail("W", 1, 0.0, 5.0, self)
        self._degrees = PowerTrail("°C", 0, 20.0, 100.0, self)
        self._timeline = TimelineModel(parent=self)

    def _get_open(self) -> bool:
        return self._open

    def _set_open(self, value: bool) -> None:
        if value is not self._open:
            self._open = value
            self.openChanged.emit()

    def _get_in_view(self) -> bool:
        return self._in_view

    def _set_in_view(self, value: bool) -> None:
        if value is not self._in_view:
            self._in_view = value
            while value and self._unseen:
                self._read(self._unseen.popleft())
            self._watch_or_not()
            self.inViewChanged.emit()

    def _get_held(self) -> str:
        return self._held

    def _get_notice(self) -> str:
        return self._notice

    def _get_lanes(self) -> PowerLanes:
        return self._lanes

    def _get_summary(self) -> PowerSummary:
        return self._summary

    def _get_watts(self) -> PowerTrail:
        return self._watts

    def _get_degrees(self) -> PowerTrail:
        return self._degrees

    def _get_timeline(self) -> TimelineModel:
        return self._timeline

    open = Property(bool, _get_open, _set_open, notify=openChanged)
    inView = Property(bool, _get_in_view, _set_in_view, notify=inViewChanged)
    held = Property(str, _get_held, notify=heldChanged)
    notice = Property(str, _get_notice, notify=noticeChanged)
    lanes = Property(PowerLanes, _get_lanes, constant=True)
    summary = Property(PowerSummary, _get_summary, constant=True)
    watts = Property(PowerTrail, _get_watts, constant=True)
    temperatures = Property(PowerTrail, _get_degrees, constant=True)
    timeline = Property(TimelineModel, _get_timeline, constant=True)

    @property
    def opened(self) -> bool:
        """The person has the panel open."""
        return self._open

    @property
    def watching(self) -> bool:
        """The sensors are being read for this window."""
        return self._end_watch is not None

    @Slot(str, str)
    def override(self, key: str, word: str) -> None:
        """The person's own word on a device: ``use`` it, let it ``rest``, or empty for what the governor says."""
        if self._power is not None:
            device = Device(key)
            self._power.override(device, _WORDS[word])
            self._lanes.lane(device).overridden(_WORDS[word])

    @Slot(str)
    def copy(self, command: str) -> None:
        """Put a command that would help on the clipboard."""
        self._copy_text(command)
        self.copied.emit(command)

    def show_open(self, opened: bool) -> None:
        """Open the panel, or close it, as it was when the window was last closed."""
        self._set_open(opened)

    def show_exposed(self, exposed: bool) -> None:
        """The window came on the screen, or left it."""
        self._exposed = exposed
        self._watch_or_not()

    def hear(self, event: TurnEvent | SystemEvent) -> None:
        """Take one event of any kind."""
        match event:
            case SensorReadings() if self._in_view:
                self._read(event)
            case SensorReadings():
                self._unseen.append(event)
            case GovernorDecided():
                self._decided(event)
            case EnergyToday():
                self._summary.day(event)
            case TurnFinished(metrics=metrics):
                self._summary.turn_over(metrics)
            case TurnFailed() | TurnCancelled():
                self._summary.turn_over(None)
        if not isinstance(event, SystemEventBase):
            self._timeline.show(event)
        if self._where.take(event):
            for device in Device:
                self._lanes.runs(device, self._where.running(device), self._where.loaded(device))

    def close(self) -> None:
        """End the watch for good."""
        self._exposed = False
        self._watch_or_not()

    def _watch_or_not(self) -> None:
        """Look while somebody can see it, and only then."""
        wanted = self._power is not None and self._in_view and self._exposed
        if wanted and self._end_watch is None and self._power is not None:
            self._end_watch = self._power.watch()
            self._patience.start()
        elif not wanted and self._end_watch is not None:
            end, self._end_watch = self._end_watch, None
            self._patience.stop()
            end()

    def _read(self, event: SensorReadings) -> None:
        passed_s = event.at_s - self._read_at_s
        seconds = max(1, round(passed_s)) if event.at_s and self._read_at_s else 1
        self._read_at_s = event.at_s
        self._lanes.read(event.readings)
        shown = {lane.device for lane in self._lanes.shown}
        self._summary.read(event.readings, event.battery, [device for device in Device if device not in shown])
        present = [reading for reading in event.readings if reading.present]
        self._watts.add({reading.device: reading.watts for reading in present}, seconds)
        self._degrees.add({reading.device: reading.temperature_c for reading in present}, seconds)
        if self.watching:
            self._patience.start()
        self._note("")

    def _none_came(self) -> None:
        self._note(SILENT)

    def _note(self, notice: str) -> None:
        if notice != self._notice:
            self._notice = notice
            self.noticeChanged.emit()

    def _decided(self, event: GovernorDecided) -> None:
        """Show which devices rest and why, and what else is held back."""
        reasons = {rest.device: rest.reason for rest in event.rests}
        resting = []
        for device in Device:
            allowed = device in event.allowed
            self._lanes.lane(device).rests("" if allowed else reasons.get(device, event.reason) or "It has to rest.")
            if not allowed:
                resting.append(lane_title(device))
        self._summary.warn(resting)
        held = [] if event.reason in reasons.values() else [event.reason]
        held += [f"Answers have at most {event.max_tokens} tokens."] if event.max_tokens is not None else []
        line = " ".join(filter(None, held))
        if line != self._held:
            self._held = line
            self.heldChanged.emit()
