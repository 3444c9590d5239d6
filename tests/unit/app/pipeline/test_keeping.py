"""Which requests meet in the cache, and which never do."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.contracts.audio import AudioChunk, VoiceOptions
from app.contracts.metrics import StageMetadata
from app.contracts.text import ChatMessage, Role
from app.pipeline.definition import PipelineDefinition, Sampling, StageType
from app.pipeline.identity import of_value
from app.pipeline.keeping import Keeping, how_it_came
from app.pipeline.metrics import RunLedger
from app.pipeline.planning import make_plan
from app.pipeline.tools import Kept, Tools
from app.pipeline.values import Parts, Passage, Passages, Sound, SoundSource, Text, Value, Vectors, Verdict
from tests.helpers.pipeline_stages import Scripted, Shelf, custom, engine_of, pipeline, ran, stage
from tests.helpers.pipelines import tools_over, writer
from tests.helpers.virtual_time import in_virtual_time

QUESTION = Text("x")
CHAIN = (custom("a"), stage("say", StageType.TEXT_GENERATION, "a"), custom("c", "say"))


def keeping(definition: PipelineDefinition, tools: Tools | None = None, **how: Any) -> Keeping:
    tools = tools or tools_over(writer("w"), cache=Shelf())
    plan = make_plan(definition, tools.runtimes, tools.governor)
    processors = {one.stage_id: Scripted() for one in definition.stages}
    ledger = RunLedger(tools.clock, tools.power)
    return Keeping(plan, tools, ledger, how.get("context", {}), how.get("messages", ()), processors)


def stage_key(definition: PipelineDefinition, stage_id: str, value: Value = QUESTION, **how: Any) -> str:
    one = keeping(definition, **how)
    return one.stage_key(one._plan.stage(stage_id), value, how.get("messages", ()))


def test_a_stage_is_known_by_itself_and_what_leads_to_it() -> None:
    base = pipeline(*CHAIN, cache=True)
    behind = replace(base, stages=(*CHAIN[:2], replace(CHAIN[2], settings={"new": 1})))
    before = replace(base, stages=(replace(CHAIN[0], settings={"new": 1}), *CHAIN[1:]))
    own = replace(base, stages=(CHAIN[0], replace(CHAIN[1], sampling=Sampling(seed=3)), CHAIN[2]))
    keys = [stage_key(one, "say") for one in (base, behind, before, own)]
    assert keys[0] == keys[1]
    assert len(set(keys)) == 3


def test_what_is_said_before_and_the_voice_count_too() -> None:
    base = pipeline(*CHAIN, cache=True)
    aloud = tools_over(writer("w"), cache=Shelf())
    keys = {
        stage_key(base, "say"),
        stage_key(base, "say", Text("y")),
        stage_key(base, "say", context={"who": "me"}),
        stage_key(base, "say", messages=(ChatMessage(Role.USER, "x"),)),
        stage_key(base, "say", tools=replace(aloud, voice=VoiceOptions(speed=1.5))),
    }
    assert len(keys) == 5


VALUES = (
    Text("a"),
    Text("b"),
    Text("a", 0.5),
    Verdict(True, "a"),
    Verdict(False, "a"),
    Passages("a", (Passage("a", "b"),)),
    Passages("a", (Passage("b", "a"),)),
    Vectors(("a",), ((1.0, 0.0),)),
    Vectors(("a",), ((0.0, 1.0),)),
    Sound(AudioChunk(b"\0" * 8)),
    Sound(AudioChunk(b"\0" * 8, 8000)),
    Sound(AudioChunk(b"\1" * 8)),
    Parts((Text("a"), Text("b"))),
    Parts((Text("b"), Text("a"))),
    Parts((Text("a"), Parts((Text("b"),)))),
)


def test_values_are_told_apart() -> None:
    assert len({repr(of_value(value)) for value in VALUES}) == len(VALUES)


def test_an_endless_source_is_known_by_nothing_wherever_it_hides() -> None:
    async def chunks():  # type: ignore[no-untyped-def]
        yield AudioChunk(b"")

    source = SoundSource(chunks())
    assert of_value(source) is None
    assert of_value(Parts((Text("a"), Parts((source,))))) is None
    assert keeping(pipeline(*CHAIN, cache=True)).run_key(source) == ""


def test_nothing_is_looked_up_unless_it_is_asked_for() -> None:
    assert keeping(pipeline(*CHAIN)).run_key(Text("x")) == ""
    assert stage_key(pipeline(*CHAIN), "say") == ""
    assert keeping(pipeline(*CHAIN, cache=True), tools_over(writer("w"))).run_key(Text("x")) == ""


@pytest.mark.parametrize("origin", ["", "not json", '{"type":"Listening","level":-3.0}'])
def test_an_origin_that_cannot_be_read_is_no_origin(origin: str) -> None:
    assert how_it_came(Kept(Text("x"), origin)) == StageMetadata(cached=True)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["p", "q"]), st.integers(0, 2), st.sampled_from("xyz")), max_size=12))
def test_an_answer_from_the_cache_is_the_one_the_plan_gives(requests: list[tuple[str, int, str]]) -> None:
    """Requests whose prompt and settings change from one to the next, over one store."""

    @in_virtual_time
    async def body() -> None:
        shelf, asked = Shelf(), set()
        for prompt, number, question in requests:
            said = f"{prompt}{number}"
            one = custom("a", prompt=prompt, settings={"number": number}, output_transform=f"{said}:{{{{ input }}}}")
            script = Scripted()
            lines = await ran(engine_of(pipeline(one, cache=True), {"a": script}, tools_over(cache=shelf)), question)
            assert lines[-1] == f"RunFinished: {said}:a({question})"
            assert len(script.calls) == ((said, question) not in asked)
            asked.add((said, question))

    body()
