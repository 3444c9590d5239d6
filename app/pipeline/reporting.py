"""The one stream of a run: it stamps every event, lets exactly one end through, and never waits for who listens.

Why it exists: stages report what happened, not its number or its time; work that winds down after the end may still
report, and those late events are dropped here; and a listener that comes late, or fails, must not matter to the run.
"""

from __future__ import annotations

import contextlib
import dataclasses
import logging
from collections.abc import Callable

from app.contracts.events import RUN_ENDS, TurnEvent
from app.contracts.ports import Clock

log = logging.getLogger(__name__)

KEPT_EVENTS = 50_000
"""Of a run without an end so many of the last events are kept for listeners that come late."""
Listener = Callable[[TurnEvent], None]


class RunStream:
    """Events of one run, kept as long as it is, but for those of long ago. Belongs to one event loop.

    Args:
        run_id: Stamped on every event.
        turn_id: Likewise; empty for a run outside turns.
        clock: Gives `t_ms`, counted from the making of the stream.
    """

    def __init__(self, run_id: str, turn_id: str, clock: Clock) -> None:
        self.run_id = run_id
        self.turn_id = turn_id
        self._clock = clock
        self._started = clock.monotonic()
        self._events: list[TurnEvent] = []
        self._dropped = 0
        self._listeners: list[_Seat] = []
        self._delivering = False
        self._ended = False

    @property
    def ended(self) -> bool:
        """True once one of `RUN_ENDS` has passed."""
        return self._ended

    @property
    def started_at(self) -> float:
        """Monotonic seconds of the start."""
        return self._started

    @property
    def events(self) -> tuple[TurnEvent, ...]:
        """Everything so far."""
        return tuple(self._events)

    def elapsed_ms(self) -> float:
        """Milliseconds since the start."""
        return (self._clock.monotonic() - self._started) * 1000.0

    def emit(self, event: TurnEvent) -> None:
        """Stamp an event and pass it on; does nothing when the run has ended already."""
        if self._ended:
            return
        self._ended = isinstance(event, RUN_ENDS)
        stamped = dataclasses.replace(
            event, turn_id=self.turn_id, run_id=self.run_id, seq=self._count(), t_ms=self.elapsed_ms()
        )
        self._events.append(stamped)
        self._deliver()
        if len(self._events) > KEPT_EVENTS and not self._delivering:
            surplus = len(self._events) - KEPT_EVENTS // 2
            del self._events[:surplus]
            self._dropped += surplus

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Give a listener every event from the first on, those of the past at once; returns what ends it.

        A listener that raises is logged and goes on getting events.
        """
        seat = _Seat(listener, self._dropped)
        self._listeners.append(seat)
        self._deliver()

        def leave() -> None:
            seat.gone = True
            with contextlib.suppress(ValueError):
                self._listeners.remove(seat)

        return leave

    def _count(self) -> int:
        """How many events there were."""
        return self._dropped + len(self._events)

    def _deliver(self) -> None:
        """Give everybody what they lack. What a listener sets off meanwhile is delivered after what is under way."""
        if self._delivering:
            return
        self._delivering = True
        try:
            while any(seat.lacks(self._count()) for seat in self._listeners):
                for seat in tuple(self._listeners):
                    if seat.lacks(self._count()):
                        seat.give(self._events[seat.taken - self._dropped])
        finally:
            self._delivering = False


class _Seat:
    """One listener and how many events it has had."""

    def __init__(self, listener: Listener, taken: int) -> None:
        self._listener = listener
        self._complained = False
        self.taken = taken
        self.gone = False

    def lacks(self, count: int) -> bool:
        return not self.gone and self.taken < count

    def give(self, event: TurnEvent) -> None:
        self.taken += 1
        try:
            self._listener(event)
        except Exception as error:  # noqa: BLE001 - whatever a listener does wrong is its own affair
            if not self._complained:
                self._complained = True
                log.error(  # noqa: TRY400 - a traceback may hold words of the person
                    "a listener of run %s failed with %s", event.run_id, type(error).__name__
                )
