"""A signal without memory: whoever waits now is woken by the next beat.

Check the state, then wait: between the two nothing else runs, so no beat is missed. Unlike an `asyncio.Event` it needs
no clearing, so any number of tasks may wait for the same thing to move.
"""

from __future__ import annotations

import asyncio


class Pulse:
    """Wakes everybody who waits. Belongs to one event loop."""

    def __init__(self) -> None:
        self._waiting: set[asyncio.Future[None]] = set()

    def beat(self) -> None:
        """Wake everybody who waits now."""
        for future in self._waiting:
            if not future.done():
                future.set_result(None)
        self._waiting.clear()

    async def wait(self, timeout_s: float | None = None) -> bool:
        """Wait for the next beat; returns False when ``timeout_s`` seconds went by without one."""
        future = asyncio.get_running_loop().create_future()
        self._waiting.add(future)
        try:
            async with asyncio.timeout(timeout_s):
                await future
        except TimeoutError:
            return False
        finally:
            self._waiting.discard(future)
        return True
