"""A host from start to end, with real processes: what goes wrong costs the requests under way and nothing else."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from app.contracts.errors import HostDied, HostHung, RuntimeFault, SottoError
from models.host import child as child_module
from models.host import launch
from models.host.engine import JsonValue, Reply
from tests.helpers.hosts import TROUBLE, host_processes, open_descriptors, running
from tests.helpers.waiting import until

DEADLY: tuple[tuple[str, dict[str, JsonValue]], ...] = (("exit", {}), ("crash", {}), ("memory", {}))


@pytest.mark.parametrize(("operation", "args"), DEADLY)
async def test_a_host_that_ends_in_a_request_is_replaced(operation: str, args: dict[str, JsonValue]) -> None:
    async with running() as host:
        await host.warm_up()
        pid = host.pid
        with pytest.raises(HostDied):
            await host.call(operation, args)
        assert (await host.call("pid")).fields["pid"] not in (0, pid)
        assert host.states == ["starting", "warm", "died", "starting", "warm"]
        assert not psutil.pid_exists(pid)


async def test_what_came_before_the_end_is_still_given() -> None:
    async with running() as host:
        seen: list[Reply] = []

        async def read() -> None:
            async for reply in host.stream("exit"):
                seen.append(reply)

        with pytest.raises(HostDied):
            await read()
        assert [reply.fields for reply in seen] == [{"before": True}]


async def test_killing_it_fails_everything_under_way_at_once() -> None:
    async with running() as host:
        await host.warm_up()
        tasks = [asyncio.create_task(host.call("stubborn", {"for_s": 600})) for _ in range(5)]
        await until(lambda: host.busy)
        os.kill(host.pid, signal.SIGKILL)
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [HostDied] * 5
        assert len({id(outcome) for outcome in outcomes}) == 5


async def test_killed_while_nobody_asks_it_is_warm_again_before_somebody_does() -> None:
    async with running() as host:
        await host.warm_up()
        os.kill(host.pid, signal.SIGKILL)
        await until(lambda: host.states.count("warm") == 2)
        assert (await host.warm_up()).load_ms == 0


@pytest.mark.skipif(sys.platform == "win32", reason="a process cannot be stopped there")
async def test_a_stopped_process_is_found_ended_and_replaced() -> None:
    async with running(request_s=0.3) as host:
        await host.warm_up()
        pid = host.pid
        os.kill(pid, signal.SIGSTOP)
        with pytest.raises(HostHung):
            await host.call("echo")
        assert (await host.call("echo", {"well": True})).fields == {"well": True}
        assert "hung" in host.states
        await until(lambda: not psutil.pid_exists(pid))


@pytest.mark.skipif(sys.platform == "win32", reason="a process cannot be stopped there")
async def test_a_process_stopped_in_the_middle_of_a_large_payload() -> None:
    async with running(request_s=0.3) as host:
        await host.warm_up()
        os.kill(host.pid, signal.SIGSTOP)
        with pytest.raises(HostHung):
            await host.call("echo", payload=bytes(20_000_000))
        assert len((await host.call("echo", payload=bytes(5_000_000), timeout_s=20)).payload) == 5_000_000


async def test_signs_of_life_keep_a_long_request_going() -> None:
    async with running(request_s=0.4) as host:
        replies = [reply async for reply in host.stream("count", {"to": 12, "every_s": 0.1})]
        assert len(replies) == 12
        assert "hung" not in host.states


async def test_an_engine_that_says_it_is_alive_may_take_its_time() -> None:
    async with running(request_s=0.8) as host:
        assert (await host.call("plod", {"for_s": 1.6})).fields == {"done": True}
        assert "hung" not in host.states


async def test_waiting_behind_a_long_request_is_not_hanging() -> None:
    async with running(request_s=0.5) as host:
        await host.warm_up()
        long = asyncio.create_task(host.call("stubborn", {"for_s": 1.0}, timeout_s=20))
        await asyncio.sleep(0)
        short = asyncio.create_task(host.call("echo"))
        await asyncio.gather(long, short)
        assert host.states == ["starting", "warm"]


async def test_a_death_while_loading_is_told_and_slows_down_the_next_try() -> None:
    async with running(die_loading=True) as host:
        for _ in range(3):
            with pytest.raises(HostDied):
                await host.warm_up()
        assert host.pid == 0
        assert host.states == [
            *("starting", "died"),
            *("starting", "died"),
            *("backing-off", "starting", "died"),
        ]


async def test_closing_does_not_wait_for_the_back_off(monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(die_loading=True) as host:
        for _ in range(2):
            with pytest.raises(HostDied):
                await host.warm_up()
        host._backoff.died(asyncio.get_running_loop().time() + 3600, 0.0)
        waiting = asyncio.create_task(host.warm_up())
        await until(lambda: "backing-off" in host.states)
        await host.aclose()
        (outcome,) = await asyncio.gather(waiting, return_exceptions=True)
        assert isinstance(outcome, SottoError)


async def test_its_last_words_are_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    async with running() as host:
        with pytest.raises(HostDied):
            await host.call("exit")
        await until(lambda: "these are the last words" in caplog.text)
    assert "code 3" in caplog.text


async def test_something_else_on_the_pipe_is_a_death_not_a_crash(monkeypatch: pytest.MonkeyPatch) -> None:
    def babbling(engine: str, options: object) -> tuple[str, ...]:
        return (sys.executable, "-c", "import time; print('hello, I am no host', flush=True); time.sleep(60)")

    monkeypatch.setattr("models.host.supervisor.command", babbling)
    async with running() as host:
        with pytest.raises(HostDied):
            await host.warm_up()


async def test_a_program_that_is_not_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("models.host.supervisor.command", lambda engine, options: (str(tmp_path / "none"),))
    async with running() as host:
        with pytest.raises(HostDied, match="could not be started"):
            await host.warm_up()


async def test_a_grandchild_that_holds_the_pipes_open_does_not_hold_us_up(monkeypatch: pytest.MonkeyPatch) -> None:
    script = (
        "import subprocess, sys, os, time\n"
        "keeper = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(30)'], start_new_session=True)\n"
        "print(keeper.pid, file=sys.stderr, flush=True)\n"
        "time.sleep(60)\n"
    )
    monkeypatch.setattr("models.host.supervisor.command", lambda engine, options: (sys.executable, "-c", script))
    async with running() as host:
        loading = asyncio.create_task(host.warm_up())
        await until(lambda: host.events and psutil.Process(host.events[0].pid).children())
        (keeper,) = psutil.Process(host.events[0].pid).children()
        os.kill(host.events[0].pid, signal.SIGKILL)
        with pytest.raises(HostDied):
            await loading
        keeper.kill()


async def test_cancelling_twice_still_ends_what_would_not_stop() -> None:
    async with running() as host:
        await host.warm_up()
        pid = host.pid
        task = asyncio.create_task(host.call("stubborn", {"for_s": 600}))
        await until(lambda: host.busy)
        await asyncio.sleep(0.05)
        task.cancel()
        await asyncio.sleep(0.05)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await until(lambda: host.pid not in (0, pid))


async def test_troubles_leave_neither_process_nor_descriptor() -> None:
    async with running() as host:
        await host.warm_up()
        before = open_descriptors()
        for _ in range(10):
            with pytest.raises(HostDied):
                await host.call("exit")
            await host.warm_up()
        await until(lambda: open_descriptors() == before)
        assert len(host_processes()) == 1


async def test_a_faulty_engine_keeps_its_process() -> None:
    async with running() as host:
        for _ in range(5):
            with pytest.raises(RuntimeFault):
                await host.call("fault")
        assert host.states == ["starting", "warm"]


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_hosts_end_with_their_parent(how: signal.Signals) -> None:
    script = (
        "import asyncio\n"
        "from models.host.supervisor import Host\n"
        "async def main():\n"
        f"    host = Host('test-cpu', {TROUBLE!r})\n"
        "    await host.warm_up()\n"
        "    print(host.pid, flush=True)\n"
        "    await host.call('stubborn', {'for_s': 600}, timeout_s=700)\n"
        "asyncio.run(main())\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-P", "-c", script], stdout=subprocess.PIPE, text=True, env=launch.environment()
    )
    with parent:
        assert parent.stdout is not None
        host = psutil.Process(int(parent.stdout.readline()))
        parent.send_signal(how)
    host.wait(timeout=10)
    assert not host.is_running()


async def test_frames_that_waited_while_the_loop_was_held_up_count_as_life() -> None:
    async with running(request_s=0.2) as host:
        await host.warm_up()
        asking = asyncio.create_task(host.call("stubborn", {"for_s": 0.1}))
        await until(lambda: host.busy)
        await asyncio.sleep(0)
        time.sleep(0.5)  # noqa: ASYNC251 - this is the hold-up
        assert (await asking).fields == {"started": True}
        assert host.states == ["starting", "warm"]


async def test_a_slow_reader_of_standard_error_is_no_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child_module, "_LAST_WORDS", 2)
    async with running() as host:
        for _ in range(200):
            await host.call("chatter")
        assert host.states == ["starting", "warm"]
