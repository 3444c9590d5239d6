"""What looking at watts and degrees costs: processor time of the sampler alone, and the figures of the window's panel.

Every part of the benchmark that is about that has a process of its own and reads that process's own clock of processor
time, so that nothing else on the machine is counted. It prints what it found as one JSON line.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import aclosing
from pathlib import Path

from app.aio.clock import SystemClock
from app.bench.report import Figure, percentiles, single
from app.contracts.errors import RuntimeFault
from app.power.sampler import Sampler
from app.power.sensors.linux import LinuxSensors
from app.power.sensors.opening import open_sensors
from app.power.sensors.sample import Sample, Sensors

CHILD = "--in-child"
IDLE_SHARE = 1 / 6
"""A process that does nothing needs a shorter look: so much of the stretch."""
FIRST_LOOK_S = 30.0
LOOKS = 20
"""So many single looks are timed."""
CORE = "% of a core"

Values = Mapping[str, float | list[float]]


def in_child(part: str, seconds: float, *more: str) -> Values:
    """Measure one part, ``sampler`` or ``window``, in a fresh process.

    Args:
        part: Which.
        seconds: How long each stretch is.
        *more: Further options for it.

    Raises:
        RuntimeFault: It failed.
    """
    command = [sys.executable, "-m", "app", "bench", "power", CHILD, part, "--seconds", repr(seconds), *more]
    child = subprocess.run(command, stdout=subprocess.PIPE, check=False)
    if child.returncode:
        raise RuntimeFault(f"The {part} ended with exit code {child.returncode}.")
    values: Values = json.loads(child.stdout.splitlines()[-1])
    return values


def measure_sampler(seconds: float, root: Path | None) -> None:
    """The sampler's own process: idle first, then looking once a second.

    Args:
        seconds: How long each stretch is.
        root: Where the ``/sys`` and ``/proc`` of another machine lie; None for this one.
    """
    sensors = open_sensors() if root is None else LinuxSensors(root)
    sys.stdout.write(json.dumps(asyncio.run(_sampler(sensors, seconds))) + "\n")


async def _sampler(sensors: Sensors, seconds: float) -> Values:
    sampler = Sampler(sensors, SystemClock())
    looks = 0
    first = asyncio.Event()

    def took(sample: Sample) -> None:
        nonlocal looks
        del sample
        looks += 1
        first.set()

    async with aclosing(sampler):
        idle = await core_percent(seconds * IDLE_SHARE)
        unsubscribe = sampler.subscribe(took)
        async with asyncio.timeout(FIRST_LOOK_S):  # it opens libraries and files, which happens once
            await first.wait()
        looks = 0
        watching = await core_percent(seconds)
        unsubscribe()
        each_ms = [await asyncio.to_thread(_timed_ms, sensors.sample) for _ in range(LOOKS)]
    return {"percent": max(0.0, watching - idle), "looks": looks, "each_ms": each_ms}


def sampler_figures(values: Values) -> dict[str, Figure]:
    """As `sotto bench power` reports them."""
    percent, looks, each_ms = values["percent"], values["looks"], values["each_ms"]
    assert isinstance(percent, float | int)
    assert isinstance(looks, float | int)
    assert isinstance(each_ms, list)
    return {
        "sampler_cpu_percent": single(percent, CORE, int(looks)),
        "look_ms": percentiles(each_ms),
    }


def window_figures(values: Values, seconds: float) -> dict[str, Figure]:
    """As `sotto bench power` reports them."""

    def number(name: str) -> float:
        value = values[name]
        assert isinstance(value, float | int)
        return float(value)

    without = number("without_cpu_percent")
    return {
        "panel_cpu_percent": single(max(0.0, number("shown_cpu_percent") - without), CORE, int(number("shown_looks"))),
        "panel_hidden_cpu_percent": single(max(0.0, number("hidden_cpu_percent") - without), CORE),
        "window_cpu_percent": single(without, CORE),
        "panel_frames_per_s": single(number("shown_frames") / seconds, "1/s"),
        "panel_hidden_frames": single(number("hidden_frames")),
        "panel_hidden_looks": single(number("hidden_looks")),
    }


async def core_percent(seconds: float) -> float:
    """Wait, and say how much of one core this process took meanwhile, in percent."""
    began, worked = time.monotonic(), time.process_time()
    await asyncio.sleep(seconds)
    return (time.process_time() - worked) / (time.monotonic() - began) * 100.0


def _timed_ms(action: Callable[[], object]) -> float:
    began = time.perf_counter()
    action()
    return (time.perf_counter() - began) * 1000.0
