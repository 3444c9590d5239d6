"""Bounded channels."""

from __future__ import annotations

import asyncio

import pytest

from app.aio.channel import Channel


async def test_items_come_in_order_and_iteration_ends() -> None:
    channel: Channel[int] = Channel(10)
    for number in range(3):
        assert channel.put_nowait(number)
    channel.close()
    assert [item async for item in channel] == [0, 1, 2]
    assert channel.closed


async def test_a_full_channel_refuses_or_waits() -> None:
    channel: Channel[str] = Channel(1)
    assert channel.put_nowait("a")
    assert not channel.put_nowait("b")
    sending = asyncio.create_task(channel.send("b"))
    await asyncio.sleep(0)
    assert not sending.done()
    assert await anext(aiter(channel)) == "a"
    assert await sending
    assert len(channel) == 1


async def test_a_closed_channel_takes_nothing() -> None:
    channel: Channel[str] = Channel(1)
    channel.put_nowait("a")
    sending = asyncio.create_task(channel.send("b"))
    await asyncio.sleep(0)
    channel.close()
    assert not await sending
    assert not await channel.send("c")
    assert [item async for item in channel] == ["a"]


async def test_a_waiting_consumer_is_woken_by_the_end() -> None:
    channel: Channel[str] = Channel(1)

    async def consume() -> list[str]:
        return [item async for item in channel]

    consumer = asyncio.create_task(consume())
    await asyncio.sleep(0)
    channel.close()
    assert await consumer == []


async def test_nothing_is_lost_between_many_producers_and_consumers() -> None:
    channel: Channel[int] = Channel(2)

    async def produce(start: int) -> None:
        for number in range(start, start + 50):
            assert await channel.send(number)

    async def consume() -> list[int]:
        return [item async for item in channel]

    consumers = [asyncio.create_task(consume()) for _ in range(3)]
    await asyncio.gather(produce(0), produce(50), produce(100))
    channel.close()
    got = [item for items in await asyncio.gather(*consumers) for item in items]
    assert sorted(got) == list(range(150))


async def test_cancelling_a_sender_adds_nothing() -> None:
    channel: Channel[str] = Channel(1)
    channel.put_nowait("a")
    sending = asyncio.create_task(channel.send("b"))
    await asyncio.sleep(0)
    sending.cancel()
    await asyncio.gather(sending, return_exceptions=True)
    channel.close()
    assert [item async for item in channel] == ["a"]


def test_a_channel_holds_something() -> None:
    with pytest.raises(ValueError, match="at least one"):
        Channel(0)
