"""Rows of the settings page: each setting with the control that fits it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from PySide6.QtCore import QAbstractListModel, QByteArray, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtQml import QmlElement

from app.settings.table import Setting
from ui.viewmodels.choices import ChoiceModel

QML_IMPORT_NAME = "Sotto.ViewModels"
QML_IMPORT_MAJOR_VERSION = 1

Index = QModelIndex | QPersistentModelIndex
NO_INDEX = QModelIndex()
_KINDS: dict[type, str] = {bool: "flag", float: "number", str: "choice"}
STEPS = 20
"""A number's range is divided into about this many steps."""


@dataclass(slots=True)
class SettingRow:
    """One setting on the page, with its value of this moment."""

    setting: Setting
    section: str
    choices: ChoiceModel = field(default_factory=ChoiceModel)
    current: int = -1
    checked: bool = False
    number: float = 0.0

    @property
    def key(self) -> str:
        """The setting's key."""
        return self.setting.key

    @property
    def kind(self) -> str:
        """Which control it gets: ``flag``, ``number`` or ``choice``."""
        return _KINDS[self.setting.kind]

    @property
    def minimum(self) -> float:
        """The smallest number."""
        return self.setting.minimum or 0.0

    @property
    def maximum(self) -> float:
        """The largest number."""
        return 1.0 if self.setting.maximum is None else self.setting.maximum

    @property
    def step(self) -> float:
        """How far one arrow key goes."""
        return (self.maximum - self.minimum) / STEPS if self.maximum > self.minimum else 0.05

    @property
    def number_text(self) -> str:
        """The number with its unit."""
        return f"{self.number:g} {self.setting.unit}".strip()


_FACTS: dict[str, Callable[[SettingRow], object]] = {
    "key": lambda row: row.key,
    "kind": lambda row: row.kind,
    "section": lambda row: row.section,
    "title": lambda row: row.setting.title,
    "explanation": lambda row: row.setting.explanation,
    "choices": lambda row: row.choices,
    "current": lambda row: row.current,
    "checked": lambda row: row.checked,
    "number": lambda row: row.number,
    "numberText": lambda row: row.number_text,
    "minimum": lambda row: row.minimum,
    "maximum": lambda row: row.maximum,
    "step": lambda row: row.step,
}
_FIRST_ROLE = int(Qt.ItemDataRole.UserRole) + 1
_ROLES = {name: _FIRST_ROLE + number for number, name in enumerate(_FACTS)}
_READERS = {_ROLES[name]: read for name, read in _FACTS.items()}
_VALUES = [_ROLES[name] for name in ("current", "checked", "number", "numberText")]


@QmlElement
class SettingRows(QAbstractListModel):
    """The rows of the page. Rows never come or go; their values change."""

    def __init__(self, rows: Sequence[SettingRow], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.rows = tuple(rows)
        for row in self.rows:
            row.choices.setParent(self)

    def rowCount(self, parent: Index = NO_INDEX) -> int:
        """Number of settings."""
        return 0 if parent.isValid() else len(self.rows)

    def roleNames(self) -> dict[int, QByteArray]:
        """Names of the roles as delegates require them."""
        return {role: QByteArray(name.encode()) for name, role in _ROLES.items()}

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """One fact about one setting."""
        if not index.isValid() or not 0 <= index.row() < len(self.rows) or role not in _READERS:
            return None
        return _READERS[role](self.rows[index.row()])

    def row(self, key: str) -> SettingRow:
        """The row of a setting."""
        return next(row for row in self.rows if row.key == key)

    def tell(self, key: str) -> None:
        """A setting's value changed."""
        for number, row in enumerate(self.rows):
            if row.key == key:
                index = self.index(number)
                self.dataChanged.emit(index, index, _VALUES)
