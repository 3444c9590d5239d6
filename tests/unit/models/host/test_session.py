"""Sessions: requests that mean something to one incarnation only."""

from __future__ import annotations

import asyncio
import os
import signal

import pytest

from app.contracts.errors import HostDied, InvalidInput
from models.host.session import open_session
from tests.helpers.hosts import running
from tests.helpers.waiting import until


async def test_a_session_never_talks_to_another_process() -> None:
    async with running() as host:
        session = await open_session(host)
        assert (await session.call("pid")).fields["pid"] == host.pid
        os.kill(host.pid, signal.SIGKILL)
        await until(lambda: host.states.count("warm") == 2)
        with pytest.raises(HostDied):
            await session.call("pid")
        with pytest.raises(HostDied):
            await session.post("silent")
        session.close()


async def test_posting_does_not_wait_for_the_engine() -> None:
    async with running() as host:
        session = await open_session(host)
        working = asyncio.create_task(host.call("stubborn", {"for_s": 0.5}))
        await until(lambda: host.busy)
        for _ in range(10):
            await session.post("silent", payload=bytes(1000))
        assert not working.done()
        await working
        await session.call("echo")
        session.close()


async def test_what_goes_wrong_with_a_post_is_raised_by_the_next_request() -> None:
    async with running() as host:
        session = await open_session(host)
        await session.post("invalid")
        await host.call("echo")
        with pytest.raises(InvalidInput):
            await session.post("silent")
        assert (await session.call("echo", {"well": True})).fields == {"well": True}
        session.close()


async def test_an_open_session_keeps_its_host_loaded() -> None:
    async with running(idle_s=0.05) as host:
        session = await open_session(host)
        await asyncio.sleep(0.2)
        assert (await session.call("pid")).fields["pid"] == host.pid
        session.close()
        session.close()
        await until(lambda: "stopped" in host.states)
