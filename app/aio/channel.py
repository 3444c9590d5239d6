"""A bounded way from whoever makes things to whoever takes them.

Why it exists: an unbounded queue hides a consumer that cannot keep up until memory is gone, and the standard queue has
no end: a consumer cannot tell "nothing yet" from "nothing any more".
"""

from __future__ import annotations

from collections import deque
from typing import Generic, TypeVar

from app.aio.pulse import Pulse

_T = TypeVar("_T")


class Channel(Generic[_T]):
    """Items in order, at most ``maxsize`` of them waiting. Belongs to one event loop; any number of consumers.

    Args:
        maxsize: Bound of the items that wait, at least 1.
    """

    def __init__(self, maxsize: int) -> None:
        if maxsize < 1:
            raise ValueError(f"a channel holds at least one item, not {maxsize}")
        self._maxsize = maxsize
        self._items: deque[_T] = deque()
        self._closed = False
        self._moved = Pulse()

    def __len__(self) -> int:
        return len(self._items)

    @property
    def closed(self) -> bool:
        """True once no more items can come; some may still be waiting."""
        return self._closed

    async def send(self, item: _T) -> bool:
        """Add an item, waiting for room; returns False, and adds nothing, when the channel is closed."""
        while not self._closed and len(self._items) >= self._maxsize:
            await self._moved.wait()
        return self.put_nowait(item)

    def put_nowait(self, item: _T) -> bool:
        """Add an item at once; returns False, and adds nothing, when the channel is full or closed."""
        if self._closed or len(self._items) >= self._maxsize:
            return False
        self._items.append(item)
        self._moved.beat()
        return True

    def close(self) -> None:
        """No more items. Those that wait are still delivered, then iteration ends."""
        self._closed = True
        self._moved.beat()

    def __aiter__(self) -> Channel[_T]:
        return self

    async def __anext__(self) -> _T:
        while not self._items:
            if self._closed:
                raise StopAsyncIteration
            await self._moved.wait()
        item = self._items.popleft()
        self._moved.beat()
        return item
