"""The window over the real stages: a skill asks, proposes and fills in its cards, and the window's buttons answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

from PySide6.QtCore import Qt

from app.settings.store import SettingsStore
from tests.helpers.qt import until
from tests.helpers.staged import Stage, staged_assistant
from tests.helpers.window import Desk
from ui.shell import create_window

Scenario = Callable[[Desk, Stage], Awaitable[None]]


def at_stage(drive: Callable[..., None], folder: Path, scenario: Scenario) -> None:
    async def opened() -> None:
        settings = SettingsStore(folder / "settings.yaml")
        settings.load()
        async with staged_assistant(folder) as stage:
            shell = create_window(stage.assistant, settings)
            shell.window.resize(860, 760)
            shell.show()
            await until(lambda: shell.window.isActive())
            try:
                await scenario(Desk(shell, stage.assistant, settings), stage)  # type: ignore[arg-type]
            finally:
                await shell.aclose()

    drive(opened)


async def named(desk: Desk, name: str) -> None:
    await until(lambda: name in desk.names())
    await desk.painted()


def test_a_request_from_its_question_to_its_cards_by_mouse(drive: Callable[..., None], tmp_path: Path) -> None:
    async def scenario(desk: Desk, stage: Stage) -> None:
        stage.assistant.ask("pack a picnic")
        await named(desk, "Four")
        await desk.click("Four")
        await named(desk, "Proposal: I'll pack for 4.")
        assert desk.item("Four").property("selected") is True
        await desk.click("Proceed")
        await named(desk, "List: Basket")
        await until(lambda: "Answer: Packed for 4." in desk.names())
        assert {"BREAD", "CHEESE", "Notice: Take a blanket."} <= desk.names()
        assert "Proceed" not in desk.names()
        assert [values["people"] for values in stage.picnic.planned][-1] == "4"

    at_stage(drive, tmp_path, scenario)


def test_the_same_by_keyboard(drive: Callable[..., None], tmp_path: Path) -> None:
    async def scenario(desk: Desk, stage: Stage) -> None:
        await desk.write("pack a picnic")
        await desk.key(Qt.Key.Key_Return)
        await named(desk, "Four")
        await desk.key(Qt.Key.Key_Escape)
        await desk.key(Qt.Key.Key_2)
        await named(desk, "Proceed")
        while desk.focus_name != "Proposal: I'll pack for 4.":
            await desk.key(Qt.Key.Key_Tab)
        await desk.key(Qt.Key.Key_Return)
        await named(desk, "List: Basket")

    at_stage(drive, tmp_path, scenario)


def test_a_new_request_leaves_the_question_behind(drive: Callable[..., None], tmp_path: Path) -> None:
    async def scenario(desk: Desk, stage: Stage) -> None:
        stage.assistant.ask("pack a picnic")
        await named(desk, "Four")
        stage.assistant.ask("What is the capital of France?")
        await until(lambda: any(name.startswith("Answer:") for name in desk.names()))
        await until(lambda: not desk.item("Four").isEnabled())
        await desk.key(Qt.Key.Key_2)
        assert desk.shell.composer.property("text") == "2"

    at_stage(drive, tmp_path, scenario)
