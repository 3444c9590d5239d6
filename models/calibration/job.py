"""Measures what has not been measured yet, while nobody needs the machine and it runs on mains.

Why it exists: the order of the tiers is worth having without anybody asking for it, and worth nothing if it makes
somebody wait. So it begins only after minutes without a turn, one backend at a time, and ends the moment one starts.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from app.contracts.calibration import Measurement, PowerSource
from app.contracts.errors import SottoError
from app.contracts.events import (
    TURN_ENDS,
    JobProgress,
    RunCancelled,
    RunFailed,
    RunFinished,
    RunStarted,
    SystemEvent,
    TurnEvent,
    TurnStarted,
)
from models.calibration.due import Fleet, measurable
from models.calibration.store import Measurements, power_source

log = logging.getLogger(__name__)

IDLE_S = 300.0
"""No turn for so long, and nobody is taken to need the machine."""
LOOK_S = 30.0
"""How often it is looked whether there is something to measure."""
COMPILING_S = 60.0
"""What is being compiled is looked at again after this."""
_NAME = "Measure models"


@dataclass(frozen=True, slots=True)
class Watch:
    """When the job may work.

    Attributes:
        enabled: The setting ``models.calibrate``.
        source: What the machine runs on.
        idle_s: Seconds without a turn or a request before it begins.
    """

    enabled: Callable[[], bool] = lambda: True
    source: Callable[[], PowerSource] = power_source
    idle_s: float = IDLE_S


class CalibrationJob:
    """Runs for as long as the program does. Subscribe it to the events of turns: `CalibrationJob.note`.

    Args:
        fleet: What could be measured.
        store: What was.
        measure: Measures one backend and tells how many steps of how many are done.
        publish: Gets its progress.
        watch: When it may work.
    """

    def __init__(
        self,
        fleet: Fleet,
        store: Measurements,
        measure: Callable[[str, Callable[[int, int], None]], Awaitable[Measurement]],
        publish: Callable[[SystemEvent], None],
        watch: Watch | None = None,
    ) -> None:
        self._fleet = fleet
        self._store = store
        self._measure = measure
        self._publish = publish
        self._watch = watch or Watch()
        self._turns: set[str] = set()
        self._used_at = 0.0
        self._own_until = 0.0
        self._measuring: asyncio.Task[Measurement] | None = None
        self._given_up: set[str] = set()
        self._not_before: dict[str, float] = {}

    def note(self, event: TurnEvent | SystemEvent) -> None:
        """Hear of an event; the start of a turn or a run ends a measurement at once."""
        match event:
            case TurnStarted() | RunStarted():
                self._turns.add(event.run_id or event.turn_id)
                if self._measuring is not None:
                    self._measuring.cancel()
            case RunFinished() | RunFailed() | RunCancelled():
                self._turns.discard(event.run_id)
            case _ if isinstance(event, TURN_ENDS):
                self._turns.discard(event.turn_id)
            case _:
                return
        self._used_at = asyncio.get_running_loop().time()

    async def run(self) -> None:
        """Measure what is due whenever it may; never returns. Cancel it to end it."""
        self._used_at = self._own_until = asyncio.get_running_loop().time()
        while True:
            await asyncio.sleep(LOOK_S)
            while self._may_work() and (due := self.due()):
                await self._measure_one(due[0], len(due))

    def due(self) -> Sequence[str]:
        """Ids of the backends that have not been measured as they are now, on mains; servers are never measured."""
        now = asyncio.get_running_loop().time()
        return [
            key
            for key in measurable(self._fleet)
            if key not in self._given_up
            and self._not_before.get(key, now) <= now
            and self._store.exactly(key, PowerSource.MAINS) is None
        ]

    def _may_work(self) -> bool:
        """Nobody needs the machine, it runs on mains, and the person does not mind."""
        if self._turns or not self._watch.enabled() or self._watch.source() is not PowerSource.MAINS:
            return False
        used_at = self._used_at
        for runtime in self._fleet.built():
            since = runtime.host.idle_since
            if since is None:
                return False
            if since > self._own_until:
                used_at = max(used_at, since)
        return asyncio.get_running_loop().time() - used_at >= self._watch.idle_s

    async def _measure_one(self, backend_id: str, due: int) -> None:
        loop = asyncio.get_running_loop()
        left = f", {due - 1} more to do" if due > 1 else ""

        def step(done: int, of: int) -> None:
            self._tell(f"Measuring {backend_id}{left}.", progress=done / of)

        step(0, 1)
        task = self._measuring = loop.create_task(self._work(backend_id, step), name=f"measure {backend_id}")
        try:
            await asyncio.wait({task})
        finally:  # this job itself may be cancelled
            self._measuring = None
            if not task.done():
                task.cancel()
                await asyncio.wait({task})
            self._own_until = loop.time()
        if task.cancelled():
            self._tell("Put off: somebody needs the machine.", done=True)
            return
        if (error := task.exception()) is None:
            self._tell(f"{backend_id} has been measured{left}.", progress=1.0, done=True)
        elif isinstance(error, SottoError):
            if error.code == "compiling":
                self._not_before[backend_id] = loop.time() + COMPILING_S
            else:
                self._given_up.add(backend_id)
                log.warning("%s cannot be measured: %s", backend_id, error)
            self._tell(f"{backend_id} was not measured: {error.message}", done=True)
        else:
            raise error

    async def _work(self, backend_id: str, step: Callable[[int, int], None]) -> Measurement:
        measurement = await self._measure(backend_id, step)
        await asyncio.to_thread(self._store.keep, measurement)
        return measurement

    def _tell(self, message: str, *, progress: float | None = None, done: bool = False) -> None:
        event = JobProgress(job_id="calibrate", name=_NAME, message=message, progress=progress, done=done)
        self._publish(event)
