"""`sotto bench pipeline`: what the engine costs, how many requests a minute it carries, how soon a cancelled run ends.

The engine's own cost is measured on stages that do next to nothing, against calling the same functions directly; real
requests run on the embedded default. The cache is asked by requests whose plan is changed in every way that changes an
output and in every way that does not, and each answer is compared with the one computed directly.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from app.aio.lease import CpuLease, Priority
from app.bench.machine import describe
from app.bench.pipeline_stages import NoLibrary, answer_of, bench_processors, custom, handed_on, pipeline
from app.bench.report import Figure, Report, percentile, percentiles, single
from app.bootstrap.pipelines import put_together
from app.contracts.events import TurnEvent
from app.pipeline.cache import PlanCache
from app.pipeline.definition import PipelineDefinition, Retry, Sampling, StageDefinition, StageType
from app.pipeline.engine import PipelineEngine
from app.pipeline.run import RunResult
from app.pipeline.values import Text, Value, in_words
from app.settings.paths import Paths
from app.settings.store import SettingsStore
from models.backends import Backends

STAGES = 10
"""In the chain on which the cost of a stage is measured."""
LONGEST_CANCELS_S = 170.0
"""No more runs are cancelled after that, so that the whole bench ends within its five minutes; ``n`` tells."""
SEED = 20
QUESTIONS = (
    "What is the capital of France?",
    "How many legs has a spider?",
    "Name a fruit that is yellow.",
    "What do bees make?",
    "What colour is the sky?",
)


@dataclass(frozen=True, slots=True)
class Bench:
    """What is measured with.

    Attributes:
        engine: Over the embedded default and the stages of the bench.
        cache: Its cache.
        lease: Held while an engine computes.
    """

    engine: PipelineEngine
    cache: PlanCache
    lease: CpuLease


@dataclass(frozen=True, slots=True)
class Cancelled:
    """One cancelled run, in milliseconds from the cancel."""

    silent_ms: float
    idle_ms: float


def main(arguments: Sequence[str]) -> int:
    """Run the benchmark and print its report; returns the exit code."""
    parser = argparse.ArgumentParser(prog="sotto bench pipeline")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--cancels", type=int, default=200, metavar="N", help="how many runs are cancelled")
    options = parser.parse_args(arguments)
    figures = asyncio.run(_figures(max(1, options.cancels)))
    notes = (
        "cache_hit_rate and cache_wrong are from scripted stages whose plan is changed between requests;",
        "real_per_minute and cancel_ms are from the embedded default, answers of at most 16 and 32 tokens.",
    )
    Report("pipeline", describe(), figures, notes).show(as_json=options.json)
    return 0


async def _figures(cancels: int) -> dict[str, Figure]:
    async with _bench() as bench:
        figures = {"stage_overhead_ms": percentiles(await _overheads(bench, runs=200))}
        figures["trivial_per_minute"] = await _per_minute(bench, _trivial(), runs=300)
        figures["cached_per_minute"] = await _cached_per_minute(bench, runs=300)
        figures["cached_on_disk_per_minute"] = await _cached_per_minute(bench, runs=300, from_disk=True)
        figures |= await _cache(bench, requests=600)
        figures["parallel_ratio"] = await _parallel(bench, rounds=3)
        figures["plan_ms"] = percentiles(await _plans(bench, count=50))
        figures["real_per_minute"] = await _per_minute(bench, _answering(16), runs=30)
        ended = await _cancels(bench, cancels)
        idle, silent = [one.idle_ms for one in ended], [one.silent_ms for one in ended]
        figures["cancel_ms"] = percentiles(idle)
        figures["cancel_p99_ms"] = single(percentile(idle, 0.99) if idle else None, "ms", len(idle))
        figures["cancel_silence_ms"] = percentiles(silent)
        figures["cancel_silence_p99_ms"] = single(percentile(silent, 0.99) if silent else None, "ms", len(silent))
        return figures


@asynccontextmanager
async def _bench() -> AsyncIterator[Bench]:
    """An engine over the embedded default that keeps its answers in a folder of its own."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sotto-bench-")))
        paths = Paths.under(folder)
        paths.ensure()
        lease = CpuLease()
        backends = Backends(lease, cache_dir=paths.cache_dir)
        stack.push_async_callback(backends.aclose)
        services = put_together(paths, SettingsStore(paths.settings_file), backends, stack)
        engine = PipelineEngine(NoLibrary(), services.tools, bench_processors)
        stack.push_async_callback(engine.aclose)
        yield Bench(engine, services.cache, lease)


def _chain() -> PipelineDefinition:
    names = [f"stage-{number}" for number in range(STAGES)]
    stages = [custom(name, "bench-hand-on", *names[:at][-1:]) for at, name in enumerate(names)]
    return pipeline("chain", *stages)


def _trivial() -> PipelineDefinition:
    """Two of the built-in stages that need no model."""
    return pipeline("trivial", custom("split", "split", settings={"by": "sentence"}), custom("merge", "merge", "split"))


def _answering(max_tokens: int, **options: object) -> PipelineDefinition:
    stage = StageDefinition(
        stage_id="answer",
        type=StageType.TEXT_GENERATION,
        backend="llama-cpu",
        sampling=Sampling(max_tokens=max_tokens, temperature=0.0, seed=SEED),
    )
    return pipeline("answering", stage, **options)


async def _ask(bench: Bench, definition: PipelineDefinition, given: str) -> RunResult:
    """One request.

    Raises:
        SottoError: It failed.
    """
    result = await bench.engine.start_definition(definition, Text(given)).result()
    if result.error is not None:
        raise result.error
    return result


async def _overheads(bench: Bench, runs: int) -> list[float]:
    """What the engine adds to each stage of a chain, milliseconds."""
    definition = _chain()
    await _ask(bench, definition, QUESTIONS[0])
    overheads = []
    for number in range(runs):
        question = QUESTIONS[number % len(QUESTIONS)]
        began = time.perf_counter()
        await _ask(bench, definition, question)
        by_engine = time.perf_counter()
        value: Value = Text(question)
        for _ in range(STAGES):
            value = handed_on(value)
        directly_s = time.perf_counter() - by_engine
        overheads.append((by_engine - began - directly_s) * 1000.0 / STAGES)
    return overheads


async def _per_minute(bench: Bench, definition: PipelineDefinition, runs: int) -> Figure:
    """Requests a minute, one after the other."""
    await _ask(bench, definition, QUESTIONS[0])
    began = time.perf_counter()
    for number in range(runs):
        await _ask(bench, definition, QUESTIONS[number % len(QUESTIONS)])
    return single(runs / (time.perf_counter() - began) * 60.0, "/min", runs)


async def _cached_per_minute(bench: Bench, runs: int, *, from_disk: bool = False) -> Figure:
    """Requests a minute for answers of the embedded default that are kept already."""
    definition = _answering(16, cache=True)
    for question in QUESTIONS:
        await _ask(bench, definition, question)
    hits = 0
    began = time.perf_counter()
    for number in range(runs):
        if from_disk:
            bench.cache.forget()
        hits += (await _ask(bench, definition, QUESTIONS[number % len(QUESTIONS)])).metrics.cache_hits
    taken_s = time.perf_counter() - began
    return single(hits / taken_s * 60.0, "/min", hits)


async def _parallel(bench: Bench, rounds: int) -> Figure:
    """Two stages of a second each that do not need each other, over one second."""
    stages = (custom("one", "bench-wait"), custom("other", "bench-wait"))
    definition = pipeline("parallel", *stages, parallel_stages=True)
    took = []
    for _ in range(rounds):
        began = time.perf_counter()
        await _ask(bench, definition, QUESTIONS[0])
        took.append(time.perf_counter() - began)
    return single(sum(took) / len(took), n=rounds)


async def _plans(bench: Bench, count: int) -> list[float]:
    """Milliseconds of planning on this machine's catalogue."""
    took = []
    for _ in range(count):
        result = await _ask(bench, _answering(16, cache=True), QUESTIONS[0])
        took.append(result.metrics.routing_ms)
    return took


async def _cache(bench: Bench, requests: int) -> dict[str, Figure]:
    """Requests like those of a day, most of them asked before, while the plan changes under them."""
    chance = random.Random(SEED)  # noqa: S311 - the same day every time
    base = custom("told", "bench-told", prompt="Answer.", settings={"style": "short"})
    changed = [
        base,
        replace(base, prompt="Answer well."),
        replace(base, settings={"style": "long"}),
        replace(base, sampling=Sampling(max_tokens=7)),
    ]
    hits = wrong = missed = 0
    asked: set[str] = set()
    for _ in range(requests):
        stage = chance.choices(changed, weights=(6, 2, 1, 1))[0]
        same = replace(stage, timeout_s=chance.choice((5.0, 9.0)), retry=Retry(chance.randrange(4)), description="x")
        definition = pipeline("day", same, cache=True, cache_ttl_s=chance.choice((3600.0, 7200.0)))
        question = f"Question {min(int(chance.paretovariate(0.9)), 60)}"
        result = await _ask(bench, definition, question)
        right = answer_of(stage, definition.options, Text(question))
        wrong += result.output is None or in_words(result.output) != right
        hits += result.metrics.cache_hits
        missed += right in asked and not result.metrics.cache_hits
        asked.add(right)
    return {
        "cache_hit_rate": single(hits / requests, n=requests),
        "cache_wrong": single(float(wrong), n=requests),
        "cache_missed": single(float(missed), n=requests),
    }


async def _cancels(bench: Bench, count: int) -> list[Cancelled]:
    """Runs of the embedded default, cancelled at random moments."""
    chance = random.Random(SEED)  # noqa: S311 - the same moments every time
    definition = _answering(32)
    began = time.perf_counter()
    await _ask(bench, definition, "Tell me a story about a fox.")
    whole_s = time.perf_counter() - began
    ended: list[Cancelled] = []
    for number in range(3 * count):  # some end before their moment comes
        one = await _cancel(bench, definition, chance.uniform(0.0, whole_s * 0.9), number)
        ended += [one] if one is not None else []
        if len(ended) == count or time.perf_counter() - began > LONGEST_CANCELS_S:
            break
    return ended


async def _cancel(bench: Bench, definition: PipelineDefinition, after_s: float, number: int) -> Cancelled | None:
    """One of them; None when it had ended before its moment came."""
    run = bench.engine.start_definition(definition, Text(f"Tell me a story about a fox and {number + 2} hens."))
    heard: list[float] = []

    def note(_event: TurnEvent) -> None:
        heard.append(time.perf_counter())

    run.subscribe(note)
    await asyncio.sleep(after_s)
    if run.run_id not in bench.engine.runs:
        return None
    began = time.perf_counter()
    run.cancel()
    await bench.engine.cancel_all()
    async with bench.lease.hold(Priority.FINAL):  # nobody else computes any more
        pass
    idle_s = time.perf_counter() - began
    return Cancelled(max(0.0, heard[-1] - began) * 1000.0, idle_s * 1000.0)
