from __future__ import annotations

from dataclasses import replace

import pytest

from app.contracts.cards import AnswerCard, NoticeCard
from app.contracts.skill_cards import PrePlanState
from tests.helpers.demo_cards import ALTERNATIVES, CLARIFICATION, LIST, PRE_PLAN, ROUTINE, SESSION, timer
from ui.viewmodels.hopes import hoped


def test_a_tick_goes_on_and_off_again() -> None:
    ticked = hoped(LIST, "check:1")
    assert ticked is not None
    assert [item.done for item in ticked.items] == [True, True, False]
    assert hoped(ticked, "check:1") == LIST


def test_what_cannot_be_ticked_off_stays() -> None:
    fixed = replace(LIST, items=tuple(replace(item, checkable=False) for item in LIST.items))
    assert hoped(fixed, "check:1") == fixed


def test_a_set_more_is_done_and_never_more_than_there_are() -> None:
    card = SESSION
    for _ in range(5):
        after = hoped(card, "set-done:plank")
        assert after is not None
        card = after
    assert [each.sets_done for each in card.exercises] == [0, 0, 0, 2]


def test_an_answer_is_taken_by_its_label_and_cannot_be_given_twice() -> None:
    answered = hoped(CLARIFICATION, "answer:lower")
    assert answered is not None
    assert (answered.chosen, answered.actions) == ("Lower body", ())
    assert hoped(answered, "answer:upper") is None


@pytest.mark.parametrize(
    ("action", "state"), [("proceed", PrePlanState.PROCEEDING), ("cancel", PrePlanState.CANCELLED)]
)
def test_a_proposal_is_decided(action: str, state: PrePlanState) -> None:
    after = hoped(PRE_PLAN, action)
    assert after is not None
    assert after.state is state
    assert hoped(after, "modify") is None


def test_an_alternative_and_a_thumb() -> None:
    taken = hoped(ALTERNATIVES, "choose:short")
    assert taken is not None
    assert taken.chosen == "20 minutes, 3 exercises"
    assert hoped(ALTERNATIVES, "choose:nothing") is None
    rated = hoped(AnswerCard(card_id="a"), "rate:-1")
    assert rated is not None
    assert rated.rated == -1
    assert hoped(AnswerCard(card_id="a"), "rate:7") is None


@pytest.mark.parametrize(
    ("card", "action"),
    [
        (LIST, "remove:1"),
        (LIST, "clear-done"),
        (SESSION, "finish"),
        (SESSION, "swap:row"),
        (timer(0.0), "cancel"),
        (ROUTINE, "delete"),
        (NoticeCard(card_id="n", message="…"), "recover-recording:1"),
    ],
)
def test_what_ends_deletes_or_cannot_be_known_is_never_shown_beforehand(card: object, action: str) -> None:
    assert hoped(card, action) is None  # type: ignore[arg-type]
