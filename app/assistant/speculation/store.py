"""Caches and work ahead in one: what is made once is kept, what is likely to be wanted is made before it is.

Why it exists: whoever wants a thing must not have to know whether it is kept, on its way, waiting in the queue or not
thought of. So there is one place where each thing is looked for, begun at most once, and kept; and one executor that
gives way to whatever the person waits for.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import Awaitable, Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar, cast

from app.aio.tasks import TaskOwner
from app.assistant.speculation.costs import BACKGROUND, CACHE, MISSED, Cost, Costs
from app.assistant.speculation.flight import Flight
from app.assistant.speculation.predictor import Predictor
from app.assistant.speculation.preparing import Report, Urgency, Worth
from app.assistant.speculation.shelf import OTHERS, ROOMS, Kept, Shelf
from app.assistant.speculation.strategy import BRANCHES, MAINS, Alternating, Prices, Strategy, takes
from app.contracts.devices import Device
from app.contracts.errors import StorageError
from app.contracts.events import Prepared
from app.contracts.ports import Clock, PowerMonitor
from app.memory.notebook import Notebook, Put

T = TypeVar("T")
log = logging.getLogger(__name__)

WRITTEN_EVERY = 10
"""Turns after which the costs are written down."""
LONGEST_AHEAD_S = 10.0
"""Work ahead that takes longer is given up, unless somebody waits for it: it may hang, and others wait behind it."""
MOST_QUEUED = 256
"""Pieces of work ahead that wait their turn; beyond that the least urgent, of those the oldest, is let go."""
LONGEST_END_S = 2.0
"""Work that does not end when it is told to is waited for no longer than this at the end."""
_LOOK_S = 0.01
_within: ContextVar[Flight | None] = ContextVar("sotto_flight", default=None)
_report: ContextVar[Report | None] = ContextVar("sotto_prepared_report", default=None)


class PreparedStore:
    """Implements `app.assistant.speculation.preparing.Preparations`.

    Args:
        predictor: Knows what the person usually chooses.
        costs: Counts what is spent and what it was good for.
        notebook: Keeps what both have learnt.
        clock: Time.
        power: Prices processor seconds.
        strategy: The setting, asked at the beginning of each turn: a `Strategy`, or ``ab``.
        prices: Of seconds and joules, asked at each decision.
        at_once: Pieces of work ahead that run at the same time.
    """

    def __init__(
        self,
        predictor: Predictor,
        costs: Costs,
        notebook: Notebook,
        *,
        clock: Clock,
        power: PowerMonitor,
        strategy: Callable[[], str] = lambda: Strategy.TOP_K,
        prices: Callable[[], Prices] = lambda: MAINS,
        at_once: int = 1,
    ) -> None:
        self.predictor = predictor
        self.costs = costs
        self._notebook = notebook
        self._clock = clock
        self._power = power
        self._setting = strategy
        self._prices = prices
        self._at_once = at_once
        self._strategy = Alternating()
        self._shelves: dict[str, Shelf] = {}
        self._flights: dict[tuple[str, Hashable], Flight] = {}
        self._queue: list[tuple[int, int, Flight]] = []
        self._running: set[Flight] = set()
        self._order = itertools.count()
        self._holding = 0
        self._turns = 0
        self._closed = False
        self._tasks = TaskOwner()
        self._writing: set[asyncio.Task[None]] = set()
        self._learnt: dict[tuple[str, str], Put] = {}

    async def load(self) -> None:
        """Take up what was learnt in earlier runs.

        Raises:
            StorageError: The notebook cannot be read.
        """
        await self.predictor.load(self._notebook)
        await self.costs.load(self._notebook)

    async def get(self, kind: str, key: Hashable, make: Callable[[], Awaitable[T]]) -> T:
        """The thing: kept, on its way, or made now. See `Preparations`."""
        within = _within.get()
        waiting = within is None or not within.ahead
        kept = self._shelf(kind).find(key, self._clock.monotonic())
        if kept is not None:
            if waiting:
                self._told(kind, key, BACKGROUND if kept.cost is not None and not kept.used else CACHE, kept.took_s)
                kept.used = True
                self.costs.use(kept.cost)
            return cast("T", kept.value)
        flight = self._under_way(kind, key)
        if flight is None or flight.task is None:
            flight = self._overtake(flight, kind, key, make, within if not waiting else None)
            if waiting:
                self._told(kind, key, MISSED, 0.0)
        elif waiting:
            self._told(kind, key, BACKGROUND if flight.ahead else CACHE, self._so_far(flight))
            self.costs.use(flight.cost)
        if waiting or (within is not None and within.promoted):
            flight.promote()
            self._running.discard(flight)
            self._pump()
        if within is None:
            return cast("T", await flight.outcome())
        within.waits_for.add(flight)
        try:
            return cast("T", await flight.outcome())
        finally:
            within.waits_for.discard(flight)

    def ahead(
        self,
        kind: str,
        key: Hashable,
        make: Callable[[], Awaitable[object]],
        *,
        urgency: Urgency,
        worth: Worth | None = None,
        tag: str = "",
    ) -> None:
        """Make it when nobody waits, if the strategy has it so. See `Preparations`."""
        self._strategy.heard(self._setting())
        joules = (worth.joules if worth is not None else 0.0) or self.costs.usual(kind)
        if self._closed or not takes(self._strategy.now, urgency, worth, joules, self._prices()):
            return
        if self._shelf(kind).find(key, self._clock.monotonic()) is not None or self._under_way(kind, key):
            return
        flight = Flight(kind, key, make, cost=Cost(self._strategy.now), urgency=urgency, tag=tag)
        self._flights[kind, key] = flight
        self._queue.append((-urgency, next(self._order), flight))
        if len(self._queue) > MOST_QUEUED:
            self._forget_queued(max(self._queue, key=lambda entry: (entry[0], -entry[1]))[2])
        self._pump()

    def drop(self, tag: str) -> None:
        """Cancel what goes on under a tag and under ``tag/…``; what somebody waits for goes on."""
        for flight in tuple(self._flights.values()):
            if flight.tag == tag or flight.tag.startswith(f"{tag}/"):
                flight.wanted_ahead = False
                if flight.task is None:
                    self._forget_queued(flight)
                else:
                    flight.end_if_unwanted()

    def forget(self, kind: str) -> None:
        """Keep nothing of a kind, and nothing that is being made of it now."""
        self._shelf(kind).clear()
        for flight in self._flights.values():
            flight.stale |= flight.kind == kind

    @contextmanager
    def foreground(self, report: Report | None = None) -> Iterator[None]:
        """Somebody waits while this block runs: nothing is begun ahead, what is under way stands back."""
        self._strategy.turn_begins(self._setting())
        self.costs.turn(self._strategy.now)
        self._holding += 1
        for flight in self._flights.values():
            flight.hold()
        token = _report.set(report)
        try:
            yield
        finally:
            _report.reset(token)
            self._holding -= 1
            if not self._holding:
                for flight in self._flights.values():
                    flight.let_go()
                self._pump()
            self._turns += 1
            if self._turns % WRITTEN_EVERY == 0:
                self._learn(self.costs.writes())
            if not self._holding:
                self._keep_learnt()

    def chose(self, intent: str, value: str) -> None:
        """Learn from the person's choice, and write it down: after the turn, whose own commit comes first."""
        self._learn((self.predictor.chose(intent, value),))
        if not self._holding:
            self._keep_learnt()

    def likely(self, intent: str, values: tuple[str, ...]) -> tuple[tuple[str, float], ...]:
        """The answers that the strategy follows, with their chances, the likeliest first."""
        return self.predictor.chances(intent, values)[: BRANCHES[self._strategy.now]]

    async def idle(self) -> None:
        """Wait until nothing is made ahead and nothing waits to be, for whoever measures or closes."""
        while self._running or self._queue:
            running = [flight.task for flight in self._running if flight.task is not None]
            await (asyncio.wait(running) if running else asyncio.sleep(_LOOK_S))

    async def aclose(self) -> None:
        """End all work and write down what was counted. May be called twice."""
        if self._closed:
            return
        self._closed = True
        self._queue.clear()
        for flight in self._flights.values():
            flight.wanted_ahead = False
            flight.end_if_unwanted()
        await asyncio.gather(*self._writing)
        try:
            async with asyncio.timeout(LONGEST_END_S):
                await self._tasks.aclose()
        except TimeoutError:
            log.warning("work ahead did not end when it was told to")
        self._learn(self.costs.writes())
        await self._written(tuple(self._learnt.values()))

    def _under_way(self, kind: str, key: Hashable) -> Flight | None:
        """What is being made, or waits to be; what has been cancelled is neither."""
        flight = self._flights.get((kind, key))
        return None if flight is None or flight.ending else flight

    def _overtake(
        self,
        queued: Flight | None,
        kind: str,
        key: Hashable,
        make: Callable[[], Awaitable[object]],
        within: Flight | None,
    ) -> Flight:
        """Begin to make it now; what waits in the queue for the same is taken from there."""
        if queued is not None:
            self._forget_queued(queued)
        cost = None if within is None or within.cost is None else Cost(within.cost.strategy, part_of=within.cost)
        flight = Flight(kind, key, make, cost=cost)
        flight.wanted_ahead = False
        self._flights[kind, key] = flight
        self._begin(flight)
        return flight

    def _begin(self, flight: Flight) -> None:
        if self._holding:
            flight.hold()
        flight.task = self._tasks.start(self._run(flight), name=f"{'ahead' if flight.ahead else 'make'} {flight.kind}")
        flight.task.add_done_callback(lambda _task: self._never_began(flight))

    def _never_began(self, flight: Flight) -> None:
        """A task that is cancelled before its first step does nothing, not even clean up."""
        if not flight.result.done():
            self._ended(flight)
            flight.result.cancel()

    async def _run(self, flight: Flight) -> None:
        """Make one thing, keep it, and tell everybody who waits for it."""
        _within.set(flight)
        try:
            value = await flight.run(self._clock.monotonic)
        except Exception as error:  # noqa: BLE001 - it belongs to those who wait for it
            self._ended(flight)
            flight.result.set_exception(error)
            flight.result.exception()  # nobody has to wait for it
            if flight.ahead:
                log.debug("work ahead on %s failed: %s", flight.kind, type(error).__name__)
        except BaseException:
            self._ended(flight)
            flight.result.cancel()
            raise
        else:
            took_s = self._so_far(flight)
            self._ended(flight)
            if not flight.stale:
                used = flight.cost is None or flight.cost.used
                kept = Kept(value, self._clock.monotonic(), took_s, flight.cost, used)
                self._shelf(flight.kind).put(flight.key, kept)
            flight.result.set_result(value)

    def _ended(self, flight: Flight) -> None:
        if self._flights.get((flight.kind, flight.key)) is flight:
            del self._flights[flight.kind, flight.key]
        if flight.cost is not None:
            joules = self._power.energy(Device.CPU, flight.cost.busy_s).joules
            self.costs.spent(flight.kind, flight.cost, joules)
        self._running.discard(flight)
        self._pump()

    def _pump(self) -> None:
        """Begin work ahead, the most urgent first, as much as may run at once and only while nobody waits."""
        while self._queue and not self._holding and not self._closed and len(self._running) < self._at_once:
            first = min(self._queue, key=lambda entry: entry[:2])
            self._queue.remove(first)
            self._running.add(first[2])
            self._begin(first[2])
            asyncio.get_running_loop().call_later(LONGEST_AHEAD_S, self._give_up, first[2])

    def _give_up(self, flight: Flight) -> None:
        if not flight.result.done():
            flight.wanted_ahead = False
            flight.end_if_unwanted()
            self._running.discard(flight)  # also when it does not listen: others wait behind it
            self._pump()

    def _forget_queued(self, flight: Flight) -> None:
        self._queue = [entry for entry in self._queue if entry[2] is not flight]
        self._flights.pop((flight.kind, flight.key), None)

    def _so_far(self, flight: Flight) -> float:
        """Seconds it has been in the making, without those in which it stood back."""
        began = flight.began or self._clock.monotonic()
        return max(0.0, self._clock.monotonic() - began - flight.stood_back_s)

    def _told(self, kind: str, key: Hashable, outcome: str, saved_s: float) -> None:
        prepared = Prepared(what=kind, key=in_words(key), outcome=outcome, saved_ms=saved_s * 1000.0)
        self.costs.wanted(self._strategy.before, prepared)
        report = _report.get()
        if report is not None:
            report(prepared)

    def _shelf(self, kind: str) -> Shelf:
        shelf = self._shelves.get(kind)
        if shelf is None:
            shelf = self._shelves[kind] = Shelf(ROOMS.get(kind, OTHERS))
        return shelf

    def _learn(self, writes: tuple[Put, ...]) -> None:
        """Have something written down with the next commit; of an entry only its newest form."""
        self._learnt |= {(put.collection, put.entry_id): put for put in writes}

    def _keep_learnt(self) -> None:
        """Write down what was learnt, in one commit: each waits for the disk."""
        if self._learnt and not self._closed:
            writes, self._learnt = tuple(self._learnt.values()), {}
            task = self._tasks.start(self._written(writes), name="write down choices")
            self._writing.add(task)
            task.add_done_callback(self._writing.discard)

    async def _written(self, writes: tuple[Put, ...]) -> None:
        try:
            await self._notebook.commit(writes)
        except StorageError as error:
            log.warning("what was chosen could not be written down: %s", error.code)


def in_words(key: Hashable) -> str:
    """A key for the log and the event: skill, and intent or name of the data; nothing that a person said."""
    parts = key if isinstance(key, tuple) else (key,)
    return " ".join(part for part in parts[:2] if isinstance(part, str))
