"""The two clocks that timers go by, and how long each of them still has.

A timer counts time that goes by: setting the clock of the machine neither shortens nor lengthens it, and sleep of the
machine counts, so it goes by `Clock.since_boot`. That clock begins anew when the machine is started again; then the
wall clock is all there is, and the timer is set by it once more. Alarms and reminders are meant for a moment of the
day and always go by the wall clock, however it got there. What repeats at a time of day keeps that time when the
machine comes into another time zone; what was set for one moment keeps the moment.
"""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import datetime, tzinfo
from functools import cached_property

from app.aio.clock import LOCAL
from app.assistant.skills.timers.repeats import interval_s, next_due
from app.assistant.skills.timers.timer import RING_FOR_S, Timer, What
from app.contracts.ports import Clock
from app.contracts.skill_cards import TimerState

CLOCK_WAS_SET_S = 1.0
"""When the two clocks disagree by more than this about a timer, somebody has set the wall clock."""


class Hands:
    """Both clocks.

    Args:
        clock: Where they are read.
        zone: Whose clock on the wall; None for that of this machine.
    """

    def __init__(self, clock: Clock, zone: tzinfo | None = None) -> None:
        self._clock = clock
        self._zone = zone or LOCAL

    @cached_property
    def _boot(self) -> str:
        return self._clock.boot() or f"run {secrets.token_hex(8)}"

    def now(self) -> float:
        """Seconds since the epoch."""
        return self._clock.time()

    def left_s(self, timer: Timer) -> float:
        """Seconds until a running one rings; negative when it is late. Of a paused one, what it will have."""
        if timer.state is TimerState.PAUSED:
            return timer.remaining_s
        if timer.what is What.TIMER and timer.boot == self._boot:
            return timer.counts_to_s - self._clock.since_boot()
        return timer.due_at - self._clock.time()

    def ringing_left_s(self, timer: Timer) -> float:
        """Seconds until a ringing one gives up."""
        return timer.counts_to_s - self._clock.since_boot() if timer.boot == self._boot else 0.0

    def running(self, timer: Timer, left_s: float) -> Timer:
        """It runs, with so much left."""
        return replace(
            timer,
            state=TimerState.RUNNING,
            due_at=self._clock.time() + left_s,
            remaining_s=0.0,
            counts_to_s=self._clock.since_boot() + left_s,
            boot=self._boot,
        )

    def waiting(self, timer: Timer, due_at: float) -> Timer:
        """It waits for a moment, seconds since the epoch."""
        waits = replace(timer, state=TimerState.RUNNING, due_at=due_at, remaining_s=0.0, counts_to_s=0.0, boot="")
        return replace(waits, offset_s=self._offset_s(due_at) if _of_the_day(timer) else None)

    def paused(self, timer: Timer) -> Timer:
        """It stands still."""
        return replace(timer, state=TimerState.PAUSED, remaining_s=max(0.0, self.left_s(timer)))

    def ringing(self, timer: Timer) -> Timer:
        """It rings from now on."""
        again_s = interval_s(timer.repeats) or float("inf")
        gives_up = self._clock.since_boot() + min(RING_FOR_S[timer.what], again_s / 2)  # before it comes again
        return replace(timer, state=TimerState.RINGING, remaining_s=0.0, counts_to_s=gives_up, boot=self._boot)

    def put_right(self, timer: Timer) -> Timer:
        """The same timer, in step with the clocks: after a start of the machine, or when clock or zone was set."""
        if timer.state is not TimerState.RUNNING:
            return timer
        if timer.what is not What.TIMER:
            return self._in_this_zone(timer)
        left_s = self.left_s(timer)
        in_step = timer.boot == self._boot and abs(timer.due_at - self._clock.time() - left_s) <= CLOCK_WAS_SET_S
        return timer if in_step else self.running(timer, left_s)

    def _in_this_zone(self, timer: Timer) -> Timer:
        """The same time of day in the zone where the machine is now."""
        if timer.offset_s is None or not _of_the_day(timer):
            return timer
        moved_s = timer.offset_s - self._offset_s(timer.due_at)
        if not moved_s:
            return timer
        due_at = timer.due_at + moved_s
        if due_at <= self._clock.time():
            due_at = next_due(timer.repeats, self._clock.time(), self._zone) or due_at
        return self.waiting(timer, due_at)

    def _offset_s(self, at: float) -> float:
        offset = datetime.fromtimestamp(at, self._zone).utcoffset()
        return 0.0 if offset is None else offset.total_seconds()


def _of_the_day(timer: Timer) -> bool:
    """It comes again at a time of day."""
    return bool(timer.repeats) and not interval_s(timer.repeats)
