"""The memory budget over hosts that are only pretended, in time that jumps; and once over real ones."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import pytest

from app.aio.lease import CpuLease
from app.contracts.devices import Backend, Device, WarmUp
from app.contracts.errors import Unavailable
from app.contracts.events import Notice, SystemEvent
from app.contracts.text import ChatMessage, GenerationRequest, Role
from models.backends import Backends
from models.embedded import SMOLLM2, EmbeddedModels
from models.hosted.base import HostedRuntime
from models.hosted.llm import HostedTextGenerator
from models.memory import GB, Ram, estimate, resident_bytes
from models.registry import ENTRIES, Entry
from models.residency import SWEEP_S, Residency, ResidencyOptions, pinned_ids
from models.store.model import InstalledModel, ModelFormat
from tests.helpers.hosts import host_processes
from tests.helpers.virtual_time import in_virtual_time

MACHINE = Ram(total=10 * GB, available=8 * GB)


class FakeHost:
    """A host as residency sees it."""

    def __init__(self, key: str, log: list[str]) -> None:
        self.key = key
        self.pid = 0
        self.loading = False
        self.idle_since: float | None = 0.0
        self._log = log

    async def unload(self) -> None:
        self.pid = 0
        self._log.append(f"-{self.key}")

    def use(self) -> None:
        self.idle_since = asyncio.get_running_loop().time()


@dataclass
class FakeRuntime:
    backend: Backend
    host: FakeHost


@dataclass
class FakeFleet:
    """Loads through the gate as `HostedRuntime` does."""

    options: ResidencyOptions = field(default_factory=lambda: ResidencyOptions(memory_gb=4.0))
    log: list[str] = field(default_factory=list)
    told: list[Notice] = field(default_factory=list)
    entries: dict[str, Entry] = field(default_factory=dict)
    runtimes: dict[str, FakeRuntime] = field(default_factory=dict)
    real: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.residency = Residency(
            lambda: self.options,
            on_event=self._tell,
            machine_memory=lambda: MACHINE,
            measure=lambda pid: self.real[pid],
        )
        self.residency.attach(cast("Any", self))

    def add(self, key: str, gigabytes: float, *, guessed: float | None = None) -> FakeRuntime:
        backend = Backend(key, "fake", Device.CPU, key)
        pid = len(self.runtimes) + 1
        memory = int((gigabytes if guessed is None else guessed) * GB)
        installed = InstalledModel(key, ModelFormat.GGUF, Path(key), 1, "1", memory_bytes=memory)
        self.entries[key] = replace(ENTRIES["llama-cpu"], backend=backend, installed=installed)
        self.real[pid] = int(gigabytes * GB)
        runtime = self.runtimes[key] = FakeRuntime(backend, FakeHost(key, self.log))
        return runtime

    async def load(self, key: str) -> None:
        runtime = self.runtimes[key]
        if not runtime.host.pid:
            await self.residency.before_load(cast("Any", runtime))
            runtime.host.pid = list(self.runtimes).index(key) + 1
            self.log.append(f"+{key}")
            await self.residency.after_load(cast("Any", runtime), WarmUp(Device.CPU, 1.0))
        runtime.host.use()
        await asyncio.sleep(1.0)

    def loaded(self) -> list[str]:
        return [key for key, runtime in self.runtimes.items() if runtime.host.pid]

    def built(self) -> tuple[HostedRuntime, ...]:
        return tuple(cast("Any", runtime) for runtime in self.runtimes.values())

    def build(self, backend_id: str) -> HostedRuntime:
        return cast("Any", self.runtimes[backend_id])

    def resolve(self, backend_id: str, model: str = "") -> str:
        return next((key for key in self.runtimes if key.startswith(backend_id)), backend_id)

    def _tell(self, event: SystemEvent) -> None:
        assert isinstance(event, Notice)
        self.told.append(event)


@in_virtual_time
async def test_the_one_unused_for_longest_makes_room() -> None:
    fleet = FakeFleet()
    for key in ("a", "b", "c"):
        fleet.add(key, 1.8)
    await fleet.load("a")
    await fleet.load("b")
    await fleet.load("a")
    await fleet.load("c")
    assert fleet.log == ["+a", "+b", "-b", "+c"]
    await fleet.residency.aclose()


@in_virtual_time
async def test_what_is_busy_or_pinned_stays_and_the_budget_is_kept_as_soon_as_it_can_be() -> None:
    fleet = FakeFleet(ResidencyOptions(memory_gb=4.0, pinned=pinned_ids(" pinned , other")))
    busy = fleet.add("busy", 2.0)
    fleet.add("pinned", 1.5)
    fleet.add("next", 2.0)
    await fleet.load("pinned")
    await fleet.load("busy")
    busy.host.idle_since = None
    await fleet.load("next")
    assert fleet.loaded() == ["busy", "pinned", "next"]
    assert [notice.code for notice in fleet.told] == ["memory-budget"]
    busy.host.use()
    fleet.runtimes["next"].host.idle_since = None
    await asyncio.sleep(SWEEP_S + 1)
    assert fleet.loaded() == ["pinned", "next"]
    await fleet.residency.aclose()


@in_virtual_time
async def test_a_model_larger_than_the_budget_is_loaded_alone_and_that_is_told_once() -> None:
    fleet = FakeFleet()
    fleet.add("small", 1.0)
    fleet.add("large", 6.0)
    for _ in range(2):
        await fleet.load("small")
        await fleet.load("large")
    assert fleet.loaded() == ["large"]
    assert len(fleet.told) == 1
    assert "more than the 4.0 GB" in fleet.told[0].message
    await fleet.residency.aclose()


@in_virtual_time
async def test_a_model_larger_than_the_machine_is_refused_and_nothing_is_unloaded_for_it() -> None:
    fleet = FakeFleet()
    fleet.add("small", 1.0)
    fleet.add("huge", 12.0)
    await fleet.load("small")
    with pytest.raises(Unavailable, match=r"12\.0 GB of memory; this machine has 10\.0 GB") as refused:
        await fleet.load("huge")
    assert refused.value.code == "memory-short"
    assert fleet.loaded() == ["small"]
    await fleet.residency.aclose()


@in_virtual_time
async def test_what_it_really_took_counts_more_than_what_was_guessed() -> None:
    fleet = FakeFleet()
    fleet.add("a", 1.0)
    greedy = fleet.add("greedy", 3.5, guessed=0.5)
    await fleet.load("a")
    await fleet.load("greedy")
    assert fleet.log == ["+a", "+greedy", "-a"]
    assert fleet.residency.size(cast("Any", greedy)) == int(3.5 * GB)
    await greedy.host.unload()
    assert fleet.residency.size(cast("Any", greedy)) == int(3.5 * GB)
    await fleet.residency.aclose()


@in_virtual_time
async def test_what_is_being_loaded_counts_already() -> None:
    fleet = FakeFleet()
    loading = fleet.add("loading", 3.0)
    fleet.add("idle", 0.5)
    fleet.add("next", 2.0)
    await fleet.load("idle")
    loading.host.loading = True
    await fleet.load("next")
    assert fleet.log == ["+idle", "-idle", "+next"]
    assert fleet.residency.used_bytes == 5 * GB
    await fleet.residency.aclose()


@in_virtual_time
async def test_what_nobody_asks_for_is_unloaded_and_the_time_can_be_changed_meanwhile() -> None:
    fleet = FakeFleet(ResidencyOptions(memory_gb=4.0, keep_s=600.0))
    fleet.add("a", 1.0)
    fleet.add("b", 1.0)
    await fleet.load("a")
    await fleet.load("b")
    await asyncio.sleep(500)
    fleet.runtimes["b"].host.use()
    await asyncio.sleep(120)
    assert fleet.loaded() == ["b"]
    fleet.options = replace(fleet.options, keep_s=0.0)
    await asyncio.sleep(10_000)
    assert fleet.loaded() == ["b"]
    fleet.options = replace(fleet.options, keep_s=60.0)
    await asyncio.sleep(SWEEP_S + 1)
    assert fleet.loaded() == []
    await asyncio.sleep(SWEEP_S + 1)  # nothing is left to watch: the task has ended by itself


@in_virtual_time
async def test_a_smaller_budget_takes_effect_at_once() -> None:
    fleet = FakeFleet()
    fleet.add("a", 1.5)
    fleet.add("b", 1.5)
    await fleet.load("a")
    await fleet.load("b")
    fleet.options = replace(fleet.options, memory_gb=2.0)
    await asyncio.sleep(SWEEP_S + 1)
    assert fleet.loaded() == ["b"]
    await fleet.residency.aclose()


def test_half_of_the_machine_is_the_budget_when_nobody_chose_one() -> None:
    residency = Residency(machine_memory=lambda: MACHINE)
    assert residency.budget_bytes == 5 * GB


def test_a_guess_goes_by_the_files() -> None:
    model = InstalledModel("m", ModelFormat.GGUF, Path("m.gguf"), 1_000_000_000, "1")
    assert estimate(model) == 1_350_000_000
    assert estimate(replace(model, memory_bytes=7)) == 7
    path = EmbeddedModels().require(SMOLLM2)
    assert estimate(None, path) == int(path.stat().st_size * 1.2) + 150_000_000
    assert resident_bytes(2**22 + 1) == 0


async def test_two_language_models_with_room_for_one() -> None:
    """Two real llama.cpp hosts: the second makes the first go, and the first comes back when it is asked again."""
    pinned: tuple[str, ...] = ()
    residency = Residency(lambda: ResidencyOptions(memory_gb=0.25, pinned=pinned))
    backends = Backends(CpuLease(1), gates=[residency])
    residency.attach(backends)
    second = next(key for key in ENTRIES if key != "llama-cpu" and ENTRIES[key].engine == ENTRIES["llama-cpu"].engine)
    try:
        for key in ("llama-cpu", second, "llama-cpu"):
            port = backends.text_port(key)
            await port.warm_up()
            assert await _says(port)
            assert [len(host_processes()), residency.used_bytes > 50_000_000] == [1, True]
        pinned = ("llama-cpu",)
        await backends.text_port(second).warm_up()
        assert len(host_processes()) == 2
    finally:
        await residency.aclose()
        await backends.aclose()
    assert host_processes() == []


async def _says(port: object) -> str:
    assert isinstance(port, HostedTextGenerator)
    request = GenerationRequest((ChatMessage(Role.USER, "Say hello."),), max_tokens=4, temperature=0.0)
    return "".join([piece.text async for piece in port.generate(request)])
