"""Waiting for what happens on another thread or in another process, where there is nothing to await."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


async def until(condition: Callable[[], object], timeout_s: float = 20.0) -> None:
    """Return once ``condition`` holds; TimeoutError when it does not within ``timeout_s`` seconds."""
    async with asyncio.timeout(timeout_s):
        while not condition():  # noqa: ASYNC110 - what it looks at belongs to another thread
            await asyncio.sleep(0.01)
