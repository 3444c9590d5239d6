"""Looks at the sensors once a second, for whoever subscribes, and not at all while nobody does.

Why it exists: a look takes milliseconds and may hang in a driver, so it happens in a thread of its own; and everybody
who needs one has to see the same. Looks keep to whole seconds, and none is made up for: after a slow look, or when the
machine slept, the next whole second is the next look.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Callable

from app.aio.daemon import DaemonThread, Worker
from app.aio.tasks import TaskOwner
from app.contracts.ports import Clock
from app.power.sensors.sample import Sample, Sensors

log = logging.getLogger(__name__)

CLOSING_S = 1.0
"""How long sensors may take to be let go; then they are left behind with their thread."""
LONGEST_PAUSE_S = 60.0
"""Between two tries while looking fails."""
Listener = Callable[[Sample], None]


class Sampler:
    """Shares the looks at one machine's sensors.

    Args:
        sensors: What is looked at; closed with this.
        clock: Time.
        every_s: Seconds between two looks.
        worker: Where the looks happen, by default a daemon thread.
    """

    def __init__(self, sensors: Sensors, clock: Clock, every_s: float = 1.0, *, worker: Worker | None = None) -> None:
        self._sensors = sensors
        self._clock = clock
        self._every_s = every_s
        self._worker = worker or DaemonThread("sensors")
        self._listeners: dict[object, Listener] = {}
        self._tasks = TaskOwner()
        self._task: asyncio.Task[None] | None = None
        self._failures = 0
        self.latest: Sample | None = None
        """The newest look, None before the first."""

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Have every look told to a listener, on the event loop, the first one as soon as it is taken.

        Returns:
            What ends it; with the last subscription the looks end. May be called twice.
        """
        key = object()
        self._listeners[key] = listener
        if self._task is None:
            self._task = self._tasks.start(self._look_on(), "sensors")

        def end() -> None:
            self._listeners.pop(key, None)
            if not self._listeners and self._task is not None:
                self._task.cancel()
                self._task = None
                self._tasks.start(self._let_go(), "let the sensors go")

        return end

    async def once(self) -> Sample:
        """One look now, told to nobody else. What the sensors raise is raised here."""
        try:
            return await self._sample()
        finally:
            if not self._listeners:
                self._tasks.start(self._let_go(), "let the sensors go")  # not waited for: a driver may hang

    async def aclose(self) -> None:
        """End all looks and let the sensors go. Takes a second at most, even while a driver hangs. Idempotent."""
        self._listeners.clear()
        self._task = None
        await self._tasks.aclose()
        try:
            await asyncio.wait_for(self._worker.run(self._sensors.close), CLOSING_S)
        except TimeoutError:
            log.warning("a sensor does not answer; it is left behind")
        except Exception as error:  # noqa: BLE001 - nothing is left to be done about it
            log.warning("the sensors could not be let go: %s", error)
        finally:
            self._worker.close()

    async def _sample(self) -> Sample:
        self.latest = await self._worker.run(self._sensors.sample)
        return self.latest

    async def _let_go(self) -> None:
        """Hold nothing open that nobody looks at: a library that is held open may keep its card awake."""
        try:
            await self._worker.run(self._sensors.close)
        except Exception as error:  # noqa: BLE001 - nothing is left to be done about it
            log.warning("the sensors could not be let go: %s", error)

    async def _look_on(self) -> None:
        """Look at every whole second while there is a listener; after a failure ever more seldom."""
        while True:
            failed = await self._look()
            now = self._clock.monotonic()
            pause = min(self._every_s * 2**self._failures, LONGEST_PAUSE_S) if failed else self._every_s
            await self._clock.sleep(_until_next(now, self._every_s) + pause - self._every_s)

    async def _look(self) -> bool:
        """One look for all; True when it failed."""
        try:
            sample = await self._sample()
        except Exception as error:
            self._failures = min(self._failures + 1, 10)
            if self._failures == 1:
                log.warning("the sensors cannot be read, they are tried again: %s", error, exc_info=error)
            return True
        if self._failures:
            self._failures = 0
            log.info("the sensors can be read again")
        for key, listener in list(self._listeners.items()):
            if key in self._listeners:
                _tell(listener, sample)
        return False


def _until_next(now_s: float, every_s: float) -> float:
    """Seconds until the next whole multiple; never so few that two looks would fall on one."""
    wait = (math.floor(now_s / every_s) + 1) * every_s - now_s
    return wait if wait > every_s / 10 else wait + every_s


def _tell(listener: Listener, sample: Sample) -> None:
    try:
        listener(sample)
    except Exception:
        log.exception("what follows from a look at the sensors failed")
