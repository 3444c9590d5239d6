"""A list for QML whose items have ids: each keeps its delegate, wherever it goes."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QModelIndex
from PySide6.QtQml import QmlElement

from ui.viewmodels.facts import FactsModel

QML_IMPORT_NAME = "Sotto.ViewModels"
QML_IMPORT_MAJOR_VERSION = 1

NO_INDEX = QModelIndex()


@QmlElement
class KeyedModel(FactsModel):
    """Like `FactsModel`, but the first fact tells items apart: each is taken out, moved, put in or changed alone.

    Ids that are not unique leave the list told apart by place.
    """

    def show(self, items: Iterable[object]) -> bool:
        """Show these from now on; returns False when they are the same."""
        wanted = list(items)
        if wanted == self._items:
            return False
        keys = [self._key(item) for item in wanted]
        if len(set(keys)) == len(keys):
            self._take_out(set(keys))
            for number, item in enumerate(wanted):
                self._bring(number, item)
        return super().show(wanted) or True

    def _key(self, item: object) -> object:
        return getattr(item, self._facts[0])

    def _take_out(self, kept: set[object]) -> None:
        for number in range(len(self._items) - 1, -1, -1):
            if self._key(self._items[number]) not in kept:
                self.beginRemoveRows(NO_INDEX, number, number)
                del self._items[number]
                self.endRemoveRows()

    def _bring(self, number: int, item: object) -> None:
        """Have the item of this id at this place; what differs in it is told by `FactsModel.show`."""
        key = self._key(item)
        places = range(number, len(self._items))
        found = next((place for place in places if self._key(self._items[place]) == key), -1)
        if found < 0:
            self.beginInsertRows(NO_INDEX, number, number)
            self._items.insert(number, item)
            self.endInsertRows()
        elif found != number:
            self.beginMoveRows(NO_INDEX, found, found, NO_INDEX, number)
            self._items.insert(number, self._items.pop(found))
            self.endMoveRows()
