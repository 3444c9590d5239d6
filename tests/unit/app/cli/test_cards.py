from __future__ import annotations

import io
from dataclasses import replace

import pytest

from app.cli.cards import CardPile, said_outside_turns, wrapped_lines
from app.cli.console import Console
from app.cli.render import TextView
from app.contracts.cards import AnyCard, NoticeCard
from app.contracts.events import (
    CardChanged,
    CardRemoved,
    CardUpserted,
    Complete,
    QuestionAsked,
    SystemEvent,
    TextDelta,
    TurnEvent,
    TurnFailed,
    TurnFinished,
    TurnStarted,
)
from app.contracts.metrics import TurnMetrics
from app.contracts.skill_cards import Detail, JobState, PrePlanState, TimerState
from tests.helpers.demo_cards import AGENDA, CLARIFICATION, JOB, LIST, PRE_PLAN, SESSION, STATUS, every_card, timer
from tests.helpers.scripted_assistant import TIER

END = TurnFinished(metrics=TurnMetrics())


def printed(*events: TurnEvent | SystemEvent) -> tuple[list[str], list[str]]:
    out, err = io.StringIO(), io.StringIO()
    view = TextView(Console(out, err), labelled=True)
    for event in events:
        view.show(event)
    return out.getvalue().splitlines(), err.getvalue().splitlines()


def test_a_card_that_fills_in_is_printed_once_and_whole() -> None:
    bare = replace(SESSION, actions=(), warm_up=(), detail=Detail.BASIC)
    out, _ = printed(
        TurnStarted(source="text"),
        CardUpserted(card=bare),
        CardUpserted(card=replace(SESSION, revision=2)),
        CardUpserted(card=replace(SESSION, revision=3)),
        Complete(cards_published=1),
        TextDelta(text="Here it is.", confidence=1.0, tier=TIER),
        END,
    )
    assert out.count("Upper body with dumbbells (30 min)") == 1
    assert "  Warm up:" in out
    assert out[-1] == "Sotto: Here it is."


def test_the_most_important_comes_first_and_what_is_gone_is_not_printed() -> None:
    first, last = replace(AGENDA, priority=90), replace(LIST, priority=10)
    out, _ = printed(
        CardUpserted(card=last),
        CardUpserted(card=STATUS),
        CardUpserted(card=first),
        CardUpserted(card=JOB),
        CardRemoved(card_id="job"),
        END,
    )
    assert [line for line in out if not line.startswith(" ")] == ["Your day", "Shopping list"]


def test_a_question_is_printed_as_soon_as_it_is_asked_and_not_again() -> None:
    out, _ = printed(CardUpserted(card=CLARIFICATION), QuestionAsked(card_id="focus"))
    assert out[:2] == ["What would you like to train?", "  1. Upper body"]
    again, _ = printed(CardUpserted(card=CLARIFICATION), QuestionAsked(card_id="focus"), END)
    assert again == out


@pytest.mark.parametrize(
    "card",
    [
        replace(CLARIFICATION, chosen="Core"),
        replace(CLARIFICATION, expired=True),
        replace(PRE_PLAN, state=PrePlanState.PROCEEDING),
    ],
)
def test_what_has_been_answered_is_not_printed(card: AnyCard) -> None:
    assert printed(CardUpserted(card=card), END) == ([], ["0 ms"])


def test_a_turn_that_fails_prints_no_half_filled_cards() -> None:
    out, err = printed(CardUpserted(card=LIST), TurnFailed(code="c", message="No."), TurnStarted(source="text"), END)
    assert out == []
    assert err[0] == "sotto: No."


def test_a_notice_of_a_skill_is_printed_with_its_cards_and_once() -> None:
    notice = NoticeCard(card_id="n", skill="workout", message="You need: a bench.")
    out, err = printed(CardUpserted(card=notice), CardUpserted(card=replace(notice, revision=2)), END)
    assert (out, err) == (["You need: a bench."], ["0 ms"])


def test_lines_fit_a_terminal_and_cannot_drive_it() -> None:
    assert all(len(line) <= 80 for card in every_card(0.0) for line in wrapped_lines(card, 0.0))
    nasty = replace(LIST, title="\x1b[31mred\x07", items=())
    assert wrapped_lines(nasty, 0.0)[0] == "[31mred"


def test_what_happens_outside_turns_is_told_when_it_matters() -> None:
    ringing = timer(0.0, state=TimerState.RINGING)
    assert printed(CardChanged(card=ringing)) == ([], ["Tea timer, ringing"])
    assert printed(CardChanged(card=timer(0.0))) == ([], [])
    over = replace(JOB, state=JobState.DONE, message="380 documents read")
    assert said_outside_turns(over, 0.0) == "Read the folder Papers (done): 380 documents read"


def test_a_pile_gives_a_card_again_only_when_it_differs() -> None:
    pile = CardPile(lambda: 0.0)
    pile.take(LIST)
    assert pile.lines()
    pile.take(replace(LIST, revision=2))
    assert pile.lines() == []
    pile.take(replace(LIST, title="Groceries", revision=3))
    assert pile.lines()[0] == "Groceries"
