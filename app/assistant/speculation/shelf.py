"""What is kept of one kind of thing: the newest, for a while."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Mapping
from dataclasses import dataclass

from app.assistant.speculation.costs import Cost


@dataclass(frozen=True, slots=True)
class Room:
    """How much is kept of a kind: so many things, each for so many seconds."""

    things: int
    seconds: float


ROOMS: Mapping[str, Room] = {
    "person": Room(64, 600.0),
    "skill-data": Room(256, 600.0),
    "clarification": Room(128, 300.0),
    "plan": Room(256, 900.0),
    "cards": Room(1024, 900.0),
    "answer": Room(128, 3600.0),
}
"""A branch is remembered for a shorter time than the plans and cards it made: it is made again before they are gone."""
OTHERS = Room(128, 300.0)


@dataclass(slots=True)
class Kept:
    """Something that was made.

    Attributes:
        value: It.
        at: Monotonic seconds at which it was made.
        took_s: What making it took.
        cost: Of making it; None when somebody waited for it.
        used: Somebody has wanted it since.
    """

    value: object
    at: float
    took_s: float
    cost: Cost | None = None
    used: bool = False


class Shelf:
    """Least recently used things go first, old ones at once.

    Args:
        room: How much is kept.
    """

    def __init__(self, room: Room) -> None:
        self._room = room
        self._kept: OrderedDict[Hashable, Kept] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def find(self, key: Hashable, now: float) -> Kept | None:
        """A thing that is not too old, None when there is none. It becomes the one used last."""
        kept = self._kept.get(key)
        if kept is None:
            return None
        if now - kept.at >= self._room.seconds:
            del self._kept[key]
            return None
        self._kept.move_to_end(key)
        return kept

    def put(self, key: Hashable, kept: Kept) -> None:
        """Keep a thing; what was used longest ago makes room."""
        self._kept[key] = kept
        self._kept.move_to_end(key)
        while len(self._kept) > self._room.things:
            self._kept.popitem(last=False)

    def clear(self) -> None:
        """Keep nothing of it any more."""
        self._kept.clear()
