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

    Attributes:
        seconds: Of the blocks that are over.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._running: list[_Stretch] = []
        self.seconds = 0.0

    @property
    def so_far(self) -> float:
        """Seconds until now, with the blocks that still run."""
        return self.seconds + sum(stretch.worked_s for stretch in self._running)

    @contextmanager
    def counting(self, patience: asyncio.Timeout | None = None) -> Iterator[None]:
        """Count the block; what it waits for the lease is left out.

        Args:
            patience: A time-out around the block that begins anew each time the lease has been got.
        """
        stretch = _Stretch(self._now, patience)
        self._running.append(stretch)
        with waiting_told_to(stretch):
            try:
                yield
            finally:
                self._running.remove(stretch)
                self.seconds += stretch.worked_s


class _Stretch:
    """One counted block. Implements `app.aio.lease.Waiter`."""

    def __init__(self, now: Callable[[], float], patience: asyncio.Timeout | None) -> None:
        self._now = now
        self._patience = patience
        self._limit_s: float | None = None
        if patience is not None and (when := patience.when()) is not None:
            self._limit_s = when - asyncio.get_running_loop().time()
        self._started = now()
        self._waits_since: float | None = None
        self._waited_s = 0.0

    @property
    def worked_s(self) -> float:
        """Seconds from its begin until now, or until the wait that still lasts, without the waits."""
        until = self._now() if self._waits_since is None else self._waits_since
        return max(0.0, until - self._started - self._waited_s)

    def began(self) -> None:
        self._waits_since = self._now()
        if self._patience is not None and self._limit_s is not None and not self._patience.expired():
            self._patience.reschedule(None)

    def ended(self) -> None:
        if self._waits_since is not None:
            self._waited_s += self._now() - self._waits_since
            self._waits_since = None
        if self._patience is not None and self._limit_s is not None and not self._patience.expired():
            self._patience.reschedule(asyncio.get_running_loop().time() + self._limit_s)
