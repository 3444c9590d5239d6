"""What holds for runs: their ends, their independence, their input, the cache they share."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from app.contracts.audio import AudioChunk
from app.contracts.devices import Device
from app.contracts.errors import (
    Busy,
    HostDied,
    InvalidInput,
    RuntimeFault,
    SottoError,
    StorageError,
    TurnCancelledError,
    Unavailable,
)
from app.contracts.events import RunCancelled, RunFailed, RunFinished, TurnEvent
from app.contracts.text import ChatMessage, Role
from app.pipeline.definition import StageType
from app.pipeline.run import StageStatus
from app.pipeline.stages.processor import Done
from app.pipeline.values import Parts, Sound, SoundSource, Text
from models.fakes.stt import FakeSpeechToText
from tests.helpers.pipeline_stages import (
    Reader,
    Scripted,
    custom,
    engine_of,
    pipeline,
    ran,
    stage,
    told,
)
from tests.helpers.pipelines import tools_over, writer
from tests.helpers.virtual_time import LoopClock, in_virtual_time

CLIP = Sound(AudioChunk(b"\0" * 4 * 1600))
SECRET = "the words of the person"


@in_virtual_time
async def test_unknown_pipelines_and_overrides_are_refused_at_once() -> None:
    engine = engine_of(pipeline(custom("a")), {"a": Scripted()})
    with pytest.raises(InvalidInput) as caught:
        engine.start("other", Text("hi"))
    assert caught.value.code == "no-pipeline"
    with pytest.raises(InvalidInput) as caught:
        engine.start("test", Text("hi"), overrides={"a.modle": "x"})
    assert caught.value.code == "bad-override"
    assert engine.counters.started == 0


@in_virtual_time
async def test_overrides_hold_for_one_run() -> None:
    script = Scripted()
    engine = engine_of(pipeline(custom("a")), {"a": script})
    await ran(engine, overrides={"max_tokens": 7})
    await ran(engine)
    assert [call.options.max_tokens for call in script.calls] == [7, 200]
    assert engine.plan("test", {"max_tokens": 7}).plan_id != engine.plan("test").plan_id


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (Text(""), "input-empty"),
        (Text(" \n"), "input-empty"),
        (Text("x" * 11), "input-too-long"),
        (Text("a\0b"), "input-characters"),
        (Text("a\x1b[31m"), "input-characters"),
        (Text("a\ud800"), "input-characters"),
        (Parts(()), "input-empty"),
        (Parts((Text("fine"), Text(""))), "input-empty"),
        (Sound(AudioChunk(b"")), "audio-empty"),
    ],
)
def test_bad_input_ends_a_run_before_any_stage(given: Any, code: str) -> None:
    @in_virtual_time
    async def body() -> None:
        script = Scripted()
        engine = engine_of(pipeline(custom("a"), max_input_characters=10), {"a": script})
        assert await ran(engine, given) == ["RunStarted", f"RunFailed: {code} 2"]
        assert script.calls == []

    body()


@in_virtual_time
async def test_sound_needs_a_stage_that_takes_it() -> None:
    engine = engine_of(pipeline(stage("say", StageType.TEXT_GENERATION)), {"say": Scripted()}, tools_over(writer("w")))
    assert (await ran(engine, CLIP))[-1] == "RunFailed: input-kind 2"


def assistant() -> tuple[Any, dict[str, Scripted]]:
    stages = (
        stage("hear", StageType.AUDIO_TO_TEXT),
        stage("think", StageType.TEXT_GENERATION, "hear"),
        custom("end", "think", "hear"),
    )
    ears = FakeSpeechToText(clock=LoopClock())
    scripts = {"hear": Scripted(makes=Text("heard")), "think": Scripted(), "end": Scripted()}
    return engine_of(pipeline(*stages), scripts, tools_over(writer("w"), ears)), scripts


@in_virtual_time
async def test_text_passes_over_the_stage_that_listens() -> None:
    engine, scripts = assistant()
    lines = await ran(engine, "typed")
    assert lines[2] == "StageSkipped hear: The input is text already."
    assert lines[-1] == "RunFinished: end(think(typed)\ntyped)"
    assert scripts["hear"].calls == []


@in_virtual_time
async def test_sound_and_endless_sound_are_listened_to() -> None:
    async def chunks():  # type: ignore[no-untyped-def]
        yield CLIP.chunk

    for given in (CLIP, SoundSource(chunks())):
        engine, scripts = assistant()
        assert (await ran(engine, given))[-1] == "RunFinished: end(think(heard)\nheard)"
        assert scripts["hear"].inputs == [given]


@in_virtual_time
async def test_every_run_ends_once_and_late_words_are_dropped() -> None:
    """Runs that end well, in an error, out of time and cancelled at any moment, some of them twice."""
    endings = []
    for moment in range(25):
        scripts = {
            "a": Scripted(says=["a", "b"], takes_s=0.4, between_s=0.3, wound_down_s=0.2),
            "b": Scripted(takes_s=0.5, errors=[RuntimeFault("No.")] if moment % 3 == 0 else []),
        }
        engine = engine_of(pipeline(custom("a"), custom("b", "a"), timeout_s=2.0 - moment % 2), scripts)
        events: list[TurnEvent] = []
        run = engine.start("test", Text("hi"))
        run.subscribe(events.append)
        await asyncio.sleep(moment / 10)
        if moment < 20:
            engine.cancel(run.run_id)
            engine.cancel(run.run_id)
            assert engine.runs == {}
        result = await run.result()
        await engine.aclose()
        ends = [event for event in events if isinstance(event, RunFinished | RunFailed | RunCancelled)]
        assert ends == events[-1:]
        assert [event.seq for event in events] == list(range(len(events)))
        assert {event.run_id for event in events} == {run.run_id}
        assert result.cancelled == isinstance(ends[0], RunCancelled)
        assert result.success == isinstance(ends[0], RunFinished)
        starts = [line.split()[-1] for line in told(events) if "StageStarted" in line]
        over = [line for line in told(events) if any(word in line for word in ("StageFin", "StageFa", "StageC"))]
        assert len(over) >= len(starts)
        endings.append(ends[0].type)
    assert set(endings) == {"RunFinished", "RunFailed", "RunCancelled"}


@in_virtual_time
async def test_a_cancelled_run_closes_its_output_at_once() -> None:
    script = Scripted(says=["one", "two"], takes_s=1, between_s=10, commits=True)
    engine = engine_of(pipeline(custom("a")), {"a": script})
    run = engine.start("test", Text("hi"))
    heard: list[str] = []

    async def read() -> None:
        async for text in run.output.texts():
            heard.append(text)

    reader = asyncio.create_task(read())
    await asyncio.sleep(2)
    run.cancel("Enough.")
    with pytest.raises(TurnCancelledError, match="The run was ended"):
        await reader
    assert heard == ["one"]
    await engine.aclose()


@in_virtual_time
async def test_runs_know_nothing_of_each_other() -> None:
    scripts = {"a": Scripted(takes_s=1)}
    engine = engine_of(pipeline(custom("a")), scripts)
    runs = [engine.start("test", Text(f"{number}")) for number in range(5)]
    assert len(engine.runs) == 5
    runs[2].cancel()
    results = [await run.result() for run in runs]
    assert [result.success for result in results] == [True, True, False, True, True]
    assert [result.output for result in results if result.success] == [Text(f"a({number})") for number in (0, 1, 3, 4)]
    assert (engine.counters.started, engine.counters.finished, engine.counters.cancelled) == (5, 4, 1)
    assert engine.runs == {}


@in_virtual_time
async def test_there_is_a_bound_on_runs_and_those_that_wind_down_count() -> None:
    engine = engine_of(pipeline(custom("a")), {"a": Scripted(takes_s=1, wound_down_s=3)}, max_runs=2)
    first, second = (engine.start("test", Text("hi"), run_id=name) for name in ("one", "two"))
    with pytest.raises(Busy) as caught:
        engine.start("test", Text("hi"))
    assert caught.value.code == "too-many-runs"
    first.cancel()
    with pytest.raises(Busy):
        engine.start("test", Text("hi"))
    await second.result()
    assert engine.counters.refused == 2
    assert (await engine.start("test", Text("hi")).result()).success


@in_virtual_time
async def test_cancel_all_waits_until_everything_is_idle() -> None:
    script = Scripted(takes_s=10, wound_down_s=3)
    engine = engine_of(pipeline(custom("a")), {"a": script})
    for _ in range(3):
        engine.start("test", Text("hi"))
    await asyncio.sleep(1)
    assert await engine.cancel_all() == 3
    assert script.ended == 3
    assert await engine.cancel_all() == 0


@in_virtual_time
async def test_a_closed_engine_takes_nothing() -> None:
    engine = engine_of(pipeline(custom("a")), {"a": Scripted()})
    await engine.aclose()
    await engine.aclose()
    with pytest.raises(Unavailable):
        engine.start("test", Text("hi"))


@in_virtual_time
async def test_the_same_run_id_twice_at_the_same_time() -> None:
    engine = engine_of(pipeline(custom("a")), {"a": Scripted()})
    run = engine.start("test", Text("hi"), run_id="mine", turn_id="turn")
    with pytest.raises(Busy, match="mine"):
        engine.start("test", Text("hi"), run_id="mine")
    events: list[TurnEvent] = []
    await run.result()
    run.subscribe(events.append)
    assert {(event.run_id, event.turn_id) for event in events} == {("mine", "turn")}


@pytest.mark.logs_errors
def test_the_unexpected_is_told_without_the_words_of_the_person(caplog: pytest.LogCaptureFixture) -> None:
    alarms: list[tuple[SottoError, str, str]] = []

    @in_virtual_time
    async def body() -> None:
        scripts = {"a": Scripted(errors=[ValueError(SECRET)])}
        engine = engine_of(pipeline(custom("a")), scripts, alert=lambda *alarm: alarms.append(alarm))
        run = engine.start("test", Text(SECRET), run_id="r1")
        result = await run.result()
        assert result.error is not None
        assert (result.error.code, result.error.message) == ("internal", "Something inside Sotto went wrong.")
        assert [one.status for one in result.stages] == [StageStatus.FAILED]

    body()
    assert [(error.code, run_id, stage_id) for error, run_id, stage_id in alarms] == [("internal", "r1", "a")]
    assert "run r1 stage a: ValueError" in caplog.text
    assert "pipeline_stages.py" in caplog.text
    assert SECRET not in caplog.text


@pytest.mark.logs_errors
@in_virtual_time
async def test_a_stage_that_cancels_itself_is_a_failure() -> None:
    engine = engine_of(
        pipeline(custom("a"), custom("b", "a")), {"a": Scripted(errors=[asyncio.CancelledError()]), "b": Scripted()}
    )
    assert (await ran(engine))[3:] == [
        "StageFailed a: internal",
        "StageSkipped b: It needs a, which failed.",
        "RunFailed: internal a 1",
    ]


@in_virtual_time
async def test_system_errors_alert_and_others_do_not() -> None:
    alarms: list[str] = []
    for error in (StorageError("Full."), RuntimeFault("Broken."), InvalidInput("Wrong."), Unavailable("Gone.")):
        engine = engine_of(
            pipeline(custom("a")), {"a": Scripted(errors=[error])}, alert=lambda e, *_: alarms.append(e.code)
        )
        assert (await ran(engine))[-1] == f"RunFailed: {error.code} a {error.exit_code}"
    assert alarms == ["storage", "runtime-fault"]


@in_virtual_time
async def test_no_backend_is_one_clear_error() -> None:
    engine = engine_of(pipeline(stage("say", StageType.TEXT_GENERATION)), {"say": Scripted()})
    assert await ran(engine) == ["RunStarted", "RunFailed: no-backend 4"]


@in_virtual_time
async def test_each_runs_for_every_item_as_it_comes() -> None:
    stages = (
        custom("split"),
        custom("each", "split", each=True, when="{{ input }}", input_transform="<{{ input }}>"),
        custom("read", "each"),
    )
    scripts = {"split": Items(["one", "no", "two"]), "each": Scripted(says=["x", "y"]), "read": Reader()}
    engine = engine_of(pipeline(*stages), scripts)
    assert (await ran(engine))[2:] == [
        "StageStarted split",
        "StageStarted each",
        "TextDelta each: x",
        "TextDelta each: y",
        "StageStarted read",
        "AudioMade",
        "2s StageFinished split",
        "2s TextDelta each: \n",
        "2s TextDelta each: x",
        "2s TextDelta each: y",
        "2s StageFinished each",
        "2s AudioMade",
        "2s StageFinished read",
        "2s RunFinished: xy\nxy",
    ]
    assert scripts["each"].inputs == [Text("<one>"), Text("<two>")]


class Items:
    """Hands on an item a second."""

    def __init__(self, texts: list[str]) -> None:
        self._texts = texts

    async def run(self, call, outlet):  # type: ignore[no-untyped-def]
        for at, text in enumerate(self._texts):
            await call.tools.clock.sleep(1.0 if at else 0.0)
            outlet.item(Text(text))
        return Done(Parts(tuple(Text(text) for text in self._texts)))


@in_virtual_time
async def test_output_transform_is_what_is_shown_in_the_end_and_handed_on() -> None:
    stages = (custom("a", output_transform="Answer: {{ input }}"), custom("b", "a"))
    scripts = {"a": Scripted(says=["An", "na"], commits=True), "b": Reader()}
    engine = engine_of(pipeline(*stages, output="a"), scripts)
    lines = await ran(engine)
    assert lines[3:7] == [
        "TextDelta a: An",
        "TextDelta a: na",
        "TextReplaced a: 2 output_transform",
        "TextDelta a: swer: Anna",
    ]
    assert lines[-1] == "RunFinished: Answer: Anna"
    assert scripts["b"].heard == ["Answer: Anna"]


@in_virtual_time
async def test_preserve_context_tells_what_was_said_before() -> None:
    stages = (
        stage("one", StageType.TEXT_GENERATION),
        stage("two", StageType.TEXT_GENERATION, "one"),
        custom("c", "two"),
    )
    before = (ChatMessage(Role.USER, "Hello."), ChatMessage(Role.ASSISTANT, "Hi."))
    for preserve, said in ((False, 0), (True, 4)):
        scripts = {name: Scripted() for name in ("one", "two", "c")}
        engine = engine_of(pipeline(*stages, preserve_context=preserve), scripts, tools_over(writer("w")))
        await ran(engine, messages=before)
        assert scripts["one"].calls[0].messages == before
        assert (
            scripts["c"].calls[0].messages[2:]
            == (
                ChatMessage(Role.USER, "hi"),
                ChatMessage(Role.ASSISTANT, "one(hi)"),
                ChatMessage(Role.USER, "one(hi)"),
                ChatMessage(Role.ASSISTANT, "two(one(hi))"),
            )[:said]
        )


@in_virtual_time
async def test_metrics_of_a_run() -> None:
    say = stage("say", StageType.TEXT_GENERATION)
    slow = Scripted(says=["a", "b"], takes_s=1, between_s=2)
    engine = engine_of(
        pipeline(say, custom("end", "say")), {"say": slow, "end": Scripted(takes_s=1)}, tools_over(writer("w"))
    )
    result = await engine.start("test", Text("hi")).result()
    metrics = result.metrics
    assert (metrics.total_ms, metrics.execution_ms) == (4000.0, 4000.0)
    assert metrics.bottlenecks == ("say", "end")
    first, last = metrics.stages
    assert (first.stage, first.backend, first.device) == ("say", "w", Device.CPU)
    assert (first.elapsed_ms, first.first_output_ms) == (3000.0, 1000.0)
    assert first.energy == engine._tools.power.energy(Device.CPU, 3.0)
    assert metrics.energy == first.energy
    assert last.energy is None
    quiet = await engine.start("test", Text("hi"), overrides={"collect_metrics": False}).result()
    assert quiet.metrics.energy is None


@in_virtual_time
async def test_a_reader_that_waits_is_no_bottleneck_and_its_time_does_not_run_out() -> None:
    scripts = {"a": Scripted(says=["a", "b", "c"], between_s=4, commits=True), "b": Reader()}
    engine = engine_of(pipeline(custom("a"), custom("b", "a", timeout_s=1.0)), scripts)
    result = await engine.start("test", Text("hi")).result()
    assert result.success
    assert result.metrics.bottlenecks == ("a",)


@in_virtual_time
async def test_an_optional_stream_that_breaks_cancels_who_reads_it() -> None:
    broken = Scripted(says=["a", "b"], between_s=1, commits=True, errors=[HostDied("Gone.")], fails_at=1)
    stages = (custom("a", optional=True), custom("b", "a"), custom("c"))
    engine = engine_of(pipeline(*stages), {"a": broken, "b": Reader(), "c": Scripted()})
    assert (await ran(engine))[4:] == [
        "StageStarted b",
        "AudioMade",
        "1s StageFailed a: host-died",
        "1s StageCancelled b",
        "1s StageStarted c",
        "1s TextDelta c: c(hi)",
        "1s StageFinished c",
        "1s RunFinished: c(hi)",
    ]


@in_virtual_time
async def test_who_reads_a_stream_that_breaks_does_not_try_again() -> None:
    for optional, end in ((True, "1s RunFinished: c(hi)"), (False, "1s RunFailed: host-died a 6")):
        broken = Scripted(says=["a", "b"], between_s=1, commits=True, errors=[HostDied("Gone.")], fails_at=1)
        stages = (custom("a", optional=optional), custom("b", "a"), custom("c"))
        scripts = {"a": broken, "b": Scripted(streams=True), "c": Scripted()}
        lines = await ran(engine_of(pipeline(*stages), scripts))
        assert not any("Retrying" in line for line in lines)
        assert "1s StageCancelled b" in lines
        assert lines[-1] == end


@in_virtual_time
async def test_when_the_output_itself_could_not_be_made() -> None:
    engine = engine_of(pipeline(custom("a", optional=True)), {"a": Scripted(errors=[RuntimeFault("No.")])})
    assert (await ran(engine))[-1] == "RunFailed: runtime-fault a 1"
    engine = engine_of(pipeline(custom("a", when="no")), {"a": Scripted()})
    run = engine.start("test", Text("hi"))
    result = await run.result()
    assert result.success
    assert result.output is None
    with pytest.raises(SottoError, match="made no output"):
        await run.output.value()


@in_virtual_time
async def test_listeners_of_the_engine_get_every_run() -> None:
    engine = engine_of(pipeline(custom("a")), {"a": Scripted()})
    events: list[TurnEvent] = []
    leave = engine.subscribe(events.append)
    await ran(engine)
    leave()
    leave()
    await ran(engine)
    assert [event.type for event in events] == [
        "RunStarted",
        "PlanMade",
        "StageStarted",
        "TextDelta",
        "StageFinished",
        "RunFinished",
    ]
