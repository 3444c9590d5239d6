"""The window without a mouse."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication

from tests.helpers.qt import until
from tests.helpers.window import Desk
from ui.viewmodels.turn import TurnState

Key = Qt.Key
NONE, CTRL, SHIFT = (
    Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.ShiftModifier,
)
FIELD = "Question"


def test_the_key_talks_while_it_is_held(at_desk: Callable[..., None]) -> None:
    async def scenario(desk: Desk) -> None:
        await desk.hold(Key.Key_Space)
        assert desk.assistant.calls == ["press"]
        assert desk.shell.turn.property("state") == "listening"
        for _ in range(5):
            desk.repeat(Key.Key_Space)
        assert desk.assistant.calls == ["press"]
        await asyncio.sleep(0.3)
        await desk.let_go(Key.Key_Space)
        assert desk.shell.turn.property("held") is False
        await desk.asked("press", "release")
        await desk.state(TurnState.IDLE)
        assert desk.shell.conversation.rowCount() == 2

    at_desk(scenario, pace=0.01)


def test_a_repeat_that_x_does_not_mark_is_no_letting_go(at_desk: Callable[..., None]) -> None:
    async def scenario(desk: Desk) -> None:
        await desk.hold(Key.Key_Space)
        for _ in range(3):
            desk.up_and_down(Key.Key_Space)
        await asyncio.sleep(0.1)
        assert desk.assistant.calls == ["press"]
        await desk.let_go(Key.Key_Space)
        await desk.asked("press", "release")

    at_desk(scenario, pace=1.0)


def test_a_tap_talks_hands_free(at_desk: Callable[..., None]) -> None:
    async def scenario(desk: Desk) -> None:
        await desk.key(Key.Key_Space)
        await desk.asked("press", "release")
        assert desk.shell.turn.property("state") == "listening"
        await desk.state(TurnState.IDLE)

    at_desk(scenario, pace=0.1)


def test_in_the_field_the_space_bar_writes_a_space(at_desk: Callable[..., None]) -> None:
    async def scenario(desk: Desk) -> None:
        await desk.write("why")
        assert desk.focus_name == FIELD
        await desk.key(Key.Key_Space)
        await desk.write("not")
        assert desk.shell.composer.property("text") == "why not"
        assert desk.assistant.calls == []

    at_desk(scenario)


def test_enter_sends_and_shift_enter_does_not(at_desk: Callable[..., None]) -> None:
    async def scenario(desk: Desk) -> None:
        await desk.write("one")
        await desk.key(Key.Key_Return, SHIFT)
        await desk.write("two")
        await desk.key(Key.Key_Return)
        assert desk.assistant.calls == ["ask one\ntwo"]
        assert desk.shell.composer.property("text") == ""

    at_desk(scenario)


def test_up_in_the_empty_field_brings_the_last_question_back(at_desk: Callable[..., None]) -> None:
    async def scenario(desk: Desk) -> None:
        await desk.ask("Why is the sky blue?")
        await desk.write("x")
        await desk.key(Key.Key_Backspace)
        await desk.key(Key.Key_Up)
        assert desk.shell.composer.property("text") == "Why is the sky blue?"
        await desk.write("!")
        await desk.key(Key.Key_Return)
        assert desk.assistant.calls[-1] == "ask Why is the sky blue?!"

    at_desk(scenario)


def test_escape_stops_and_then_goes_back_to_the_button(at_desk: Callable[..., None]) -> None:
    async def scenario(desk: Desk) -> None:
        desk.assistant.ask("Why is the sky blue?")
        await desk.write("draft")
        await desk.key(Key.Key_Escape)
        assert desk.assistant.calls[-1] == "cancel"
        await desk.state(TurnState.IDLE)
        await desk.key(Key.Key_Escape)
        assert desk.assistant.calls.count("cancel") == 1
        await desk.hold(Key.Key_Space)
        assert desk.assistant.calls[-1] == "press"
        await desk.key(Key.Key_Escape)
        await desk.let_go(Key.Key_Space)
        assert desk.assistant.calls[-2:] == ["press", "cancel"]

    at_desk(scenario, pace=1.0)


def test_settings_open_and_close(at_desk: Callable[..., None]) -> None:
    async def scenario(desk: Desk) -> None:
        await desk.key(Key.Key_Comma, CTRL)
        await desk.painted()
        assert {"Settings", "Microphone", "Theme"} <= desk.names()
        assert FIELD not in desk.names()
        await desk.hold(Key.Key_Space)
        await desk.let_go(Key.Key_Space)
        assert "press" not in desk.assistant.calls
        await desk.key(Key.Key_Comma, CTRL)
        await desk.key(Key.Key_Comma, CTRL)
        await desk.key(Key.Key_Escape)
        await desk.painted()
        assert FIELD in desk.names()
        await desk.key(Key.Key_Space)
        await desk.asked("press", "release")

    at_desk(scenario, pace=1.0)


def test_tab_reaches_everything_and_comes_round(at_desk: Callable[..., None]) -> None:
    async def scenario(desk: Desk) -> None:
        await desk.ask("Why is the sky blue?")
        met: list[str] = []
        for _ in range(12):
            await desk.key(Key.Key_Tab)
            met.append(desk.focus_name)
        assert "" not in met
        answer = next(name for name in met if name.startswith("Answer: Sunlight"))
        for name in (FIELD, "Settings", answer, "Speak this answer again", "Copy this answer"):
            assert name in met
        assert any(name.startswith("Hold to talk") for name in met)
        there = list(met)
        back: list[str] = []
        for _ in range(11):
            await desk.key(Key.Key_Backtab, SHIFT)
            back.append(desk.focus_name)
        assert back == there[-2::-1]

    at_desk(scenario)


def test_arrows_walk_over_the_cards_and_copying_copies_the_focused_one(at_desk: Callable[..., None]) -> None:
    async def scenario(desk: Desk) -> None:
        await desk.ask("Why is the sky blue?")
        while not desk.focus_name.startswith("Answer:"):
            await desk.key(Key.Key_Tab)
        await desk.key(Key.Key_C, CTRL)
        assert QGuiApplication.clipboard().text().startswith("Sunlight holds every colour.")
        await desk.key(Key.Key_Up)
        assert desk.focus_name == "You wrote: Why is the sky blue?"
        await desk.key(Key.Key_C, CTRL)
        assert QGuiApplication.clipboard().text() == "Why is the sky blue?"
        await desk.key(Key.Key_Space)
        await desk.asked("press", "release")

    at_desk(scenario)


def test_a_focused_button_is_pressed_with_space_and_with_enter(at_desk: Callable[..., None]) -> None:
    async def scenario(desk: Desk) -> None:
        await desk.ask("Why is the sky blue?")
        turn = next(iter(desk.assistant._answers))
        for key in (Key.Key_Space, Key.Key_Return):
            while desk.focus_name != "Speak this answer again":
                await desk.key(Key.Key_Tab)
            await desk.key(key)
            assert desk.assistant.calls[-1] == f"replay {turn}"
            await desk.state(TurnState.IDLE)

    at_desk(scenario)


def test_a_key_that_is_held_when_the_keyboard_goes_elsewhere_is_let_go(at_desk: Callable[..., None]) -> None:
    async def scenario(desk: Desk) -> None:
        await desk.hold(Key.Key_Space)
        await desk.key(Key.Key_Tab)
        await desk.asked("press", "release")

    at_desk(scenario, pace=1.0)


def test_another_key_can_talk_from_anywhere(at_desk: Callable[..., None]) -> None:
    async def scenario(desk: Desk) -> None:
        desk.settings.set("keys.push_to_talk", "F9")
        await desk.painted()
        assert any("F9" in name for name in desk.names())
        await desk.write("a b")
        assert desk.shell.composer.property("text") == "a b"
        await desk.hold(Key.Key_F9)
        await desk.let_go(Key.Key_F9)
        await desk.asked("press", "release")

    at_desk(scenario, pace=1.0)


def test_pages_scroll(at_desk: Callable[..., None]) -> None:
    async def scenario(desk: Desk) -> None:
        for _ in range(6):
            await desk.ask("What should I take on a day's walk in the hills?")
        canvas = next(item for item in desk.items("ConversationView"))
        await until(lambda: canvas.property("atEnd"))
        await desk.key(Key.Key_PageUp)
        assert canvas.property("atEnd") is False
        await desk.key(Key.Key_End)
        assert canvas.property("atEnd") is True

    at_desk(scenario)
