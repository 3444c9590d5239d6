"""Tasks that have an owner: none is forgotten, none fails in silence, and all are gone when the owner closes.

Why it exists: a bare `asyncio.create_task` may be collected while it runs, and its error is told to nobody until then.
Whoever starts work that outlives a call keeps a `TaskOwner` and closes it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

log = logging.getLogger(__name__)

_T = TypeVar("_T")


def _logged(error: BaseException, name: str) -> None:
    log.error("task %s failed", name, exc_info=error)


class TaskOwner:
    """Owns every task it starts.

    Args:
        on_failure: Gets the error and the name of a task that failed, by default the log; cancelling is no failure.
    """

    def __init__(self, on_failure: Callable[[BaseException, str], None] = _logged) -> None:
        self._on_failure = on_failure
        self._tasks: set[asyncio.Task[Any]] = set()

    def __len__(self) -> int:
        return len(self._tasks)

    def start(self, coroutine: Coroutine[Any, Any, _T], name: str) -> asyncio.Task[_T]:
        """Run a coroutine as a task of this owner."""
        task = asyncio.get_running_loop().create_task(coroutine, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    async def aclose(self) -> None:
        """Cancel what still runs and wait for it. May be called twice, and from one of the tasks.

        A task that was cancelled before is left to wind down, and what a cancelled task starts meanwhile is clean-up
        work: both are waited for, not cancelled.
        """
        current = asyncio.current_task()
        for task in self._tasks - {current}:
            if not task.cancelling():
                task.cancel()
        while waiting := self._tasks - {current}:
            await asyncio.wait(waiting)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._on_failure(error, task.get_name())
