"""Rings what is due, on time to the second: while Sotto runs, after the machine slept, after a new start.

Why it looks once a second while something is set: sleeping in the program stands still while the machine sleeps, and
knows nothing of a wall clock that is set. A look costs some microseconds. With nothing set it waits for a change of the
notebook, and looks now and then whether another program has written into it.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, tzinfo

from app.aio.clock import LOCAL, follow_zone
from app.aio.tasks import TaskOwner
from app.assistant.skills.parts import SkillParts
from app.assistant.skills.timers.cards import ended_card, timer_card
from app.assistant.skills.timers.hands import Hands
from app.assistant.skills.timers.repeats import next_due
from app.assistant.skills.timers.timer import TIMERS, Timer
from app.assistant.skills.timers.wording import when
from app.assistant.wording import sentence
from app.contracts.errors import SottoError
from app.contracts.events import CardChanged, Notice, TimerFired
from app.contracts.skill_cards import TimerCard, TimerState
from app.memory.notebook import Notebook, Put, Remove, Write, put_card

log = logging.getLogger(__name__)

LOOK_EVERY_S = 1.0
LOOK_FOR_OTHERS_S = 2.0
"""A command in a terminal may set something too; whether another program wrote is looked at after so long."""
TOO_LATE_S = 60.0
"""At a new start, what should have rung longer ago than this is told, not rung."""
AGAIN_AFTER_S = 5.0
"""A notebook that cannot be read or written is tried again after so long."""


class Scheduler:
    """The one who watches the clocks.

    Args:
        parts: Clock, notebook, and whom to tell.
        hands: Both clocks.
        zone: Whose wall clock; None for that of this machine.
    """

    def __init__(self, parts: SkillParts, hands: Hands, zone: tzinfo | None = None) -> None:
        self._parts = parts
        self._hands = hands
        self._zone = zone
        self._tasks = TaskOwner()
        self._changed = asyncio.Event()
        self._told: set[str] = set()
        self._timers: tuple[Timer, ...] = ()
        self._unwritten: dict[Timer, Timer] = {}
        self._unsubscribe: Callable[[], object] = lambda: None

    async def start(self) -> None:
        """Tell what was missed and watch from now on.

        Raises:
            StorageError: The notebook cannot be read.
        """
        if len(self._tasks):
            return
        try:
            await self._tell_what_was_missed()
        finally:
            self._unsubscribe = self._parts.notebook.subscribe(self._note)
            self._changed.set()
            self._tasks.start(self._watch(), name="timers")

    async def aclose(self) -> None:
        """Watch no longer. May be called twice."""
        self._unsubscribe()
        await self._tasks.aclose()

    def _note(self, collections: frozenset[str]) -> None:
        if TIMERS in collections:
            self._changed.set()

    async def _watch(self) -> None:
        while True:
            try:
                others_wrote = await self._parts.notebook.others_wrote()
                if others_wrote or self._changed.is_set():
                    self._changed.clear()
                    kept = await self._parts.notebook.entries(TIMERS, Timer)
                    if others_wrote:
                        await self._show(frozenset(self._timers) ^ frozenset(kept))
                    self._unwritten = {old: new for old, new in self._unwritten.items() if old in kept}
                    self._timers = tuple(self._unwritten.get(timer, timer) for timer in kept)
                await self._look()
                await self._wait(self._pause_s())
            except SottoError as error:
                self._tell_of(error)
                await self._parts.clock.sleep(AGAIN_AFTER_S)
                self._changed.set()

    async def _show(self, touched: Iterable[Timer]) -> None:
        """Show the cards of what another program has set, changed or ended; what rang falls silent by it."""
        for card_id in sorted({timer.card_id for timer in touched}):
            if (card := await self._parts.notebook.card(card_id)) is not None:
                self._parts.publish(CardChanged(card=replace(card, turn_id="")))

    async def _wait(self, seconds: float) -> None:
        """Until so much time went by, or what is set has changed."""
        waiting: list[asyncio.Task[object]] = [
            asyncio.ensure_future(self._changed.wait()),
            asyncio.ensure_future(self._parts.clock.sleep(seconds)),
        ]
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waiting:
                task.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)

    def _pause_s(self) -> float:
        left = [self._hands.left_s(each) for each in self._timers if each.state is TimerState.RUNNING]
        left += [self._hands.ringing_left_s(each) for each in self._timers if each.state is TimerState.RINGING]
        return max(0.0, min(*left, LOOK_EVERY_S)) if left else LOOK_FOR_OTHERS_S

    async def _look(self) -> None:
        """Ring what is due, end what rang long enough, put right what a clock that was set has moved."""
        follow_zone()
        for timer in sorted(self._timers, key=lambda each: each.due_at):
            if timer.state is TimerState.RUNNING and self._hands.left_s(timer) <= 0.0:
                await self._ring(timer)
            elif timer.state is TimerState.RINGING and self._hands.ringing_left_s(timer) <= 0.0:
                await self._keep(*await self.ended(timer, TimerState.DONE))
            elif (right := self._hands.put_right(timer)) != timer:
                await self._keep(*await self.changed(right))

    async def _ring(self, timer: Timer) -> None:
        """Ring, even when that cannot be written down; but not what another window has cancelled meanwhile."""
        notebook = self._parts.notebook
        with contextlib.suppress(SottoError):
            if await notebook.entry(TIMERS, timer.timer_id, Timer) != timer:
                self._changed.set()
                return
        ringing = self._hands.ringing(timer)
        self._timers = tuple(ringing if each.timer_id == timer.timer_id else each for each in self._timers)
        try:
            card, writes = await self.changed(ringing)
            await self._keep(replace(card, turn_id=""), writes)  # no turn's any more: it comes to where one looks
        except SottoError as error:
            self._unwritten[timer] = ringing  # it must not ring again because the notebook says that it runs
            self._parts.publish(CardChanged(card=timer_card(ringing)))
            self._tell_of(error)
        self._parts.publish(TimerFired(timer_id=timer.timer_id, label=timer.label))
        self._parts.announce(ringing.over(self._zone))

    async def changed(self, timer: Timer) -> tuple[TimerCard, tuple[Write, ...]]:
        """The card of one that is set, and what has to be written."""
        card = timer_card(timer, await self._card(timer))
        return card, (Put(TIMERS, timer.timer_id, timer, timer.due_at),)

    async def ended(self, timer: Timer, state: TimerState) -> tuple[TimerCard, tuple[Write, ...]]:
        """The same for one that is over or cancelled; one that repeats waits for its next time, unless cancelled."""
        due = next_due(timer.repeats, self._hands.now(), self._zone)
        if due is not None and state is not TimerState.CANCELLED:
            return await self.changed(self._hands.waiting(timer, due))
        card = ended_card(timer, await self._card(timer), state)
        return card, (Remove(TIMERS, timer.timer_id),)

    async def _card(self, timer: Timer) -> TimerCard | None:
        card = await self._parts.notebook.card(timer.card_id)
        return card if isinstance(card, TimerCard) else None

    async def _keep(self, card: TimerCard, writes: Sequence[Write]) -> None:
        await self._parts.notebook.commit((*writes, put_card(card, self._hands.now())))
        self._told.clear()
        self._parts.publish(CardChanged(card=card))

    async def _tell_what_was_missed(self) -> None:
        """At a new start: put the timers by the clock again; what nobody heard is told in one sentence."""
        notebook: Notebook = self._parts.notebook
        missed = []
        for timer in await notebook.entries(TIMERS, Timer):
            late_s = -self._hands.left_s(timer)
            if timer.state is TimerState.RINGING or (timer.state is TimerState.RUNNING and late_s > TOO_LATE_S):
                missed.append(timer)
                await self._keep(*await self.ended(timer, TimerState.DONE))
            elif (right := self._hands.put_right(timer)) != timer:
                await self._keep(*await self.changed(right))
        if not missed:
            return
        now = datetime.fromtimestamp(self._hands.now(), self._zone or LOCAL)
        told = [timer.missed(when(timer.due_at, now)) for timer in missed]
        words = sentence(f"While I was away, {told[0]}" + "".join(f"; {each}" for each in told[1:]))
        self._parts.announce(words)

    def _tell_of(self, error: SottoError) -> None:
        """Once, until something can be written again."""
        log.warning("timers: %s", error)
        if error.code not in self._told:
            self._told.add(error.code)
            self._parts.publish(Notice(level="warning", code=error.code, message=error.message, remedy=error.remedy))
