"""What the power panel costs: the real window without it, with it open, and with it closed again.

Why it exists: a panel that shows how little is drawn must not draw much itself, and nothing while nobody sees it.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from app.assistant.parts import Depth
from app.bench.power_watching import core_percent
from app.bootstrap.core import CoreOptions
from app.bootstrap.desktop import Desktop, run
from app.contracts.errors import RuntimeFault
from app.contracts.events import SensorReadings, SystemEvent, TurnEvent
from app.settings.paths import Paths

SETTLE_S = 3.0
"""After the panel was opened or closed, until what moves has come to rest; no longer than what is measured."""
QUIET_PERCENT = 2.0
"""A window that takes less of a core than this has finished starting."""
QUIET_PATIENCE_S = 25.0


@dataclass(frozen=True, slots=True)
class Stretch:
    """One stretch of time.

    Attributes:
        cpu_percent: Processor time of this process, in percent of one core.
        frames: Painted meanwhile.
        looks: Sensor readings that came meanwhile.
    """

    cpu_percent: float
    frames: int = 0
    looks: int = 0


def measure_window(seconds: float) -> None:
    """The window's own process: without the panel, with it expanded, and with it closed again.

    Raises:
        RuntimeFault: The panel was opened and showed nothing.
    """
    stretches: dict[str, Stretch] = {}
    with tempfile.TemporaryDirectory(prefix="sotto-bench-") as name:

        async def driver(desktop: Desktop) -> None:
            watch = _PanelWatch(desktop)
            try:
                await _quiet()
                stretches["without"] = await watch.stretch(seconds)
                watch.show_panel(shown=True)
                await asyncio.sleep(min(SETTLE_S, seconds))
                stretches["shown"] = await watch.stretch(seconds)
                watch.show_panel(shown=False)
                await asyncio.sleep(min(SETTLE_S, seconds))
                stretches["hidden"] = await watch.stretch(seconds)
            finally:
                watch.close()

        run(CoreOptions(paths=Paths.under(Path(name) / "home"), depth=Depth(plain=True)), driver=driver)
    if not stretches["shown"].looks:
        raise RuntimeFault("The panel was open, and no sensor was read for it.")
    values = {
        f"{stretch}_{fact}": number for stretch, found in stretches.items() for fact, number in asdict(found).items()
    }
    sys.stdout.write(json.dumps(values) + "\n")


class _PanelWatch:
    """Opens and closes the panel of a window, and counts what that makes it do."""

    def __init__(self, desktop: Desktop) -> None:
        self._panel = desktop.shell.power
        self._frames = 0
        self._looks = 0
        self._unsubscribe = (
            desktop.shell.on_frame_swapped(self._painted),
            desktop.services.assistant.subscribe(self._note),
        )

    def close(self) -> None:
        """Stop counting."""
        for unsubscribe in self._unsubscribe:
            unsubscribe()

    def show_panel(self, *, shown: bool) -> None:
        """Open it in its expanded form, or close it, as a click does."""
        self._panel.show_open(shown)

    async def stretch(self, seconds: float) -> Stretch:
        """What one stretch of time took."""
        self._frames = self._looks = 0
        percent = await core_percent(seconds)
        return Stretch(percent, self._frames, self._looks)

    def _painted(self, at: float) -> None:
        del at
        self._frames += 1

    def _note(self, event: TurnEvent | SystemEvent) -> None:
        self._looks += isinstance(event, SensorReadings)


async def _quiet() -> None:
    """Wait until the window has loaded its models and looked for devices."""
    deadline = time.monotonic() + QUIET_PATIENCE_S
    while time.monotonic() < deadline:
        looks = any("models.devices.probe" in word for child in psutil.Process().children() for word in _words(child))
        if await core_percent(1.0) < QUIET_PERCENT and not looks:
            return


def _words(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []
