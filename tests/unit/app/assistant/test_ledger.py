"""What each stage took, and the promises that count from the end of the person's input."""

from __future__ import annotations

import dataclasses

import pytest

from app.assistant.inputs import typed
from app.assistant.ledger import Ledger
from app.assistant.stream import BackendRelay, TurnStream
from app.contracts.devices import Backend, Device
from app.contracts.energy import Energy, Provenance
from app.contracts.events import DeviceUsed, StageFinished, TurnEvent, TurnFinished
from app.power.energy.estimate import EstimatedPowerMonitor
from tests.helpers.assistants import cast, lone_turn
from tests.helpers.virtual_time import LoopClock, in_virtual_time

pause = LoopClock().sleep
CPU = Backend("llm", "fake", Device.CPU, "m")
NPU = Backend("stt", "fake", Device.NPU, "m")


class Meter(EstimatedPowerMonitor):
    """Measures the processor at ten watts and guesses the rest at two."""

    def energy(self, device: Device, busy_s: float) -> Energy:
        if device is Device.CPU:
            return Energy(10.0 * busy_s, Provenance.MEASURED)
        return Energy(2.0 * busy_s, Provenance.ESTIMATE)


def ledger(events: list[TurnEvent]) -> Ledger:
    parts = dataclasses.replace(cast().parts, power=Meter())
    return Ledger(parts, TurnStream("t", parts.clock, events.append))


@in_virtual_time
async def test_a_stage_is_counted_where_it_really_runs_and_by_whoever_goes_on_with_it() -> None:
    events: list[TurnEvent] = []
    clock, relay = LoopClock(), BackendRelay()
    stream = TurnStream("t", clock, events.append)
    book = Ledger(dataclasses.replace(cast().parts, power=Meter()), stream)
    relay.attach(stream)
    began = clock.monotonic()
    book.ahead("speak", CPU, lambda: clock.monotonic() - began)
    stage = book.begin("answer", CPU)
    await pause(1.0)
    relay(DeviceUsed(stage="answer", backend="llm", asked=Device.NPU, ran=Device.CPU))
    relay(DeviceUsed(stage="answer", backend="stt", asked=Device.NPU, ran=Device.NPU))
    await pause(2.0)
    book.finish(stage)
    relay(DeviceUsed(stage="answer", backend="llm", asked=Device.CPU, ran=Device.CPU))
    (end,) = (event for event in events if isinstance(event, StageFinished))
    assert (end.metrics.backend, end.metrics.device) == ("stt", Device.NPU)
    assert end.metrics.energy == Energy(pytest.approx(10.0 * 1.0 + 2.0 * 2.0), Provenance.ESTIMATE)
    with book.stage("speak", CPU, counted=True):
        relay(DeviceUsed(stage="speak", backend="llm", asked=Device.CPU, ran=Device.NPU))
    assert book.turn_metrics().stages[-1].energy == Energy(pytest.approx(2.0 * 3.0), Provenance.ESTIMATE)


@in_virtual_time
async def test_a_stage_is_written_down_when_it_ends() -> None:
    events: list[TurnEvent] = []
    book = ledger(events)
    with book.stage("answer", CPU) as stage:
        await pause(0.5)
        stage.first_output = LoopClock().monotonic()
        stage.tokens = 7
        await pause(1.5)
    assert [event.type for event in events] == ["StageStarted", "StageFinished"]
    (metrics,) = book.turn_metrics().stages
    assert (metrics.stage, metrics.backend, metrics.device, metrics.tokens) == ("answer", "llm", Device.CPU, 7)
    assert (metrics.elapsed_ms, metrics.first_output_ms) == (pytest.approx(2000), pytest.approx(500))
    assert metrics.energy is not None
    assert metrics.energy.joules == pytest.approx(20.0)


@in_virtual_time
async def test_only_the_time_it_was_busy_costs_energy() -> None:
    book = ledger([])
    book.ahead("transcribe", CPU, lambda: 0.5)
    with book.stage("transcribe", CPU, counted=True):
        await pause(5.0)
    (metrics,) = book.turn_metrics().stages
    assert metrics.elapsed_ms == pytest.approx(5000)
    assert metrics.energy is not None
    assert metrics.energy.joules == pytest.approx(5.0)


@in_virtual_time
async def test_a_stage_that_fails_has_no_end() -> None:
    events: list[TurnEvent] = []
    book = ledger(events)
    with pytest.raises(ValueError, match="no"), book.stage("answer", CPU):
        raise ValueError("no")
    assert [event.type for event in events] == ["StageStarted"]
    assert book.turn_metrics().stages == ()
    assert book.turn_metrics().energy is None


@in_virtual_time
async def test_a_sum_is_as_trustworthy_as_its_least_trustworthy_part() -> None:
    book = ledger([])
    for backend in (CPU, NPU, CPU):
        with book.stage("x", backend):
            await pause(1.0)
    assert book.turn_metrics().energy == Energy(pytest.approx(22.0), Provenance.ESTIMATE)


@in_virtual_time
async def test_the_promises_count_from_the_end_of_the_input() -> None:
    book = ledger([])
    await pause(1.0)
    book.input_ended(1000.5, 120.0, 1000.7)
    book.first_token = 1000.9
    metrics = book.turn_metrics()
    assert metrics.tail_ms == 120.0
    assert metrics.final_transcript_ms == pytest.approx(200)
    assert metrics.first_token_ms == pytest.approx(400)
    assert metrics.first_audio_ms is None
    assert metrics.total_ms == pytest.approx(1000)


@in_virtual_time
async def test_a_whole_turn() -> None:
    players = cast()
    players.text.delay_s = 0.25
    lone = lone_turn(players)
    await lone.turn.run(typed("Where?"))
    end = lone.watched.of("lone")[-1]
    assert isinstance(end, TurnFinished)
    metrics = end.metrics
    told = [event.metrics for event in lone.watched.of("lone") if isinstance(event, StageFinished)]
    assert list(metrics.stages) == told
    assert [stage.stage for stage in told] == ["answer", "speak"]
    assert metrics.first_token_ms == pytest.approx(270, abs=1)
    assert metrics.first_audio_ms is not None
    assert metrics.first_token_ms < metrics.first_audio_ms < metrics.total_ms
    assert told[0].tokens == 12
    assert metrics.final_transcript_ms is None
    assert metrics.total_ms == pytest.approx(end.t_ms)
