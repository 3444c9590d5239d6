"""No order of stages, and nothing that goes wrong in them, can make a run wait for ever."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from app.contracts.errors import HostDied, RuntimeFault
from app.contracts.events import (
    StageCancelled,
    StageFailed,
    StageFinished,
    StageSkipped,
    StageStarted,
    TurnEvent,
)
from app.pipeline.definition import StageDefinition
from app.pipeline.stages.processor import Processor
from app.pipeline.values import Text
from tests.helpers.pipeline_stages import Reader, Scripted, custom, engine_of, pipeline
from tests.helpers.virtual_time import in_virtual_time

ENDS = (StageFinished, StageSkipped, StageFailed, StageCancelled)


@st.composite
def graphs(draw: st.DrawFn) -> tuple[list[StageDefinition], dict[str, Processor]]:
    """Up to six stages in any order of writing, whose needs have no circle; readers, writers and those that break."""
    count = draw(st.integers(1, 6))
    stages: list[StageDefinition] = []
    scripts: dict[str, Processor] = {}
    for number in range(count):
        name = f"s{number}"
        needs = draw(st.lists(st.sampled_from([f"s{other}" for other in range(number)]), unique=True)) if number else []
        fields: dict[str, Any] = {"optional": draw(st.booleans()), "each": draw(st.booleans())}
        if draw(st.integers(0, 4)) == 0:
            fields["when"] = "no"
        stages.append(custom(name, *needs, **fields))
        reads = draw(st.booleans())
        error = draw(st.sampled_from([None, None, None, RuntimeFault("No."), HostDied("Gone.")]))
        scripts[name] = (
            Reader()
            if reads
            else Scripted(
                says=["a ", "b"],
                takes_s=draw(st.sampled_from([0.0, 1.0])),
                between_s=draw(st.sampled_from([0.0, 1.0])),
                commits=draw(st.booleans()),
                errors=[error],
                fails_at=draw(st.integers(0, 2)),
            )
        )
    return list(draw(st.permutations(stages))), scripts


@settings(max_examples=150, deadline=None)
@given(graphs(), st.booleans(), st.booleans(), st.one_of(st.none(), st.floats(0.0, 6.0)))
def test_every_run_ends_and_every_stage_once(
    graph: tuple[list[StageDefinition], dict[str, Processor]],
    parallel: bool,
    streaming: bool,
    cancelled_at: float | None,
) -> None:
    stages, scripts = graph
    definition = pipeline(*stages, parallel_stages=parallel, enable_streaming=streaming)

    @in_virtual_time
    async def body() -> None:
        engine = engine_of(definition, scripts)
        events: list[TurnEvent] = []
        run = engine.start("test", Text("hi"))
        run.subscribe(events.append)
        if cancelled_at is not None:
            await engine._tools.clock.sleep(cancelled_at)
            run.cancel()
        result = await run.result()
        await engine.aclose()
        ends = [_name(event) for event in events if isinstance(event, ENDS)]
        started = [event.stage for event in events if isinstance(event, StageStarted)]
        assert len(set(ends)) == len(ends)
        assert set(started) <= set(ends)
        assert len(set(started)) == len(started)
        for name in started:
            order = [_told_of(event) for event in events if _told_of(event)[0] == name]
            assert [begins for _, begins in order] == [True, False]
        if events[-1].type != "RunCancelled" or "PlanMade" in {event.type for event in events}:
            assert set(ends) in ({stage.stage_id for stage in stages}, set())
        if result.success:
            assert set(ends) == {stage.stage_id for stage in stages}
        if not parallel and not streaming:
            running = 0
            for event in events:
                running += isinstance(event, StageStarted)
                running -= isinstance(event, ENDS) and _name(event) in started
                assert running <= 1

    body()


def _name(event: TurnEvent) -> str:
    if isinstance(event, StageFinished):
        return event.metrics.stage
    assert isinstance(event, StageSkipped | StageFailed | StageCancelled)
    return event.stage


def _told_of(event: TurnEvent) -> tuple[str, bool]:
    """Whose start (True) or end (False) an event is; nobody's for others."""
    if isinstance(event, StageStarted):
        return event.stage, True
    return (_name(event) if isinstance(event, ENDS) else ""), False
