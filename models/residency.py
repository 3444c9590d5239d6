"""Which models stay in memory: a budget, what is unused for longest goes first, what is pinned stays.

Why it exists: every loaded model is a process that holds its weights, and a machine has room for a few. Whoever wants a
model just asks for it; here room is made for it first, and what nobody has asked for in a while is given back.

It is the last of the gates: what it found to fit must begin to load before anybody else is asked.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from app.aio.tasks import TaskOwner
from app.contracts.devices import WarmUp
from app.contracts.errors import Unavailable
from app.contracts.events import HostChanged, Notice, SystemEvent
from models.embedded import EmbeddedModels
from models.hosted.base import HostedRuntime
from models.memory import GB, Ram, estimate, ram, resident_bytes
from models.registry import Entry

log = logging.getLogger(__name__)

SWEEP_S = 5.0
"""How often sizes are measured and idle models looked for."""


@dataclass(frozen=True, slots=True)
class ResidencyOptions:
    """What the person chose; read afresh whenever it matters.

    Attributes:
        memory_gb: Budget of all models together; 0 takes half of the machine's memory.
        keep_s: A model that nobody has asked for so many seconds is unloaded; 0 keeps it.
        pinned: Ids of backends that are never unloaded, as the person wrote them.
    """

    memory_gb: float = 0.0
    keep_s: float = 600.0
    pinned: tuple[str, ...] = ()


def pinned_ids(setting: str) -> tuple[str, ...]:
    """The backends in the setting ``models.pinned``."""
    return tuple(part.strip() for part in setting.split(",") if part.strip())


class Fleet(Protocol):
    """The backends, as far as their memory is concerned. Implemented by `models.backends.Backends`."""

    @property
    def entries(self) -> Mapping[str, Entry]:
        """Every backend there could be."""
        ...

    def built(self) -> tuple[HostedRuntime, ...]:
        """Every backend that has been asked for."""
        ...

    def resolve(self, backend_id: str, model: str = "") -> str:
        """The id that is meant."""
        ...


class Residency:
    """Keeps the loaded models within their budget. Implements `models.hosted.base.Gate`. Belongs to one event loop.

    Args:
        options: What the person chose.
        on_event: Gets a notice when a model does not fit the budget.
        machine_memory: Memory of the machine now.
        measure: Resident bytes of a process; called in a thread.
    """

    def __init__(
        self,
        options: Callable[[], ResidencyOptions] = ResidencyOptions,
        *,
        on_event: Callable[[SystemEvent], None] | None = None,
        machine_memory: Callable[[], Ram] = ram,
        measure: Callable[[int], int] = resident_bytes,
    ) -> None:
        self._options = options
        self._on_event = on_event
        self._machine_memory = machine_memory
        self._measure = measure
        self._fleet: Fleet | None = None
        self._models = EmbeddedModels()
        self._sizes: dict[str, int] = {}
        self._told: set[str] = set()
        self._tasks = TaskOwner()
        self._sweeping: asyncio.Task[None] | None = None
        self._closed = False

    def attach(self, fleet: Fleet) -> None:
        """Say whose models these are. Called once, before anything is loaded."""
        self._fleet = fleet

    @property
    def used_bytes(self) -> int:
        """What the loaded models and those being loaded take together, as far as it is known."""
        return sum(self.size(runtime) for runtime in self._running())

    @property
    def budget_bytes(self) -> int:
        """What they may take together."""
        chosen = self._options().memory_gb
        return int(chosen * GB) if chosen > 0.0 else self._machine_memory().total // 2

    def size(self, runtime: HostedRuntime) -> int:
        """Bytes a backend takes: as measured at its last load, or guessed from its files."""
        key = runtime.backend.backend_id
        return self._sizes.get(key) or self._estimate(key)

    async def before_load(self, runtime: HostedRuntime) -> None:
        """Make room.

        Raises:
            Unavailable: It needs more memory than this machine has (``memory-short``).
        """
        self._start_sweeping()
        need = self.size(runtime)
        key = runtime.backend.backend_id
        machine = self._machine_memory()
        if need > machine.total:
            raise Unavailable(
                f"{key} needs about {_gb(need)} of memory; this machine has {_gb(machine.total)}.",
                code="memory-short",
                remedy="Choose a smaller model.",
            )
        await self._measure_all()
        budget = self.budget_bytes
        await self._evict_until(budget - need, sparing=runtime)
        if need > budget:
            self._tell_once(
                key,
                f"{key} needs about {_gb(need)}, more than the {_gb(budget)} models may take together. "
                "It is loaded all the same, and the others were unloaded.",
            )
        elif self.used_bytes + need > budget:
            self._tell_once(key, f"{key} is loaded beyond the memory for models: the others are in use or pinned.")

    async def after_load(self, runtime: HostedRuntime, warm: WarmUp) -> WarmUp:
        """Measure what it really takes, and unload others if that was more than thought."""
        await self._measure_all()
        await self._evict_until(self.budget_bytes, sparing=runtime)
        return warm

    def saw(self, event: HostChanged) -> None:
        """Hear of hosts that were started without a gate, for instance again after they died."""
        if event.state == "warm" and self._fleet is not None:
            self._start_sweeping()

    async def aclose(self) -> None:
        """Stop watching. The hosts are closed by whoever owns them."""
        self._closed = True
        await self._tasks.aclose()

    async def _sweep(self) -> None:
        """Until nothing is loaded any more: measure, unload what is over the budget and what nobody uses."""
        while True:
            await asyncio.sleep(SWEEP_S)
            await self._measure_all()
            await self._unload_unused()
            await self._evict_until(self.budget_bytes)
            if not self._running():
                return

    async def _unload_unused(self) -> None:
        keep_s = self._options().keep_s
        if keep_s <= 0.0:
            return
        now = asyncio.get_running_loop().time()
        for runtime in self._evictable():
            since = runtime.host.idle_since
            if since is not None and now - since >= keep_s:
                log.info("%s is unloaded: nobody has asked for it for %.0f s", runtime.backend.backend_id, keep_s)
                await runtime.host.unload()

    async def _evict_until(self, limit: int, *, sparing: HostedRuntime | None = None) -> None:
        """Unload what is idle, the one unused for longest first, until the rest takes no more than ``limit`` bytes."""
        while self.used_bytes > limit:
            idle = [runtime for runtime in self._evictable() if runtime is not sparing]
            if not idle:
                return
            oldest = min(idle, key=lambda runtime: runtime.host.idle_since or 0.0)
            log.info("%s is unloaded to make room", oldest.backend.backend_id)
            await oldest.host.unload()

    def _evictable(self) -> list[HostedRuntime]:
        """Loaded, not in use, not pinned. Looked at anew before each unloading: nothing may have come in between."""
        fleet = self._whole()
        pinned = {fleet.resolve(key) for key in self._options().pinned} | set(self._options().pinned)
        return [
            runtime
            for runtime in fleet.built()
            if runtime.host.pid and runtime.host.idle_since is not None and runtime.backend.backend_id not in pinned
        ]

    def _running(self) -> list[HostedRuntime]:
        if self._fleet is None:
            return []
        return [runtime for runtime in self._fleet.built() if runtime.host.pid or runtime.host.loading]

    async def _measure_all(self) -> None:
        """Read the sizes of the loaded models, in a thread: the process table is long."""
        pids = {runtime.backend.backend_id: runtime.host.pid for runtime in self._running() if runtime.host.pid}
        if pids:
            measure = self._measure
            sizes = await asyncio.to_thread(lambda: {key: measure(pid) for key, pid in pids.items()})
            self._sizes.update({key: size for key, size in sizes.items() if size})

    def _estimate(self, backend_id: str) -> int:
        entry = self._whole().entries.get(backend_id)
        if entry is None:
            return estimate(None)
        if entry.installed is not None:
            return estimate(entry.installed)
        path = self._models.find(entry.backend.model)
        return estimate(None, Path(path) if path else None)

    def _start_sweeping(self) -> None:
        if (self._sweeping is None or self._sweeping.done()) and not self._closed:
            self._sweeping = self._tasks.start(self._sweep(), "residency")

    def _tell_once(self, key: str, message: str) -> None:
        if self._on_event is not None and key not in self._told:
            self._told.add(key)
            self._on_event(Notice(level="info", code="memory-budget", message=message))

    def _whole(self) -> Fleet:
        if self._fleet is None:
            raise RuntimeError("Residency.attach was not called")
        return self._fleet


def _gb(size: int) -> str:
    return f"{size / GB:.1f} GB"
