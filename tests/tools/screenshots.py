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
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import Q_ARG, QtMsgType, qInstallMessageHandler

from app.contracts.capabilities import ConfidenceSource
from app.contracts.cards import AnyCard
from app.contracts.events import CardChanged
from app.contracts.skill_cards import TimerState
from tests.helpers.demo import FAILING_QUESTION
from tests.helpers.demo_cards import (
    AGENDA,
    ALTERNATIVES,
    CLARIFICATION,
    JOB,
    LIST,
    PRE_PLAN,
    RINGING,
    ROUTINE,
    SESSION,
    SOURCES,
    STATUS,
    WEIGHTY,
    timer,
)
from tests.helpers.power_readings import NotedPower
from tests.helpers.power_scenes import METEOR_LAKE, PLAIN_VM, RTX_LAPTOP, Machine
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
    desk.assistant.pace = 0.4
    desk.shell.turn.press()
    await until(lambda: desk.shell.conversation.rowCount() == 3)
    await asyncio.sleep(0.2)


async def writing(desk: Desk) -> None:
    """In the middle of an answer."""
    await desk.ask("How far away is the moon?")
    desk.assistant.pace = 0.3
    desk.assistant.ask(WALK)
    await asyncio.sleep(0.3)


async def troubles(desk: Desk) -> None:
    """A recording that was left behind, and an answer that failed."""
    await desk.ask(FAILING_QUESTION)
    desk.shell.composer.edit("A question that is being typed, so long that it does not fit into a single line " * 2)


async def settings(desk: Desk) -> None:
    """The settings page."""
    desk.window.setProperty("settingsOpen", True)
    await desk.shell.refresh()
    await desk.painted()


async def power_vm(desk: Desk) -> None:
    """The power panel on a plain virtual machine."""
    await at_machine(desk, PLAIN_VM)


async def power_meteor_lake(desk: Desk) -> None:
    """The power panel on a laptop that runs on battery."""
    await at_machine(desk, METEOR_LAKE)


async def power_rtx_laptop(desk: Desk) -> None:
    """The power panel on a laptop whose graphics card rests."""
    await at_machine(desk, RTX_LAPTOP)


async def power_timeline(desk: Desk) -> None:
    """The lower end of the panel: a finished turn with an escalation and a failover."""
    await at_machine(desk, RTX_LAPTOP)
    panel = next(item for item in desk.items("PowerPanel"))
    panel.metaObject().invokeMethod(panel, "scrollPages", Q_ARG("double", 9.0))


async def power_compact(desk: Desk) -> None:
    """The panel closed: its figures in the head of the window, while a device rests."""
    await conversation(desk)
    await at_machine(desk, RTX_LAPTOP, opened=False)


async def at_machine(desk: Desk, machine: Machine, *, opened: bool = True) -> None:
    """Some minutes on a machine."""
    desk.shell.power.show_open(opened)
    await desk.painted()
    for event in machine.events():
        desk.assistant.publish(event)
    await desk.painted()


async def asking(desk: Desk) -> None:
    """A question with its likely answers, one that was answered, and two proposals."""
    await shown(
        desk, replace(CLARIFICATION, card_id="before", chosen="Core", actions=()), CLARIFICATION, PRE_PLAN, WEIGHTY
    )


async def training(desk: Desk) -> None:
    """A session in which something has been done, and what else could be had."""
    first, second, *others = SESSION.exercises
    done = (replace(first, sets_done=3), replace(second, sets_done=1), *others)
    await shown(desk, replace(SESSION, exercises=done), ALTERNATIVES)


async def counting(desk: Desk) -> None:
    """Timers and lists."""
    ringing = timer(card_id="egg", label="egg", state=TimerState.RINGING, actions=RINGING, due_at=0.0)
    await shown(desk, timer(), ringing, LIST, AGENDA)


async def working(desk: Desk) -> None:
    """A routine that is being edited, sources, a job and a status."""
    broken = replace(ROUTINE, problem="Line 5, column 5: 'aks' is not known. Did you mean 'ask'?")
    await shown(desk, SOURCES, broken, JOB, STATUS)


async def refined(desk: Desk) -> None:
    """An answer that a later stage has improved, with what somebody thought of it."""
    await desk.ask("Why is the sky blue?")
    row = desk.shell.conversation.find("demo-1-answer")
    assert row is not None
    better = replace(
        row.card,
        revision=9,
        stage="synthesis",
        confidence=0.86,
        confidence_source=ConfidenceSource.STAGE_PRIOR,
        refined=1,
        rated=1,
    )
    await shown(desk, better, ROUTINE)


async def shown(desk: Desk, *cards: AnyCard) -> None:
    """Some cards, one below the other."""
    for card in cards:
        desk.assistant.publish(CardChanged(card=card))
    await asyncio.sleep(0.05)
    await desk.painted()


SCENES: dict[str, Callable[[Desk], Awaitable[None]]] = {
    scene.__name__: scene
    for scene in (
        empty,
        conversation,
        listening,
        writing,
        troubles,
        settings,
        power_vm,
        power_meteor_lake,
        power_rtx_laptop,
        power_timeline,
        power_compact,
        asking,
        training,
        counting,
        working,
        refined,
    )
}


CARDS = frozenset(scene.__name__ for scene in (asking, training, counting, working, refined))
"""Scenes of cards that skills and stages make."""


def widths(scene: str, scale: int) -> dict[int, int]:
    """The widths a scene is drawn in at a scale, with their heights.

    The open power panel is no other one in the narrowest, and its pictures are many: the wide one is drawn at scale 1,
    the narrower one at scale 2. So are the cards of the stages.
    """
    if scene not in CARDS and (not scene.startswith("power_") or scene == "power_compact"):
        return WIDTHS
    width = 1600 if scale == 1 else 800
    return {width: WIDTHS[width]}


async def draw(folder: Path, scene: str, name: str, size: tuple[int, int], pace: float = 0.02) -> None:
    """Draw one scene in every theme; in ``name`` an asterisk stands for that.

    ``pace`` 1 takes as long as a real turn, so that the times in it look like real ones.
    """
    with tempfile.TemporaryDirectory() as home:
        options = {"size": size, "pace": pace, "power": NotedPower(), "offer_recording": scene == "troubles"}
        async with open_desk(Path(home), **options) as desk:
            desk.settings.set("appearance.theme", THEMES[0])
            await SCENES[scene](desk)
            for theme in THEMES:
                desk.settings.set("appearance.theme", theme)
                await desk.painted()
                desk.window.grabWindow().save(str(folder / f"{name.replace('*', theme)}.png"))


async def draw_all(folder: Path, scale: int) -> None:
    """Draw every state in every width and theme."""
    for scene in SCENES:
        for width, height in widths(scene, scale).items():
            await draw(folder, scene, f"{scene}-*-{width}@{scale}x", (width, height))


async def draw_readme(folder: Path, _scale: int) -> None:
    """Draw what the README shows."""
    await draw(folder, "conversation", "readme-*", README, pace=1.0)


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
