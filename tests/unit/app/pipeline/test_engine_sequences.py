"""What a run tells, event by event, in virtual time."""

from __future__ import annotations

import asyncio

import pytest

from app.contracts.errors import Busy, HostDied, InvalidInput, RuntimeFault
from app.contracts.events import TurnEvent
from app.pipeline.definition import Retry, StageCache, StageType
from app.pipeline.values import Text, Verdict
from tests.helpers.pipeline_stages import (
    Reader,
    Scripted,
    Shelf,
    custom,
    engine_of,
    pipeline,
    ran,
    stage,
    told,
)
from tests.helpers.pipelines import tools_over, writer
from tests.helpers.virtual_time import in_virtual_time

DIAMOND = (custom("a"), custom("b", "a"), custom("c", "a"), custom("d", "b", "c"))


@in_virtual_time
async def test_linear() -> None:
    engine = engine_of(pipeline(custom("a"), custom("b", "a")), {name: Scripted(takes_s=1) for name in "ab"})
    assert await ran(engine) == [
        "RunStarted",
        "PlanMade a b",
        "StageStarted a",
        "1s StageFinished a",
        "1s StageStarted b",
        "2s TextDelta b: b(a(hi))",
        "2s StageFinished b",
        "2s RunFinished: b(a(hi))",
    ]


@in_virtual_time
async def test_parallel_diamond() -> None:
    scripts = {name: Scripted(takes_s=seconds) for name, seconds in {"a": 1, "b": 2, "c": 1, "d": 1}.items()}
    engine = engine_of(pipeline(*DIAMOND, parallel_stages=True), scripts)
    assert await ran(engine) == [
        "RunStarted",
        "PlanMade a b c d",
        "StageStarted a",
        "1s StageFinished a",
        "1s StageStarted b",
        "1s StageStarted c",
        "2s StageFinished c",
        "3s StageFinished b",
        "3s StageStarted d",
        "4s TextDelta d: d(b(a(hi))\nc(a(hi)))",
        "4s StageFinished d",
        "4s RunFinished: d(b(a(hi))\nc(a(hi)))",
    ]


@in_virtual_time
async def test_the_same_diamond_one_after_the_other() -> None:
    scripts = {name: Scripted(takes_s=seconds) for name, seconds in {"a": 1, "b": 2, "c": 1, "d": 1}.items()}
    lines = await ran(engine_of(pipeline(*DIAMOND), scripts))
    assert [line for line in lines if "Stage" in line] == [
        "StageStarted a",
        "1s StageFinished a",
        "1s StageStarted b",
        "3s StageFinished b",
        "3s StageStarted c",
        "4s StageFinished c",
        "4s StageStarted d",
        "5s StageFinished d",
    ]


@in_virtual_time
async def test_failing_branch_cancels_the_other_and_waits_for_it() -> None:
    slow = Scripted(takes_s=60, wound_down_s=2)
    scripts = {"a": Scripted(), "b": Scripted(takes_s=1, errors=[RuntimeFault("No.")]), "c": slow, "d": Scripted()}
    engine = engine_of(pipeline(*DIAMOND, parallel_stages=True), scripts)
    assert await ran(engine) == [
        "RunStarted",
        "PlanMade a b c d",
        "StageStarted a",
        "StageFinished a",
        "StageStarted b",
        "StageStarted c",
        "1s StageFailed b: runtime-fault",
        "1s StageSkipped d: It needs b, which failed.",
        "3s StageCancelled c",
        "3s RunFailed: runtime-fault b 1",
    ]
    assert slow.ended == 1


@in_virtual_time
async def test_who_needs_a_skipped_stage_and_the_failed_one_is_skipped_too() -> None:
    stages = (custom("draft"), custom("check", "draft"), custom("review", "check"), custom("end", "review", "draft"))
    scripts = {name: Scripted() for name in ("draft", "review", "end")}
    engine = engine_of(pipeline(*stages), scripts | {"check": Scripted(errors=[InvalidInput("No.")])})
    assert (await ran(engine))[4:] == [
        "StageStarted check",
        "StageFailed check: invalid-input",
        "StageSkipped review: It needs check, which failed.",
        "StageSkipped end: It needs check, which failed.",
        "RunFailed: invalid-input check 2",
    ]


@in_virtual_time
async def test_cancelled_branch_is_told_at_once_and_winds_down_behind() -> None:
    scripts = {name: Scripted(takes_s=1, wound_down_s=0.3) for name in "abcd"}
    engine = engine_of(pipeline(*DIAMOND, parallel_stages=True), scripts)
    events: list[TurnEvent] = []
    run = engine.start("test", Text("hi"))
    run.subscribe(events.append)
    await asyncio.sleep(1.5)
    run.cancel("enough")
    at_once = told(events)
    result = await run.result()
    assert result.cancelled
    assert not result.success
    assert result.error is None
    assert scripts["b"].ended == 0
    assert await engine.cancel_all() == 0
    assert scripts["b"].ended == scripts["c"].ended == 1
    assert (
        told(events)
        == at_once
        == [
            "RunStarted",
            "PlanMade a b c d",
            "StageStarted a",
            "1.3s StageFinished a",
            "1.3s StageStarted b",
            "1.3s StageStarted c",
            "1.5s StageCancelled b",
            "1.5s StageCancelled c",
            "1.5s StageCancelled d",
            "1.5s RunCancelled",
        ]
    )


@in_virtual_time
async def test_optional_failure_leaves_what_is_left() -> None:
    stages = (custom("a"), custom("b", "a", optional=True), custom("c", "b"), custom("d", "b", "a"))
    scripts = {name: Scripted() for name in "acd"} | {"b": Scripted(errors=[RuntimeFault("No.")])}
    assert await ran(engine_of(pipeline(*stages), scripts)) == [
        "RunStarted",
        "PlanMade a b c d",
        "StageStarted a",
        "StageFinished a",
        "StageStarted b",
        "StageFailed b: runtime-fault",
        "StageSkipped c: It needs b, which made nothing.",
        "StageStarted d",
        "TextDelta d: d(a(hi))",
        "StageFinished d",
        "RunFinished: d(a(hi))",
    ]


@in_virtual_time
async def test_skip_by_when_gives_the_answer_before_it() -> None:
    stages = (custom("draft"), custom("review", "draft", when="{{ context.poor }}"))
    engine = engine_of(pipeline(*stages), {"draft": Scripted(), "review": Scripted()})
    assert await ran(engine, context={"poor": "no"}) == [
        "RunStarted",
        "PlanMade draft review",
        "StageStarted draft",
        "StageFinished draft",
        "StageSkipped review: Its condition (`when`) does not hold.",
        "RunFinished: draft(hi)",
    ]
    assert (await ran(engine, context={"poor": "yes"}))[-1] == "RunFinished: review(draft(hi))"


@in_virtual_time
async def test_retry_then_success_takes_the_first_try_back() -> None:
    script = Scripted(says=["Par", "is"], errors=[HostDied("Gone."), Busy("Later.")], fails_at=1)
    engine = engine_of(pipeline(custom("a")), {"a": script})
    assert await ran(engine) == [
        "RunStarted",
        "PlanMade a",
        "StageStarted a",
        "TextDelta a: Par",
        "TextReplaced a: 0 retry",
        "Retrying 1/2 in 500 ms: host-died",
        "0.5s TextDelta a: Par",
        "0.5s TextReplaced a: 0 retry",
        "0.5s Retrying 2/2 in 1000 ms: busy",
        "1.5s TextDelta a: Par",
        "1.5s TextDelta a: is",
        "1.5s StageFinished a",
        "1.5s RunFinished: Paris",
    ]


@in_virtual_time
async def test_retries_end() -> None:
    script = Scripted(errors=[HostDied("Gone."), HostDied("Gone."), HostDied("Gone.")])
    engine = engine_of(pipeline(custom("a", retry=Retry(attempts=1, base_ms=100))), {"a": script})
    assert (await ran(engine))[2:] == [
        "StageStarted a",
        "Retrying 1/1 in 200 ms: host-died",
        "0.2s StageFailed a: host-died",
        "0.2s RunFailed: host-died a 6",
    ]


@pytest.mark.parametrize("error", [InvalidInput("Wrong."), RuntimeFault("Broken.")], ids=lambda error: error.code)
def test_only_what_is_temporary_is_tried_again(error: Exception) -> None:
    @in_virtual_time
    async def body() -> None:
        script = Scripted(errors=[error])
        lines = await ran(engine_of(pipeline(custom("a")), {"a": script}))
        assert not any("Retrying" in line for line in lines)
        assert len(script.calls) == 1

    body()


@in_virtual_time
async def test_what_stands_is_not_said_twice() -> None:
    script = Scripted(says=["Par", "is"], commits=True, errors=[HostDied("Gone.")], fails_at=1)
    engine = engine_of(pipeline(custom("a"), custom("b", "a")), {"a": script, "b": Reader()})
    assert (await ran(engine))[2:] == [
        "StageStarted a",
        "TextDelta a: Par",
        "StageFailed a: host-died",
        "StageSkipped b: It needs a, which failed.",
        "RunFailed: host-died a 6",
    ]


@in_virtual_time
async def test_timeout_counts_as_temporary() -> None:
    script = Scripted(takes_s=5)
    engine = engine_of(pipeline(custom("a", timeout_s=2, retry=Retry(attempts=1, base_ms=500))), {"a": script})
    assert (await ran(engine))[2:] == [
        "StageStarted a",
        "2s Retrying 1/1 in 1000 ms: timed-out",
        "5s StageFailed a: timed-out",
        "5s RunFailed: timed-out a 6",
    ]


@in_virtual_time
async def test_the_time_of_the_whole_run_is_limited() -> None:
    scripts = {"a": Scripted(takes_s=2), "b": Scripted(takes_s=2), "c": Scripted()}
    engine = engine_of(pipeline(custom("a"), custom("b", "a"), custom("c", "b"), timeout_s=3), scripts)
    assert (await ran(engine))[4:] == [
        "2s StageStarted b",
        "3s StageCancelled b",
        "3s StageCancelled c",
        "3s RunFailed: timed-out 6",
    ]


@in_virtual_time
async def test_the_whole_run_from_the_cache() -> None:
    scripts = {"a": Scripted(takes_s=1), "b": Scripted(takes_s=1)}
    engine = engine_of(pipeline(custom("a"), custom("b", "a"), cache=True), scripts, tools_over(cache=Shelf()))
    await ran(engine)
    assert await ran(engine) == [
        "RunStarted",
        "PlanMade a b",
        "CacheHit",
        "TextDelta b: b(a(hi))",
        "RunFinished: b(a(hi))",
    ]
    assert len(scripts["a"].calls) == 1


@in_virtual_time
async def test_one_stage_from_the_cache() -> None:
    scripts = {"a": Scripted(takes_s=1, pure=False), "b": Scripted(takes_s=1)}
    stages = (custom("a", cache=StageCache()), custom("b", "a"))
    engine = engine_of(pipeline(*stages), scripts, tools_over(cache=Shelf()))
    await ran(engine)
    assert (await ran(engine))[2:] == [
        "StageStarted a",
        "CacheHit a",
        "TextDelta a: a(hi)",
        "StageFinished a (cached)",
        "StageStarted b",
        "1s TextDelta b: b(a(hi))",
        "1s StageFinished b",
        "1s RunFinished: b(a(hi))",
    ]


@in_virtual_time
async def test_speech_begins_while_the_text_still_comes() -> None:
    reader = Reader()
    scripts = {"a": Scripted(says=["One. ", "Two."], between_s=1, commits=True), "b": reader, "c": Scripted()}
    engine = engine_of(pipeline(custom("a"), custom("b", "a"), custom("c", "a")), scripts)
    assert (await ran(engine))[2:-3] == [
        "StageStarted a",
        "TextDelta a: One. ",
        "StageStarted b",
        "AudioMade",
        "1s TextDelta a: Two.",
        "1s StageFinished a",
        "1s AudioMade",
        "1s StageFinished b",
        "1s StageStarted c",
    ]
    assert reader.heard == ["One. ", "Two."]


@in_virtual_time
async def test_without_streaming_it_waits() -> None:
    reader = Reader()
    scripts = {"a": Scripted(says=["One. ", "Two."], between_s=1, commits=True), "b": reader}
    lines = await ran(engine_of(pipeline(custom("a"), custom("b", "a"), enable_streaming=False), scripts))
    assert lines.index("1s StageFinished a") < lines.index("1s StageStarted b")
    assert reader.heard == ["One. Two."]


@in_virtual_time
async def test_substitutes_are_told() -> None:
    stages = (stage("say", StageType.TEXT_GENERATION, backend="ollama-nvidia", model="llama3:70b"),)
    engine = engine_of(pipeline(*stages), {"say": Scripted()}, tools_over(writer("llama-cpu")))
    assert (await ran(engine))[:4] == [
        "RunStarted",
        "PlanMade say",
        "Substituted say: llama3:70b on ollama-nvidia -> llama-cpu-model on llama-cpu",
        "StageStarted say",
    ]


@in_virtual_time
async def test_a_verdict_can_decide() -> None:
    stages = (custom("check"), custom("mend", "check", when="{{ not stages.check.passed }}"))
    scripts = {"check": Scripted(makes=Verdict(True, "fine")), "mend": Scripted()}
    sandbox = Sandboxed()
    lines = await ran(engine_of(pipeline(*stages), scripts, tools_over(sandbox=sandbox)))
    assert lines[-1] == "RunFinished: fine"
    assert sandbox.seen == {"check": {"output": "fine", "passed": True, "confidence": None}}


class Sandboxed:
    """Renders what is asked for as ``False`` and keeps what it was given of the stages."""

    seen: object = None

    async def call(self, operation, arguments, *, timeout_s=5.0):  # type: ignore[no-untyped-def]
        self.seen = arguments["variables"]["stages"]
        return "False"

    async def aclose(self) -> None:
        return
