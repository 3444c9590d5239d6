"""The machine's own clock, behind the port, so that tests can own time instead."""

from __future__ import annotations

import asyncio
import time


class SystemClock:
    """Implements `app.contracts.ports.Clock`."""

    def monotonic(self) -> float:
        """Seconds that never go back."""
        return time.monotonic()

    def time(self) -> float:
        """Seconds since the epoch."""
        return time.time()

    async def sleep(self, seconds: float) -> None:
        """Let others run for so long."""
        await asyncio.sleep(seconds)
