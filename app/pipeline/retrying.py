"""Second tries: how long to wait before one, and a time limit that does not run while a stage waits for its input.

Why it exists: only what is temporary is worth another try, many who failed together must not come back together, and
what has already been heard cannot be said again.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Callable, Iterator

from app.contracts.errors import SottoError, TemporaryError, TimedOut
from app.contracts.ports import Clock
from app.pipeline.definition import Retry

Draw = Callable[[float, float], float]
"""A number between two, both included; `random.uniform`, unless a test knows better."""

_chance = random.SystemRandom()


def draw(lowest: float, highest: float) -> float:
    """A number between two, any as likely as any other."""
    return _chance.uniform(lowest, highest)


def delay_ms(retry: Retry, number: int, chance: Draw) -> float:
    """Milliseconds before a try: exponential back-off with full jitter.

    Args:
        retry: Of the stage.
        number: Of the try, counted from 1.
        chance: Draws the jitter.
    """
    return chance(0.0, min(retry.longest_ms, retry.base_ms * 2.0**number))


def worth_another(error: SottoError, retry: Retry, number: int) -> bool:
    """Whether a failure is tried again, for the ``number``-th time, counted from 1."""
    return isinstance(error, TemporaryError) and number <= retry.attempts


class Patience:
    """A time limit that stands still while its owner waits for others.

    Args:
        seconds: The limit, None for none.
        clock: Measures how long was waited.
        what: What is limited, for the message.

    Attributes:
        waited_s: Seconds spent in `waiting`.
    """

    def __init__(self, seconds: float | None, clock: Clock, what: str) -> None:
        self._seconds = seconds
        self._left = seconds
        self._clock = clock
        self._what = what
        self._limit: asyncio.Timeout | None = None
        self._waiting = 0
        self._since = 0.0
        self.waited_s = 0.0

    @contextlib.asynccontextmanager
    async def limit(self) -> AsyncIterator[None]:
        """Let the block take so long.

        Raises:
            TimedOut: It took longer.
        """
        if self._left is None:
            yield
            return
        limit = asyncio.timeout(self._left)
        try:
            async with limit:
                self._limit = limit
                try:
                    yield
                finally:
                    self._limit = None
        except TimeoutError as error:
            if not limit.expired():
                raise
            raise timed_out(self._what, self._seconds or 0.0) from error

    @contextlib.contextmanager
    def waiting(self) -> Iterator[None]:
        """The limit stands still in this block. Blocks may overlap."""
        if not self._waiting:
            self._since = self._clock.monotonic()
            self._pause()
        self._waiting += 1
        try:
            yield
        finally:
            self._waiting -= 1
            if not self._waiting:
                self.waited_s += self._clock.monotonic() - self._since
                self._go_on()

    def _pause(self) -> None:
        limit = self._limit
        if limit is not None and not limit.expired() and (when := limit.when()) is not None:
            self._left = max(0.0, when - asyncio.get_running_loop().time())
            limit.reschedule(None)

    def _go_on(self) -> None:
        limit = self._limit
        if limit is not None and not limit.expired() and self._left is not None:
            limit.reschedule(asyncio.get_running_loop().time() + self._left)


def timed_out(what: str, seconds: float) -> TimedOut:
    """The error of a time limit."""
    return TimedOut(f"{what} took longer than {seconds:g} s.", remedy="Try again, or give it more time (`timeout`).")
