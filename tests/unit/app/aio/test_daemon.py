"""A thread that nobody has to wait for."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading

import pytest

from app.aio.daemon import DaemonThread


async def test_it_gives_what_the_call_gives_from_a_daemon_thread() -> None:
    worker = DaemonThread("odd jobs")
    thread = await worker.run(threading.current_thread)
    assert (thread.name, thread.daemon) == ("odd jobs", True)
    assert await worker.run(threading.current_thread) is thread
    worker.close()


async def test_it_raises_what_the_call_raises_and_goes_on() -> None:
    worker = DaemonThread("odd jobs")
    with pytest.raises(ZeroDivisionError):
        await worker.run(lambda: 1 // 0)
    assert await worker.run(lambda: 7) == 7
    worker.close()


async def test_a_call_that_was_given_up_before_its_turn_is_not_made() -> None:
    worker = DaemonThread("odd jobs")
    gate, made = threading.Event(), []
    first = asyncio.create_task(worker.run(gate.wait))
    second = asyncio.create_task(worker.run(lambda: made.append("second")))
    await asyncio.sleep(0)
    second.cancel()
    with pytest.raises(asyncio.CancelledError):
        await second
    await asyncio.sleep(0)  # what was done for it learns of that a turn later
    gate.set()
    assert await first
    assert await worker.run(lambda: made) == []
    worker.close()


async def test_closing_does_not_wait_and_it_can_be_used_again() -> None:
    worker = DaemonThread("odd jobs")
    worker.close()
    gate = threading.Event()
    hanging = asyncio.create_task(worker.run(gate.wait))
    await asyncio.sleep(0)
    worker.close()
    assert await worker.run(lambda: "a new thread") == "a new thread"
    worker.close()
    gate.set()
    assert await hanging


def test_a_program_ends_while_a_call_hangs() -> None:
    program = """
import asyncio, threading
from app.aio.daemon import DaemonThread
async def main():
    task = asyncio.create_task(DaemonThread("hangs").run(threading.Event().wait))
    await asyncio.sleep(0.01)
    task.cancel()
asyncio.run(main())
"""
    assert subprocess.run([sys.executable, "-c", program], timeout=30, check=False).returncode == 0
