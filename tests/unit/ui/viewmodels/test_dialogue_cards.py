from __future__ import annotations

from dataclasses import replace

import pytest

from app.contracts.skill_cards import PrePlanState, StatusCard
from tests.helpers.demo_cards import CLARIFICATION, PRE_PLAN, STATUS, WEIGHTY
from ui.viewmodels.dialogue_cards import ClarificationView, PrePlanView, StatusView

pytestmark = pytest.mark.usefixtures("qt_app", "qt_messages")


@pytest.mark.parametrize(("progress", "shown"), [(None, -1.0), (0.4, 0.4), (1.7, 1.0), (-0.2, 0.0)])
def test_a_status(progress: float | None, shown: float) -> None:
    view = StatusView(StatusCard(card_id="s", stage="plan", message="Preparing…", progress=progress))
    assert (view.property("message"), view.property("progress")) == ("Preparing…", shown)


def test_a_status_goes_on_in_the_same_object() -> None:
    view = StatusView(STATUS)
    told: list[float] = []
    view.revised.connect(lambda: told.append(view.property("progress")))
    view.show(replace(STATUS, progress=0.7, revision=2))
    assert told == [0.7]


def test_choices_have_the_keys_one_to_nine() -> None:
    view = ClarificationView(CLARIFICATION)
    assert [choice.number for choice in view.choices.items] == [1, 2, 3, 4]
    assert [view.numbered(number) for number in (1, 4, 5, 0)] == ["answer:upper", "answer:core", "", "answer:full"]


def test_a_question_that_has_its_answer_takes_no_other() -> None:
    view = ClarificationView(CLARIFICATION)
    assert (view.property("waiting"), view.property("note")) == (True, "Or say it, or type it below")
    assert view.expect("answer:upper") is True
    assert (view.property("waiting"), view.property("note"), view.numbered(2)) == (False, "", "")
    assert [choice.taken for choice in view.choices.items] == [True, False, False, False]
    assert view.expect("answer:upper") is False


def test_an_answer_in_ones_own_words_is_shown_beside_the_question() -> None:
    view = ClarificationView(replace(CLARIFICATION, chosen="only the back", actions=()))
    assert view.property("other") == "only the back"
    assert not any(choice.taken for choice in view.choices.items)


def test_a_question_that_waits_no_more_says_so() -> None:
    view = ClarificationView(replace(CLARIFICATION, expired=True, actions=()))
    assert (view.property("waiting"), view.property("note")) == (False, "No longer waiting for an answer")


def test_a_proposal_says_what_it_takes_until_it_is_decided() -> None:
    view = PrePlanView(PRE_PLAN)
    assert view.property("estimate") == "Takes less than a second, measured 6 times"
    assert view.property("preview") == "Push, pull, push, pull\nNothing for the left knee"
    assert [view.numbered(number) for number in (0, 1, 2, 3, 4)] == ["proceed", "proceed", "modify", "cancel", ""]
    view.show(replace(PRE_PLAN, state=PrePlanState.PROCEEDING, actions=(), revision=2))
    assert (view.property("estimate"), view.property("outcome"), view.numbered(1)) == ("", "Going ahead", "")


def test_a_weighty_proposal_is_marked() -> None:
    assert [PrePlanView(card).property("weighty") for card in (PRE_PLAN, WEIGHTY)] == [False, True]
