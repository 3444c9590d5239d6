"""The timeline of the newest turn: stages against devices, with every escalation and failover.

Why it exists: a turn reports a few dozen events, some of them a hundred times a second. The view is told only when what
it draws is different, and while nothing is reported it grows once a second, asked by a view that can be seen.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import Property, QObject, Signal, Slot
from PySide6.QtQml import QmlElement

from app.contracts.events import TurnEvent, TurnStarted
from app.power.energy.wording import energy_in_short, turn_in_words
from ui.viewmodels.facts import FactsModel
from ui.viewmodels.stages import duration
from ui.viewmodels.timeline_picture import picture_of, ticks
from ui.viewmodels.turn_record import TurnRecord

QML_IMPORT_NAME = "Sotto.ViewModels"
QML_IMPORT_MAJOR_VERSION = 1

TICKS = 6
"""Ticks on the axis until a view says how many it has room for."""


@QmlElement
class TimelineModel(QObject):
    """What happened when and where in the newest turn. `show` takes every event of every turn.

    Args:
        clock: Monotonic seconds.
    """

    spanChanged = Signal()
    rowsChanged = Signal()
    runningChanged = Signal()
    wordsChanged = Signal()
    roomChanged = Signal()

    def __init__(self, clock: Callable[[], float] = time.monotonic, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._clock = clock
        self._turn = TurnRecord("")
        self._began_at = 0.0
        self._span_ms = 1000.0
        self._rows = 0
        self._room = TICKS
        self._running = False
        self._words = ("", "", "")
        self.lanes_model = FactsModel(("label", "row", "rows"), self)
        self.bars_model = FactsModel(
            ("row", "start", "end", "since", "until", "label", "figures", "detail", "place", "pale", "quiet"), self
        )
        self.marks_model = FactsModel(("at", "symbol", "above", "below", "detail"), self)
        self.ticks_model = FactsModel(("at", "label"), self)
        self.lines_model = FactsModel(("words", "mark"), self)

    def _get_lanes(self) -> FactsModel:
        return self.lanes_model

    def _get_bars(self) -> FactsModel:
        return self.bars_model

    def _get_marks(self) -> FactsModel:
        return self.marks_model

    def _get_ticks(self) -> FactsModel:
        return self.ticks_model

    def _get_lines(self) -> FactsModel:
        return self.lines_model

    def _get_span(self) -> float:
        return self._span_ms

    def _get_rows(self) -> int:
        return self._rows

    def _is_empty(self) -> bool:
        return self._rows == 0

    def _is_running(self) -> bool:
        return self._running

    def _get_caption(self) -> str:
        return self._words[0]

    def _get_detail(self) -> str:
        return self._words[1]

    def _get_summary(self) -> str:
        return self._words[2]

    def _get_room(self) -> int:
        return self._room

    def _set_room(self, room: int) -> None:
        if room != self._room and room > 0:
            self._room = room
            self.ticks_model.show(ticks(self._span_ms, self._room))
            self.roomChanged.emit()

    lanes = Property(FactsModel, _get_lanes, notify=rowsChanged)
    bars = Property(FactsModel, _get_bars, notify=rowsChanged)
    marks = Property(FactsModel, _get_marks, notify=rowsChanged)
    ticks = Property(FactsModel, _get_ticks, notify=rowsChanged)
    lines = Property(FactsModel, _get_lines, notify=rowsChanged)
    span = Property(float, _get_span, notify=spanChanged)
    rows = Property(int, _get_rows, notify=rowsChanged)
    empty = Property(bool, _is_empty, notify=rowsChanged)
    running = Property(bool, _is_running, notify=runningChanged)
    caption = Property(str, _get_caption, notify=wordsChanged)
    detail = Property(str, _get_detail, notify=wordsChanged)
    summary = Property(str, _get_summary, notify=wordsChanged)
    room = Property(int, _get_room, _set_room, notify=roomChanged)

    def show(self, event: TurnEvent) -> None:
        """Take one event; those of older turns, and of runs outside turns, are left."""
        if isinstance(event, TurnStarted):
            self._turn = TurnRecord(event.turn_id)
            self._began_at = self._clock() - event.t_ms / 1000.0
            self._draw(event.t_ms)
        elif event.turn_id and event.turn_id == self._turn.turn_id and self._turn.take(event):
            self._began_at = self._clock() - event.t_ms / 1000.0
            self._draw(event.t_ms)

    @Slot()
    def tick(self) -> None:
        """Let what runs grow up to now. A view that can be seen asks once a second while a turn runs."""
        if self._running:
            self._draw(max(self._turn.now_ms, (self._clock() - self._began_at) * 1000.0))

    def _draw(self, now_ms: float) -> None:
        turn = self._turn
        picture = picture_of(turn, now_ms)
        grown = picture.span_ms != self._span_ms
        if grown:
            self._span_ms = picture.span_ms
            self.ticks_model.show(ticks(picture.span_ms, self._room))
            self.spanChanged.emit()
        self.lanes_model.show(picture.lanes)
        if picture.rows != self._rows:
            self._rows = picture.rows
            self.rowsChanged.emit()
        self.bars_model.show(picture.bars)
        self.marks_model.show(picture.marks)
        self.lines_model.show(picture.lines)
        self._say(_words(turn, [line.words for line in picture.lines]))
        running = bool(turn.turn_id) and not turn.over
        if running is not self._running:
            self._running = running
            self.runningChanged.emit()

    def _say(self, words: tuple[str, str, str]) -> None:
        if words != self._words:
            self._words = words
            self.wordsChanged.emit()


def _words(turn: TurnRecord, lines: list[str]) -> tuple[str, str, str]:
    """The caption, its detail, and everything for a screen reader."""
    metrics = turn.metrics
    spent = energy_in_short(metrics.energy) if metrics is not None and metrics.energy is not None else ""
    time_taken = duration(turn.now_ms) if turn.over else ""
    if turn.outcome:
        time_taken = f"{turn.outcome} after {time_taken}"
    caption = " · ".join(part for part in (time_taken, spent) if part)
    whole = caption if turn.outcome else f"of {caption}"
    detail = turn_in_words(metrics) if metrics is not None else ""
    return caption, detail, "; ".join([*([f"Turn {whole}"] if caption else []), *lines])
