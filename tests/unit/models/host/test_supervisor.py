"""A host from start to end, with real processes: what goes right."""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import aclosing
from pathlib import Path

import psutil
import pytest

from app.contracts.devices import Device
from app.contracts.errors import InvalidInput, RuntimeFault, Unavailable
from models.host.engine import JsonValue
from models.host.supervisor import Host
from tests.helpers.hosts import TROUBLE, host_processes, open_descriptors, running
from tests.helpers.waiting import until


async def test_constructing_starts_nothing_and_warming_up_does() -> None:
    async with running() as host:
        assert host.pid == 0
        first = await host.warm_up()
        assert first.ran is Device.CPU
        assert first.load_ms > 0
        pid = host.pid
        assert psutil.Process(pid).ppid() == os.getpid()
        assert (await host.warm_up()).load_ms == 0
        assert host.pid == pid
    assert host.states == ["starting", "warm", "stopped"]
    assert {event.pid for event in host.events} == {pid}


async def test_the_first_request_starts_it_and_many_share_one_process() -> None:
    async with running() as host:
        replies = await asyncio.gather(*(host.call("pid") for _ in range(10)))
        assert {reply.fields["pid"] for reply in replies} == {host.pid}
        assert host.states == ["starting", "warm"]


async def test_fields_and_raw_buffers_cross_both_ways() -> None:
    payload = os.urandom(1_000_003)
    args: dict[str, JsonValue] = {"text": "ü\n\U0001f600", "none": None, "list": [1, 2.5, True]}
    async with running() as host:
        reply = await host.call("echo", args, payload)
    assert reply.fields == args
    assert reply.payload == payload


async def test_a_large_payload_leaves_the_loop_alive() -> None:
    beats = 0

    async def heart() -> None:
        nonlocal beats
        while True:
            await asyncio.sleep(0.001)
            beats += 1

    async with running() as host:
        await host.warm_up()
        beating = asyncio.create_task(heart())
        reply = await host.call("echo", payload=bytes(20_000_000))
        beating.cancel()
        await asyncio.gather(beating, return_exceptions=True)
        assert len(reply.payload) == 20_000_000
    assert beats > 5


async def test_replies_come_as_they_are_made() -> None:
    async with running() as host:
        replies = host.stream("count", {"to": 3, "every_s": 0})
        assert [reply.fields["number"] async for reply in replies] == [0, 1, 2]


async def test_requests_are_answered_in_the_order_in_which_they_were_sent() -> None:
    async with running() as host:
        await host.warm_up()
        done: list[int] = []

        async def ask(number: int) -> None:
            await host.call("echo", {"number": number}, bytes(300_000 if number % 2 else 0))
            done.append(number)

        await asyncio.gather(*(ask(number) for number in range(8)))
        assert done == list(range(8))


async def test_chatter_on_every_output_does_not_corrupt_the_protocol() -> None:
    async with running() as host:
        for _ in range(3):
            assert (await host.call("chatter")).fields == {"input": ""}
        assert (await host.call("echo", {"still": "here"})).fields == {"still": "here"}


async def test_errors_of_ours_cross_as_they_are_and_others_as_faults() -> None:
    async with running() as host:
        with pytest.raises(InvalidInput) as caught:
            await host.call("invalid")
        assert (caught.value.code, caught.value.remedy) == ("told-to", "Use something else.")
        with pytest.raises(RuntimeFault, match="ZeroDivisionError: told to"):
            await host.call("fault")
        with pytest.raises(InvalidInput, match="no operation 'nonsense'"):
            await host.call("nonsense")
        with pytest.raises(RuntimeFault, match="no answer"):
            await host.call("silent")
        assert (await host.call("echo", {"still": "here"})).fields == {"still": "here"}
        assert host.states == ["starting", "warm"]


async def test_an_engine_that_cannot_load_says_why_and_leaves_no_process() -> None:
    async with running(refuse="There is no such model.") as host:
        for _ in range(2):
            with pytest.raises(Unavailable) as caught:
                await host.warm_up()
            assert (caught.value.message, caught.value.remedy) == ("There is no such model.", "Tell it otherwise.")
        assert host.pid == 0
        assert host.states == ["starting", "stopped", "starting", "stopped"]


async def test_engines_that_are_none() -> None:
    for engine in ("models.fakes.nothing:Engine", "models.fakes.trouble:Nothing", "models.fakes.trouble:Path"):
        async with running(engine) as host:
            with pytest.raises(RuntimeFault) as caught:
                await host.warm_up()
            assert caught.value.code == "no-such-engine"


async def test_options_may_be_found_at_the_start_and_may_be_missing() -> None:
    def missing() -> dict[str, JsonValue]:
        raise Unavailable("There are no weights.")

    host = Host("test-cpu", TROUBLE, missing)
    with pytest.raises(Unavailable, match="no weights"):
        await host.warm_up()
    await host.aclose()


async def test_closing_a_stream_stops_the_engine_and_keeps_the_process() -> None:
    async with running() as host:
        async with aclosing(host.stream("count", {"to": 100_000, "every_s": 0.01})) as replies:
            async for reply in replies:
                if reply.fields["number"] == 3:
                    break
        assert not host.busy
        pid = host.pid
        assert (await host.call("pid")).fields["pid"] == pid


async def test_cancelling_the_caller_stops_the_engine() -> None:
    async with running() as host:
        await host.warm_up()
        pid = host.pid
        task = asyncio.create_task(host.call("count", {"to": 100_000, "every_s": 0.01}))
        await until(lambda: host.busy)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert not host.busy
        assert host.pid == pid


async def test_cancelling_while_it_loads_leaves_it_loading_for_the_next() -> None:
    async with running(load_s=0.2) as host:
        first = asyncio.create_task(host.call("pid"))
        await until(lambda: "starting" in host.states)
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        await host.call("pid")
        assert host.states == ["starting", "warm"]


async def test_what_waits_behind_another_request_can_be_given_up() -> None:
    async with running() as host:
        await host.warm_up()
        pid = host.pid
        working = asyncio.create_task(host.call("stubborn", {"for_s": 1.0}))
        await asyncio.sleep(0.05)
        waiting = asyncio.create_task(host.call("echo"))
        await asyncio.sleep(0.05)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        assert not working.done()
        await working
        assert host.pid == pid


async def test_an_engine_that_does_not_stop_is_ended_and_a_fresh_one_is_ready() -> None:
    async with running() as host:
        await host.warm_up()
        pid = host.pid
        async with aclosing(host.stream("stubborn", {"for_s": 60})) as replies:
            async for _ in replies:
                break
        await host.warm_up()
        assert host.pid not in (0, pid)
        assert not psutil.pid_exists(pid)
        assert host.states == ["starting", "warm", "stopped", "starting", "warm"]


async def test_unloading_ends_the_process_in_order_and_the_next_request_starts_another(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    async with running(closed_marker=str(closed)) as host:
        await host.warm_up()
        pid = host.pid
        await host.unload()
        assert closed.exists()
        assert host.pid == 0
        assert not psutil.pid_exists(pid)
        assert (await host.call("pid")).fields["pid"] != pid


async def test_an_idle_host_is_unloaded_unless_it_is_pinned() -> None:
    async with running(idle_s=0.05) as host:
        with host.pinned():
            await host.call("echo")
            await asyncio.sleep(0.15)
            assert host.pid
        await until(lambda: "stopped" in host.states)
        assert host.pid == 0


async def test_closing_twice_and_asking_afterwards() -> None:
    async with running() as host:
        await host.warm_up()
        await host.aclose()
        await host.aclose()
        with pytest.raises(Unavailable, match="closed"):
            await host.call("echo")


async def test_closing_while_it_loads() -> None:
    async with running(load_s=30.0) as host:
        loading = asyncio.create_task(host.warm_up())
        await until(lambda: "starting" in host.states)
        await host.aclose()
        (outcome,) = await asyncio.gather(loading, return_exceptions=True)
        assert isinstance(outcome, Exception)
        assert host.pid == 0


async def test_closing_in_the_middle_of_a_request() -> None:
    async with running() as host:
        await host.warm_up()
        working = asyncio.create_task(host.call("count", {"to": 100_000, "every_s": 0.01}))
        await until(lambda: host.busy)
        await host.aclose()
        (outcome,) = await asyncio.gather(working, return_exceptions=True)
        assert isinstance(outcome, Exception)


async def test_twenty_starts_leave_neither_process_nor_descriptor() -> None:
    async with running() as host:
        await host.warm_up()
        await host.unload()
        await asyncio.sleep(0)
        before = open_descriptors()
        for _ in range(20):
            await host.warm_up()
            await host.unload()
        assert open_descriptors() == before
        assert host_processes() == []


async def test_the_child_sees_our_packages_and_is_kept_off_the_network() -> None:
    async with running() as host:
        seen = await host.call("environment")
        variables = seen.fields["environment"]
        assert isinstance(variables, dict)
        assert variables["HF_HUB_OFFLINE"] == "1"
        path = seen.fields["path"]
        assert isinstance(path, list)
        assert os.getcwd() not in path or os.getcwd() == variables["PYTHONPATH"]
        if sys.platform == "linux":
            assert psutil.Process(host.pid).nice() == min(19, psutil.Process().nice() + 5)


async def test_a_working_directory_with_a_package_of_the_same_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "__init__.py").write_text("raise SystemExit('the wrong package')")
    monkeypatch.chdir(tmp_path)
    async with running() as host:
        assert (await host.call("pid")).fields["parent"] == os.getpid()
