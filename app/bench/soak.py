"""`sotto bench soak`: thousands of runs with faults mixed in. Each has to end once, and nothing may be left behind.

Most runs go to scripted engines in real host processes, which die, hang, fail and babble where their prompt says so;
the rest go to the embedded default with short answers. Runs overlap, some are cancelled at a random moment, some have
input that cannot be used, some are asked again and come from the cache.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import logging
import os
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from app.aio.clock import SystemClock
from app.bench.machine import describe
from app.bench.report import Figure, Report, percentiles, single
from app.bench.soak_cast import Order, real_orders, scripted_hosts, scripted_orders
from app.bootstrap.pipelines import PipelineServices, engine_over, open_pipelines
from app.contracts.errors import SottoError
from app.contracts.events import RUN_ENDS, TurnEvent
from app.pipeline.engine import PipelineEngine
from app.pipeline.run import RunResult
from app.pipeline.values import Text, in_words
from app.settings.paths import Paths

SCRIPTED_RUNS = 9000
REAL_RUNS = 1000
AT_ONCE = 6
WARM_SHARE = 0.2
"""Memory is compared from here on: before, caches fill and libraries load."""
SAMPLES = 40
LONGEST_S = 60.0
"""A run that has not ended by then is lost."""


@dataclass(slots=True)
class Tally:
    """What became of the runs, and what memory did meanwhile."""

    ends: Counter[str] = field(default_factory=Counter)
    lost: list[str] = field(default_factory=list)
    answered: int = 0
    elapsed_ms: list[float] = field(default_factory=list)
    memory_mb: list[float] = field(default_factory=list)

    @property
    def runs(self) -> int:
        """All of them."""
        return sum(self.ends.values())


@dataclass(frozen=True, slots=True)
class Left:
    """What was there that had not been there before."""

    tasks: int
    processes: int
    files: int


def main(arguments: Sequence[str]) -> int:
    """Run the benchmark and print its report; returns the exit code."""
    parser = argparse.ArgumentParser(prog="sotto bench soak")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--scripted", type=int, default=SCRIPTED_RUNS, metavar="N", help="runs on scripted hosts")
    parser.add_argument("--real", type=int, default=REAL_RUNS, metavar="N", help="runs on the embedded default")
    options = parser.parse_args(arguments)
    logging.getLogger("models.host").setLevel(logging.CRITICAL)  # hosts die here by the dozen, as they are told to
    scripted, real, left, seconds = asyncio.run(soak(max(0, options.scripted), max(0, options.real)))
    notes = [f"{name}: {_shown(tally)}" for name, tally in (("scripted", scripted), ("real", real)) if tally.runs]
    notes += [f"lost: {what}" for what in (scripted.lost + real.lost)[:20]]
    Report("soak", describe(), figures(scripted, real, left, seconds), tuple(notes)).show(as_json=options.json)
    return 0


async def soak(scripted_runs: int, real_runs: int) -> tuple[Tally, Tally, Left, float]:
    """Run it all; returns what became of the two kinds of runs, what was left behind, and the seconds it took."""
    before = _standing()
    started = time.monotonic()
    scripted, real = Tally(), Tally()
    if scripted_runs:
        await _each(_scripted(), scripted_orders(scripted_runs), scripted)
    if real_runs:
        await _each(_embedded(), real_orders(real_runs), real)
    gc.collect()
    await asyncio.sleep(0.1)
    after = _standing()
    left = Left(*(max(0, now - then) for now, then in zip(after, before, strict=True)))
    return scripted, real, left, time.monotonic() - started


@asynccontextmanager
async def _scripted() -> AsyncIterator[PipelineEngine]:
    with tempfile.TemporaryDirectory(prefix="sotto-soak-") as name:
        folder = Path(name)
        async with scripted_hosts(folder) as catalogue, engine_over(catalogue, SystemClock()) as engine:
            yield engine


@asynccontextmanager
async def _embedded() -> AsyncIterator[PipelineEngine]:
    with tempfile.TemporaryDirectory(prefix="sotto-soak-") as name:
        services: PipelineServices
        async with open_pipelines(Paths.under(Path(name))) as services:
            yield services.engine


async def _each(opening: AbstractAsyncContextManager[PipelineEngine], orders: Sequence[Order], tally: Tally) -> None:
    """Make all runs, `AT_ONCE` at a time."""
    waiting = iter(enumerate(orders))
    every = max(1, len(orders) // SAMPLES)

    async def work(engine: PipelineEngine) -> None:
        for number, order in waiting:
            await _one(engine, order, tally)
            if number % every == 0:
                tally.memory_mb.append(await asyncio.to_thread(_memory_mb))

    async with opening as engine, asyncio.TaskGroup() as workers:
        for _ in range(AT_ONCE):
            workers.create_task(work(engine))


async def _one(engine: PipelineEngine, order: Order, tally: Tally) -> None:
    ends: list[str] = []

    def note(event: TurnEvent) -> None:
        if ends:
            ends.append(f"{event.type} behind the end")
        elif isinstance(event, RUN_ENDS):
            ends.append(event.type)

    started = time.monotonic()
    try:
        run = engine.start_definition(order.pipeline, Text(order.text))
    except SottoError as error:
        _refused(order, error, tally)
        return
    run.subscribe(note)
    cancelling = None
    if order.cancel_after_s is not None:
        cancelling = asyncio.get_running_loop().call_later(order.cancel_after_s, run.cancel, "The soak wants it so.")
    try:
        async with asyncio.timeout(LONGEST_S):
            result = await run.result()
    except TimeoutError:
        tally.ends["never"] += 1
        tally.lost.append(f"{order.pipeline.pipeline_id} {order.fault}: it did not end")
        run.cancel()
        return
    finally:
        if cancelling is not None:
            cancelling.cancel()
    tally.elapsed_ms.append((time.monotonic() - started) * 1000.0)
    _judge(order, result, ends, tally)


def _refused(order: Order, error: SottoError, tally: Tally) -> None:
    """A run that was not begun at all: right for bad input, a loss otherwise."""
    tally.ends[error.code] += 1
    if order.fault == "bad input":
        tally.answered += 1
    else:
        tally.lost.append(f"{order.pipeline.pipeline_id} {order.fault}: {error.code} before it began")


def _judge(order: Order, result: RunResult, ends: list[str], tally: Tally) -> None:
    """Was this an answer, or one clear error, or the cancelling that was asked for?"""
    error = result.error
    what = "answered" if result.success else "cancelled" if result.cancelled else error.code if error else "nothing"
    tally.ends[what] += 1
    problem = ""
    if len(ends) != 1:
        problem = f"ends {ends}"
    elif result.success and not in_words(result.output or Text("")).strip():
        problem = "an answer without a word"
    elif result.cancelled and order.cancel_after_s is None:
        problem = "cancelled by nobody"
    elif error is not None and (error.code in {"internal", ""} or not error.message):
        problem = f"no clear error: {error.code} {error.message}"
    elif error is not None and order.fault in {"none", "again", "slow"}:
        problem = f"failed without a fault: {error.code} {error.message}"
    if problem:
        tally.lost.append(f"{order.pipeline.pipeline_id} {order.fault}: {problem}")
    else:
        tally.answered += 1


def figures(scripted: Tally, real: Tally, left: Left, seconds: float) -> dict[str, Figure]:
    """The figures of the report."""
    turns = scripted.runs + real.runs
    growths = [growth for tally in (scripted, real) if (growth := _growth_percent(tally.memory_mb)) is not None]
    return {
        "turns": single(float(turns), "", turns),
        "answered_share": single((scripted.answered + real.answered) / turns if turns else None, "", turns),
        "lost_turns": single(float(len(scripted.lost) + len(real.lost)), "", turns),
        "rss_growth_percent": single(max(growths) if growths else None, "%", len(growths)),
        "leaked_tasks": single(float(left.tasks)),
        "leaked_processes": single(float(left.processes)),
        "leaked_files": single(float(left.files)),
        "scripted_run_ms": percentiles(scripted.elapsed_ms),
        "real_run_ms": percentiles(real.elapsed_ms),
        "soak_s": single(seconds, "s"),
    }


def _growth_percent(memory_mb: Sequence[float]) -> float | None:
    """The last quarter of the samples against the first quarter once everything is warm; None with too few."""
    warm = list(memory_mb[int(len(memory_mb) * WARM_SHARE) :])
    quarter = len(warm) // 4
    if quarter < 1:
        return None
    first, last = sum(warm[:quarter]) / quarter, sum(warm[-quarter:]) / quarter
    return (last - first) / first * 100.0


def _memory_mb() -> float:
    """Resident memory of this process; a host that died is another process afterwards and would blur the figure."""
    return psutil.Process().memory_info().rss / 1e6


def _standing() -> tuple[int, int, int]:
    """Tasks, child processes and open files there are now."""
    process = psutil.Process()
    files = process.num_fds() if os.name == "posix" else len(process.open_files())
    return len(asyncio.all_tasks()), len(process.children(recursive=True)), files


def _shown(tally: Tally) -> str:
    return ", ".join(f"{count} {what}" for what, count in tally.ends.most_common())
