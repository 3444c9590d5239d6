"""`sotto bench ui`: does the window stay light and quick while all three models run?

The window is opened in a fresh process, so that its start and its memory are those of a person's start. While a driver
asks questions by voice, a timer on the event loop measures how long anything holds it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import psutil

from app.assistant.parts import Depth
from app.bench.driving import Keyboard, TurnWatch
from app.bench.machine import describe
from app.bench.questions import as_wav, spoken_questions
from app.bench.report import Figure, Report, percentile, single
from app.bench.surroundings import surroundings
from app.bench.virtual_sound import VirtualSound
from app.bootstrap.core import CoreOptions
from app.bootstrap.desktop import Desktop, run
from app.contracts.errors import RuntimeFault
from app.settings.paths import Paths

CHILD = "--in-child"
STARTED = "SOTTO_BENCH_STARTED"
"""Carries the monotonic time at which the child was started."""
STEP_S = 0.002
"""The probe asks to be woken this often; what is late beyond it is the hold."""
TURN_PATIENCE_S = 30.0
MEBIBYTE = 1 << 20


def main(arguments: Sequence[str]) -> int:
    """Run the benchmark and print its report; returns the exit code."""
    parser = argparse.ArgumentParser(prog="sotto bench ui")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--turns", type=int, default=6, metavar="N", help="turns while the loop is watched")
    parser.add_argument(CHILD, action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.in_child:
        return _child(options.turns)
    with ExitStack() as stack:
        around = stack.enter_context(surroundings())
        environment = {**os.environ, STARTED: repr(time.monotonic())}
        command = [sys.executable, "-m", "app", "bench", "ui", CHILD, "--turns", str(options.turns)]
        child = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=False)
        if child.returncode:
            raise RuntimeFault(f"The window ended with exit code {child.returncode}.")
        values = json.loads(child.stdout.splitlines()[-1])
        Report("ui", {**describe(), **around.facts}, _figures(values)).show(as_json=options.json)
    return 0


def _figures(values: dict[str, float]) -> dict[str, Figure]:
    units = {"window_rss_mb": "MB"}
    turns = int(values.pop("turns"))
    counts = {"loop_hold_p99_ms": int(values.pop("wakes"))}
    figures = {name: single(value, units.get(name, "ms"), counts.get(name, 1)) for name, value in values.items()}
    figures["turns"] = single(turns)
    return figures


def _child(turns: int) -> int:
    """The window's own process: drive it and print the figures as one JSON line."""
    started = float(os.environ[STARTED])
    sound = VirtualSound(os.environ["PULSE_SERVER"])
    values: dict[str, float] = {}

    with tempfile.TemporaryDirectory(prefix="sotto-bench-") as name:
        folder = Path(name)

        async def driver(desktop: Desktop) -> None:
            values["window_visible_ms"] = (desktop.visible_at - started) * 1000.0
            values["ready_ms"] = (time.monotonic() - started) * 1000.0
            holds = _Holds()
            watching = asyncio.create_task(holds.watch(), name="loop probe")
            try:
                for number in range(turns):
                    await _turn(desktop, sound, folder, number)
            finally:
                watching.cancel()
                await asyncio.gather(watching, return_exceptions=True)
            values["loop_hold_p99_ms"] = percentile(holds.ms, 0.99)
            values["loop_hold_max_ms"] = max(holds.ms)
            values["window_rss_mb"] = psutil.Process().memory_info().rss / MEBIBYTE
            values["wakes"], values["turns"] = len(holds.ms), turns

        run(CoreOptions(paths=Paths.under(folder / "home"), depth=Depth(plain=True)), driver=driver)
    sys.stdout.write(json.dumps(values) + "\n")
    return 0


async def _turn(desktop: Desktop, sound: VirtualSound, folder: Path, number: int) -> None:
    """Speak one question and hear the answer to its end."""
    questions = spoken_questions()
    wav, _ = await asyncio.to_thread(as_wav, questions[number % len(questions)], folder)
    watch, keyboard = TurnWatch(desktop), Keyboard()
    try:
        await keyboard.press("space")
        player = await asyncio.to_thread(sound.play_into_microphone, wav)
        await asyncio.to_thread(player.wait)
        await keyboard.release("space")
        await watch.wait_for(lambda: watch.ended, TURN_PATIENCE_S)
    finally:
        watch.close()


class _Holds:
    """How long the event loop was held, wake by wake, in milliseconds."""

    def __init__(self) -> None:
        self.ms: list[float] = []

    async def watch(self) -> None:
        """Ask to be woken again and again, and note how late it was."""
        while True:
            asked = time.monotonic()
            await asyncio.sleep(STEP_S)
            self.ms.append(max(0.0, (time.monotonic() - asked - STEP_S) * 1000.0))
