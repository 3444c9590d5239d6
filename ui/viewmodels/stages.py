"""The stage strip: what each stage of the last turn took, and where it ran."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

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

from app.contracts.devices import Device
from app.contracts.metrics import StageMetrics
from ui.viewmodels.rows import device_name

QML_IMPORT_NAME = "Sotto.ViewModels"
QML_IMPORT_MAJOR_VERSION = 1

Index = QModelIndex | QPersistentModelIndex
NO_INDEX = QModelIndex()

LABELS = {"listen": "Listen", "transcribe": "Transcribe", "answer": "Answer", "speak": "Speak"}
ORDER = tuple(LABELS)


@dataclass(frozen=True, slots=True)
class StageItem:
    """One stage; times in milliseconds, ``elapsed_ms`` None while it runs."""

    stage: str
    backend: str
    device: Device | None = None
    elapsed_ms: float | None = None
    first_output_ms: float | None = None
    tokens: int = 0

    @property
    def label(self) -> str:
        """Its name as shown."""
        return stage_label(self.stage)

    @property
    def time(self) -> str:
        """What it took, in words."""
        return "…" if self.elapsed_ms is None else duration(self.elapsed_ms)

    @property
    def where(self) -> str:
        """The device it really ran on, empty for work that needs none."""
        return device_name(self.device) if self.device is not None and self.backend else ""

    @property
    def detail(self) -> str:
        """The tooltip."""
        parts = [f"{self.label}: {self.time}"]
        if self.backend:
            parts.append(f"{self.backend} on {self.where}" if self.where else self.backend)
        if self.first_output_ms is not None:
            parts.append(f"first output after {duration(self.first_output_ms)}")
        if self.tokens:
            parts.append(f"{self.tokens} tokens")
        return " · ".join(parts)


def stage_label(stage: str) -> str:
    """A stage's name as shown."""
    return LABELS.get(stage, stage.replace("_", " ").replace("-", " ").capitalize())


def duration(elapsed_ms: float) -> str:
    """Milliseconds as people read them: whole milliseconds below a second, then seconds with one digit."""
    return f"{elapsed_ms:.0f} ms" if elapsed_ms < 999.5 else f"{elapsed_ms / 1000.0:.1f} s"


_FACTS = ("stage", "label", "time", "where", "detail")
_FIRST_ROLE = int(Qt.ItemDataRole.UserRole) + 1


@QmlElement
class StageStripModel(QAbstractListModel):
    """The stages of the last turn, in the order of the work."""

    summaryChanged = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._items: list[StageItem] = []

    def _summary(self) -> str:
        return ", ".join(f"{item.label} {item.time}" for item in self._items)

    summary = Property(str, _summary, notify=summaryChanged)

    @property
    def items(self) -> tuple[StageItem, ...]:
        """What is shown."""
        return tuple(self._items)

    def rowCount(self, parent: Index = NO_INDEX) -> int:
        """Number of stages."""
        return 0 if parent.isValid() else len(self._items)

    def roleNames(self) -> dict[int, QByteArray]:
        """Names of the roles as delegates require them."""
        return {_FIRST_ROLE + number: QByteArray(name.encode()) for number, name in enumerate(_FACTS)}

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """One fact about one stage."""
        number = role - _FIRST_ROLE
        if not index.isValid() or not 0 <= index.row() < len(self._items) or not 0 <= number < len(_FACTS):
            return None
        return getattr(self._items[index.row()], _FACTS[number])

    def clear(self) -> None:
        """A new turn begins."""
        if self._items:
            self._replace([])

    def started(self, stage: str, backend: str) -> None:
        """A stage began."""
        self._put(StageItem(stage, backend))

    def ran_on(self, stage: str, device: Device) -> None:
        """Say where a stage really runs."""
        for item in self._items:
            if item.stage == stage and item.device is not device:
                self._put(replace(item, device=device))
                return

    def finished(self, metrics: StageMetrics) -> None:
        """A stage ended. The device a `DeviceUsed` event gave stays: it is what really ran."""
        known = next((item.device for item in self._items if item.stage == metrics.stage), None)
        self._put(_item(metrics, known))

    def settle(self, stages: Iterable[StageMetrics]) -> None:
        """The whole turn is over: show its stages and nothing that never ended."""
        known = {item.stage: item.device for item in self._items}
        items = [_item(metrics, known.get(metrics.stage)) for metrics in stages]
        items.sort(key=lambda item: _place(item.stage))
        if items != self._items:
            self._replace(items)

    def drop_unfinished(self) -> None:
        """The turn broke off: what never ended has no time to show."""
        finished = [item for item in self._items if item.elapsed_ms is not None]
        if finished != self._items:
            self._replace(finished)

    def _put(self, item: StageItem) -> None:
        for number, shown in enumerate(self._items):
            if shown.stage == item.stage:
                self._items[number] = item
                index = self.index(number)
                self.dataChanged.emit(index, index)
                self.summaryChanged.emit()
                return
        number = sum(_place(shown.stage) <= _place(item.stage) for shown in self._items)
        self.beginInsertRows(NO_INDEX, number, number)
        self._items.insert(number, item)
        self.endInsertRows()
        self.summaryChanged.emit()

    def _replace(self, items: list[StageItem]) -> None:
        self.beginResetModel()
        self._items = items
        self.endResetModel()
        self.summaryChanged.emit()


def _item(metrics: StageMetrics, known: Device | None) -> StageItem:
    return StageItem(
        metrics.stage,
        metrics.backend,
        known or metrics.device,
        metrics.elapsed_ms,
        metrics.first_output_ms,
        metrics.tokens,
    )


def _place(stage: str) -> float:
    """Where a stage stands in the strip; those of a pipeline work for the answer and stand before it."""
    return float(ORDER.index(stage)) if stage in ORDER else ORDER.index("answer") - 0.5
