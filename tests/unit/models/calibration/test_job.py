"""When the job works, in time that jumps."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from app.contracts.calibration import Measurement, PowerSource
from app.contracts.devices import Backend, Device
from app.contracts.errors import RuntimeFault, SottoError, Unavailable
from app.contracts.events import JobProgress, RunStarted, SystemEvent, TurnCancelled, TurnStarted
from models.calibration.job import COMPILING_S, IDLE_S, LOOK_S, CalibrationJob, Watch
from models.calibration.store import Measurements
from models.hosted.base import HostedRuntime
from models.registry import ENTRIES, Entry
from tests.helpers.virtual_time import in_virtual_time

TAKES_S = 20.0


class FakeHost:
    def __init__(self) -> None:
        self.idle_since: float | None = 0.0


class Room:
    """A machine on which measuring takes `TAKES_S` seconds."""

    def __init__(self, folder: Path) -> None:
        self.there = [
            Backend("a-cpu", "a", Device.CPU, "m"),
            Backend("b-cpu", "b", Device.CPU, "m"),
            Backend("b-spare-cpu", "b", Device.CPU, "m"),
            Backend("lan", "server", Device.REMOTE, "m"),
        ]
        self.source = PowerSource.MAINS
        self.enabled = True
        self.begun: list[str] = []
        self.told: list[JobProgress] = []
        self.errors: dict[str, SottoError] = {}
        self.host = FakeHost()
        self.revision = "r"
        self.store = Measurements(folder / "m.json", lambda _key: self.revision, lambda: self.source)
        watch = Watch(enabled=lambda: self.enabled, source=lambda: self.source)
        self.job = CalibrationJob(cast("Any", self), self.store, self._measure, self._tell, watch)

    @property
    def entries(self) -> dict[str, Entry]:
        return {backend.backend_id: replace(ENTRIES["llama-cpu"], backend=backend) for backend in self.there}

    def backends(self) -> tuple[Backend, ...]:
        return tuple(self.there)

    def built(self) -> tuple[HostedRuntime, ...]:
        return (cast("Any", self),)

    def measured(self) -> list[str]:
        return [one.backend_id for one in self.store.all()]

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self.job.run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait({task})

    async def _measure(self, backend_id: str, step: Callable[[int, int], None]) -> Measurement:
        self.begun.append(backend_id)
        try:
            await asyncio.sleep(TAKES_S / 2)
            step(1, 2)
            if error := self.errors.get(backend_id):
                raise error
            await asyncio.sleep(TAKES_S / 2)
        finally:
            self.host.idle_since = asyncio.get_running_loop().time()
        return Measurement(backend_id=backend_id, model="m", ran=Device.CPU, revision="r", load_ms=1.0)

    def _tell(self, event: SystemEvent) -> None:
        assert isinstance(event, JobProgress)
        self.told.append(event)


def started(turn: str = "t1") -> TurnStarted:
    return replace(TurnStarted(source="text"), turn_id=turn)


@in_virtual_time
async def test_everything_on_this_machine_is_measured_once_when_nobody_needs_it(tmp_path: Path) -> None:
    room = Room(tmp_path)
    async with room.at_work():
        await asyncio.sleep(IDLE_S - 1)
        assert room.begun == []
        await asyncio.sleep(LOOK_S + 2 * TAKES_S + 2)
        assert room.measured() == ["a-cpu", "b-cpu"]
        await asyncio.sleep(10 * IDLE_S)
        assert room.begun == ["a-cpu", "b-cpu"]
        room.revision = "r2"
        await asyncio.sleep(2 * LOOK_S)
        assert room.begun[2:]
    assert room.told[0].message == "Measuring a-cpu, 1 more to do."
    assert [event.progress for event in room.told[:3]] == [0.0, 0.5, 1.0]


@in_virtual_time
async def test_a_turn_ends_a_measurement_at_once_and_it_is_made_later(tmp_path: Path) -> None:
    room = Room(tmp_path)
    async with room.at_work():
        await asyncio.sleep(IDLE_S + 1)
        assert room.begun == ["a-cpu"]
        room.job.note(started())
        await asyncio.sleep(0.001)
        assert room.told[-1].message.startswith("Put off")
        assert room.told[-1].done
        await asyncio.sleep(10 * IDLE_S)
        assert room.begun == ["a-cpu"]
        room.job.note(replace(TurnCancelled(after_ms=1.0), turn_id="t1"))
        await asyncio.sleep(IDLE_S - 2 * LOOK_S)
        assert room.begun == ["a-cpu"]
        await asyncio.sleep(3 * LOOK_S + 2 * TAKES_S)
        assert room.measured() == ["a-cpu", "b-cpu"]


@in_virtual_time
async def test_a_run_from_outside_ends_one_too(tmp_path: Path) -> None:
    room = Room(tmp_path)
    async with room.at_work():
        await asyncio.sleep(IDLE_S + 1)
        room.job.note(replace(RunStarted(pipeline_id="p"), run_id="r1"))
        await asyncio.sleep(10 * IDLE_S)
        assert room.begun == ["a-cpu"]


@in_virtual_time
async def test_not_on_battery_not_when_switched_off_not_while_a_host_is_in_use(tmp_path: Path) -> None:
    room = Room(tmp_path)
    async with room.at_work():
        room.source = PowerSource.BATTERY
        await asyncio.sleep(2 * IDLE_S)
        room.source, room.enabled = PowerSource.MAINS, False
        await asyncio.sleep(2 * IDLE_S)
        room.enabled, room.host.idle_since = True, None
        await asyncio.sleep(2 * IDLE_S)
        assert room.begun == []
        room.host.idle_since = asyncio.get_running_loop().time()
        await asyncio.sleep(IDLE_S - LOOK_S)
        assert room.begun == []
        await asyncio.sleep(2 * LOOK_S)
        assert room.begun[:1] == ["a-cpu"]


@in_virtual_time
async def test_what_cannot_be_measured_is_left_alone_and_what_is_being_compiled_comes_later(tmp_path: Path) -> None:
    room = Room(tmp_path)
    room.errors["a-cpu"] = Unavailable("It is being compiled.", code="compiling")
    room.errors["b-cpu"] = RuntimeFault("The model is damaged.")
    async with room.at_work():
        await asyncio.sleep(IDLE_S + LOOK_S + TAKES_S + 1)
        assert room.begun == ["a-cpu", "b-cpu"]
        assert "b-cpu was not measured: The model is damaged." in [event.message for event in room.told]
        del room.errors["a-cpu"]
        await asyncio.sleep(COMPILING_S + 2 * LOOK_S + TAKES_S)
        assert room.begun == ["a-cpu", "b-cpu", "a-cpu"]
        assert room.measured() == ["a-cpu"]
