"""The measurements of `sotto bench pipeline`, over scripted backends: what they count, not how long it takes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from app.aio.clock import SystemClock
from app.aio.lease import CpuLease
from app.bench import pipeline as bench_module
from app.bench.pipeline import Bench
from app.bench.pipeline_stages import NoLibrary, answer_of, bench_processors, custom, pipeline
from app.pipeline.cache import PlanCache
from app.pipeline.definition import Retry, Sampling
from app.pipeline.engine import PipelineEngine
from app.pipeline.values import Text
from tests.helpers.pipelines import tools_over, writer
from tests.helpers.virtual_time import in_virtual_time


@asynccontextmanager
async def bench() -> AsyncIterator[Bench]:
    model = writer("llama-cpu", "One two three four five six seven eight nine ten.")
    model.token_s = 0.05
    cache = PlanCache(None, SystemClock())
    engine = PipelineEngine(NoLibrary(), tools_over(model, cache=cache), bench_processors)
    try:
        yield Bench(engine, cache, CpuLease())
    finally:
        await engine.aclose()


@in_virtual_time
async def test_the_cache_is_right_however_the_plan_changes() -> None:
    async with bench() as one:
        figures = await bench_module._cache(one, requests=150)
    assert figures["cache_wrong"].value == 0.0
    assert figures["cache_missed"].value == 0.0
    assert 0.0 < (figures["cache_hit_rate"].value or 0.0) < 1.0


@in_virtual_time
async def test_every_cached_request_hits() -> None:
    async with bench() as one:
        assert (await bench_module._cached_per_minute(one, runs=20)).n == 20
        assert (await bench_module._cached_per_minute(one, runs=5, from_disk=True)).n < 20


@in_virtual_time
async def test_every_cancelled_run_falls_silent() -> None:
    async with bench() as one:
        ended = await bench_module._cancels(one, 10)
        counters = one.engine.counters
        assert counters.failed == 0
        assert counters.cancelled == len(ended)
        assert counters.started == counters.cancelled + counters.finished


@in_virtual_time
async def test_a_stage_is_measured_for_every_run() -> None:
    async with bench() as one:
        assert len(await bench_module._overheads(one, runs=7)) == 7
        assert (await bench_module._per_minute(one, bench_module._trivial(), runs=3)).n == 3


def test_the_scripted_answer_tells_plans_apart() -> None:
    stage = custom("told", "bench-told")
    options = pipeline("p", stage).options
    base = answer_of(stage, options, Text("q"))
    assert answer_of(replace(stage, retry=Retry(0), description="x"), options, Text("q")) == base
    for other in (replace(stage, prompt="p"), replace(stage, settings={"a": 1}), replace(stage, sampling=Sampling(3))):
        assert answer_of(other, options, Text("q")) != base
    assert answer_of(stage, options, Text("other")) != base
