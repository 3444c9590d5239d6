"""One attempt on one tier: what it reports, counts and stops."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace

import pytest

from app.aio.lease import CpuLease, Priority
from app.contracts.devices import Device, WarmUp
from app.contracts.errors import HostDied, Unavailable
from app.contracts.events import DeviceUsed, TurnEvent
from app.contracts.text import FinishReason, GenerationRequest, TextPiece
from app.pipeline.text.attempt import TierAttempt
from app.pipeline.text.monitor import NOTHING, Advice, Watch
from models.fakes.llm import FakeTextGenerator
from tests.helpers.pipelines import writer
from tests.helpers.texts import ask_for, stage_over, tier_of
from tests.helpers.virtual_time import LoopClock, in_virtual_time


class Elsewhere(FakeTextGenerator):
    """Says NPU and runs on the processor."""

    async def warm_up(self) -> WarmUp:
        await super().warm_up()
        return WarmUp(Device.CPU, 5.0)


@in_virtual_time
async def test_it_says_where_it_really_ran_and_what_it_took() -> None:
    port = Elsewhere(("One two.",), "npu", LoopClock(), device=Device.NPU, log_probs=(-0.5, -1.0))
    port.token_s = 1.0
    events: list[TurnEvent] = []
    attempt = TierAttempt(ask_for(stage_over(port), port, report=events.append), tier_of(port))
    pieces = [piece async for piece in attempt.pieces()]
    assert events == [DeviceUsed(stage="answer", backend="npu", asked=Device.NPU, ran=Device.CPU)]
    assert [(piece.text, piece.confidence) for piece in pieces] == [
        ("One", pytest.approx(math.exp(-0.5))),
        (" two.", pytest.approx(math.exp(-1.0))),
    ]
    assert (attempt.text, attempt.tokens, attempt.log_probs) == ("One two.", 2, (-0.5, -1.0))
    assert (attempt.finish, attempt.finding, attempt.ran) == (FinishReason.STOP, NOTHING, Device.CPU)
    record = attempt.record("accepted", "It is fine.", 0.9)
    assert record.energy is not None
    assert (record.energy.joules, record.elapsed_ms, record.tokens) == (24.0, 2000.0, 2)


@in_virtual_time
async def test_time_the_reader_takes_costs_no_energy() -> None:
    port, clock = writer("small", "One two three."), LoopClock()
    port.token_s = 1.0
    attempt = TierAttempt(ask_for(stage_over(port), port), tier_of(port))
    async for _ in attempt.pieces():
        await clock.sleep(60.0)
    assert attempt.energy.joules == 36.0


class Leased(FakeTextGenerator):
    """Computes when it has the processor."""

    lease = CpuLease(1)

    async def generate(self, request: GenerationRequest) -> AsyncGenerator[TextPiece, None]:
        async with self.lease.hold(Priority.GENERATE), aclosing(super().generate(request)) as pieces:
            async for piece in pieces:
                yield piece


@in_virtual_time
async def test_waiting_for_the_processor_is_neither_work_nor_a_stall() -> None:
    port = Leased(("One two three.",), "small", LoopClock())
    port.token_s, port.lease = 1.0, CpuLease(1)
    attempt = TierAttempt(ask_for(stage_over(port), port), tier_of(port), watch=Watch(first_token_s=5.0))

    async def read() -> None:
        async for _ in attempt.pieces():
            pass

    async with port.lease.hold(Priority.GENERATE):
        reading = asyncio.create_task(read())
        await asyncio.sleep(60.0)
    await reading
    assert (attempt.text, attempt.finding) == ("One two three.", NOTHING)
    assert attempt.energy.joules == 36.0


@in_virtual_time
async def test_closing_it_stops_the_engine_and_writes_the_cost_down() -> None:
    port = writer("small", "One two three four five six.")
    port.token_s = 0.5
    ask = replace(ask_for(stage_over(port), port), pipeline_id="p", run_id="r")
    attempt = TierAttempt(ask, tier_of(port))
    async with aclosing(attempt.pieces()) as pieces:
        async for _ in pieces:
            if attempt.tokens == 5:
                break
    assert port.stopped == 1
    assert ask.tools.ledger.spent_in_run("r") == 30.0
    assert ask.tools.ledger.tokens_per_s(attempt.tier) == 2.0


@in_virtual_time
async def test_a_failure_leaves_the_text_so_far() -> None:
    port = writer("small", "One two three four.")
    port.break_after(2, HostDied("Gone."))
    ask = ask_for(stage_over(port), port)
    attempt = TierAttempt(ask, tier_of(port), replace(ask.request, answer_so_far="One"), log_probs=(-0.2,))
    with pytest.raises(HostDied):
        assert [piece async for piece in attempt.pieces()]
    assert (attempt.text, attempt.tokens, attempt.log_probs) == ("One two three", 2, (-0.2, -0.1, -0.1))


@in_virtual_time
async def test_a_backend_that_is_not_there_fails_when_it_is_asked() -> None:
    attempt = TierAttempt(ask_for(stage_over(writer("gone"))), tier_of(writer("gone")))
    with pytest.raises(Unavailable):
        assert [piece async for piece in attempt.pieces()]
    assert attempt.record("failed", "It is gone.").tokens == 0


@in_virtual_time
async def test_a_prompt_may_take_longer_than_a_token() -> None:
    port = writer("small", "One two.")
    port.delay_s = 30.0
    watch = Watch(first_token_s=60.0, stall_s=5.0)
    attempt = TierAttempt(ask_for(stage_over(port), port), tier_of(port), watch=watch)
    assert len([piece async for piece in attempt.pieces()]) == 2
    port.delay_s = 90.0
    attempt = TierAttempt(ask_for(stage_over(port), port), tier_of(port), watch=watch)
    assert [piece async for piece in attempt.pieces()] == []
    assert (attempt.finding.advice, attempt.finding.reason) == (Advice.FAIL_OVER, "small gave no token for 60 s.")
