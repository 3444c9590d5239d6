from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from app.contracts.card import CardAction, Emphasis
from app.contracts.cards import ErrorCard, NoticeCard
from tests.helpers.demo_cards import CLARIFICATION, LIST, SESSION
from tests.helpers.qt import until
from ui.viewmodels.card_view import CardView, buttons_of
from ui.viewmodels.list_cards import ItemListView

pytestmark = pytest.mark.usefixtures("qt_app", "qt_messages")


def labels(view: CardView, name: str) -> list[str]:
    return [button.label for button in getattr(view, name).items]


def with_actions(count: int) -> NoticeCard:
    actions = tuple(CardAction(action=f"a{number}", label=f"A{number}") for number in range(count))
    return NoticeCard(card_id="n", message="…", actions=actions)


@pytest.mark.parametrize(
    ("count", "shown", "more"),
    [(0, [], []), (1, ["A0"], []), (3, ["A0", "A1", "A2"], []), (5, ["A0", "A1"], ["A2", "A3", "A4"])],
)
def test_three_buttons_at_most(count: int, shown: list[str], more: list[str]) -> None:
    view = CardView(with_actions(count))
    assert (labels(view, "buttons"), labels(view, "more")) == (shown, more)
    assert view.property("overfull") is bool(more)


def test_what_belongs_to_a_part_of_a_card_is_no_button_of_the_whole() -> None:
    assert [button.command for button in buttons_of(SESSION.actions)] == ["finish"]
    assert buttons_of(CLARIFICATION.actions) == []


def test_buttons_are_as_loud_as_their_action() -> None:
    loud = CardAction(action="go", label="Go", emphasis=Emphasis.PRIMARY)
    quiet = CardAction(action="leave", label="Leave", emphasis=Emphasis.QUIET)
    assert [(button.primary, button.quiet) for button in buttons_of((loud, quiet))] == [(True, False), (False, True)]


def test_a_revision_is_told_once_and_the_same_card_not_at_all() -> None:
    view = ItemListView(LIST)
    said: list[str] = []
    view.changed.connect(lambda: said.append("changed"))
    view.show(LIST)
    assert said == []
    view.show(replace(LIST, title="Groceries", revision=2))
    assert said == ["changed"]
    assert view.property("title") == "Groceries"


def done(view: ItemListView) -> list[bool]:
    return [item.done for item in view.items.items]


def test_a_tick_is_shown_at_once_and_kept_by_the_revision() -> None:
    view = ItemListView(LIST)
    assert view.expect("check:1") is True
    assert (done(view), view.sent) == ([True, True, False], True)
    changes: list[int] = []
    view.items.dataChanged.connect(lambda top, _bottom, _roles: changes.append(top.row()))
    ticked = (replace(LIST.items[0], done=True), *LIST.items[1:])
    view.show(replace(LIST, items=ticked, revision=2))
    assert (done(view), view.sent, changes) == ([True, True, False], False, [])


def test_a_tick_the_assistant_does_not_know_of_is_put_back() -> None:
    view = ItemListView(LIST)
    view.expect("check:1")
    view.show(replace(LIST, revision=2))
    assert done(view) == [False, True, False]


def test_the_second_of_two_quick_ticks_waits_for_its_own_revision() -> None:
    view = ItemListView(LIST)
    view.expect("check:1")
    view.expect("check:3")
    first = replace(LIST, items=(replace(LIST.items[0], done=True), *LIST.items[1:]), revision=2)
    view.show(first)
    assert done(view) == [True, True, True]
    view.show(replace(first, revision=3))
    assert done(view) == [True, True, False]


def test_a_guess_nobody_confirms_is_put_back_by_itself(drive: Callable[..., None]) -> None:
    async def scenario() -> None:
        view = ItemListView(LIST)
        view._patience.setInterval(5)
        view.expect("check:1")
        await until(lambda: done(view) == [False, True, False])
        assert view.sent is False

    drive(scenario)


def test_an_action_without_a_guess_is_sent_and_shows_nothing() -> None:
    view = CardView(ErrorCard(card_id="e", code="x", message="Broken."))
    assert view.expect("try-again") is True
    assert view.sent is False
