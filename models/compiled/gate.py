"""Lets a model be loaded on an NPU or a graphics processor only once it has been compiled for it.

Why it exists: the first load there takes minutes. Without this gate somebody would wait for it; with it the load is
refused at once, the next tier answers, and a background job compiles. Compiled models are checked before each load,
made again once when they are damaged or the library refuses them, and given up with the reason after that.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

from app.aio.tasks import TaskOwner
from app.contracts.devices import WarmUp
from app.contracts.errors import (
    HostDied,
    HostHung,
    RuntimeFault,
    SottoError,
    StorageError,
    TimedOut,
    Unavailable,
)
from app.contracts.events import Notice, SystemEvent
from app.contracts.ports import Machine
from app.settings.disk import disk_error
from models.compiled.blobs import CompiledKey, CompiledModels, Found
from models.compiled.job import CompileJob, in_words, sentence
from models.entries import driver_of
from models.hosted.base import HostedRuntime
from models.libraries import version_of
from models.openvino.target import compiles_for
from models.registry import Entry, Surroundings

log = logging.getLogger(__name__)

TIMEOUT_S = 1800.0
"""The longest compile that was reported by anybody took 11 minutes."""
_THE_COMPILERS_FAULT = (RuntimeFault, HostDied, HostHung, TimedOut)
"""Trying again with the same versions would give the same."""


class Entries(Protocol):
    """Every backend there could be. Implemented by `models.backends.Backends`."""

    @property
    def entries(self) -> Mapping[str, Entry]:
        """By id."""
        ...


def needs_compile(entry: Entry) -> bool:
    """Whether a backend's first load compiles for long."""
    return entry.backend.runtime == "openvino" and entry.installed is not None and compiles_for(entry.target)


class CompileGate:
    """Implements `models.hosted.base.Gate` and `models.hosted.base.Mender`. Belongs to one event loop.

    Args:
        models: What was compiled.
        machine: Knows the versions of drivers; None where there is only the processor.
        enabled: The setting ``models.compile``; off, a model is loaded at once however long that takes.
        threads: How many the compiling engine may use.
        on_event: Gets the progress of jobs, and a notice when one failed.
        timeout_s: A job is ended after this.
        lasting: The program stays long enough for a job; one that does not begins none, since it would only kill it.
    """

    def __init__(
        self,
        models: CompiledModels,
        *,
        machine: Machine | None = None,
        enabled: Callable[[], bool] = lambda: True,
        threads: int = 1,
        on_event: Callable[[SystemEvent], None] = lambda _event: None,
        timeout_s: float = TIMEOUT_S,
        lasting: bool = True,
    ) -> None:
        self._models = models
        self._machine = machine
        self._enabled = enabled
        self._threads = threads
        self._on_event = on_event
        self._timeout_s = timeout_s
        self._lasting = lasting
        self._entries: Entries | None = None
        self._tasks = TaskOwner()
        self._jobs: dict[str, CompileJob] = {}
        self._failed: dict[str, str] = {}
        self._loaded: dict[str, CompiledKey] = {}
        self._one_at_a_time = asyncio.Lock()
        self._closed = False

    def attach(self, entries: Entries) -> None:
        """Say whose backends these are. Called once, before anything is loaded."""
        self._entries = entries

    def cache_for(self, entry: Entry) -> Path | None:
        """Where the engine of an entry keeps what it compiled; None for one that compiles nothing worth keeping."""
        return self._models.place(self.key(entry)) if needs_compile(entry) else None

    def key(self, entry: Entry) -> CompiledKey:
        """What the compiled model of an entry depends on, as it is now."""
        installed = entry.installed
        assert installed is not None
        around = Surroundings(installed.path, 1, "", entry.target)
        return CompiledKey(
            model=installed.name,
            device=entry.target,
            engine=entry.engine,
            revision=installed.revision,
            runtime=", ".join(
                f"{library.distribution} {version_of(library.distribution)}" for library in entry.libraries
            ),
            driver=driver_of(entry, self._machine.look()) if self._machine else "",
            options=json.dumps(dict(entry.options(around)), sort_keys=True),
        )

    async def before_load(self, runtime: HostedRuntime) -> None:
        """Let it pass when its compiled model is there; otherwise see that it will be.

        Raises:
            Unavailable: It is being compiled (``compiling``), cannot be (``compile-failed``), or is not and this
                program is about to end (``not-compiled``).
        """
        entry = self._entry(runtime)
        if entry is None:
            return
        key, name = self.key(entry), entry.backend.backend_id
        if not self._enabled():  # the load compiles, but nothing damaged may be loaded either
            if await asyncio.to_thread(self._models.look, key) is Found.DAMAGED:
                await asyncio.to_thread(self._models.delete, key)
            return
        if job := self._jobs.get(key.digest):
            raise _compiling(name, job)
        if reason := self._failed.get(key.digest) or (await asyncio.to_thread(self._models.verdict, key)).failed:
            raise Unavailable(f"{name} cannot be used: {reason}", code="compile-failed", remedy=_REMEDY)
        found = await asyncio.to_thread(self._models.look, key)
        if found is Found.WHOLE:
            return
        if found is Found.DAMAGED:
            await self._rebuild(entry, key, "What had been compiled was damaged.")
        if not self._lasting:
            raise Unavailable(
                f"{name} has not been compiled yet.",
                code="not-compiled",
                remedy=f"An open window does that, and so does: sotto calibrate {name}",
            )
        raise _compiling(name, self._start(entry, key))

    async def after_load(self, runtime: HostedRuntime, warm: WarmUp) -> WarmUp:
        """Keep what the load compiled besides. What could be loaded may be made again when it is damaged later."""
        if (entry := self._entry(runtime)) is not None:
            key = self.key(entry)
            self._loaded[entry.backend.backend_id] = key
            try:
                await asyncio.to_thread(self._models.renew, key)
                if (await asyncio.to_thread(self._models.verdict, key)).rebuilt:
                    await asyncio.to_thread(self._models.remember, key, rebuilt=False)
            except (OSError, StorageError) as error:
                log.warning("what was compiled for %s is not kept: %s", entry.backend.backend_id, error)
        return warm

    async def load_failed(self, runtime: HostedRuntime, error: SottoError) -> None:
        """A model that had been compiled could not be loaded: compile it again, once."""
        entry = self._entry(runtime)
        if entry is None or not self._enabled() or not isinstance(error, _THE_COMPILERS_FAULT):
            return
        key = self.key(entry)
        try:
            await self._rebuild(entry, key, sentence(error))
        except Unavailable:
            return
        if self._lasting:
            self._start(entry, key)

    async def aclose(self) -> None:
        """End the job that runs; its process is killed, and what it made so far is deleted."""
        self._closed = True
        await self._tasks.aclose()

    async def _rebuild(self, entry: Entry, key: CompiledKey, reason: str) -> None:
        """Delete what was compiled, so that it is made again; only once.

        Raises:
            Unavailable: It has been made again before.
        """
        verdict = await asyncio.to_thread(self._models.verdict, key)
        await asyncio.to_thread(self._models.delete, key)
        if verdict.rebuilt:
            await self._give_up(entry, key, f"It was compiled twice and cannot be loaded. {reason}")
            raise Unavailable(
                f"{entry.backend.backend_id} cannot be used: {reason}", code="compile-failed", remedy=_REMEDY
            )
        log.warning("%s is compiled again: %s", entry.backend.backend_id, reason)
        await asyncio.to_thread(self._models.remember, key, rebuilt=True)

    def _start(self, entry: Entry, key: CompiledKey) -> CompileJob:
        installed = entry.installed
        assert installed is not None
        job_id = f"compile-{key.digest[:12]}"
        job = CompileJob(entry, installed.path, self._threads, job_id, self._on_event, self._timeout_s)
        if not self._closed:
            self._jobs[key.digest] = job
            self._tasks.start(self._run(entry, key, job), f"compile {entry.backend.backend_id}")
        return job

    async def _run(self, entry: Entry, key: CompiledKey, job: CompileJob) -> None:
        try:
            if self._one_at_a_time.locked():
                job.tell("Waits until another model has been compiled.")
            async with self._one_at_a_time:
                took_s = await self._compile(key, job)
        except _THE_COMPILERS_FAULT as error:
            again = isinstance(error, HostDied) and not (await asyncio.to_thread(self._models.verdict, key)).rebuilt
            await self._give_up(entry, key, sentence(error), again=again)
            message = f"Failed: {sentence(error)}"
        except SottoError as error:  # for now; it may be mended without another version of anything
            self._failed[key.digest] = sentence(error)
            message = f"Failed: {sentence(error)}"
        else:
            message = f"Compiled in {in_words(took_s)}; {job.device} is used from now on."
        finally:
            del self._jobs[key.digest]
        job.tell(message, done=True)

    async def _compile(self, key: CompiledKey, job: CompileJob) -> float:
        """Compile into the key's place; returns the seconds it took."""
        try:
            making = await asyncio.to_thread(self._models.begin, key)
        except OSError as error:
            raise disk_error(error, self._models.place(key)) from error
        try:
            took_s = await job.run(making)
            await asyncio.to_thread(self._models.finish, key, making, took_s)
        except OSError as error:
            raise disk_error(error, making) from error
        finally:
            await asyncio.shield(asyncio.to_thread(self._models.discard, making))
        await asyncio.to_thread(self._models.prune, self._current(), tuple(self._loaded.values()))
        return took_s

    async def _give_up(self, entry: Entry, key: CompiledKey, reason: str, *, again: bool = False) -> None:
        """Tell it and do not try again; with ``again`` once more in another session: it may have lacked memory."""
        self._failed[key.digest] = reason
        try:
            await asyncio.to_thread(self._models.remember, key, failed=None if again else reason, rebuilt=again or None)
        except (OSError, StorageError) as error:
            log.warning("that %s cannot be compiled is not remembered: %s", entry.backend.backend_id, error)
        self._on_event(
            Notice(
                level="warning",
                code="compile-failed",
                message=f"{entry.backend.model} cannot be used as {entry.backend.backend_id}: {reason}",
                remedy=_REMEDY,
            )
        )

    def _entry(self, runtime: HostedRuntime) -> Entry | None:
        """The entry behind a backend, None when nothing is compiled for it."""
        if self._entries is None:
            raise RuntimeError("CompileGate.attach was not called")
        entry = self._entries.entries.get(runtime.backend.backend_id)
        return entry if entry is not None and needs_compile(entry) else None

    def _current(self) -> tuple[CompiledKey, ...]:
        """What could be asked for now; a model that has gone or is damaged is left out."""
        found = []
        for entry in self._entries.entries.values() if self._entries else ():
            if needs_compile(entry):
                with contextlib.suppress(SottoError, OSError, ValueError):
                    found.append(self.key(entry))
        return tuple(found)


_REMEDY = "The processor answers instead. Update the driver, then run `sotto devices`: it is tried again after that."


def _compiling(name: str, job: CompileJob) -> Unavailable:
    since = f", {job.elapsed} so far" if job.elapsed else ""
    return Unavailable(f"{name} is being compiled for {job.device}{since}.", code="compiling")
