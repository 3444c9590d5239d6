"""The stage strip: what each stage of the last turn took, and where it ran.

Why it exists: a turn of the staged assistant has up to seven stages of a few milliseconds each beside those that take
time. The strip has one line, so the seven stand in it as one entry that names them in its tooltip.
"""

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

from app.assistant.staged.stage import StageName
from app.contracts.devices import Device
from app.contracts.metrics import StageMetrics
from ui.viewmodels.rows import device_name

QML_IMPORT_NAME = "Sotto.ViewModels"
QML_IMPORT_MAJOR_VERSION = 1

Index = QModelIndex | QPersistentModelIndex
NO_INDEX = QModelIndex()

OWN_LABELS: dict[str, str] = {
    StageName.UNDERSTAND: "Understand",
    StageName.CLARIFY: "Ask back",
    StageName.PRE_PLAN: "Propose",
    StageName.PLAN: "Plan",
    StageName.PRESENTATION: "Arrange",
    StageName.EXECUTE: "Fill in",
    StageName.PRESENT: "Show",
}
"""The seven stages of the staged assistant, in words for people."""
LABELS = {"listen": "Listen", "transcribe": "Transcribe", **OWN_LABELS, "answer": "Answer", "speak": "Speak"}
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
    parts: tuple[StageItem, ...] = ()
    """The stages it stands for where it stands for several."""

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
        parts += [f"{part.label} {part.time}" for part in self.parts]
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
        self._own: tuple[StageItem, ...] = ()

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
        self._own = ()
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
        self._own = tuple(item for item in items if item.stage in OWN_LABELS)
        if self._own:
            first = items.index(self._own[0])
            items = [*items[:first], _folded(self._own), *items[first + len(self._own) :]]
        if items != self._items:
            self._replace(items)

    def drop_unfinished(self) -> None:
        """The turn broke off: what never ended has no time to show."""
        self._own = tuple(part for part in self._own if part.elapsed_ms is not None)
        others = (item for item in self._items if item.elapsed_ms is not None and not _is_own(item))
        finished = sorted((*others, *([_folded(self._own)] if self._own else ())), key=lambda item: _place(item.stage))
        if finished != self._items:
            self._replace(finished)

    def _put(self, item: StageItem) -> None:
        if _is_own(item):
            kept = (part for part in self._own if part.stage != item.stage)
            self._own = tuple(sorted((*kept, item), key=lambda part: _place(part.stage)))
            item = _folded(self._own)
        for number, shown in enumerate(self._items):
            if shown.stage == item.stage or (_is_own(shown) and _is_own(item)):
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


def _is_own(item: StageItem) -> bool:
    return item.stage in OWN_LABELS


def _folded(parts: tuple[StageItem, ...]) -> StageItem:
    """Several of the seven stages as one; its time is the sum, None while one of them runs."""
    if len(parts) == 1:
        return parts[0]
    times = [part.elapsed_ms for part in parts]
    elapsed_ms = None if None in times else sum(time for time in times if time is not None)
    return StageItem(StageName.PLAN, "", elapsed_ms=elapsed_ms, parts=parts)


def _place(stage: str) -> float:
    """Where a stage stands in the strip; those of a pipeline work for the answer and stand before it."""
    return float(ORDER.index(stage)) if stage in ORDER else ORDER.index("answer") - 0.5
