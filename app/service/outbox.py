"""What waits for a client that is being streamed to: bounded, whatever the client does.

Why it exists: a run never waits for its listeners. For a client that reads slowly, new text of a stage is joined with
text of that stage that still waits, so nothing is lost and little is kept. When even that is too much, the run is given
up with a sentence; the client gets what waits for it and how the run ended.
"""

from __future__ import annotations

import dataclasses
from collections import deque
from collections.abc import Callable

from app.aio.pulse import Pulse
from app.contracts.audio import AudioChunk
from app.contracts.events import RUN_ENDS, Listening, Status, TextDelta, TextReplaced, TurnEvent
from app.service.limits import Limits

Item = TurnEvent | AudioChunk
SOUNDS = 4
"""Pieces of sound that wait."""
JOIN_FROM = 16
"""So many events wait before new ones are joined with them."""
_ROOM_FOR_ENDS = 64
"""Stages tell their ends even when there is no room, so that what is open at the client can be closed."""


class Outbox:
    """Events and sound for one client. Belongs to one event loop.

    Args:
        limits: How much may wait.
        on_overflow: Called once, when more would have to wait than may.
    """

    def __init__(self, limits: Limits, on_overflow: Callable[[], None]) -> None:
        self._limits = limits
        self._on_overflow = on_overflow
        self._items: deque[Item] = deque()
        self._characters = 0
        self._sounds = 0
        self._sounds_open = True
        self._ended = False
        self._moved = Pulse()
        self.overflowed = False
        self.joined = 0
        self.last_seq = -1

    def __len__(self) -> int:
        return len(self._items)

    def put(self, event: TurnEvent) -> None:
        """Take an event; never waits."""
        self.last_seq = event.seq
        if isinstance(event, RUN_ENDS):
            self._ended = True
            self._moved.beat()
            return
        if not self._join(event) and not self._add(event):
            return
        if self._full() and not self.overflowed:
            self.overflowed = True
            self._on_overflow()
        self._moved.beat()

    async def put_sound(self, chunk: AudioChunk) -> None:
        """Take a piece of sound when there is room for it."""
        while self._sounds >= SOUNDS:
            await self._moved.wait()
        self._sounds += 1
        self._items.append(chunk)
        self._moved.beat()

    def no_more_sound(self) -> None:
        """All sound has been put."""
        self._sounds_open = False
        self._moved.beat()

    async def get(self) -> Item | None:
        """The next thing to send; None when the run has ended and nothing is left but to say how."""
        while not self._items:
            if self._ended and not self._sounds_open:
                return None
            await self._moved.wait()
        item = self._items.popleft()
        if isinstance(item, AudioChunk):
            self._sounds -= 1
        elif isinstance(item, TextDelta):
            self._characters -= len(item.text)
        self._moved.beat()
        return item

    def _add(self, event: TurnEvent) -> bool:
        bound = self._limits.buffered_events + _ROOM_FOR_ENDS
        if self.overflowed and (isinstance(event, TextDelta) or len(self._items) >= bound):
            return False
        self._items.append(event)
        if isinstance(event, TextDelta):
            self._characters += len(event.text)
        return True

    def _join(self, event: TurnEvent) -> bool:
        """Join an event with one that waits: text with text of the same stage and tier, a state with an older one."""
        if isinstance(event, TextDelta) and self.overflowed:
            return False
        if not isinstance(event, TextDelta | Status | Listening) or len(self._items) < JOIN_FROM:
            return False
        for at in range(len(self._items) - 1, -1, -1):
            other = self._items[at]
            if not isinstance(other, AudioChunk) and _same_thing(event, other):
                self._items[at] = self._merged(other, event)
                self.joined += 1
                return True
            if isinstance(event, TextDelta) and isinstance(other, TextDelta | TextReplaced):
                if other.stage == event.stage:
                    return False
            elif not isinstance(other, TextDelta):
                return False
        return False

    def _merged(self, waiting: TurnEvent, event: TurnEvent) -> TurnEvent:
        if isinstance(waiting, TextDelta) and isinstance(event, TextDelta):
            self._characters += len(event.text)
            return dataclasses.replace(waiting, text=waiting.text + event.text, confidence=event.confidence)
        return event

    def _full(self) -> bool:
        return (
            len(self._items) - self._sounds > self._limits.buffered_events
            or self._characters > self._limits.buffered_characters
        )


def _same_thing(event: TurnEvent, other: TurnEvent) -> bool:
    if isinstance(event, TextDelta):
        return isinstance(other, TextDelta) and (other.stage, other.tier) == (event.stage, event.tier)
    if isinstance(event, Status):
        return isinstance(other, Status) and other.stage == event.stage
    return isinstance(other, Listening)
