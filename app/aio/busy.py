"""How long work took, without the time it waited for the processor lease.

Why it exists: energy, speed and patience are about an engine at work. One that waits until another is done costs
nothing, is not slow, and does not hang.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from app.aio.lease import waiting_told_to


class BusyTime:
    """Adds up seconds of work. What is counted at the same time is counted once for each.

    Args:
        now: A clock that never goes back, seconds.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self.seconds = 0.0

    @contextmanager
    def counting(self, patience: asyncio.Timeout | None = None) -> Iterator[None]:
        """Count the block; what it waits for the lease is left out.

        Args:
            patience: A time-out around the block that begins anew each time the lease has been got.
        """
        stretch = _Stretch(self._now, patience)
        began = self._now()
        with waiting_told_to(stretch):
            try:
                yield
            finally:
                self.seconds += max(0.0, self._now() - began - stretch.waited_s)


class _Stretch:
    """One counted block. Implements `app.aio.lease.Waiter`."""

    def __init__(self, now: Callable[[], float], patience: asyncio.Timeout | None) -> None:
        self._now = now
        self._patience = patience
        self._limit_s: float | None = None
        if patience is not None and (when := patience.when()) is not None:
            self._limit_s = when - asyncio.get_running_loop().time()
        self._began = 0.0
        self.waited_s = 0.0

    def began(self) -> None:
        self._began = self._now()
        if self._patience is not None and self._limit_s is not None and not self._patience.expired():
            self._patience.reschedule(None)

    def ended(self) -> None:
        self.waited_s += self._now() - self._began
        if self._patience is not None and self._limit_s is not None:
            self._patience.reschedule(asyncio.get_running_loop().time() + self._limit_s)
