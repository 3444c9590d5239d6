"""A database and the one thread all its work is done in, so that the event loop never waits for the disk.

Why it exists: history, document index and kept answers each have a file of their own and are used from coroutines; a
connection belongs to one thread, is opened at the first use and closed exactly once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from app.contracts.errors import StorageError
from app.memory.database import Database, storage_errors

T = TypeVar("T")


class DatabaseWorker:
    """Opens a database at the first use and does work on it, one piece after the other.

    Args:
        open_it: Opens the file; runs in the thread, and again at the next work after it failed.
        name: What the file holds, for sentences: "history".
    """

    def __init__(self, open_it: Callable[[], Database], name: str) -> None:
        self._open_it = open_it
        self._name = name
        self._database: Database | None = None
        self._closed = False
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=name)

    @property
    def closed(self) -> bool:
        """No more work is done."""
        return self._closed

    async def do(self, work: Callable[[Database], T]) -> T:
        """Do a piece of work in the thread.

        Raises:
            StorageError: It is closed already, or the disk or the file is in the way.
        """
        if self._closed:
            code = f"{self._name.replace(' ', '-')}-closed"
            raise StorageError(f"The {self._name} is closed already.", code=code)

        def run() -> T:
            if self._database is None:
                self._database = self._open_it()
            with storage_errors(self._database.path, self._name):
                return work(self._database)

        return await asyncio.get_running_loop().run_in_executor(self._thread, run)

    async def aclose(self) -> None:
        """Finish what is being done and let the file go. May be called twice."""
        if not self._closed:
            self._closed = True
            await asyncio.get_running_loop().run_in_executor(self._thread, self._close)
            self._thread.shutdown()

    def _close(self) -> None:
        if self._database is not None:
            self._database.close()
            self._database = None
