"""The processor lease: one heavy engine computes at a time, the most urgent first.

Why it exists: an engine that runs with as many threads as there are cores while another one is busy has been measured
28 times slower than alone, and the window needs a core of its own. So engines run on all cores but one, one after the
other, and what a person waits for now goes before what they may want next. Light engines (voice activity, espeak) do
not ask.
"""

from __future__ import annotations

import asyncio
import heapq
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from enum import IntEnum
from itertools import count
from typing import Protocol


class Priority(IntEnum):
    """Who goes first when several wait: the highest, then who asked first. A holder is never interrupted."""

    PREFILL = 0
    """A guess at what will be asked."""
    PARTIAL = 1
    """Words shown while the person still speaks."""
    GENERATE = 2
    """The answer, or speech."""
    FINAL = 3
    """The transcript everything else waits for."""


class Waiter(Protocol):
    """Hears of every wait for a lease."""

    def began(self) -> None:
        """Somebody else computes: from now on it waits."""

    def ended(self) -> None:
        """It got the lease, or gave up."""


_waiter: ContextVar[Waiter | None] = ContextVar("lease_waiter", default=None)


@contextmanager
def waiting_told_to(waiter: Waiter) -> Iterator[None]:
    """Tell ``waiter`` of the waits in this block, however deep; an outer one hears nothing of them."""
    token = _waiter.set(waiter)
    try:
        yield
    finally:
        _waiter.reset(token)


class CpuLease:
    """One holder at a time. Belongs to one event loop; cancelling a waiter loses nothing but its place.

    Args:
        threads: How many threads the holder may use; None takes what this machine can spare.
    """

    def __init__(self, threads: int | None = None) -> None:
        self.threads = spare_threads() if threads is None else threads
        self._held = False
        self._order = count()
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []

    @property
    def held(self) -> bool:
        """True while somebody computes."""
        return self._held

    @asynccontextmanager
    async def hold(self, priority: Priority) -> AsyncIterator[None]:
        """Wait for the lease and keep it for the length of the block. Not re-entrant."""
        await self._acquire(priority)
        try:
            yield
        finally:
            self._release()

    async def _acquire(self, priority: Priority) -> None:
        if not self._held:
            self._held = True
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (-priority, next(self._order), turn))
        waiter = _waiter.get()
        if waiter is not None:
            waiter.began()
        try:
            await turn
        except asyncio.CancelledError:
            if not turn.cancelled():
                self._release()  # it was handed over in the same moment: pass it on
            raise
        finally:
            if waiter is not None:
                waiter.ended()

    def _release(self) -> None:
        """Hand the lease to whoever is next; it is never free in between. Those who gave up are passed over."""
        while self._waiting:
            _, _, turn = heapq.heappop(self._waiting)
            if not turn.done():
                turn.set_result(None)
                return
        self._held = False


def spare_threads() -> int:
    """All cores this process may run on but one, at least one."""
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)) - 1)
    return max(1, (os.cpu_count() or 1) - 1)
