"""Looks happen once a second while somebody wants them, beside the event loop, and nothing stops them."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from typing import TypeVar

import pytest

from app.aio.clock import SystemClock
from app.power import sampler as module
from app.power.sampler import Sampler
from app.power.sensors.sample import Counters, Sample
from tests.helpers.samples import sample
from tests.helpers.virtual_time import LoopClock, in_virtual_time

_T = TypeVar("_T")


class Looked:
    """Sensors that say when they were looked at; one look may take long or fail."""

    def __init__(self) -> None:
        self.at: list[float] = []
        self.takes_s: list[float] = []
        self.failing = False
        self.closed = 0

    def sample(self) -> Sample:
        if self.failing:
            raise OSError("the file went away")
        self.at.append(asyncio.get_running_loop().time())
        return sample(self.at[-1])

    def counters(self) -> Counters:
        return Counters(0.0)

    def close(self) -> None:
        self.closed += 1


class Inline:
    """Does the calls on the loop itself, and lets the time pass that they are said to take."""

    def __init__(self, sensors: Looked) -> None:
        self._sensors = sensors

    async def run(self, call: Callable[[], _T]) -> _T:
        result = call()
        if self._sensors.takes_s:
            await asyncio.sleep(self._sensors.takes_s.pop(0))
        return result

    def close(self) -> None:
        pass


def sampler_of(sensors: Looked) -> Sampler:
    return Sampler(sensors, LoopClock(), worker=Inline(sensors))


@in_virtual_time
async def test_the_first_look_is_at_once_and_the_others_are_at_whole_seconds() -> None:
    sensors, seen = Looked(), []
    sampler = sampler_of(sensors)
    await asyncio.sleep(0.3)
    end = sampler.subscribe(seen.append)
    await asyncio.sleep(3)
    assert sensors.at == pytest.approx([1000.3, 1001, 1002, 1003])
    assert [each.counters.at_s for each in seen] == sensors.at
    assert sampler.latest is seen[-1]
    end()
    await sampler.aclose()


@in_virtual_time
async def test_nothing_is_looked_at_while_nobody_subscribes() -> None:
    sensors = Looked()
    sampler = sampler_of(sensors)
    await asyncio.sleep(10)
    assert sensors.at == []
    end = sampler.subscribe(lambda _: None)
    other = sampler.subscribe(lambda _: None)
    await asyncio.sleep(1.5)
    end()
    end()
    await asyncio.sleep(1)
    looks = len(sensors.at)
    assert looks == 3
    assert sensors.closed == 0
    other()
    await asyncio.sleep(10)
    assert len(sensors.at) == looks
    assert sensors.closed == 1, "what is held open keeps a card awake"
    assert len(asyncio.all_tasks()) == 1, "a timer still runs"
    sampler.subscribe(lambda _: None)
    await asyncio.sleep(0.1)
    assert len(sensors.at) == looks + 1
    await sampler.aclose()
    assert sensors.closed == 2


@in_virtual_time
async def test_a_single_look_holds_nothing_open() -> None:
    sensors = Looked()
    sampler = sampler_of(sensors)
    await sampler.once()
    await asyncio.sleep(0.1)
    assert (len(sensors.at), sensors.closed) == (1, 1)
    end = sampler.subscribe(lambda _: None)
    await sampler.once()
    assert sensors.closed == 1
    end()
    await sampler.aclose()


@in_virtual_time
async def test_a_slow_look_costs_the_ticks_it_covers_and_no_more() -> None:
    sensors = Looked()
    sensors.takes_s = [0.01, 2.6]
    sampler = sampler_of(sensors)
    sampler.subscribe(lambda _: None)
    await asyncio.sleep(5.5)
    assert sensors.at == pytest.approx([1000, 1001, 1004, 1005])
    await sampler.aclose()


async def test_a_jump_of_the_clock_gives_one_look_not_a_burst() -> None:
    class Jumping(LoopClock):
        """A machine that slept an hour between the second and the third look."""

        now, slept = 50.0, 0.0

        def monotonic(self) -> float:
            return self.now

        async def sleep(self, seconds: float) -> None:
            waits.append(seconds)
            self.now += seconds + (3600.25 if len(waits) == 2 else 0.0)
            if len(waits) == 5:
                over.set()
                await asyncio.Event().wait()

    waits: list[float] = []
    over, sensors = asyncio.Event(), Looked()
    sampler = Sampler(sensors, Jumping(), worker=Inline(sensors))
    sampler.subscribe(lambda _: None)
    await over.wait()
    assert waits == pytest.approx([1, 1, 0.75, 1, 1])
    await sampler.aclose()


@in_virtual_time
async def test_one_look_alone_is_told_to_nobody() -> None:
    sensors, seen = Looked(), []
    sampler = sampler_of(sensors)
    assert (await sampler.once()).counters.at_s == 1000
    assert sampler.latest is not None
    await asyncio.sleep(5)
    assert len(sensors.at) == 1
    assert seen == []
    await sampler.aclose()


@in_virtual_time
async def test_failing_looks_are_told_once_and_tried_ever_more_seldom(caplog: pytest.LogCaptureFixture) -> None:
    sensors, seen = Looked(), []
    tries: list[float] = []

    class Counted(Inline):
        async def run(self, call: Callable[[], _T]) -> _T:
            tries.append(asyncio.get_running_loop().time() - 1000)
            return await super().run(call)

    sampler = Sampler(sensors, LoopClock(), worker=Counted(sensors))
    sensors.failing = True
    with caplog.at_level(logging.INFO, "app.power.sampler"):
        sampler.subscribe(seen.append)
        await asyncio.sleep(200)
        assert tries == pytest.approx([0, 2, 6, 14, 30, 62, 122, 182])
        sensors.failing = False
        await asyncio.sleep(100)
    assert len(seen) > 50
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]
    assert "the file went away" in caplog.text
    await sampler.aclose()


@pytest.mark.logs_errors
@in_virtual_time
async def test_a_listener_that_fails_disturbs_no_other() -> None:
    sensors, seen = Looked(), []
    sampler = sampler_of(sensors)

    def broken(_: Sample) -> None:
        raise ValueError("its own fault")

    sampler.subscribe(broken)
    sampler.subscribe(seen.append)
    await asyncio.sleep(2.5)
    assert len(seen) == 3
    await sampler.aclose()


@in_virtual_time
async def test_a_listener_may_end_itself_and_others() -> None:
    sensors, seen = Looked(), []
    sampler = sampler_of(sensors)
    ends: list[Callable[[], None]] = []
    ends.append(sampler.subscribe(lambda _: [end() for end in ends] and None))
    ends.append(sampler.subscribe(seen.append))
    await asyncio.sleep(5)
    assert (len(sensors.at), seen) == (1, [])
    await sampler.aclose()


async def test_closing_is_prompt_while_a_driver_hangs(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "CLOSING_S", 0.02)
    gate, inside = threading.Event(), threading.Event()

    class Hanging(Looked):
        def sample(self) -> Sample:
            inside.set()
            gate.wait()
            return sample(0.0)

    sampler, seen = Sampler(Hanging(), SystemClock()), []
    sampler.subscribe(seen.append)
    await asyncio.to_thread(inside.wait)
    async with asyncio.timeout(10):
        await sampler.aclose()
    assert "left behind" in caplog.text
    assert seen == []
    gate.set()


async def test_a_single_look_at_a_driver_that_hangs_can_be_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CLOSING_S", 0.02)
    gate = threading.Event()

    class Hanging(Looked):
        def sample(self) -> Sample:
            gate.wait()
            return sample(0.0)

    sampler = Sampler(Hanging(), SystemClock())
    async with asyncio.timeout(10):
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(sampler.once(), 0.02)
        await sampler.aclose()
    gate.set()


async def test_looks_happen_beside_the_event_loop() -> None:
    threads: list[threading.Thread] = []

    class Where(Looked):
        def sample(self) -> Sample:
            threads.append(threading.current_thread())
            return sample(1.0)

    sampler, told = Sampler(Where(), SystemClock()), asyncio.Event()
    sampler.subscribe(lambda _: told.set())
    await told.wait()
    await sampler.aclose()
    await sampler.aclose()
    assert threads[0] is not threading.main_thread()
    assert threads[0].daemon
