"""The stage that writes, from its input to its outlet."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace

import pytest

from app.contracts.capabilities import ConfidenceSource
from app.contracts.devices import Device, Tier
from app.contracts.errors import InvalidInput, RuntimeFault, Unavailable
from app.contracts.events import TextDelta, TextReplaced, TurnEvent
from app.contracts.text import ChatMessage, Role
from app.pipeline.definition import Chunking, Experts, PipelineOptions, Sampling, Speculation, TierWish
from app.pipeline.outlet import Outlet
from app.pipeline.plan import PlannedStage
from app.pipeline.stages.processor import Done, StageCall
from app.pipeline.stages.text_generation import DEFAULT_PROMPT, TextGenerationProcessor, strategy_for
from app.pipeline.text.chunked import ChunkedStrategy
from app.pipeline.text.experts import ExpertsStrategy
from app.pipeline.text.ladder import LadderStrategy
from app.pipeline.text.speculative import SpeculativeStrategy
from app.pipeline.tools import Tools
from app.pipeline.values import Text, Value
from tests.helpers.pipelines import tools_over, writer
from tests.helpers.texts import Thermostat, line_of_event, stage_over
from tests.helpers.virtual_time import in_virtual_time

WORDS = " ".join(f"{ten}{one}" for ten in "abcdefghij" for one in "klmnopqrst")
"""A hundred words, none twice."""


@dataclass
class Bench:
    """One call of the stage, with what it reported and what stood when."""

    stage: PlannedStage
    tools: Tools
    options: PipelineOptions = field(default_factory=PipelineOptions)
    messages: tuple[ChatMessage, ...] = ()
    given: Value = field(default_factory=lambda: Text("Where is it?"))

    def __post_init__(self) -> None:
        self.lines: list[str] = []
        self.outlet = Outlet("answer", self.note)
        self.call = StageCall(
            stage=self.stage,
            options=self.options,
            tools=self.tools,
            value=self.value,
            stream=self.stream,
            inputs={},
            context={},
            messages=self.messages,
            report=self.note,
            pipeline_id="p",
            run_id="r",
        )

    def note(self, event: TurnEvent) -> None:
        match event:
            case TextDelta(text=text, tier=tier):
                self.lines.append(f"{tier.backend_id}: {text!r}")
            case TextReplaced(kept=kept):
                self.lines.append(f"replaced from {kept}")
            case _:
                self.lines.append(line_of_event(event))

    async def value(self) -> Value:
        return self.given

    async def stream(self) -> AsyncIterator[str]:
        raise AssertionError("the prompt needs all of it")
        yield ""

    async def run(self) -> Done:
        return await TextGenerationProcessor().run(self.call, self.outlet)


@in_virtual_time
async def test_an_escalated_answer_from_question_to_metadata() -> None:
    small = writer("small", "In Rome.", device=Device.NPU)
    large = writer("large", "In Paris.<|im_end|>\n<|im_start|>user\nMore")
    small.token_s = large.token_s = 0.5
    tools = tools_over(small, large, confidence={"small": 0.4, "large": 0.9})
    bench = Bench(stage_over(small, large, bar=0.8), tools)
    done = await bench.run()
    assert bench.lines == [
        "[small runs on npu, asked npu]",
        "small: 'In'",
        "small: ' Rome.'",
        "[escalated small to large at 0.4]",
        "[large runs on cpu, asked cpu]",
        "replaced from 0",
        "large: 'In'",
        "large: ' Paris.'",
    ]
    assert done.value == Text("In Paris.", 0.9)
    assert bench.outlet.committed == "In Paris."
    made = done.metadata
    assert (made.forwarded, made.confidence, made.confidence_source) == (True, 0.9, ConfidenceSource.CALIBRATED)
    assert (made.attempt_count, made.backend, made.model) == (2, "large", "large-model")
    assert (made.asked, made.ran) == (Device.NPU, Device.CPU)
    assert made.notes == ("Stopped where the model began to write the next message.",)
    assert bench.call.timings.tokens == 4
    assert bench.call.timings.first_output_at == 1000.5
    assert bench.call.timings.busy_s == 2.0


@in_virtual_time
async def test_what_the_model_is_told() -> None:
    small = writer("small")
    earlier = (
        ChatMessage(Role.SYSTEM, "Speak like a pirate."),
        ChatMessage(Role.USER, "Hi."),
        ChatMessage(Role.ASSISTANT, "Arr."),
        ChatMessage(Role.USER, "Where is it?"),
    )
    question = ChatMessage(Role.USER, "Where is it?")
    await Bench(stage_over(small), tools_over(small), messages=earlier).run()
    assert small.requests[-1].messages == (ChatMessage(Role.SYSTEM, DEFAULT_PROMPT), question)
    remembering = PipelineOptions(preserve_context=True, max_tokens=77)
    await Bench(stage_over(small), tools_over(small), remembering, earlier).run()
    assert small.requests[-1].messages == (*earlier[:3], question)
    assert (small.requests[-1].max_tokens, small.requests[-1].temperature) == (77, 0.2)
    own = stage_over(small, prompt="Be brief.", sampling=Sampling(max_tokens=9, temperature=0.0, top_p=0.5, seed=3))
    await Bench(own, tools_over(small), remembering, earlier).run()
    last = small.requests[-1]
    assert last.messages[0].content == "Be brief."
    assert (last.max_tokens, last.temperature, last.top_p, last.seed) == (9, 0.0, 0.5, 3)


@in_virtual_time
async def test_the_governor_may_ask_for_short_answers() -> None:
    small, thermostat = writer("small", "a b c d e"), Thermostat()
    thermostat.max_tokens = 3
    tools = replace(tools_over(small), governor=thermostat)
    done = await Bench(stage_over(small), tools).run()
    assert done.value == Text("a b c", 0.9)
    assert done.metadata.notes == ("The answer is limited to 3 tokens for now.",)


@in_virtual_time
@pytest.mark.parametrize(("patience", "written_by"), [(0.0, "large"), (0.1, "large"), (0.2, "small")])
async def test_the_governor_may_have_a_higher_tier_asked_later(patience: float, written_by: str) -> None:
    small, large, thermostat = writer("small"), writer("large"), Thermostat()
    thermostat.patience, thermostat.resting[Device.GPU] = patience, "The battery is low."
    tools = replace(tools_over(small, large, confidence={"small": 0.65}), governor=thermostat)
    done = await Bench(stage_over(small, large, bar=0.8), tools).run()
    assert done.metadata.backend == written_by
    said = f"A higher tier is asked only under a confidence of {0.8 - patience:.2f} for now: The battery is low."
    assert (said in done.metadata.notes) == (patience > 0.0)


@in_virtual_time
async def test_patience_leaves_a_bar_that_is_low_anyway() -> None:
    small, large, thermostat = writer("small"), writer("large"), Thermostat()
    thermostat.patience = 0.2
    tools = replace(tools_over(small, large, confidence={"small": 0.08}), governor=thermostat)
    for bar in (0.09, 0.2):
        done = await Bench(stage_over(small, large, bar=bar), tools).run()
        assert done.metadata.backend == "large"


@in_virtual_time
async def test_what_the_governor_leaves_for_a_turn_binds_like_a_budget_and_refuses_nobody() -> None:
    small, large, thermostat = writer("small", WORDS), writer("large"), Thermostat()
    tools = replace(tools_over(small, large, confidence={"small": 0.4}), governor=thermostat)
    tools.ledger.measured(Tier("small", "small-model"), tokens=100, seconds=10.0)
    thermostat.joules = 60.0
    done = await Bench(stage_over(small, large, bar=0.8), tools, PipelineOptions(max_tokens=100)).run()
    assert len(str(done.value.text).split()) == 50, "at 1.2 J a token"
    assert "Shortened to fit the rest of 60 J that the limits leave this turn." in done.metadata.notes
    assert any(note.startswith("large was left out") for note in done.metadata.notes)
    thermostat.joules = 0.0
    done = await Bench(stage_over(small, large, bar=0.8), tools, PipelineOptions(max_tokens=100)).run()
    assert len(str(done.value.text).split()) == 16
    tighter = PipelineOptions(max_tokens=100, joules_per_run=24.0)
    thermostat.joules = 60.0
    done = await Bench(stage_over(small, large, bar=0.8), replace(tools, ledger=type(tools.ledger)()), tighter).run()
    assert "Shortened to fit the energy budget of 24 J." in done.metadata.notes


@in_virtual_time
async def test_without_streaming_everything_comes_at_once() -> None:
    small, large = writer("small", "In Rome."), writer("large", "In Paris. Yes.")
    tools = tools_over(small, large, confidence={"small": 0.4})
    bench = Bench(stage_over(small, large, bar=0.8), tools, PipelineOptions(enable_streaming=False))
    await bench.run()
    assert [line for line in bench.lines if not line.startswith("[")] == ["large: 'In Paris. Yes.'"]
    assert bench.outlet.committed == "In Paris. Yes."


@in_virtual_time
@pytest.mark.parametrize("answer", ["<think>It must be in France, or else", "<|im_end|>", "\u202e"])
async def test_an_answer_of_which_nothing_may_be_shown_is_an_error(answer: str) -> None:
    small = writer("small", answer)
    with pytest.raises(RuntimeFault) as failure:
        await Bench(stage_over(small), tools_over(small)).run()
    assert failure.value.code == "no-answer"


@in_virtual_time
async def test_the_longest_input_is_that_of_the_person_and_not_of_the_stages_before() -> None:
    small, options = writer("small"), PipelineOptions(max_input_characters=20)
    first = stage_over(small)
    with pytest.raises(InvalidInput):
        await Bench(first, tools_over(small), options, given=Text("passage " * 10)).run()
    later = replace(first, definition=replace(first.definition, needs=("lookup",)))
    done = await Bench(later, tools_over(small), options, given=Text("passage " * 10)).run()
    assert done.value == Text("Paris.", 0.9)


@in_virtual_time
async def test_a_budget_shortens_and_says_so() -> None:
    small = writer("small", " ".join(f"word{n}" for n in range(100)), device=Device.NPU)
    small.token_s = 0.01
    bench = Bench(stage_over(small), tools_over(small), PipelineOptions(joules_per_run=9.0))
    done = await bench.run()
    assert isinstance(done.value, Text)
    assert len(done.value.text.split()) == 36
    assert done.metadata.notes == ("Shortened to fit the energy budget of 9 J.",)
    assert bench.tools.ledger.spent_in_run("r") == pytest.approx(0.9)


@in_virtual_time
async def test_a_tier_slower_than_assumed_is_stopped_and_says_so() -> None:
    small = writer("small", " ".join(f"word{n}" for n in range(100)))
    small.token_s = 0.05  # 0.6 J a token
    done = await Bench(stage_over(small), tools_over(small), PipelineOptions(joules_per_run=3.0)).run()
    assert isinstance(done.value, Text)
    assert len(done.value.text.split()) == 6
    assert done.metadata.notes == ("Shortened to fit the energy budget of 3 J.",)


@in_virtual_time
async def test_a_question_that_costs_more_than_the_budget_does_not_claim_to_have_fitted() -> None:
    small = writer("small", "a b c d e f")
    small.token_s = 1.0  # 12 J a token
    done = await Bench(stage_over(small), tools_over(small), PipelineOptions(joules_per_run=3.0)).run()
    assert done.metadata.notes == ("Broken off: it had taken 12 J when the energy budget of 3 J was spent.",)


@in_virtual_time
async def test_an_answer_that_ends_by_itself_is_not_called_shortened() -> None:
    small = writer("small", "In Paris.", device=Device.NPU)
    done = await Bench(stage_over(small), tools_over(small), PipelineOptions(joules_per_run=5.0)).run()
    assert done.metadata.notes == ()


@in_virtual_time
async def test_a_budget_that_is_used_up_is_an_error() -> None:
    small = writer("small")
    tools = tools_over(small)
    tools.ledger.spend("p", "r", 5.0, 1000.0)
    with pytest.raises(Unavailable, match="energy budget"):
        await Bench(stage_over(small), tools, PipelineOptions(joules_per_run=5.0)).run()
    assert small.asked == []


@in_virtual_time
async def test_wrong_input_wakes_no_model() -> None:
    small = writer("small")
    bench = Bench(stage_over(small), tools_over(small), given=Text(" "))
    with pytest.raises(InvalidInput):
        await bench.run()
    assert (small.asked, bench.lines) == ([], [])


@in_virtual_time
async def test_cancelling_closes_the_engine() -> None:
    small = writer("small", "a b c d")
    small.token_s = 1.0
    bench = Bench(stage_over(small), tools_over(small))
    running = asyncio.create_task(bench.run())
    await asyncio.sleep(2.5)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert small.stopped == 1
    assert bench.outlet.committed == "a b"
    assert bench.tools.ledger.spent_in_run("r") == 30.0, "what was spent counts, whichever way it ended"


@pytest.mark.parametrize(
    ("definition", "strategy"),
    [
        ({}, LadderStrategy),
        ({"speculation": Speculation(TierWish("small"))}, SpeculativeStrategy),
        ({"speculation": Speculation(TierWish("small")), "experts": Experts(samples=3)}, ExpertsStrategy),
        ({"experts": Experts(samples=3), "chunking": Chunking()}, ChunkedStrategy),
    ],
)
def test_the_way_to_a_text_is_what_the_file_says(definition: dict[str, object], strategy: type) -> None:
    assert type(strategy_for(stage_over(writer("small"), **definition).definition)) is strategy
