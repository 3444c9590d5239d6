"""The two clocks that timers go by, and how long each of them still has.

A timer counts time that goes by: setting the clock of the machine neither shortens nor lengthens it, and sleep of the
machine counts, so it goes by `Clock.since_boot`. That clock begins anew when the machine is started again; then the
wall clock is all there is, and the timer is set by it once more. Alarms and reminders are meant for a moment of the
day and always go by the wall clock, however it got there.
"""

from __future__ import annotations

import secrets
from dataclasses import replace
from functools import cached_property

from app.assistant.skills.timers.timer import RING_FOR_S, Timer, What
from app.contracts.ports import Clock
from app.contracts.skill_cards import TimerState

CLOCK_WAS_SET_S = 1.0
"""When the two clocks disagree by more than this about a timer, somebody has set the wall clock."""


class Hands:
    """Both clocks.

    Args:
        clock: Where they are read.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

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
        return replace(timer, state=TimerState.RUNNING, due_at=due_at, remaining_s=0.0, counts_to_s=0.0, boot="")

    def paused(self, timer: Timer) -> Timer:
        """It stands still."""
        return replace(timer, state=TimerState.PAUSED, remaining_s=max(0.0, self.left_s(timer)))

    def ringing(self, timer: Timer) -> Timer:
        """It rings from now on."""
        gives_up = self._clock.since_boot() + RING_FOR_S[timer.what]
        return replace(timer, state=TimerState.RINGING, remaining_s=0.0, counts_to_s=gives_up, boot=self._boot)

    def put_right(self, timer: Timer) -> Timer:
        """The same timer, its two moments in step again: after a start of the machine, or when its clock was set."""
        if timer.what is not What.TIMER or timer.state is not TimerState.RUNNING:
            return timer
        left_s = self.left_s(timer)
        in_step = timer.boot == self._boot and abs(timer.due_at - self._clock.time() - left_s) <= CLOCK_WAS_SET_S
        return timer if in_step else self.running(timer, left_s)
