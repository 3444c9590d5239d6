"""The text stage over the real starter model: an answer, a ladder, a killed host."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import AsyncIterator

import pytest

from app.aio.clock import SystemClock
from app.aio.lease import CpuLease
from app.contracts.devices import Device, Tier
from app.contracts.events import DeviceUsed, Retrying, TurnEvent
from app.pipeline.definition import Forwarding, PipelineOptions, Sampling, StageDefinition, StageType
from app.pipeline.outlet import Outlet
from app.pipeline.plan import PlannedStage
from app.pipeline.stages.processor import Done, StageCall
from app.pipeline.stages.text_generation import TextGenerationProcessor
from app.pipeline.tools import Tools
from app.pipeline.values import Text, Value
from app.power.energy.estimate import EstimatedPowerMonitor
from app.power.governor.permissive import PermissiveGovernor
from models.backends import Backends
from tests.helpers.hosts import host_processes
from tests.helpers.pipelines import NoSandbox
from tests.helpers.texts import SureByToken

WRITER = "llama-cpu"


@pytest.fixture
async def backends() -> AsyncIterator[Backends]:
    made = Backends(CpuLease(1))
    if reason := made.why_not(WRITER):
        pytest.skip(reason)
    yield made
    await made.aclose()
    assert host_processes() == []


class Stage:
    """One text stage on the starter model."""

    def __init__(self, backends: Backends, *, tokens: int, forwarding: Forwarding | None = None) -> None:
        self.backends = backends
        self.events: list[TurnEvent] = []
        tier = Tier(WRITER, backends.text_port(WRITER).backend.model)
        self.definition = StageDefinition(
            stage_id="answer",
            type=StageType.TEXT_GENERATION,
            sampling=Sampling(max_tokens=tokens, temperature=0.0),
            forwarding=forwarding,
        )
        self.stage = PlannedStage(definition=self.definition, ladder=(tier,), asked=Device.CPU)
        self.tools = Tools(
            runtimes=backends,
            clock=SystemClock(),
            power=EstimatedPowerMonitor(),
            governor=PermissiveGovernor(),
            confidence=SureByToken(),
            sandbox=NoSandbox(),
        )
        self.outlet = Outlet("answer", self.take)

    def take(self, event: TurnEvent) -> None:
        self.events.append(event)

    async def ask(self, question: str, options: PipelineOptions | None = None) -> Done:
        async def value() -> Value:
            return Text(question)

        async def stream() -> AsyncIterator[str]:
            yield question

        call = StageCall(
            stage=self.stage,
            options=options or PipelineOptions(),
            tools=self.tools,
            value=value,
            stream=stream,
            inputs={},
            context={},
            messages=(),
            report=self.take,
            pipeline_id="power-budget",
            run_id=f"run {id(self)}",
        )
        self.timings = call.timings
        return await TextGenerationProcessor().run(call, self.outlet)


async def test_the_starter_model_answers(backends: Backends) -> None:
    stage = Stage(backends, tokens=12, forwarding=Forwarding(min_confidence=0.99))
    done = await stage.ask("Tell me about the sea.")
    assert isinstance(done.value, Text)
    assert len(done.value.text.split()) > 3
    assert done.value.text == stage.outlet.committed
    made = done.metadata
    assert made.ran is Device.CPU
    assert made.confidence is not None
    assert 0.0 < made.confidence < 0.99
    (attempt,) = made.attempts
    assert (attempt.decision, attempt.tokens, attempt.simulated) == ("best", stage.timings.tokens, False)
    assert attempt.energy is not None
    assert attempt.energy.joules > 0.0
    assert [event for event in stage.events if isinstance(event, DeviceUsed)] != []
    assert stage.tools.ledger.tokens_per_s(stage.stage.ladder[0])


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
async def test_a_killed_host_costs_no_word(backends: Backends) -> None:
    undisturbed = await Stage(backends, tokens=24).ask("Tell me about the sea.")
    stage = Stage(backends, tokens=24)
    killed: list[int] = []
    take = stage.outlet.show

    def show_and_kill(text: str, confidence: float | None, tier: Tier) -> None:
        take(text, confidence, tier)
        if len(stage.outlet.shown.split()) >= 5 and not killed:
            pid = backends.build(WRITER).host.pid
            assert pid
            os.kill(pid, signal.SIGKILL)
            killed.append(pid)

    stage.outlet.show = show_and_kill  # type: ignore[method-assign]
    done = await stage.ask("Tell me about the sea.")
    assert [attempt.decision for attempt in done.metadata.attempts] == ["failed-over", "accepted"]
    (again,) = [event for event in stage.events if isinstance(event, Retrying)]
    assert again.code == "host-died"
    assert isinstance(done.value, Text)
    assert isinstance(undisturbed.value, Text)
    assert done.value.text.split()[:5] == undisturbed.value.text.split()[:5]
    assert stage.timings.tokens <= 24
    assert len(done.value.text.split()) > 8


async def test_a_budget_of_a_few_joules_gives_a_short_answer(backends: Backends) -> None:
    stage = Stage(backends, tokens=200)
    await stage.ask("Tell me about the sea.")
    speed = stage.tools.ledger.tokens_per_s(stage.stage.ladder[0])
    assert speed is not None
    joules = stage.tools.power.energy(Device.CPU, 30.0 / speed).joules
    second = Stage(backends, tokens=200)
    second.tools = stage.tools
    done = await second.ask("Tell me a long story about a king and the sea.", PipelineOptions(joules_per_run=joules))
    assert isinstance(done.value, Text)
    assert done.metadata.attempts[0].tokens <= 31
    assert done.metadata.notes[-1].startswith("Shortened to fit the energy budget of ")
