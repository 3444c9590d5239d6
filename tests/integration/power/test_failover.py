"""A device becomes too hot in the middle of an answer: real hosts, the starter model, and the speaker's monitor."""

from __future__ import annotations

import itertools
import time
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path

import pytest
import pytest_asyncio

from app.aio.lease import CpuLease
from app.contracts.devices import Device, Tier
from app.contracts.events import FailedOver, TurnEvent
from app.contracts.text import ChatMessage, GenerationRequest, Role
from app.pipeline.definition import PipelineOptions, StageDefinition, StageType
from app.pipeline.plan import PlannedStage
from app.pipeline.text.ladder import LadderStrategy
from app.pipeline.text.moving import GRACE_S
from app.pipeline.text.steps import Ask, Outcome, Piece
from models.backends import Backends
from models.embedded import SMOLLM2
from models.retrying import RetryingTextGenerator
from tests.helpers.events import Reports
from tests.helpers.heat import (
    COLD,
    COOL,
    CROSSED_AT,
    HOT,
    WARMING,
    ReplayedHeat,
    add_cold_backend,
    add_hot_backend,
    heat_trace,
    told,
    tools_over,
)
from tests.helpers.hosts import host_processes

OTHER = "openvino-cpu"
QUESTION = GenerationRequest(
    (ChatMessage(Role.SYSTEM, "You answer in whole sentences."), ChatMessage(Role.USER, "Tell me about the sea.")),
    max_tokens=72,
    temperature=0.0,
)


pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]  # OpenVINO loads slowly beside others


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def backends() -> AsyncIterator[Backends]:
    """One that gets hot and two to move to, warm.

    From token `CROSSED_AT` on the hot one is so slow that it has tokens left when its grace is over: however busy the
    machine is, the answer has not come to its end before the next one is ready.
    """
    made = Backends(CpuLease(1))
    for needed in (COOL, OTHER):
        if reason := made.why_not(needed):
            pytest.skip(reason)
    add_hot_backend(made, token_s=1.6 * GRACE_S / (QUESTION.max_tokens - CROSSED_AT), slow_from=CROSSED_AT)
    for name in (HOT, COOL, OTHER):
        await made.text_port(name).warm_up()
    yield made
    await made.aclose()
    assert host_processes() == []


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def whole(backends: Backends) -> str:
    """The answer of one host from its beginning to its end."""
    return "".join([piece.text async for piece in backends.text_port(COOL).generate(QUESTION)])


@pytest.fixture
def heat(tmp_path: Path) -> ReplayedHeat:
    return ReplayedHeat(heat_trace(tmp_path / "trace.jsonl", WARMING))


class Answered:
    """An answer by the ladder, and what was there when the device had to rest."""

    def __init__(self, backends: Backends, heat: ReplayedHeat, *ladder: str) -> None:
        self._heat = heat
        self.text = self.before = ""
        self.moves: list[FailedOver] = []
        self.outcome: Outcome | None = None
        first, *rest = (Tier(name, SMOLLM2) for name in ladder)
        definition = StageDefinition(stage_id="answer", type=StageType.TEXT_GENERATION)
        self._ask = Ask(
            request=QUESTION,
            stage=PlannedStage(definition=definition, ladder=(first,), fallbacks=tuple(rest), asked=Device.IGPU),
            options=PipelineOptions(),
            tools=tools_over(backends, heat),
            report=self._take,
        )

    def _take(self, event: TurnEvent) -> None:
        if isinstance(event, FailedOver):
            self.moves.append(event)
            self.before = self.text

    async def run(self) -> Answered:
        async with aclosing(LadderStrategy().steps(self._ask)) as steps:
            async for step in steps:
                if isinstance(step, Piece):
                    self.text += step.text
                    self._heat.token()
                if isinstance(step, Outcome):
                    self.outcome = step
        return self

    @property
    def figures(self) -> dict[str, float]:
        assert self.outcome is not None
        return dict(self.outcome.figures)

    def line(self, what: str) -> str:
        assert self.outcome is not None
        (move,) = self.moves
        return (
            f"{what}: at token {move.at_token} {self.figures['without_tokens_ms']:.0f} ms without a new token, "
            f"{self.figures['moved_bytes'] / 1e6:.2f} MB of state for {self.figures['moved_tokens']:.0f} tokens moved"
        )


def longest_wait_ms(came_at: list[float]) -> float:
    return max(after - before for before, after in itertools.pairwise(came_at)) * 1000.0


@pytest.mark.parametrize("cool", [COOL, COLD], ids=["next one warm", "next one cold"])
async def test_with_its_state_moved_the_answer_is_that_of_one_host(
    backends: Backends, whole: str, heat: ReplayedHeat, cool: str
) -> None:
    cold = add_cold_backend(backends) if cool == COLD else None
    answered = await Answered(backends, heat, HOT, cool).run()
    if cold is not None:
        await cold.aclose()
    told(answered.line(f"llama.cpp to {cool}"))
    assert answered.text == whole
    (move,) = answered.moves
    assert (move.from_backend, move.to_backend) == (HOT, cool)
    assert CROSSED_AT <= move.at_token < QUESTION.max_tokens
    assert "92 °C" in move.reason
    assert answered.figures["moved_states"] == 1.0
    assert answered.figures["moved_tokens"] >= move.at_token
    assert answered.outcome is not None
    first, second = answered.outcome.attempts
    assert (first.decision, second.decision) == ("failed-over", "accepted")
    assert move.at_token + second.tokens == QUESTION.max_tokens


async def test_on_another_runtime_every_word_so_far_is_kept(backends: Backends, whole: str, heat: ReplayedHeat) -> None:
    answered = await Answered(backends, heat, HOT, OTHER).run()
    told(answered.line("llama.cpp to OpenVINO, read as text"))
    assert answered.before
    assert whole.startswith(answered.before)
    assert answered.text.startswith(answered.before)
    went_on = answered.text[len(answered.before) :].split()
    assert len(went_on) >= 5
    assert went_on[:3] != answered.before.split()[-3:], "no word is repeated"
    assert (answered.figures["moved_states"], answered.figures["read_as_text"]) == (0.0, 1.0)


async def test_without_pipelines_it_moves_in_the_same_way(backends: Backends, whole: str, heat: ReplayedHeat) -> None:
    port = RetryingTextGenerator([backends.text_port(HOT), backends.text_port(COOL)])
    port.governor, port.observer = heat, (reports := Reports())
    text = ""
    came_at: list[float] = []
    async for piece in port.generate(QUESTION):
        text += piece.text
        came_at.append(time.monotonic())
        heat.token()
    told(f"without pipelines: {longest_wait_ms(came_at):.0f} ms without a new token at most")
    assert text == whole
    assert [line.rpartition(" at ")[0] or line for line in reports.lines] == [
        f"answer on {HOT}",
        f"{HOT} -> {COOL}",
        f"answer on {COOL}",
    ]
    assert port.backend.backend_id == COOL
    heat.play_to_the_end()
    assert port.backend.backend_id == HOT, "when it has cooled down, it is the first choice again"
