from __future__ import annotations

import asyncio

from app.contracts.devices import Device
from app.contracts.energy import DeviceReading, Energy, Provenance
from app.contracts.events import (
    EnergyToday,
    GovernorDecided,
    SensorReadings,
    StageFinished,
    StageStarted,
    SystemEvent,
    TurnCancelled,
    TurnFinished,
)
from app.contracts.metrics import StageMetrics, TurnMetrics
from models.fakes.power import ScriptedPower
from tests.helpers.virtual_time import LoopClock, in_virtual_time


def look(events: list[SystemEvent], device: Device) -> DeviceReading:
    newest = [event for event in events if isinstance(event, SensorReadings)][-1]
    return next(reading for reading in newest.readings if reading.device is device)


def test_it_publishes_while_somebody_watches_and_no_longer() -> None:
    async def scenario() -> None:
        events: list[SystemEvent] = []
        power = ScriptedPower(events.append, LoopClock())
        await asyncio.sleep(5)
        assert events == []
        first, second = power.watch(), power.watch()
        await asyncio.sleep(3.5)
        first()
        first()
        await asyncio.sleep(2)
        second()
        seen = len(events)
        assert sum(isinstance(event, SensorReadings) for event in events) == 6
        assert power.watchers == 0
        await asyncio.sleep(5)
        assert len(events) == seen
        await power.aclose()

    in_virtual_time(scenario)


def test_work_raises_watts_and_degrees() -> None:
    async def scenario() -> None:
        events: list[SystemEvent] = []
        power = ScriptedPower(events.append, LoopClock())
        end = power.watch()
        await asyncio.sleep(1.5)
        idle = look(events, Device.IGPU)
        power.hear(StageStarted(turn_id="t", stage="answer", backend="demo-llm-igpu"))
        await asyncio.sleep(10)
        working = look(events, Device.IGPU)
        assert (working.watts.value or 0) > 3 * (idle.watts.value or 0)
        assert (working.temperature_c.value or 0) > (idle.temperature_c.value or 0)
        metrics = StageMetrics(stage="answer", backend="demo-llm-igpu", device=Device.IGPU, elapsed_ms=1.0)
        power.hear(StageFinished(turn_id="t", metrics=metrics))
        await asyncio.sleep(10)
        assert (look(events, Device.IGPU).watts.value or 0) < 1.0
        assert not look(events, Device.GPU).present
        assert look(events, Device.NPU).watts.provenance is Provenance.ESTIMATE
        end()
        await power.aclose()

    in_virtual_time(scenario)


def test_the_day_grows_with_every_turn() -> None:
    events: list[SystemEvent] = []
    power = ScriptedPower(events.append)
    for _ in range(2):
        power.hear(TurnFinished(turn_id="t", metrics=TurnMetrics(energy=Energy(3.0, Provenance.ESTIMATE))))
    power.hear(TurnCancelled(turn_id="t", after_ms=1.0))
    newest = events[-1]
    assert isinstance(newest, EnergyToday)
    assert (newest.turns, newest.joules) == (2, 6.0)


def test_the_persons_word_is_a_decision() -> None:
    events: list[SystemEvent] = []
    power = ScriptedPower(events.append)
    power.override(Device.IGPU, False)
    power.override(Device.IGPU, None)
    allowed = [event.allowed for event in events if isinstance(event, GovernorDecided)]
    assert Device.IGPU not in allowed[0]
    assert allowed[1] == tuple(Device)
