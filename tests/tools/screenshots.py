"""Draws the window in its main states and saves the pictures: ``python -m tests.tools.screenshots FOLDER --scale 2``.

Why it exists: how many pixels a point has is fixed when Qt starts, so each scale needs a process of its own. Anything
Qt complains of while it draws is printed, and the exit code is 1.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

from PySide6.QtCore import QtMsgType, qInstallMessageHandler

from tests.helpers.demo import FAILING_QUESTION
from tests.helpers.qt import HARMLESS, until
from tests.helpers.window import Desk, open_desk
from ui.platform import create_application
from ui.viewmodels.turn import TurnState

WIDTHS = {480: 760, 800: 760, 1600: 1000}
THEMES = ("light", "dark")
README = (960, 800)
PATIENCE_S = 30.0
WALK = "What should I take on a day's walk in the hills?"


async def empty(desk: Desk) -> None:
    """Before the first question."""


async def conversation(desk: Desk) -> None:
    """Two questions answered, one spoken and one typed."""
    await desk.ask("Why is the sky blue?")
    desk.shell.turn.tap()
    await until(lambda: desk.shell.conversation.rowCount() == 4, PATIENCE_S)
    await desk.state(TurnState.IDLE)


async def listening(desk: Desk) -> None:
    """In the middle of a question, with an answer above it."""
    await desk.ask(WALK)
    desk.assistant.pace = 1.0
    desk.shell.turn.press()
    await until(lambda: desk.shell.conversation.rowCount() == 3)
    await asyncio.sleep(0.5)


async def writing(desk: Desk) -> None:
    """In the middle of an answer."""
    await desk.ask("How far away is the moon?")
    desk.assistant.pace = 1.0
    desk.assistant.ask(WALK)
    await asyncio.sleep(1.0)


async def troubles(desk: Desk) -> None:
    """A recording that was left behind, and an answer that failed."""
    await desk.ask(FAILING_QUESTION)
    desk.shell.composer.edit("A question that is being typed, so long that it does not fit into a single line " * 2)


async def settings(desk: Desk) -> None:
    """The settings page."""
    desk.window.setProperty("settingsOpen", True)
    await desk.shell.refresh()
    await desk.painted()


SCENES: dict[str, Callable[[Desk], Awaitable[None]]] = {
    scene.__name__: scene for scene in (empty, conversation, listening, writing, troubles, settings)
}


async def draw(folder: Path, name: str, scene: str, theme: str, size: tuple[int, int], pace: float = 0.02) -> None:
    """Draw one picture; ``pace`` 1 takes as long as a real turn, so that the times in it look like real ones."""
    with tempfile.TemporaryDirectory() as home:
        offered = scene == "troubles"
        async with open_desk(Path(home), size=size, pace=pace, offer_recording=offered) as desk:
            desk.settings.set("appearance.theme", theme)
            await SCENES[scene](desk)
            await desk.painted()
            desk.window.grabWindow().save(str(folder / f"{name}.png"))


async def draw_all(folder: Path, scale: int) -> None:
    """Draw every state in every width and theme."""
    for theme in THEMES:
        for scene in SCENES:
            for width, height in WIDTHS.items():
                await draw(folder, f"{scene}-{theme}-{width}@{scale}x", scene, theme, (width, height))


async def draw_readme(folder: Path, _scale: int) -> None:
    """Draw what the README shows."""
    for theme in THEMES:
        await draw(folder, f"readme-{theme}", "conversation", theme, README, pace=1.0)


def main() -> int:
    """Draw; returns 1 when Qt complained."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--scale", type=int, default=1)
    parser.add_argument("--readme", action="store_true", help="only what the README shows")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    os.environ["QT_SCALE_FACTOR"] = str(options.scale)
    complaints: list[str] = []

    def listen(kind: QtMsgType, _context: object, text: str) -> None:
        if kind not in HARMLESS:
            complaints.append(text)

    qInstallMessageHandler(listen)
    application = create_application(["sotto", "-platform", "offscreen"])
    import qasync

    with qasync.QEventLoop(application) as loop:
        wanted = draw_readme if options.readme else draw_all
        loop.run_until_complete(wanted(options.folder, options.scale))
    qInstallMessageHandler(None)
    sys.stderr.writelines(f"{complaint}\n" for complaint in complaints)
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
