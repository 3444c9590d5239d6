"""Owned tasks."""

from __future__ import annotations

import asyncio

import pytest

from app.aio.tasks import TaskOwner


async def test_failures_are_reported_with_the_task_name() -> None:
    failures: list[tuple[str, str]] = []
    owner = TaskOwner(lambda error, name: failures.append((str(error), name)))

    async def fail() -> None:
        raise ValueError("no")

    await asyncio.wait({owner.start(fail(), "worker")})
    await asyncio.sleep(0)
    assert failures == [("no", "worker")]
    assert len(owner) == 0
    await owner.aclose()


async def test_closing_cancels_and_waits_for_all() -> None:
    cleaned: list[int] = []
    owner = TaskOwner(lambda error, name: pytest.fail(f"{name} failed: {error}"))

    async def work(number: int) -> None:
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0)
            cleaned.append(number)

    for number in range(5):
        owner.start(work(number), f"work {number}")
    await asyncio.sleep(0)
    await owner.aclose()
    await owner.aclose()
    assert sorted(cleaned) == [0, 1, 2, 3, 4]


async def test_clean_up_started_while_closing_is_finished() -> None:
    done = asyncio.Event()
    owner = TaskOwner(lambda error, name: pytest.fail(f"{name} failed: {error}"))

    async def tidy() -> None:
        await asyncio.sleep(0)
        done.set()

    async def work() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            owner.start(tidy(), "tidy")

    owner.start(work(), "work")
    await asyncio.sleep(0)
    await owner.aclose()
    assert done.is_set()


async def test_a_task_may_close_its_own_owner() -> None:
    owner = TaskOwner(lambda error, name: pytest.fail(f"{name} failed: {error}"))
    other = owner.start(asyncio.sleep(60), "other")
    await asyncio.wait_for(owner.start(owner.aclose(), "closer"), 5)
    assert other.cancelled()


async def test_the_result_is_the_coroutines() -> None:
    owner = TaskOwner(lambda error, name: None)
    assert await owner.start(asyncio.sleep(0, 7), "seven") == 7
    await owner.aclose()


async def test_a_task_that_winds_down_already_is_left_to_it() -> None:
    wound_down: list[bool] = []

    async def slow_to_end() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0.02)
            wound_down.append(True)

    owner = TaskOwner(lambda error, name: None)
    task = owner.start(slow_to_end(), "slow")
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.sleep(0)
    await owner.aclose()
    assert wound_down == [True]
