"""A thread of one's own for calls that may hang, which nobody has to wait for at the end.

Why it exists: the threads of an executor are waited for when the program ends, so one call that hangs in a driver would
keep it from ending. This one is a daemon: it is started at the first call, and left behind when it must be.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Protocol, TypeVar

_T = TypeVar("_T")
_Work = tuple["Future[Any]", Callable[[], Any]]


class Worker(Protocol):
    """Does blocking calls somewhere else than on the event loop, one after the other."""

    async def run(self, call: Callable[[], _T]) -> _T:
        """Do one; what it raises is raised here. When this is cancelled, a call that has begun goes on."""
        ...

    def close(self) -> None:
        """Do no more; what has begun is not waited for. Idempotent."""
        ...


class DaemonThread:
    """Implements `Worker` with a daemon thread. Safe in several threads.

    Args:
        name: Of the thread.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._lock = threading.Lock()
        self._work: queue.SimpleQueue[_Work | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    async def run(self, call: Callable[[], _T]) -> _T:
        """Do a call in the thread. After `close` a new thread does it."""
        return await asyncio.wrap_future(self.begin(call))

    def begin(self, call: Callable[[], _T]) -> Future[_T]:
        """The same for callers that are in a thread themselves: they wait as long as they like."""
        future: Future[_T] = Future()
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=_work_off, args=(self._work,), name=self._name, daemon=True)
                self._thread.start()
            self._work.put((future, call))
        return future

    def close(self) -> None:
        """Let the thread end after the call it is in."""
        with self._lock:
            if self._thread is not None:
                self._thread = None
                self._work.put(None)
                self._work = queue.SimpleQueue()


def _work_off(work: queue.SimpleQueue[_Work | None]) -> None:
    """The thread: one call after the other until it is told to end."""
    while (item := work.get()) is not None:
        future, call = item
        if not future.set_running_or_notify_cancel():
            continue
        try:
            result = call()
        except BaseException as error:  # noqa: BLE001 - it is raised where it is waited for
            future.set_exception(error)
        else:
            future.set_result(result)
        del item, future, call
