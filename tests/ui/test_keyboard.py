"""The window without a mouse."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication

from tests.helpers.qt import until
from tests.helpers.window import Desk, open_desk
from ui.viewmodels.turn import TurnState

Key = Qt.Key
NONE, CTRL, SHIFT = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
FIELD = "Question"

Scenario = Callable[[Desk], Awaitable[None]]


@pytest.fixture
def at_desk(drive: Callable[..., None], tmp_path: Path) -> Callable[..., None]:
    """Runs a scenario in front of an open window."""

    def run(scenario: Scenario, **options: object) -> None:
        async def opened() -> None:
            async with open_desk(tmp_path, **options) as desk:
                await scenario(desk)

        drive(opened)

    return run


def test_the_key_talks_while_it_is_held(at_desk: Callable[..., None]) -> None:
    async def scenario(desk: Desk) -> None:
        desk.hold(Key.Key_Space)
        assert desk.assistant.calls == ["press"]
        assert desk.shell.turn.property("state") == "listening"
        for _ in range(5):
            desk.repeat(Key.Key_Space)
        assert desk.assistant.calls == ["press"]
        await asyncio.sleep(0.3)
        desk.let_go(Key.Key_Space)
        assert desk.assistant.calls == ["press", "release"]
        await desk.state(TurnState.IDLE)
        assert desk.shell.conversation.rowCount() == 2

    at_desk(scenario, pace=0.01)


def test_a_tap_talks_hands_free(at_desk: Callable[..., None]) -> None:
    async def scenario(desk: Desk) -> None:
        desk.key(Key.Key_Space)
        assert desk.assistant.calls == ["press", "release"]
        assert desk.shell.turn.property("state") == "listening"
        await desk.state(TurnState.IDLE)

    at_desk(scenario, pace=0.01)


def test_in_the_field_the_space_bar_writes_a_space(at_desk: Callable[..., None]) -> None:
    async def scenario(desk: Desk) -> None:
        desk.write("why")
        assert desk.focus_name == FIELD
        desk.key(Key.Key_Space)
        desk.write("not")
        assert desk.shell.composer.property("text") == "why not"
        assert desk.assistant.calls == []

    at_desk(scenario)


def test_enter_sends_and_shift_enter_does_not(at_desk: Callable[..., None]) -> None:
    async def scenario(desk: Desk) -> None:
        desk.write("one")
        desk.key(Key.Key_Return, SHIFT)
        desk.write("two")
        desk.key(Key.Key_Return)
        assert desk.assistant.calls == ["ask one\ntwo"]
        assert desk.shell.composer.property("text") == ""

    at_desk(scenario)


def test_up_in_the_empty_field_brings_the_last_question_back(at_desk: Callable[..., None]) -> None:
    async def scenario(desk: Desk) -> None:
        await desk.ask("Why is the sky blue?")
        desk.write("x")
        desk.key(Key.Key_Backspace)
        desk.key(Key.Key_Up)
        assert desk.shell.composer.property("text") == "Why is the sky blue?"
        desk.write("!")
        desk.key(Key.Key_Return)
        assert desk.assistant.calls[-1] == "ask Why is the sky blue?!"

    at_desk(scenario)


def test_escape_stops_and_then_goes_back_to_the_button(at_desk: Callable[..., None]) -> None:
    async def scenario(desk: Desk) -> None:
        desk.assistant.ask("Why is the sky blue?")
        desk.write("draft")
        desk.key(Key.Key_Escape)
        assert desk.assistant.calls[-1] == "cancel"
        await desk.state(TurnState.IDLE)
        desk.key(Key.Key_Escape)
        assert desk.assistant.calls.count("cancel") == 1
        desk.hold(Key.Key_Space)
        assert desk.assistant.calls[-1] == "press"
        desk.key(Key.Key_Escape)
        desk.let_go(Key.Key_Space)
        assert desk.assistant.calls[-2:] == ["press", "cancel"]

    at_desk(scenario, pace=1.0)


def test_settings_open_and_close(at_desk: Callable[..., None]) -> None:
    async def scenario(desk: Desk) -> None:
        desk.key(Key.Key_Comma, CTRL)
        await desk.painted()
        assert {"Settings", "Microphone", "Theme"} <= desk.names()
        assert FIELD not in desk.names()
        desk.hold(Key.Key_Space)
        desk.let_go(Key.Key_Space)
        assert "press" not in desk.assistant.calls
        desk.key(Key.Key_Comma, CTRL)
        desk.key(Key.Key_Comma, CTRL)
        desk.key(Key.Key_Escape)
        await desk.painted()
        assert FIELD in desk.names()
        desk.key(Key.Key_Space)
        assert desk.assistant.calls == ["press", "release"]

    at_desk(scenario, pace=1.0)


def test_tab_reaches_everything_and_comes_round(at_desk: Callable[..., None]) -> None:
    async def scenario(desk: Desk) -> None:
        await desk.ask("Why is the sky blue?")
        met: list[str] = []
        for _ in range(12):
            desk.key(Key.Key_Tab)
            met.append(desk.focus_name)
        assert "" not in met
        answer = next(name for name in met if name.startswith("Answer: Sunlight"))
        for name in (FIELD, "Settings", answer, "Speak this answer again", "Copy this answer"):
            assert name in met
        assert any(name.startswith("Hold to talk") for name in met)
        there = list(met)
        back: list[str] = []
        for _ in range(11):
            desk.key(Key.Key_Backtab, SHIFT)
            back.append(desk.focus_name)
        assert back == there[-2::-1]

    at_desk(scenario)


def test_arrows_walk_over_the_cards_and_copying_copies_the_focused_one(at_desk: Callable[..., None]) -> None:
    async def scenario(desk: Desk) -> None:
        await desk.ask("Why is the sky blue?")
        while not desk.focus_name.startswith("Answer:"):
            desk.key(Key.Key_Tab)
        desk.key(Key.Key_C, CTRL)
        assert QGuiApplication.clipboard().text().startswith("Sunlight holds every colour.")
        desk.key(Key.Key_Up)
        assert desk.focus_name == "You wrote: Why is the sky blue?"
        desk.key(Key.Key_C, CTRL)
        assert QGuiApplication.clipboard().text() == "Why is the sky blue?"
        desk.key(Key.Key_Space)
        assert desk.assistant.calls[-2:] == ["press", "release"]

    at_desk(scenario)


def test_a_focused_button_is_pressed_with_space_and_with_enter(at_desk: Callable[..., None]) -> None:
    async def scenario(desk: Desk) -> None:
        await desk.ask("Why is the sky blue?")
        turn = next(iter(desk.assistant._answers))
        for key in (Key.Key_Space, Key.Key_Return):
            while desk.focus_name != "Speak this answer again":
                desk.key(Key.Key_Tab)
            desk.key(key)
            assert desk.assistant.calls[-1] == f"replay {turn}"
            await desk.state(TurnState.IDLE)

    at_desk(scenario)


def test_a_key_that_is_held_when_the_keyboard_goes_elsewhere_is_let_go(at_desk: Callable[..., None]) -> None:
    async def scenario(desk: Desk) -> None:
        desk.hold(Key.Key_Space)
        desk.key(Key.Key_Tab)
        assert desk.assistant.calls == ["press", "release"]

    at_desk(scenario, pace=1.0)


def test_another_key_can_talk_from_anywhere(at_desk: Callable[..., None]) -> None:
    async def scenario(desk: Desk) -> None:
        desk.settings.set("keys.push_to_talk", "F9")
        await desk.painted()
        assert any("F9" in name for name in desk.names())
        desk.write("a b")
        assert desk.shell.composer.property("text") == "a b"
        desk.hold(Key.Key_F9)
        desk.let_go(Key.Key_F9)
        assert desk.assistant.calls == ["press", "release"]

    at_desk(scenario, pace=1.0)


def test_pages_scroll(at_desk: Callable[..., None]) -> None:
    async def scenario(desk: Desk) -> None:
        for _ in range(6):
            await desk.ask("What should I take on a day's walk in the hills?")
        canvas = next(item for item in desk.items("ConversationView"))
        await until(lambda: canvas.property("atEnd"))
        desk.key(Key.Key_PageUp)
        assert canvas.property("atEnd") is False
        desk.key(Key.Key_End)
        assert canvas.property("atEnd") is True

    at_desk(scenario)
