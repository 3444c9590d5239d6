"""The one stream of a turn: it stamps every event, and lets exactly one end through.

Why it exists: whoever makes an event knows what happened, not its number or its time; and whatever goes wrong, a turn
ends once. Work that winds down after the end may still report: those late events are dropped here, in one place.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from app.contracts.events import TURN_ENDS, DeviceUsed, FailedOver, Retrying, TurnEvent
from app.contracts.ports import Clock

Publish = Callable[[TurnEvent], None]
BackendEvent = Retrying | FailedOver | DeviceUsed


class TurnStream:
    """Events of one turn.

    Args:
        turn_id: Stamped on every event.
        clock: Gives `t_ms`, counted from the making of the stream.
        publish: Gets every stamped event, on the caller's stack.

    Attributes:
        on_device: Hears where the backends of the turn really run, whenever they say so.
    """

    def __init__(self, turn_id: str, clock: Clock, publish: Publish) -> None:
        self.turn_id = turn_id
        self._clock = clock
        self._publish = publish
        self._started = clock.monotonic()
        self._seq = 0
        self._ended = False
        self.on_device: Callable[[DeviceUsed], None] = lambda _event: None

    @property
    def ended(self) -> bool:
        """True once one of `TURN_ENDS` has passed."""
        return self._ended

    @property
    def started_at(self) -> float:
        """Monotonic seconds of the start."""
        return self._started

    def elapsed_ms(self) -> float:
        """Milliseconds since the start."""
        return (self._clock.monotonic() - self._started) * 1000.0

    def emit(self, event: TurnEvent) -> bool:
        """Stamp an event and pass it on; returns False, and does nothing, when the turn has ended already."""
        if self._ended:
            return False
        self._ended = isinstance(event, TURN_ENDS)
        stamped = dataclasses.replace(event, turn_id=self.turn_id, seq=self._seq, t_ms=self.elapsed_ms())
        self._seq += 1
        self._publish(stamped)
        return True


class BackendRelay:
    """Carries what the backends report (retries, fail-overs, devices) into the turn that is running.

    The composites over the backends outlive every turn; the stream they report into changes with each.
    """

    def __init__(self) -> None:
        self._stream: TurnStream | None = None

    def attach(self, stream: TurnStream) -> None:
        """From now on reports belong to this turn."""
        self._stream = stream

    def __call__(self, event: BackendEvent) -> None:
        """Pass a report on; outside a turn there is nobody to tell."""
        if self._stream is not None:
            if isinstance(event, DeviceUsed):
                self._stream.on_device(event)
            self._stream.emit(event)
