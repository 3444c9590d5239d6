"""When sensors are read, and what follows from a look: readings, joules of the day, and the governor's word."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import pytest

from app.contracts.devices import Device
from app.contracts.energy import DeviceReading, measured
from app.contracts.events import EnergyToday, GovernorDecided, SensorReadings, SystemEvent
from app.power.energy.accounts import Accounts
from app.power.energy.days import Days
from app.power.energy.model import shipped_model
from app.power.sampler import Sampler
from app.power.sensors.sample import Counters, HostWork, Meter, Sample
from app.power.service import LINGER_S, READY_S, PowerService
from app.settings.limits import Limits
from tests.helpers.virtual_time import LoopClock, in_virtual_time

_T = TypeVar("_T")
CLOCK = LoopClock()


class AtOnce:
    """Looks on the loop itself, so that virtual time rules."""

    async def run(self, work: Callable[[], _T]) -> _T:
        return work()

    def close(self) -> None:
        """There is no thread."""


@dataclass
class Machine:
    """A processor and a graphics card of ten watts each, whose temperature a test sets."""

    looks: int = 0
    gpu_c: float = 50.0
    closed: bool = False
    broken: bool = False

    def counters(self) -> Counters:
        now = CLOCK.monotonic()
        return Counters(now, (Meter("package-0", frozenset({Device.CPU}), 10.0 * now, "test"),), {Device.CPU: now})

    def sample(self) -> Sample:
        if self.broken:
            raise OSError("the driver is gone")
        self.looks += 1
        readings = []
        for device in Device:
            there = device in (Device.CPU, Device.GPU)
            heat = measured(self.gpu_c if device is Device.GPU else 40.0, "test")
            readings.append(DeviceReading(device, temperature_c=heat, slows_at_c=90.0, present=there))
        return Sample(self.counters(), tuple(readings))

    def close(self) -> None:
        self.closed = True


@dataclass
class Bench:
    """The service over that machine, and what it told."""

    service: PowerService
    machine: Machine
    accounts: Accounts
    told: list[SystemEvent] = field(default_factory=list)

    def of(self, kind: type[_T]) -> list[_T]:
        return [event for event in self.told if isinstance(event, kind)]

    @property
    def spent(self) -> float:
        return self.accounts.spent_in_turn_j

    async def run(self) -> int:
        """Let a minute pass; returns how often the sensors were looked at in it."""
        before = self.machine.looks
        await asyncio.sleep(60.0)
        return self.machine.looks - before


class Idle:
    """Hosts that do nothing."""

    def work(self, backend_id: str) -> HostWork | None:
        del backend_id
        return None


def bench(folder: Path, limits: Limits | None = None) -> Bench:
    machine, told = Machine(), list[SystemEvent]()
    days = Days(folder / "energy.json", CLOCK)
    accounts = Accounts(machine.counters, shipped_model(), Idle(), CLOCK, days=days)
    service = PowerService(
        Sampler(machine, CLOCK, worker=AtOnce()),
        accounts,
        shipped_model(),
        limits=lambda: limits or Limits(),
        days=days,
        clock=CLOCK,
        publish=told.append,
        usable=lambda: frozenset({Device.CPU, Device.GPU}),
    )
    return Bench(service, machine, accounts, told)


@in_virtual_time
async def test_nothing_is_read_while_nobody_looks_and_nothing_works(tmp_path: Path) -> None:
    one = bench(tmp_path)
    assert await one.run() == 0
    assert one.told == []
    assert one.service.readings() == ()
    await one.service.aclose()
    assert one.machine.closed


@in_virtual_time
async def test_a_watcher_sees_every_second_and_the_day_at_once(tmp_path: Path) -> None:
    one = bench(tmp_path)
    end = one.service.watch()
    assert [event.turns for event in one.of(EnergyToday)] == [0]
    assert 59 <= await one.run() <= 62
    assert len(one.of(SensorReadings)) == one.machine.looks
    assert one.service.readings() == one.of(SensorReadings)[-1].readings
    end()
    end()
    told = len(one.told)
    assert await one.run() <= 1
    assert len(one.told) == told
    await one.service.aclose()


@in_virtual_time
async def test_a_turn_has_them_read_until_shortly_after_its_end(tmp_path: Path) -> None:
    one = bench(tmp_path)
    turn = one.service.turn("t")
    span = one.service.span("answer", "llama-cpu", Device.CPU, CLOCK.monotonic)
    await asyncio.sleep(10.0)
    assert span.end().joules > 0.0
    account, compared = turn.end()
    assert turn.end() == (account, compared)
    assert account.total == 10.0 * account.seconds
    assert [event.turns for event in one.of(EnergyToday)] == [1]
    looks = await one.run()
    assert LINGER_S - 1 <= looks <= LINGER_S + 2
    assert await one.run() == 0
    assert one.of(SensorReadings) == []
    await one.service.aclose()


@in_virtual_time
async def test_before_work_begins_the_sensors_have_been_read(tmp_path: Path) -> None:
    one = bench(tmp_path)
    one.machine.gpu_c = 95.0
    await one.service.ready()
    assert (one.machine.looks, Device.GPU in one.service.verdict().allowed) == (1, False)
    await one.service.ready()
    assert one.machine.looks == 1
    await one.service.aclose()


@in_virtual_time
async def test_work_does_not_wait_for_sensors_that_fail_or_hang(tmp_path: Path) -> None:
    one = bench(tmp_path)
    one.machine.broken = True
    began = CLOCK.monotonic()
    await one.service.ready()
    assert CLOCK.monotonic() - began == pytest.approx(READY_S)
    await one.service.ready()
    assert CLOCK.monotonic() - began == pytest.approx(READY_S), "only once"
    assert one.service.verdict().allowed == frozenset(Device)
    await one.service.aclose()


@in_virtual_time
async def test_where_sensors_fail_the_persons_word_counts_and_nothing_rests_for_ever(tmp_path: Path) -> None:
    one = bench(tmp_path)
    one.machine.gpu_c = 95.0
    await one.service.ready()
    await one.run()
    assert Device.GPU not in one.service.verdict().allowed
    one.machine.broken = True
    await one.run()
    await one.run()
    assert one.service.verdict().allowed == frozenset(Device)
    one.service.override(Device.GPU, allowed=False)
    await asyncio.sleep(0.1)
    assert Device.GPU not in one.service.verdict().allowed
    await one.service.aclose()


@in_virtual_time
async def test_the_next_turn_has_all_the_joules_of_a_turn(tmp_path: Path) -> None:
    one = bench(tmp_path, Limits(joules_per_turn=50.0))
    first = one.service.turn("first")
    span = one.service.span("answer", "llama-cpu", Device.CPU, CLOCK.monotonic)
    await asyncio.sleep(3.0)
    assert one.service.verdict().joules == pytest.approx(50.0 - one.spent, abs=0.1)
    assert one.spent > 10.0
    span.end()
    first.end()
    one.service.turn("second")
    assert one.service.verdict().joules == 50.0
    await one.service.aclose()


@in_virtual_time
async def test_while_a_device_rests_it_is_looked_at_now_and_then_until_it_has_cooled(tmp_path: Path) -> None:
    one = bench(tmp_path)
    one.machine.gpu_c = 89.0
    turn = one.service.turn("t")
    await asyncio.sleep(3.0)
    turn.end()
    (rested,) = one.of(GovernorDecided)
    assert Device.GPU not in rested.allowed
    assert "graphics card" in rested.reason
    assert rested.reason == one.service.verdict().reason
    await one.run()
    assert 1 <= await one.run() <= 6
    assert 1 <= await one.run() <= 2
    one.machine.gpu_c = 50.0
    await one.run()
    await one.run()
    assert Device.GPU in one.service.verdict().allowed
    assert [Device.GPU in event.allowed for event in one.of(GovernorDecided)] == [False, True]
    assert await one.run() == 0
    await one.service.aclose()


@in_virtual_time
async def test_the_persons_word_counts_at_once_and_needs_no_further_look(tmp_path: Path) -> None:
    one = bench(tmp_path)
    one.service.override(Device.GPU, allowed=False)
    await asyncio.sleep(0.1)
    assert Device.GPU not in one.service.verdict().allowed
    assert await one.run() == 0
    one.service.override(Device.GPU, allowed=None)
    await asyncio.sleep(0.1)
    assert Device.GPU in one.service.verdict().allowed
    await one.service.aclose()
