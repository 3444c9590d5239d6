"""The cards that list something: things to do, facts, sources of an answer."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Property, Signal
from PySide6.QtQml import QmlElement

from app.contracts.cards import AnyCard
from app.contracts.skill_cards import ListCard, ListItem, SourcesCard
from ui.viewmodels.card_view import CardView
from ui.viewmodels.facts import FactsModel
from ui.viewmodels.keyed import KeyedModel

QML_IMPORT_NAME = "Sotto.ViewModels"
QML_IMPORT_MAJOR_VERSION = 1


@dataclass(frozen=True, slots=True)
class ItemFacts:
    """One line of a list."""

    itemId: str
    text: str
    done: bool
    when: str
    checkable: bool
    removable: bool


@QmlElement
class ItemListView(CardView):
    """A list whose lines can be ticked off and taken out."""

    revised = Signal()

    def _set_up(self) -> None:
        self.changed.connect(self.revised)
        self._items = KeyedModel(("itemId", "text", "done", "when", "checkable", "removable"), self)

    def _get_title(self) -> str:
        return self._list().title

    def _get_items(self) -> KeyedModel:
        return self._items

    def _get_empty_text(self) -> str:
        card = self._list()
        return "" if card.items else card.empty_text or "Nothing on it."

    def _get_summary(self) -> str:
        items = [item for item in self._list().items if item.checkable]
        done = sum(item.done for item in items)
        return f"{done} of {len(items)} done" if done else ""

    title = Property(str, _get_title, notify=revised)
    items = Property(KeyedModel, _get_items, constant=True)
    emptyText = Property(str, _get_empty_text, notify=revised)
    summary = Property(str, _get_summary, notify=revised)

    def _take(self, card: AnyCard) -> None:
        super()._take(card)
        assert isinstance(card, ListCard)
        offered = {each.action for each in card.actions}
        self._items.show(_facts_of(item, f"remove:{item.item_id}" in offered) for item in card.items)

    def _list(self) -> ListCard:
        card = self.card
        assert isinstance(card, ListCard)
        return card


def _facts_of(item: ListItem, removable: bool) -> ItemFacts:
    return ItemFacts(item.item_id, item.text, item.done, item.when, item.checkable, item.checkable or removable)


@dataclass(frozen=True, slots=True)
class SourceFacts:
    """One place something was found."""

    title: str
    place: str
    excerpt: str


@QmlElement
class SourcesView(CardView):
    """Where an answer comes from."""

    revised = Signal()

    def _set_up(self) -> None:
        self.changed.connect(self.revised)
        self._sources = FactsModel(("title", "place", "excerpt"), self)

    def _get_sources(self) -> FactsModel:
        return self._sources

    def _get_title(self) -> str:
        count = len(self._sources.items)
        return f"{count} source{'s'[: count != 1]}"

    sources = Property(FactsModel, _get_sources, constant=True)
    title = Property(str, _get_title, notify=revised)

    def _take(self, card: AnyCard) -> None:
        super()._take(card)
        assert isinstance(card, SourcesCard)
        self._sources.show(SourceFacts(each.title, each.place, " ".join(each.excerpt.split())) for each in card.sources)
