"""One compile for an NPU or a graphics processor, in a process of its own.

Why it exists: a compiler may take ten minutes, may never end and may take its process down. So it gets a process that
nobody else waits for, a time-out, and words about what goes on while it works.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psutil

from app.contracts.devices import DEVICE_WORDS
from app.contracts.errors import HostHung, SottoError, TimedOut
from app.contracts.events import HostChanged, JobProgress
from models.host.supervisor import Host, HostLimits
from models.registry import Entry, Surroundings

TELL_S = 5.0
"""How often a job says that it is still at it."""
NICENESS = 15
"""Engines that answer have less."""


class CompileJob:
    """Compiles the model of one entry into a folder.

    Args:
        entry: Which backend.
        model: Path of the weights.
        threads: How many the engine may use.
        job_id: Of its events.
        on_event: Gets its progress.
        timeout_s: Its process is killed after this.
    """

    def __init__(
        self,
        entry: Entry,
        model: Path,
        threads: int,
        job_id: str,
        on_event: Callable[[JobProgress], None],
        timeout_s: float,
    ) -> None:
        self._entry = entry
        self._model = model
        self._threads = threads
        self._on_event = on_event
        self._timeout_s = timeout_s
        self._began: float | None = None
        self._event = JobProgress(job_id=job_id, name=f"Compile {entry.backend.model} for {self.device}", message="")

    @property
    def device(self) -> str:
        """The device in words."""
        return f"the {DEVICE_WORDS[self._entry.backend.device].noun}"

    @property
    def elapsed(self) -> str:
        """How long it has been at it, in words; empty before it began."""
        return "" if self._began is None else in_words(asyncio.get_running_loop().time() - self._began)

    def tell(self, message: str, *, done: bool = False) -> None:
        """Say how it stands."""
        self._on_event(replace(self._event, message=message, done=done, progress=1.0 if done else None))

    async def run(self, into: Path) -> float:
        """Compile; returns the seconds it took.

        Args:
            into: The folder that the engine keeps what it compiled in.

        Raises:
            TimedOut: It took too long.
            SottoError: What the engine raised; `HostDied` when its process ended.
        """
        loop = asyncio.get_running_loop()
        self._began = loop.time()
        around = Surroundings(self._model, self._threads, str(into), self._entry.target)
        host = Host(
            f"the compile of {self._entry.backend.backend_id}",
            self._entry.engine,
            lambda: self._entry.options(around),
            on_event=_behind_everybody,
            limits=HostLimits(load_s=self._timeout_s),
            variables=self._entry.environment,
        )
        talk = asyncio.create_task(self._talk(), name="compile progress")
        try:
            await host.warm_up()
            return loop.time() - self._began
        except HostHung as error:
            raise TimedOut(f"The compile took longer than {in_words(self._timeout_s)} and was ended.") from error
        finally:
            talk.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await talk
            await host.aclose()

    async def _talk(self) -> None:
        while True:
            self.tell(f"Compiling for {self.device}, {self.elapsed} so far. The next tier answers meanwhile.")
            await asyncio.sleep(TELL_S)


def _behind_everybody(event: HostChanged) -> None:
    """A compile may take minutes of the processor that answers meanwhile: it gets what is left over."""
    if event.state == "starting":
        with contextlib.suppress(psutil.Error):
            if sys.platform == "win32":
                psutil.Process(event.pid).nice(psutil.IDLE_PRIORITY_CLASS)
            else:
                psutil.Process(event.pid).nice(NICENESS)


def in_words(seconds: float) -> str:
    """A length of time for a person."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    return f"{minutes} min {rest} s" if rest else f"{minutes} min"


def sentence(error: SottoError) -> str:
    """Why a compile failed, without its remedy, in one line."""
    return " ".join(error.message.split())[:400]
