"""An event loop whose time jumps: whoever sleeps an hour wakes at once, and everything happens in the same order.

Why it exists: a turn is full of waiting (for the end of a sentence, for silence, for the next sample), and tests must
neither wait themselves nor depend on how busy the machine is.
"""

from __future__ import annotations

import asyncio
import functools
import selectors
from collections.abc import Callable, Coroutine
from typing import Any, ParamSpec

from app.contracts.ports import Clock

_P = ParamSpec("_P")
_STUCK_S = 10.0


class Seconds:
    """Monotonic seconds that move when they are told to, for what takes a function instead of a `Clock`."""

    def __init__(self, now: float = 100.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


class LoopClock(Clock):
    """The time of the loop that runs."""

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()

    def time(self) -> float:
        return 1_700_000_000.0 + self.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


def in_virtual_time(test: Callable[_P, Coroutine[Any, Any, None]]) -> Callable[_P, None]:
    """Run a test in a loop whose time jumps, and fail it when a task is left at its end."""

    @functools.wraps(test)
    def run(*args: _P.args, **kwargs: _P.kwargs) -> None:
        async def whole() -> None:
            await test(*args, **kwargs)
            for _ in range(3):  # a task that has just been told to end needs a turn of the loop for it
                await asyncio.sleep(0)
            left = asyncio.all_tasks() - {asyncio.current_task()}
            assert not left, f"tasks still run: {sorted(task.get_name() for task in left)}"

        with asyncio.Runner(loop_factory=VirtualLoop) as runner:
            runner.run(whole())

    return run


class VirtualLoop(asyncio.SelectorEventLoop):
    """Goes to the next timer as soon as nothing else is left to do. Threads it started are waited for in real time."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.in_threads = 0
        super().__init__(_JumpingSelector(self))

    def time(self) -> float:
        return self.now

    def run_in_executor(self, executor: Any, func: Any, *args: Any) -> asyncio.Future[Any]:
        future = super().run_in_executor(executor, func, *args)
        self.in_threads += 1
        future.add_done_callback(self._thread_done)
        return future

    def _thread_done(self, _future: asyncio.Future[Any]) -> None:
        self.in_threads -= 1


class _JumpingSelector(selectors.DefaultSelector):
    def __init__(self, loop: VirtualLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is not None and timeout <= 0:
            return super().select(0)
        if self._loop.in_threads:
            return super().select(0.005)
        if timeout is None:
            if not (events := super().select(_STUCK_S)):
                raise RuntimeError("everybody waits, and nothing will ever happen")
            return events
        if not (events := super().select(0)):
            self._loop.now += timeout
        return events
