"""Everything a person can use has a name and a role, whatever is open."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible

from tests.helpers.demo import FAILING_QUESTION
from tests.helpers.power_readings import NotedPower, laptop
from tests.helpers.window import Desk, accessible_name, accessible_role, type_name

Role = QAccessible.Role
INTERACTIVE = {"QQuickAbstractButton", "QQuickComboBox", "QQuickSlider", "QQuickTextArea", "QQuickSwitch"}


def is_interactive(item: object) -> bool:
    """True for what can be pressed, moved, written in or reached with Tab."""
    meta = item.metaObject()
    while meta is not None:
        if meta.className() in INTERACTIVE:
            return True
        meta = meta.superClass()
    return bool(item.activeFocusOnTab())


def unnamed(desk: Desk) -> list[str]:
    """Interactive things without a name or a role."""
    return [
        type_name(item)
        for item in desk.items()
        if is_interactive(item) and (not accessible_name(item) or accessible_role(item) is Role.NoRole)
    ]


def test_the_conversation(at_desk: Callable[..., None]) -> None:
    async def scenario(desk: Desk) -> None:
        assert unnamed(desk) == []
        await desk.ask("Why is the sky blue?")
        await desk.ask(FAILING_QUESTION)
        assert sum(is_interactive(item) for item in desk.items()) >= 9
        assert unnamed(desk) == []
        roles = {accessible_name(item): accessible_role(item) for item in desk.items()}
        assert roles["Question"] is Role.EditableText
        assert roles["Settings"] is Role.Button
        assert roles["Hold to talk, tap for hands free"] is Role.Button
        assert roles["Conversation"] is Role.List
        assert roles["You wrote: Why is the sky blue?"] is Role.ListItem

    at_desk(scenario, offer_recording=True)


def test_the_settings(at_desk: Callable[..., None]) -> None:
    async def scenario(desk: Desk) -> None:
        await desk.key(Qt.Key.Key_Comma, Qt.KeyboardModifier.ControlModifier)
        await desk.painted()
        assert unnamed(desk) == []
        names = {accessible_name(item) for item in desk.items() if is_interactive(item)}
        assert {"Microphone", "Speaker", "Voice", "Speed", "Theme", "Speak answers", "Show confidence"} <= names

    at_desk(scenario, size=(860, 1000))


def test_the_keyboard_never_leaves_what_is_seen_of_the_settings(at_desk: Callable[..., None]) -> None:
    async def scenario(desk: Desk) -> None:
        await desk.key(Qt.Key.Key_Comma, Qt.KeyboardModifier.ControlModifier)
        await desk.painted()
        seen: set[str] = set()
        while (name := desk.focus_name) not in seen:
            focused = desk.window.activeFocusItem()
            assert focused.mapRectToScene(focused.boundingRect()).bottom() <= desk.window.height(), name
            seen.add(name)
            await desk.key(Qt.Key.Key_Tab)
            await desk.painted()
        assert {"Microphone", "Show confidence"} <= seen

    at_desk(scenario, size=(560, 480))


def test_the_power_panel(at_desk: Callable[..., None]) -> None:
    async def scenario(desk: Desk) -> None:
        await desk.key(Qt.Key.Key_P, Qt.KeyboardModifier.ControlModifier)
        desk.assistant.publish(laptop())
        await desk.painted()
        await desk.click(next(name for name in desk.names() if name.startswith("CPU, ")))
        await desk.painted()
        assert unnamed(desk) == []
        roles = {accessible_name(item): accessible_role(item) for item in desk.items()}
        assert roles["Close power and heat"] is Role.Button
        assert roles["Power, last 3 minutes"] is Role.Chart
        assert roles["Power: 1.9 W, measured"] is Role.StaticText
        assert roles["Let it rest, CPU"] is Role.Button

    at_desk(scenario, size=(1280, 900), power=NotedPower())


def test_while_somebody_talks(at_desk: Callable[..., None]) -> None:
    async def scenario(desk: Desk) -> None:
        await desk.hold(Qt.Key.Key_Space)
        await desk.painted()
        assert unnamed(desk) == []
        assert {"Stop", "Listening. Let go, or tap, to end"} <= desk.names()

    at_desk(scenario, pace=1.0)


def test_a_screen_reader_can_press_the_button(at_desk: Callable[..., None]) -> None:
    async def scenario(desk: Desk) -> None:
        button = desk.item("Hold to talk, tap for hands free")
        action = QAccessible.queryAccessibleInterface(button).actionInterface()
        action.doAction(action.pressAction())
        assert desk.assistant.calls == ["press", "release"]

    at_desk(scenario, pace=1.0)


@pytest.mark.parametrize("done", [False, True])
def test_an_answer_is_read_out_once_it_is_whole(at_desk: Callable[..., None], done: bool) -> None:
    async def scenario(desk: Desk) -> None:
        if done:
            await desk.ask("Why is the sky blue?")
            assert any(name.startswith("Answer: Sunlight") for name in desk.names())
        else:
            desk.assistant.ask("Why is the sky blue?")
            while "The answer is being written" not in desk.names():
                await desk.painted()

    at_desk(scenario, pace=0.0 if done else 1.0)
