from __future__ import annotations

from dataclasses import replace

import pytest

from app.contracts.card import CardAction
from app.contracts.skill_cards import ListItem, SourcesCard
from tests.helpers.demo_cards import AGENDA, LIST, SOURCES
from ui.viewmodels.list_cards import ItemListView, SourcesView

pytestmark = pytest.mark.usefixtures("qt_app", "qt_messages")


def test_what_can_be_ticked_off_can_be_taken_out() -> None:
    assert [item.removable for item in ItemListView(LIST).items.items] == [True, True, True]
    assert [item.removable for item in ItemListView(AGENDA).items.items] == [False, False, False]
    facts = replace(AGENDA, actions=(CardAction(action="remove:b", label="Forget it"),))
    assert [item.removable for item in ItemListView(facts).items.items] == [False, True, False]


def test_how_much_is_done() -> None:
    assert ItemListView(LIST).property("summary") == "1 of 3 done"
    assert ItemListView(AGENDA).property("summary") == ""


def test_an_empty_list_says_so() -> None:
    assert ItemListView(replace(LIST, items=())).property("emptyText") == "Nothing on it."
    view = ItemListView(replace(LIST, items=(), empty_text="Nothing to buy."))
    assert view.property("emptyText") == "Nothing to buy."
    view.show(replace(LIST, items=(ListItem(item_id="1", text="Milk"),), revision=2))
    assert view.property("emptyText") == ""


def test_a_line_that_goes_takes_only_its_own_delegate() -> None:
    view = ItemListView(LIST)
    gone: list[int] = []
    view.items.rowsRemoved.connect(lambda _parent, first, _last: gone.append(first))
    view.show(replace(LIST, items=LIST.items[:1] + LIST.items[2:], revision=2))
    assert gone == [1]


def test_sources() -> None:
    view = SourcesView(SOURCES)
    assert view.property("title") == "2 sources"
    assert [source.place for source in view.sources.items] == ["page 12", "Heating"]
    assert SourcesView(SourcesCard(card_id="s", sources=SOURCES.sources[:1])).property("title") == "1 source"
