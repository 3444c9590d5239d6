"""The thread PortAudio lives on. The library itself: tests/integration/audio."""

from __future__ import annotations

import asyncio
import threading

import pytest

from app.audio.portaudio import PortAudio
from app.contracts.errors import Unavailable
from tests.helpers.waiting import until


def sound_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "portaudio"]


async def test_work_is_done_on_one_thread_in_order() -> None:
    portaudio = PortAudio()
    assert not sound_threads()
    threads = [await portaudio.call(threading.get_ident, timeout_s=5.0) for _ in range(3)]
    assert len(set(threads)) == 1
    assert threads[0] != threading.get_ident()
    await portaudio.aclose()
    await portaudio.aclose()
    await until(lambda: not sound_threads())


async def test_an_error_comes_back_to_the_caller() -> None:
    portaudio = PortAudio()

    def fail() -> None:
        raise LookupError("nothing there")

    with pytest.raises(LookupError, match="nothing there"):
        await portaudio.call(fail, timeout_s=5.0)
    await portaudio.aclose()


async def test_nobody_waits_for_a_sound_system_that_hangs_and_its_late_result_is_undone() -> None:
    portaudio = PortAudio()
    answer = threading.Event()
    undone: list[str] = []

    def late() -> str:
        answer.wait()
        return "stream"

    with pytest.raises(Unavailable, match="does not answer") as caught:
        await portaudio.call(late, timeout_s=0.05, undo=undone.append)
    assert caught.value.remedy
    assert undone == []
    answer.set()
    await until(lambda: undone == ["stream"])
    await portaudio.aclose()


async def test_a_result_that_is_not_wanted_any_more_is_undone() -> None:
    portaudio = PortAudio()
    answer = threading.Event()
    undone: list[bool] = []
    call = asyncio.create_task(portaudio.call(answer.wait, timeout_s=5.0, undo=undone.append))
    await asyncio.sleep(0.02)
    call.cancel()
    await asyncio.gather(call, return_exceptions=True)
    answer.set()
    await until(lambda: undone == [True])
    await portaudio.aclose()


def test_a_result_for_an_event_loop_that_has_ended_is_undone() -> None:
    portaudio = PortAudio()
    answer = threading.Event()
    undone = threading.Event()

    async def give_up() -> None:
        task = asyncio.create_task(portaudio.call(answer.wait, timeout_s=5.0, undo=lambda _result: undone.set()))
        await asyncio.sleep(0.02)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(give_up())
    answer.set()
    assert undone.wait(5.0)
    asyncio.run(portaudio.aclose())
