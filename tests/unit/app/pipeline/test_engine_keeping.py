"""What the engine keeps of runs, and who gets it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from app.contracts.audio import AudioChunk
from app.contracts.errors import (
    RuntimeFault,
    StorageError,
)
from app.contracts.metrics import Attempt, StageMetadata
from app.contracts.text import ChatMessage, Role
from app.pipeline.definition import StageCache, StageType
from app.pipeline.outlet import Outlet
from app.pipeline.stages.processor import Done, StageCall
from app.pipeline.values import Sound, SoundSource, Text
from models.fakes.stt import FakeSpeechToText
from models.fakes.system import FakeGovernor
from tests.helpers.pipeline_stages import (
    Scripted,
    Shelf,
    custom,
    engine_of,
    pipeline,
    ran,
    stage,
)
from tests.helpers.pipelines import tools_over
from tests.helpers.virtual_time import LoopClock, in_virtual_time

CLIP = Sound(AudioChunk(b"\0" * 4 * 1600))
SECRET = "the words of the person"


@in_virtual_time
async def test_those_who_ask_the_same_wait_for_one_answer() -> None:
    script = Scripted(takes_s=2)
    engine = engine_of(pipeline(custom("a"), cache=True), {"a": script}, tools_over(cache=Shelf()))
    runs = [engine.start("test", Text(words)) for words in ("hi", "hi", "hi", "other")]
    results = [await run.result() for run in runs]
    assert [result.output for result in results] == [Text("a(hi)")] * 3 + [Text("a(other)")]
    assert [result.metrics.cache_hits for result in results] == [0, 1, 1, 0]
    assert len(script.calls) == 2
    assert (engine.counters.cache_hits, engine.counters.cache_lookups) == (2, 4)


@in_virtual_time
async def test_when_the_first_of_them_is_cancelled_the_next_does_the_work() -> None:
    script = Scripted(takes_s=2)
    engine = engine_of(pipeline(custom("a"), cache=True), {"a": script}, tools_over(cache=Shelf()))
    runs = [engine.start("test", Text("hi")) for _ in range(3)]
    await asyncio.sleep(1)
    runs[0].cancel()
    results = [await run.result() for run in runs]
    assert [result.success for result in results] == [False, True, True]
    assert len(script.calls) == 2


@pytest.mark.parametrize(
    ("changes", "hits"),
    [
        ({}, True),
        ({"messages": (ChatMessage(Role.USER, "Before."),)}, False),
        ({"context": {"who": "me"}}, False),
        ({"overrides": {"max_tokens": 3}}, False),
        ({"overrides": {"timeout": 3}}, True),
    ],
)
def test_what_a_kept_run_is_known_by(changes: dict[str, Any], hits: bool) -> None:
    @in_virtual_time
    async def body() -> None:
        engine = engine_of(pipeline(custom("a"), cache=True), {"a": Scripted()}, tools_over(cache=Shelf()))
        await ran(engine)
        assert ("CacheHit" in await ran(engine, **changes)) is hits

    body()


FAULTY = StageMetadata(attempts=(Attempt(backend="x", model="", decision="failed-over", reason=""),))


@pytest.mark.parametrize(
    ("script", "options"),
    [
        (Scripted(), {}),
        (Scripted(), {"cache": True, "joules_per_run": 10.0}),
        (Scripted(pure=False), {"cache": True}),
        (Scripted(metadata=FAULTY), {"cache": True}),
        (Scripted(errors=[RuntimeFault("No."), RuntimeFault("No.")]), {"cache": True}),
    ],
    ids=["not asked for", "budget", "looks elsewhere", "failed over", "failed"],
)
def test_what_is_not_kept(script: Scripted, options: dict[str, Any]) -> None:
    @in_virtual_time
    async def body() -> None:
        shelf = Shelf()
        engine = engine_of(pipeline(custom("a"), **options), {"a": script}, tools_over(cache=shelf))
        await ran(engine)
        await ran(engine)
        assert len(script.calls) == 2
        assert shelf.kept == {}

    body()


@pytest.mark.parametrize("held", [{"max_tokens": 50}, {"joules": 20.0}, {"patience": 0.1}])
@pytest.mark.parametrize("at", ["begin", "end"])
def test_what_the_governor_held_short_is_not_kept(held: dict[str, Any], at: str) -> None:
    @in_virtual_time
    async def body() -> None:
        governor, shelf = FakeGovernor(), Shelf()
        free = governor.says
        short = replace(free, **held)
        governor.says = short if at == "begin" else free

        class Turning(Scripted):
            async def run(self, call: StageCall, outlet: Outlet) -> Done:
                governor.says = free if at == "begin" else short
                return await super().run(call, outlet)

        tools = replace(tools_over(cache=shelf), governor=governor)
        await ran(engine_of(pipeline(custom("a"), cache=True), {"a": Turning()}, tools))
        assert shelf.kept == {}
        governor.says = free
        await ran(engine_of(pipeline(custom("a"), cache=True), {"a": Scripted()}, tools))
        assert len(shelf.kept) == 1

    body()


@in_virtual_time
async def test_an_optional_failure_is_not_kept_as_the_answer_of_the_run() -> None:
    shelf = Shelf()
    scripts = {"a": Scripted(), "b": Scripted(errors=[RuntimeFault("No.")]), "c": Scripted()}
    stages = (custom("a"), custom("b", optional=True), custom("c", "a", "b"))
    engine = engine_of(pipeline(*stages, cache=True), scripts, tools_over(cache=shelf))
    assert (await ran(engine))[-1] == "RunFinished: c(a(hi))"
    assert (await ran(engine))[-1] == "RunFinished: c(a(hi)\nb(hi))"


@in_virtual_time
async def test_a_broken_cache_costs_nothing_but_its_help() -> None:
    shelf = Shelf(broken=StorageError("The disk is full."))
    engine = engine_of(pipeline(custom("a"), cache=True), {"a": Scripted()}, tools_over(cache=shelf))
    assert (await ran(engine))[-1] == "RunFinished: a(hi)"


@in_virtual_time
async def test_a_stage_keeps_its_own_time_to_live_and_its_raw_output() -> None:
    shelf = Shelf()
    stages = (custom("a", cache=StageCache(ttl_s=5.0), output_transform="<{{ input }}>"),)
    engine = engine_of(pipeline(*stages), {"a": Scripted()}, tools_over(cache=shelf))
    first, second = await ran(engine), await ran(engine)
    assert first[-1] == second[-1] == "RunFinished: <a(hi)>"
    assert "CacheHit a" in second
    assert [kept.value for kept in shelf.kept.values()] == [Text("a(hi)")]
    assert list(shelf.lifetimes.values()) == [5.0]


@in_virtual_time
async def test_endless_sound_is_never_kept() -> None:
    async def chunks():  # type: ignore[no-untyped-def]
        yield CLIP.chunk

    shelf = Shelf()
    tools = tools_over(FakeSpeechToText(clock=LoopClock()), cache=shelf)
    scripts = {"hear": Scripted(makes=Text("heard"))}
    engine = engine_of(pipeline(stage("hear", StageType.AUDIO_TO_TEXT), cache=True), scripts, tools)
    await ran(engine, SoundSource(chunks()))
    assert shelf.asked == []
    await ran(engine, CLIP)
    assert len(shelf.kept) == 1
