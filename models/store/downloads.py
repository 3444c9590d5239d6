"""Downloads as background jobs of the window: each in a thread of its own, told of as events, owned until they end.

Why it exists: a download blocks (sockets, disk, digests); the loop must not. Threads here are daemons with a line that
can be cut, so that closing never waits for a hub that says nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable

from app.aio.tasks import TaskOwner
from app.contracts.errors import InvalidInput, SottoError, TurnCancelledError
from app.contracts.events import DownloadProgress, Notice
from models.store.model import InstalledModel
from models.store.network import Network
from models.store.patience import Patience
from models.store.progress import Progress, State
from models.store.pull import Pull
from models.store.store import Store
from models.store.wanted import Wanted

Told = Callable[[DownloadProgress | Notice], None]
AT_ONCE = 2
"""Downloads that run at the same time; further ones wait for their turn."""

_MOMENT_S = 2.0


class Downloads:
    """The downloads of one window. Belongs to one event loop; construct it anywhere, use it there.

    Args:
        store: Where models go.
        network: What the settings say now; asked at each start.
        on_event: Told of every step, and with a `Notice` of every failure; called in the loop.
        on_failure: Gets what nobody expected, as `TaskOwner` has it.
        patience: Time-outs and tries.
    """

    def __init__(
        self,
        store: Store,
        network: Callable[[], Network],
        on_event: Told,
        on_failure: Callable[[BaseException, str], None],
        patience: Patience | None = None,
    ) -> None:
        self._store, self._network, self._on_event, self._patience = store, network, on_event, patience
        self._owner = TaskOwner(on_failure)
        self._tasks: dict[str, asyncio.Task[InstalledModel | None]] = {}
        self._pulls: dict[str, Pull] = {}
        self._wanted: dict[str, Wanted] = {}
        self._last: dict[str, Progress] = {}
        self._begun: set[str] = set()
        self._places: asyncio.Semaphore | None = None

    def start(self, wanted: Wanted) -> str:
        """Begin a download, or go on with one that was paused; nothing happens while it runs.

        Returns:
            Its id, which is the model's name.
        """
        name = wanted.name
        self._wanted[name] = wanted
        running = self._tasks.get(name)
        if running is None or running.done():
            pull = Pull(self._store, wanted, self._network(), self._reporter(), self._patience)
            self._pulls[name] = pull
            self._tell(Progress(name, State.WAITING))
            self._tasks[name] = self._owner.start(self._one(name, pull), f"download of {name}")
        return name

    def pause(self, download_id: str) -> None:
        """Stop a download; what has come stays on the disk.

        Raises:
            InvalidInput: There is no such download.
        """
        self._pull_of(download_id).pause()
        if download_id not in self._begun and not self._tasks[download_id].done():
            self._tasks[download_id].cancel()
            self._tell(Progress(download_id, State.PAUSED))

    def resume(self, download_id: str) -> None:
        """Go on with a download that was paused or failed.

        Raises:
            InvalidInput: There is no such download.
        """
        self._pull_of(download_id)
        self.start(self._wanted[download_id])

    async def cancel(self, download_id: str) -> None:
        """Stop a download and throw away what has come, also when it was paused before; one that is done stays.

        Raises:
            InvalidInput: There is no such download.
            AlreadyRunning: Another process goes on with it.
            StorageError: What has come cannot be deleted.
        """
        self._pull_of(download_id).cancel()
        if download_id not in self._begun:
            self._tasks[download_id].cancel()
        if await self.wait(download_id) is not None:
            return
        await asyncio.to_thread(self._throw_away, download_id)
        self._tell(Progress(download_id, State.CANCELLED))

    async def wait(self, download_id: str) -> InstalledModel | None:
        """Wait until a download has ended; returns the model, None when it did not come.

        Raises:
            InvalidInput: There is no such download.
        """
        self._pull_of(download_id)
        task = self._tasks[download_id]
        await asyncio.wait({task})
        return None if task.cancelled() else task.result()

    def looks(self) -> tuple[Progress, ...]:
        """How far each download is, in the order in which they were begun."""
        return tuple(self._last.values())

    async def aclose(self) -> None:
        """Pause what runs and wait a moment for it. May be called twice."""
        for name in self._tasks:
            self.pause(name)
        if running := [task for task in self._tasks.values() if not task.done()]:
            await asyncio.wait(running, timeout=_MOMENT_S)
        await self._owner.aclose()

    async def _one(self, name: str, pull: Pull) -> InstalledModel | None:
        """One download to its end; its failure is told, not raised."""
        if self._places is None:
            self._places = asyncio.Semaphore(AT_ONCE)
        async with self._places:
            self._begun.add(name)
            try:
                return await _in_thread(pull.run, f"download of {name}")
            except TurnCancelledError:
                return None
            except SottoError as error:
                self._on_event(Notice(level="warning", code=error.code, message=error.message, remedy=error.remedy))
                return None
            finally:
                self._begun.discard(name)

    def _reporter(self) -> Callable[[Progress], None]:
        """Carries progress from the download's thread into the loop."""
        loop = asyncio.get_running_loop()

        def report(progress: Progress) -> None:
            with contextlib.suppress(RuntimeError):  # the loop was closed meanwhile
                loop.call_soon_threadsafe(self._tell, progress)

        return report

    def _tell(self, progress: Progress) -> None:
        last = self._last.get(progress.name)
        if last is not None and last.state is State.CANCELLED is progress.state:
            return
        self._last[progress.name] = progress
        self._on_event(progress.event())

    def _throw_away(self, name: str) -> None:
        with self._store.lock(name):
            self._store.discard(self._store.partial(name))

    def _pull_of(self, download_id: str) -> Pull:
        pull = self._pulls.get(download_id)
        if pull is None:
            raise InvalidInput(f"There is no download {download_id!r}.", code="download-unknown")
        return pull


async def _in_thread(work: Callable[[], InstalledModel], name: str) -> InstalledModel:
    """Run blocking work in a daemon thread: the loop's own threads are waited for when a program ends."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[InstalledModel] = loop.create_future()

    def settle(model: InstalledModel | None, error: BaseException | None) -> None:
        if future.done():
            return
        if error is not None:
            future.set_exception(error)
        elif model is not None:
            future.set_result(model)

    def run() -> None:
        model, error = None, None
        try:
            model = work()
        except BaseException as raised:  # noqa: BLE001 - it is raised again where it is awaited
            error = raised
        with contextlib.suppress(RuntimeError):  # the loop was closed meanwhile
            loop.call_soon_threadsafe(settle, model, error)

    threading.Thread(target=run, name=name, daemon=True).start()
    return await future
