"""A store of prepared things over a real notebook, for tests."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from app.assistant.speculation.costs import Costs
from app.assistant.speculation.predictor import Predictor
from app.assistant.speculation.preparing import Urgency, Worth
from app.assistant.speculation.store import PreparedStore
from app.contracts.events import Prepared
from app.contracts.ports import Clock
from app.memory.notebook import Notebook
from models.fakes.system import FakePowerMonitor
from tests.helpers.virtual_time import LoopClock

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@dataclass
class Kitchen:
    """A store and what it was asked to make.

    Attributes:
        made: Names of what was begun, in order.
        ended: Names of what was made to the end.
        cancelled: Names of what was cancelled.
        told: Outcomes, as ``name outcome``.
    """

    store: PreparedStore
    notebook: Notebook
    made: list[str] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)
    cancelled: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    prepared: list[Prepared] = field(default_factory=list)

    def dish(self, name: str, seconds: float = 1.0, error: Exception | None = None) -> Callable[[], Awaitable[str]]:
        """What makes a thing in so many seconds, in steps of a tenth."""

        async def make() -> str:
            self.made.append(name)
            try:
                for _ in range(round(seconds * 10)):
                    await asyncio.sleep(0.1)
            except asyncio.CancelledError:
                self.cancelled.append(name)
                raise
            if error is not None:
                raise error
            self.ended.append(name)
            return f"{name} {self.made.count(name)}"

        return make

    async def get(self, name: str, seconds: float = 1.0, error: Exception | None = None, kind: str = "plan") -> str:
        """Want a thing in a turn of its own."""
        with self.store.foreground(self._hear):
            return await self.store.get(kind, (name,), self.dish(name, seconds, error))

    def ahead(
        self,
        name: str,
        seconds: float = 1.0,
        urgency: Urgency = Urgency.BRANCH,
        worth: Worth | None = None,
        tag: str = "",
    ) -> None:
        """Have a thing made ahead."""
        make = self.dish(name, seconds)
        self.store.ahead("plan", (name,), make, urgency=urgency, worth=worth, tag=tag)

    def _hear(self, prepared: Prepared) -> None:
        self.prepared.append(prepared)
        self.told.append(f"{prepared.key} {prepared.outcome}")


@asynccontextmanager
async def kitchen(
    folder: Path,
    *,
    strategy: str = "all",
    at_once: int = 1,
    now: Callable[[], datetime] = lambda: NOON,
    clock: Clock | None = None,
) -> AsyncIterator[Kitchen]:
    """A store on the time of the loop; work ahead costs ten joules a second of the processor."""
    notebook = Notebook(folder / "notebook.sqlite")
    store = PreparedStore(
        Predictor(now),
        Costs(now),
        notebook,
        clock=clock or LoopClock(),
        power=FakePowerMonitor(),
        strategy=lambda: strategy,
        at_once=at_once,
    )
    await store.load()
    try:
        yield Kitchen(store, notebook)
    finally:
        await store.aclose()
        await notebook.aclose()
