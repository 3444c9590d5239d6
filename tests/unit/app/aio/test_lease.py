"""The processor lease."""

from __future__ import annotations

import asyncio
import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.aio.lease import CpuLease, Priority, spare_threads


async def test_one_holder_at_a_time_and_the_most_urgent_first() -> None:
    lease = CpuLease(1)
    order: list[str] = []

    async def work(name: str, priority: Priority) -> None:
        async with lease.hold(priority):
            order.append(name)
            await asyncio.sleep(0)

    async with lease.hold(Priority.PREFILL):
        tasks = [
            asyncio.create_task(work(name, priority))
            for name, priority in (
                ("prefill", Priority.PREFILL),
                ("partial 1", Priority.PARTIAL),
                ("generate", Priority.GENERATE),
                ("partial 2", Priority.PARTIAL),
                ("final", Priority.FINAL),
            )
        ]
        await asyncio.sleep(0)
        assert order == []
    await asyncio.gather(*tasks)
    assert order == ["final", "generate", "partial 1", "partial 2", "prefill"]
    assert not lease.held


async def test_a_cancelled_waiter_loses_its_place_and_nothing_else() -> None:
    lease = CpuLease(1)

    async def work() -> None:
        async with lease.hold(Priority.FINAL):
            pass

    async with lease.hold(Priority.GENERATE):
        waiter = asyncio.create_task(work())
        await asyncio.sleep(0)
        waiter.cancel()
        await asyncio.gather(waiter, return_exceptions=True)
    assert not lease.held
    await work()


async def test_cancelled_in_the_moment_of_being_granted() -> None:
    lease = CpuLease(1)

    async def work() -> None:
        async with lease.hold(Priority.FINAL):
            await asyncio.sleep(60)

    async with lease.hold(Priority.GENERATE):
        first, second = asyncio.create_task(work()), asyncio.create_task(asyncio.sleep(0))
        await second
    first.cancel()  # the lease is its own by now, but it has not run yet
    await asyncio.gather(first, return_exceptions=True)
    assert not lease.held


async def test_an_error_gives_it_back() -> None:
    lease = CpuLease(1)
    with pytest.raises(ValueError, match="no"):
        async with lease.hold(Priority.FINAL):
            raise ValueError("no")
    assert not lease.held


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(Priority), st.booleans(), st.integers(0, 3)), max_size=12))
def test_it_is_never_held_twice_and_always_comes_back(plan: list[tuple[Priority, bool, int]]) -> None:
    async def main() -> None:
        lease = CpuLease(1)
        inside = 0

        async def work(priority: Priority, turns: int) -> None:
            nonlocal inside
            async with lease.hold(priority):
                inside += 1
                assert inside == 1
                try:
                    for _ in range(turns):
                        await asyncio.sleep(0)
                finally:
                    inside -= 1

        tasks = []
        for priority, cancelled, turns in plan:
            task = asyncio.create_task(work(priority, turns))
            tasks.append(task)
            await asyncio.sleep(0)
            if cancelled:
                tasks[len(tasks) // 2].cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert not [task for task in tasks if not task.cancelled() and task.exception()]
        assert not lease.held

    asyncio.run(main())


def test_one_core_stays_free() -> None:
    assert CpuLease().threads == spare_threads()
    assert 1 <= spare_threads() <= max(1, (os.cpu_count() or 1) - 1)
    assert CpuLease(3).threads == 3
