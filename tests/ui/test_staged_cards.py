"""The cards of the stages on the canvas: what their buttons ask for, and what is shown before the assistant answers."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import Qt
from PySide6.QtQuick import QQuickItem

from app.contracts.capabilities import ConfidenceSource
from app.contracts.card import CardAction
from app.contracts.cards import AnswerCard, AnswerSpan, AnyCard, NoticeCard
from app.contracts.devices import Tier
from app.contracts.events import CardChanged, CardRemoved, CardUpserted, TurnStarted
from app.contracts.skill_cards import SessionPlanCard, TimerState
from tests.helpers.demo_cards import (
    ALTERNATIVES,
    CLARIFICATION,
    JOB,
    LIST,
    PRE_PLAN,
    RINGING,
    ROUTINE,
    SESSION,
    STATUS,
    WEIGHTY,
    YAML,
    every_card,
    timer,
)
from tests.helpers.qt import until
from tests.helpers.window import Desk, accessible_name, accessible_role, type_name
from tests.ui.test_accessibility import is_interactive, unnamed

Key = Qt.Key
ENDED = ("You wrote:", "Answer:")


async def show(desk: Desk, *cards: AnyCard) -> None:
    for card in cards:
        desk.assistant.publish(CardChanged(card=card))
    await desk.painted()
    await desk.painted()


async def focus(desk: Desk, name: str) -> None:
    """Walk to an item with Tab."""
    for _ in range(40):
        if desk.focus_name.startswith(name):
            return
        await desk.key(Key.Key_Tab)
    raise AssertionError(f"Tab never comes to {name!r}")


def acts(desk: Desk) -> list[str]:
    return [call.removeprefix("act ") for call in desk.assistant.calls if call.startswith("act ")]


def test_every_card_is_there_and_everything_in_it_has_a_name(at_desk: Callable[..., None]) -> None:
    async def scenario(desk: Desk) -> None:
        seen: set[str] = set()
        for card in every_card():
            await show(desk, card)
            seen |= {type_name(item) for item in desk.items()}
            assert unnamed(desk) == [], card.kind
            buttons = [item for item in desk.items("ChipButton") if item.parentItem().inherits("QQuickFlow")]
            assert len(buttons) <= 4, card.kind  # the answers to a question are no buttons of the card
            desk.assistant.publish(CardRemoved(card_id=card.card_id))
        kinds = {"StatusCard", "ClarificationCard", "PrePlanCard", "SessionPlanCard", "AlternativesCard", "TimerCard"}
        assert kinds | {"ListCard", "SourcesCard", "RoutineCard", "JobCard"} <= seen
        assert desk.shell.conversation.rowCount() == 0

    at_desk(scenario)


def test_a_choice_is_clicked_shown_at_once_and_asked_for_once(at_desk: Callable[..., None]) -> None:
    async def scenario(desk: Desk) -> None:
        desk.assistant.obliging = False
        await show(desk, CLARIFICATION)
        await desk.click("Lower body")
        await desk.painted()
        assert acts(desk) == ["focus answer:lower"]
        assert desk.item("Lower body").property("selected") is True
        assert desk.item("Upper body").isEnabled() is False
        desk.shell.actions.act("focus", "answer:lower")
        assert acts(desk) == ["focus answer:lower"]

    at_desk(scenario)


def test_digits_answer_the_question_that_waits_also_from_afar(at_desk: Callable[..., None]) -> None:
    async def scenario(desk: Desk) -> None:
        await show(desk, CLARIFICATION)
        await desk.key(Key.Key_7)
        assert desk.shell.composer.property("text") == "7", "no choice has this number: it begins a question"
        desk.shell.composer.edit("")
        await desk.key(Key.Key_Escape)
        await desk.key(Key.Key_2)
        assert acts(desk) == ["focus answer:lower"]
        await desk.painted()
        await desk.key(Key.Key_3)
        assert (acts(desk), desk.shell.composer.property("text")) == (["focus answer:lower"], "3")

    at_desk(scenario)


def test_enter_on_a_card_takes_what_is_suggested_but_nothing_of_weight(at_desk: Callable[..., None]) -> None:
    async def scenario(desk: Desk) -> None:
        desk.assistant.obliging = False
        for card, name, asked in (
            (CLARIFICATION, "Question:", ["focus answer:full"]),
            (PRE_PLAN, "Proposal:", ["pre-plan proceed"]),
            (WEIGHTY, "Proposal:", []),
        ):
            desk.assistant.calls.clear()
            await show(desk, card)
            await focus(desk, name)
            await desk.key(Key.Key_Return)
            assert acts(desk) == asked
            desk.assistant.publish(CardRemoved(card_id=card.card_id))

    at_desk(scenario)


def test_arrows_walk_over_the_choices(at_desk: Callable[..., None]) -> None:
    async def scenario(desk: Desk) -> None:
        await show(desk, CLARIFICATION)
        await focus(desk, "Upper body")
        await desk.key(Key.Key_Right)
        await desk.key(Key.Key_Right)
        assert desk.focus_name == "Full body, suggested"
        await desk.key(Key.Key_Left)
        await desk.key(Key.Key_Return)
        assert acts(desk) == ["focus answer:lower"]

    at_desk(scenario)


def test_a_proposal_is_decided_and_its_buttons_go(at_desk: Callable[..., None]) -> None:
    async def scenario(desk: Desk) -> None:
        await show(desk, PRE_PLAN)
        assert {"Proceed", "Modify", "Cancel"} <= desk.names()
        await desk.click("Proceed")
        await until(lambda: "Proceed" not in desk.names())
        assert acts(desk) == ["pre-plan proceed"]

    at_desk(scenario)


def item_of(desk: Desk, kind: str) -> QQuickItem:
    return desk.items(kind)[0]


def test_a_session_keeps_its_delegates_while_it_fills_in_and_is_worked_through(at_desk: Callable[..., None]) -> None:
    async def scenario(desk: Desk) -> None:
        bare = tuple(replace(each, how=(), muscles="", weight="") for each in SESSION.exercises)
        await show(desk, replace(SESSION, exercises=bare, actions=()))
        card, rows = item_of(desk, "SessionPlanCard"), desk.items("ExerciseRow")
        await show(desk, replace(SESSION, revision=2))
        assert (item_of(desk, "SessionPlanCard"), desk.items("ExerciseRow")) == (card, rows)
        await desk.click("Set 1 of 3 done: Dumbbell floor press")
        await until(lambda: "Set 2 of 3 done: Dumbbell floor press" in desk.names())
        await desk.click("Swap Dumbbell floor press for another exercise")
        await until(lambda: any(name.startswith("Push-up, ") for name in desk.names()))
        assert acts(desk) == ["session set-done:floor-press", "session swap:floor-press"]
        assert desk.items("ExerciseRow") == rows
        await desk.click(next(name for name in desk.names() if name.startswith("Plank, ")))
        await until(lambda: "Set 1 of 2 done: Plank" in desk.names())
        await desk.click("Finish")
        await until(lambda: "Finished, kept in your training history" in desk.names())
        row = desk.shell.conversation.find("session")
        assert row is not None
        assert isinstance(row.card, SessionPlanCard)
        assert row.card.finished is True
        assert "Finish" not in desk.names()

    at_desk(scenario, size=(860, 900))


def test_a_list_is_ticked_off_before_the_assistant_answers(at_desk: Callable[..., None]) -> None:
    async def scenario(desk: Desk) -> None:
        desk.assistant.obliging = False
        await show(desk, LIST)
        milk = next(item for item in desk.items("CheckMark") if accessible_name(item) == "Milk")
        assert milk.property("done") is False
        await focus(desk, "Milk")
        await desk.key(Key.Key_Space)
        assert (acts(desk), milk.property("done")) == (["shopping check:1"], True)
        assert desk.focus_name == "Milk", "the keyboard stays where it was"
        await show(desk, replace(LIST, revision=2))
        assert milk.property("done") is False, "the assistant knows better"
        desk.assistant.obliging = True
        await focus(desk, "Remove Milk")
        await desk.key(Key.Key_Return)
        await until(lambda: len(desk.items("ItemRow")) == 2)
        assert milk not in desk.items("CheckMark")

    at_desk(scenario)


def test_what_there_is_no_room_for_is_in_the_menu(at_desk: Callable[..., None]) -> None:
    async def scenario(desk: Desk) -> None:
        actions = tuple(CardAction(action=f"do-{name}", label=name) for name in ("One", "Two", "Three", "Four"))
        await show(desk, NoticeCard(card_id="n", message="Choose.", actions=actions))
        assert {"One", "Two", "More actions"} <= desk.names()
        assert not {"Three", "Four"} & desk.names()
        await focus(desk, "More actions")
        await desk.key(Key.Key_Return)
        await until(lambda: {"Three", "Four"} <= desk.names())
        await desk.key(Key.Key_Down)
        await desk.key(Key.Key_Return)
        await until(lambda: "Three" not in desk.names())
        assert acts(desk) == ["n do-Four"]
        assert desk.focus_name == "More actions"

    at_desk(scenario)


def big(desk: Desk) -> str:
    row = desk.shell.conversation.find("tea")
    assert row is not None
    assert row.view is not None
    return str(row.view.property("big"))


def test_a_timer_counts_while_it_is_looked_at_and_rests_otherwise(at_desk: Callable[..., None]) -> None:
    async def scenario(desk: Desk) -> None:
        await show(desk, timer(due_at=time.time() + 183.1))
        row = desk.shell.conversation.find("tea")
        assert row is not None
        steps: list[str] = []
        row.view.ticked.connect(lambda: steps.append(big(desk)))  # type: ignore[union-attr]
        await until(lambda: steps[-1:] == ["3:03"], 4.0)
        assert len(steps) <= 4, "a second is one step"
        card = item_of(desk, "TimerCard")
        assert card.property("seen") is True
        await show(desk, *(replace(SESSION, card_id=f"s{number}") for number in range(3)))
        await until(lambda: card.property("seen") is False)

    at_desk(scenario)


def test_a_timer_that_rings_stands_out(at_desk: Callable[..., None]) -> None:
    async def scenario(desk: Desk) -> None:
        await show(desk, timer())
        card = item_of(desk, "TimerCard")
        await show(desk, timer(state=TimerState.RINGING, actions=RINGING, revision=2))
        assert item_of(desk, "TimerCard") is card
        assert {"Tea timer, ringing", "Stop", "5 more minutes"} <= desk.names()
        await desk.click("Stop")
        assert acts(desk) == ["tea stop"]

    at_desk(scenario)


def test_the_text_of_a_routine_is_edited_saved_and_found_wrong(at_desk: Callable[..., None]) -> None:
    async def scenario(desk: Desk) -> None:
        await show(desk, ROUTINE)
        await desk.click("Try it")
        await until(lambda: "Dry run, step 1: It is 08:00." in desk.names())
        await desk.click("Edit the text of the routine")
        await until(lambda: desk.focus_name == "Text of the routine Good morning")
        await desk.key(Key.Key_A, Qt.KeyboardModifier.ControlModifier)
        await desk.write("name: x")
        assert desk.item("Save the routine Good morning").isEnabled()
        await desk.key(Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
        await until(lambda: "Line 2, column 1: the steps are missing." in desk.names())
        assert acts(desk)[-1] == "routine save"
        view = desk.shell.conversation.find("routine").view  # type: ignore[union-attr]
        assert (view.property("draft"), view.property("problemLine")) == ("name: x", 2)  # type: ignore[union-attr]
        editor = desk.item("Text of the routine Good morning")
        editor.setProperty("text", YAML)
        await desk.click("Save the routine Good morning")
        await until(lambda: "Edit the text of the routine" in desk.names())
        assert view.property("yaml") == YAML  # type: ignore[union-attr]

    at_desk(scenario)


def test_a_refined_answer_shows_it_and_takes_thumbs(at_desk: Callable[..., None]) -> None:
    async def scenario(desk: Desk) -> None:
        span = AnswerSpan(text="Because of the air.", confidence=0.6, tier=Tier("llama-cpu", "small"))
        card = AnswerCard(
            card_id="a",
            spans=(span,),
            finished=True,
            stage="quick_response",
            confidence=0.6,
            confidence_source=ConfidenceSource.STAGE_PRIOR,
        )
        await show(desk, card)
        frame = item_of(desk, "AnswerCard")
        better = (replace(span, text="Because air scatters blue light.", confidence=0.95),)
        await show(desk, replace(card, spans=better, stage="synthesis", confidence=0.95, refined=1, revision=2))
        assert item_of(desk, "AnswerCard") is frame
        assert {"Refined once since the first answer", "95 % sure of the whole answer, by stage prior"} <= desk.names()
        assert "Synthesis, answered by small" in desk.names()
        await desk.click("A good answer")
        assert acts(desk) == ["a rate:1"]
        assert desk.item("A good answer").property("given") is True

    at_desk(scenario)


def test_a_job_and_a_status_go_on_in_place(at_desk: Callable[..., None]) -> None:
    async def scenario(desk: Desk) -> None:
        await show(desk, STATUS, JOB, ALTERNATIVES)
        before = [item_of(desk, kind) for kind in ("StatusCard", "JobCard")]
        await show(desk, replace(STATUS, progress=0.8, revision=2), replace(JOB, progress=0.9, revision=2))
        assert [item_of(desk, kind) for kind in ("StatusCard", "JobCard")] == before
        bars = [item for item in desk.items("ProgressLine") if accessible_name(item) == "Read the folder Papers"]
        assert [bar.property("share") for bar in bars] == [0.9]
        await desk.click("20 minutes, 3 exercises: The same without the plank")
        assert acts(desk) == ["alternatives choose:short"]
        assert all(accessible_role(item) for item in desk.items() if is_interactive(item))

    at_desk(scenario)


def test_the_first_card_of_a_turn_stays_in_sight(at_desk: Callable[..., None]) -> None:
    async def scenario(desk: Desk) -> None:
        await desk.ask("Why is the sky blue?")
        desk.assistant.publish(TurnStarted(turn_id="t", source="text"))
        others = [replace(LIST, card_id=f"l{number}", turn_id="t", priority=10) for number in range(6)]
        for card in (replace(SESSION, turn_id="t"), *others):
            desk.assistant.publish(CardUpserted(turn_id="t", card=card))
            await desk.painted()
        for _ in range(5):
            await desk.painted()
        card = item_of(desk, "SessionPlanCard")
        top = card.mapToScene(card.boundingRect().topLeft()).y()
        assert 0 <= top < 120
        await desk.ask("Why is the sky blue?")
        await until(lambda: any(item.property("over") for item in desk.items("AnswerCard")))

    at_desk(scenario)


def test_the_keyboard_never_leaves_what_is_seen_of_a_long_card(at_desk: Callable[..., None]) -> None:
    async def scenario(desk: Desk) -> None:
        await show(desk, LIST, SESSION)
        await focus(desk, "Session:")
        seen: set[str] = set()
        while (name := desk.focus_name) not in seen:
            focused = desk.window.activeFocusItem()
            place = focused.mapRectToScene(focused.boundingRect())
            if place.height() < 300:
                assert place.top() >= 0, name
                assert place.bottom() <= desk.window.height(), name
            seen.add(name)
            await desk.key(Key.Key_Tab)
            await desk.painted()
        assert {"Finish", "Swap Dumbbell floor press for another exercise"} <= seen

    at_desk(scenario, size=(560, 480))


def test_what_cannot_wait_is_read_out(at_desk: Callable[..., None]) -> None:
    async def scenario(desk: Desk) -> None:
        await show(desk, CLARIFICATION, timer())
        question, tea = item_of(desk, "ClarificationCard"), item_of(desk, "TimerCard")
        assert question.property("announced") == "Question: What would you like to train?"
        assert tea.property("announced") == ""
        await show(desk, timer(state=TimerState.RINGING, revision=2), replace(CLARIFICATION, chosen="Core", revision=2))
        assert [card.property("announced") for card in (question, tea)] == ["", "Tea timer, ringing"]

    at_desk(scenario)
