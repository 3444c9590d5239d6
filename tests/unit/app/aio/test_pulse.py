"""A pulse wakes everybody who waits, once."""

import asyncio

import pytest

from app.aio.errors import unwrapped
from app.aio.pulse import Pulse


async def test_everybody_who_waits_is_woken() -> None:
    pulse = Pulse()
    waiters = [asyncio.create_task(pulse.wait()) for _ in range(3)]
    await asyncio.sleep(0)
    pulse.beat()
    assert await asyncio.gather(*waiters) == [True, True, True]


async def test_a_beat_is_not_remembered() -> None:
    pulse = Pulse()
    pulse.beat()
    assert not await pulse.wait(0.01)


async def test_a_group_gives_its_first_error() -> None:
    async def fail() -> None:
        raise ValueError("that one")

    async def two_at_once() -> None:
        with unwrapped():
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(fail())
                tasks.create_task(asyncio.sleep(9))

    with pytest.raises(ValueError, match="that one"):
        await two_at_once()
