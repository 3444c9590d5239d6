"""A list for QML of small frozen things, told apart by their place."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from PySide6.QtCore import QAbstractListModel, QByteArray, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtQml import QmlElement

QML_IMPORT_NAME = "Sotto.ViewModels"
QML_IMPORT_MAJOR_VERSION = 1

Index = QModelIndex | QPersistentModelIndex
NO_INDEX = QModelIndex()
_FIRST_ROLE = int(Qt.ItemDataRole.UserRole) + 1


@QmlElement
class FactsModel(QAbstractListModel):
    """Shows the named attributes of its items. A view is told only of the places that differ from before.

    Args:
        facts: Names of the attributes, as delegates require them.
    """

    def __init__(self, facts: Sequence[str] = (), parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._facts = tuple(facts)
        self._items: list[object] = []

    @property
    def items(self) -> tuple[object, ...]:
        """What is shown."""
        return tuple(self._items)

    def rowCount(self, parent: Index = NO_INDEX) -> int:
        """Number of items."""
        return 0 if parent.isValid() else len(self._items)

    def roleNames(self) -> dict[int, QByteArray]:
        """Names of the roles as delegates require them."""
        return {_FIRST_ROLE + number: QByteArray(name.encode()) for number, name in enumerate(self._facts)}

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """One fact about one item."""
        number = role - _FIRST_ROLE
        if not index.isValid() or not 0 <= index.row() < len(self._items) or not 0 <= number < len(self._facts):
            return None
        return getattr(self._items[index.row()], self._facts[number])

    def show(self, items: Iterable[object]) -> bool:
        """Show these from now on; returns False when they are the same."""
        wanted = list(items)
        if wanted == self._items:
            return False
        both = min(len(wanted), len(self._items))
        for number in range(both):
            if wanted[number] != self._items[number]:
                self._items[number] = wanted[number]
                index = self.index(number)
                self.dataChanged.emit(index, index)
        if len(wanted) < len(self._items):
            self.beginRemoveRows(NO_INDEX, both, len(self._items) - 1)
            del self._items[both:]
            self.endRemoveRows()
        elif len(wanted) > both:
            self.beginInsertRows(NO_INDEX, both, len(wanted) - 1)
            self._items.extend(wanted[both:])
            self.endInsertRows()
        return True
