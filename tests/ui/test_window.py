"""The window itself: mouse, size, frames, settings, closing."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest

from app.contracts.audio import AudioDevice
from app.contracts.events import AudioDevicesChanged
from tests.helpers.qt import until
from tests.helpers.window import Desk, middle, open_desk
from ui.viewmodels.turn import TurnState


def test_the_button_talks_while_it_is_held(at_desk: Callable[..., None]) -> None:
    async def scenario(desk: Desk) -> None:
        at = middle(desk.item("Hold to talk, tap for hands free"))
        await desk.write("x")
        await desk.mouse(QTest.mousePress, at)
        assert desk.assistant.calls == ["press"]
        await desk.mouse(QTest.mouseRelease, at)
        assert desk.assistant.calls == ["press", "release"]
        await desk.click("Stop")
        assert desk.assistant.calls[-1] == "cancel"
        await desk.state(TurnState.IDLE)
        await desk.key(Qt.Key.Key_Space)
        await desk.asked("press", "release")

    at_desk(scenario, pace=1.0)


def test_a_click_beside_the_cards_gives_the_keyboard_back_to_the_button(at_desk: Callable[..., None]) -> None:
    async def scenario(desk: Desk) -> None:
        await desk.write("draft")
        await desk.mouse(QTest.mouseClick, QPoint(60, 300))
        assert desk.focus_name.startswith("Hold to talk")

    at_desk(scenario)


def test_nothing_moves_while_nothing_happens(at_desk: Callable[..., None]) -> None:
    async def scenario(desk: Desk) -> None:
        await desk.ask("Why is the sky blue?")
        await asyncio.sleep(0.4)
        frames: list[float] = []
        stop = desk.shell.on_frame_swapped(frames.append)
        await asyncio.sleep(0.6)
        assert frames == []
        stop()
        stop()

    at_desk(scenario)


def test_letting_go_is_on_screen_with_the_next_frame(at_desk: Callable[..., None]) -> None:
    async def scenario(desk: Desk) -> None:
        await desk.hold(Qt.Key.Key_Space)
        await asyncio.sleep(0.3)
        before = time.monotonic()
        seen: list[float] = []
        desk.shell.first_frame_after(seen.append)
        await desk.let_go(Qt.Key.Key_Space)
        await until(lambda: seen)
        assert seen[0] >= before
        await desk.painted()
        assert len(seen) == 1

    at_desk(scenario, pace=1.0)


def test_the_size_is_remembered(drive: Callable[..., None], tmp_path: Path) -> None:
    async def scenario() -> None:
        async with open_desk(tmp_path, size=(700, 640)):
            pass
        async with open_desk(tmp_path, size=None) as desk:
            assert (desk.window.width(), desk.window.height()) == (700, 640)
        await desk.shell.aclose()

    drive(scenario)


def test_closing_is_told_once_and_ends_the_listening(drive: Callable[..., None], tmp_path: Path) -> None:
    async def scenario() -> None:
        told: list[str] = []
        async with open_desk(tmp_path) as desk:
            desk.shell.on_closed(lambda: told.append("closed"))
            desk.window.close()
            assert told == ["closed"]
            desk.shell.close()
            desk.assistant.ask("Why is the sky blue?")
            assert desk.shell.conversation.rowCount() == 0
        assert told == ["closed"]

    drive(scenario)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_theme_follows_the_setting(at_desk: Callable[..., None], theme: str) -> None:
    async def scenario(desk: Desk) -> None:
        desk.settings.set("appearance.theme", theme)
        await desk.painted()
        assert desk.shell.theme.property("dark") is (theme == "dark")
        corner = desk.window.grabWindow().pixelColor(2, 2)
        assert corner == QColor(desk.shell.theme.property("page"))

    at_desk(scenario)


def test_settings_are_changed_by_hand(at_desk: Callable[..., None]) -> None:
    async def scenario(desk: Desk) -> None:
        await desk.click("Settings")
        await desk.painted()
        await desk.click("Speak answers")
        assert desk.settings.flag("voice.speak_answers") is False
        await desk.click("Theme")
        await desk.key(Qt.Key.Key_Down)
        await desk.key(Qt.Key.Key_Down)
        await desk.key(Qt.Key.Key_Return)
        assert desk.settings.text("appearance.theme") == "dark"
        await desk.click("Microphone")
        await desk.key(Qt.Key.Key_Down)
        await desk.key(Qt.Key.Key_Return)
        assert desk.settings.text("audio.input") == "demo/Built-in microphone"
        await desk.click("Back to the conversation")
        await desk.painted()
        assert desk.focus_name.startswith("Hold to talk")

    at_desk(scenario, size=(860, 1000))


def test_devices_that_come_and_go_are_listed_at_once(at_desk: Callable[..., None]) -> None:
    async def scenario(desk: Desk) -> None:
        await desk.click("Settings")
        await until(lambda: len(desk.shell.settings.list.row("audio.input").choices.options) == 3)
        desk.assistant.publish(AudioDevicesChanged(inputs=(AudioDevice("new", "New microphone"),), outputs=()))
        labels = [option.label for option in desk.shell.settings.list.row("audio.input").choices.options]
        assert labels == ["System default", "New microphone"]
        await desk.painted()

    at_desk(scenario)


@pytest.mark.parametrize("size", [(480, 420), (600, 800), (1100, 700), (2560, 1400)])
def test_nothing_leaves_the_window_at_any_size(at_desk: Callable[..., None], size: tuple[int, int]) -> None:
    async def scenario(desk: Desk) -> None:
        await desk.ask("What should I take on a day's walk in the hills?")
        for name in ("Question", "Settings", "Copy this answer", "Hold to talk, tap for hands free"):
            item = desk.item(name)
            box = item.mapRectToScene(item.boundingRect())
            assert box.left() >= 0
            assert box.right() <= size[0]
        answer = next(item for item in desk.items("AnswerCard"))
        assert answer.width() <= size[0]
        assert desk.items("AnswerText")[0].width() <= 720

    at_desk(scenario, size=size)
