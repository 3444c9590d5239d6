"""The canvas under the keyboard and under many changes: where it stands, where the keyboard is, what fits in a line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtQuick import QQuickItem

from app.contracts.cards import AnswerCard, AnyCard
from app.contracts.devices import Device
from app.contracts.events import CardChanged, CardUpserted, StageFinished, TurnFinished, TurnStarted
from app.contracts.metrics import StageMetrics, TurnMetrics
from app.contracts.skill_cards import PrePlanState, SessionPlanCard
from tests.helpers.demo_cards import ALTERNATIVES, LIST, PRE_PLAN, SESSION
from tests.helpers.qt import until
from tests.helpers.window import Desk
from tests.ui.test_staged_cards import acts, focus, show

Key = Qt.Key
OWN = ("understand", "clarify", "pre-plan", "plan", "plan-presentation", "execute", "present")


def begin(desk: Desk, turn_id: str) -> None:
    desk.assistant.publish(TurnStarted(turn_id=turn_id, source="text"))


def finish(desk: Desk, turn_id: str, *stages: StageMetrics) -> None:
    desk.assistant.publish(TurnFinished(turn_id=turn_id, metrics=TurnMetrics(stages=stages)))


def view_of(desk: Desk) -> QQuickItem:
    """What scrolls the conversation."""
    return next(item for item in desk.items("QQuickListView"))


async def comes_to(desk: Desk, name: str) -> None:
    """The keyboard is on something, without a key that takes it there."""
    await until(lambda: desk.focus_name == name)


async def settled(desk: Desk) -> None:
    for _ in range(4):
        await desk.painted()


def test_a_workout_from_the_wish_to_its_end_without_a_mouse(at_desk: Callable[..., None]) -> None:
    async def scenario(desk: Desk) -> None:
        begin(desk, "asked")
        desk.assistant.publish(CardUpserted(turn_id="asked", card=replace(PRE_PLAN, turn_id="asked")))
        finish(desk, "asked")
        await desk.key(Key.Key_Escape)
        await focus(desk, "Proposal:")
        await desk.key(Key.Key_Return)
        begin(desk, "planned")
        decided = replace(PRE_PLAN, turn_id="asked", revision=2, state=PrePlanState.PROCEEDING, actions=())
        made: tuple[AnyCard, ...] = (replace(SESSION, turn_id="planned"), replace(ALTERNATIVES, turn_id="planned"))
        for card in (decided, *made):
            desk.assistant.publish(CardUpserted(turn_id="planned", card=card))
        finish(desk, "planned")
        await until(lambda: desk.focus_name.startswith("Session:"))
        await focus(desk, "Set 1 of 3 done")
        session = desk.shell.conversation.find(SESSION.card_id)
        assert session is not None
        assert isinstance(session.card, SessionPlanCard)
        for exercise in session.card.exercises:
            for number in range(1, exercise.sets + 1):
                await comes_to(desk, f"Set {number} of {exercise.sets} done: {exercise.name}")
                await desk.key(Key.Key_Return)
        await until(lambda: desk.focus_name == "Finish")
        await desk.key(Key.Key_Return)
        assert acts(desk)[-1] == "session finish"

    at_desk(scenario, size=(860, 900))


def test_who_looks_at_the_end_of_a_turn_stays_there_when_a_card_changes(at_desk: Callable[..., None]) -> None:
    async def scenario(desk: Desk) -> None:
        begin(desk, "t")
        others = [replace(LIST, card_id=f"l{number}", turn_id="t", priority=10) for number in range(5)]
        cards: tuple[AnyCard, ...] = (replace(SESSION, turn_id="t"), *others)
        for card in cards:
            desk.assistant.publish(CardUpserted(turn_id="t", card=card))
        finish(desk, "t")
        await settled(desk)
        await desk.key(Key.Key_Escape)
        for _ in range(4):
            await desk.key(Key.Key_PageDown)
        await settled(desk)
        before = float(view_of(desk).property("contentY"))
        shorter = replace(others[-1], revision=2, items=others[-1].items[:1])
        await show(desk, shorter, replace(shorter, revision=3, items=others[-1].items))
        await settled(desk)
        assert float(view_of(desk).property("contentY")) == pytest.approx(before, abs=160)
        assert float(view_of(desk).property("contentY")) > 400

    at_desk(scenario, size=(700, 560))


def test_a_storm_of_revisions_leaves_the_keyboard_and_the_delegates_where_they_are(
    at_desk: Callable[..., None],
) -> None:
    async def scenario(desk: Desk) -> None:
        await show(desk, SESSION)
        await desk.key(Key.Key_Escape)
        await focus(desk, "Swap ")
        name, rows, at = desk.focus_name, desk.items("ExerciseRow"), view_of(desk).property("contentY")
        seen: set[object] = set()
        for revision in range(2, 42):
            exercises = (*SESSION.exercises[:-1], replace(SESSION.exercises[-1], sets_done=revision % 2))
            card = replace(SESSION, revision=revision, exercises=exercises)
            desk.assistant.publish(CardChanged(card=card))
            await desk.painted()
            seen.add((desk.focus_name, tuple(desk.items("ExerciseRow")), view_of(desk).property("contentY")))
        assert seen == {(name, tuple(rows), at)}

    at_desk(scenario, size=(860, 900))


@pytest.mark.parametrize("width", [480, 800, 1600])
def test_the_line_of_stages_never_leaves_the_window(at_desk: Callable[..., None], width: int) -> None:
    def metrics(stage: str, backend: str) -> StageMetrics:
        return StageMetrics(stage=stage, backend=backend, device=Device.CPU, elapsed_ms=1234.0)

    async def scenario(desk: Desk) -> None:
        begin(desk, "t")
        card = AnswerCard(card_id="a", turn_id="t", priority=90, finished=True)
        desk.assistant.publish(CardUpserted(turn_id="t", card=card))
        others = ("listen", "transcribe", "deep_analysis", "synthesis", "answer", "speak", "check_the_facts_again")
        stages = [metrics(stage, "") for stage in OWN] + [metrics(stage, "llama-cpu") for stage in others]
        for stage in stages:
            desk.assistant.publish(StageFinished(turn_id="t", metrics=stage))
        finish(desk, "t", *stages)
        await settled(desk)
        strip = next(item for item in desk.items("StageStrip"))
        entries = [item for item in desk.items("StageEntry") if item.isVisible()]
        assert 3 <= len(entries) <= 8
        row = entries[0].parentItem()
        assert row.mapRectToItem(strip, row.boundingRect()).right() <= strip.width() + 0.5
        shown = desk.shell.turn.strip.items
        assert [item.label for item in shown].count("Plan") == 1
        assert "Plan presentation" not in str(desk.names())

    at_desk(scenario, size=(width, 700))
