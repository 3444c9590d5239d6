"""Work is counted, waiting for the processor is not."""

from __future__ import annotations

import asyncio

import pytest

from app.aio.busy import BusyTime
from app.aio.lease import CpuLease, Priority
from tests.helpers.virtual_time import LoopClock, in_virtual_time


async def held(lease: CpuLease, seconds: float) -> None:
    async with lease.hold(Priority.GENERATE):
        await asyncio.sleep(seconds)


async def other(lease: CpuLease, seconds: float) -> asyncio.Task[None]:
    task = asyncio.create_task(held(lease, seconds))
    await asyncio.sleep(0)
    return task


async def impatient(busy: BusyTime, lease: CpuLease, seconds: float) -> None:
    async with asyncio.timeout(3.0) as patience:
        with busy.counting(patience):
            await held(lease, seconds)


@in_virtual_time
async def test_waiting_for_the_lease_is_not_work() -> None:
    lease, busy = CpuLease(1), BusyTime(LoopClock().monotonic)
    task = await other(lease, 10.0)
    with busy.counting():
        await held(lease, 2.0)
    with busy.counting():
        await held(lease, 1.0)
    await task
    assert busy.seconds == pytest.approx(3.0)


@in_virtual_time
async def test_what_still_runs_counts_so_far_and_what_waits_does_not() -> None:
    lease, busy = CpuLease(1), BusyTime(LoopClock().monotonic)
    task = await other(lease, 10.0)

    async def work() -> None:
        with busy.counting():
            await asyncio.sleep(1.0)
            await held(lease, 2.0)

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(work())
        for after_s, worked_s in ((0.5, 0.5), (1.0, 1.0), (8.0, 1.0), (1.5, 2.0), (1.5, 3.0)):
            await asyncio.sleep(after_s)
            assert busy.so_far == pytest.approx(worked_s)
    await task
    assert busy.so_far == busy.seconds == pytest.approx(3.0)


@in_virtual_time
async def test_a_timeout_begins_when_the_lease_has_been_got() -> None:
    lease, busy = CpuLease(1), BusyTime(LoopClock().monotonic)
    task = await other(lease, 10.0)
    await impatient(busy, lease, 2.0)
    await task
    with pytest.raises(TimeoutError):
        await impatient(busy, lease, 4.0)
    assert busy.seconds == pytest.approx(5.0)


@in_virtual_time
async def test_one_that_is_cancelled_while_it_waits_has_done_nothing() -> None:
    lease, busy = CpuLease(1), BusyTime(LoopClock().monotonic)
    task = await other(lease, 10.0)

    async def wait() -> None:
        async with asyncio.timeout(60.0) as patience:
            with busy.counting(patience):
                await held(lease, 1.0)

    waiting = asyncio.create_task(wait())
    await asyncio.sleep(5.0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    assert waiting.cancelled()
    await task
    assert (busy.seconds, lease.held) == (0.0, False)


@in_virtual_time
async def test_a_timeout_can_be_brought_forward_while_the_lease_is_waited_for() -> None:
    lease, busy = CpuLease(1), BusyTime(LoopClock().monotonic)
    task = await other(lease, 10.0)
    loop = asyncio.get_running_loop()

    async def called_away() -> None:
        async with asyncio.timeout(3.0) as patience:
            loop.call_later(1.0, lambda: patience.reschedule(loop.time()))
            with busy.counting(patience):
                await held(lease, 1.0)

    with pytest.raises(TimeoutError):
        await called_away()
    await task
    assert busy.seconds == 0.0
