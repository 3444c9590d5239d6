"""The gate over a real host process with an engine that only pretends to compile."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from app.aio.lease import CpuLease
from app.contracts.devices import Backend, Device, DeviceInfo, Presence, RuntimeSupport
from app.contracts.errors import RuntimeFault, Unavailable
from app.contracts.events import JobProgress, Notice, SystemEvent
from models.compiled.blobs import CompiledModels, Verdict
from models.compiled.gate import CompileGate, needs_compile
from models.compiled.job import NICENESS, in_words
from models.fakes.compiling import options
from models.host.supervisor import Host
from models.hosted.llm import HostedTextGenerator
from models.registry import ENTRIES, Entry, Surroundings
from models.store.model import InstalledModel, ModelFormat
from tests.helpers.hosts import LIMITS, host_processes
from tests.helpers.waiting import until

NAME = "openvino-npu:m"


@dataclass
class Found:
    """Implements `app.contracts.ports.Machine`."""

    driver: str = "1.28"

    def look(self) -> tuple[DeviceInfo, ...]:
        support = RuntimeSupport("openvino", usable=True, target="NPU", version="2026.4")
        return (DeviceInfo(Device.NPU, "NPU", Presence.READY, driver=self.driver, runtimes=(support,)),)

    async def refresh(self) -> tuple[DeviceInfo, ...]:
        return self.look()


@dataclass
class Bench:
    """One model that has to be compiled for an NPU, and everything around it."""

    folder: Path
    compile_s: float = 0.0
    trouble: str = ""
    timeout_s: float = 30.0
    enabled: bool = True
    lasting: bool = True
    machine: Found = field(default_factory=Found)
    told: list[SystemEvent] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.models = CompiledModels(self.folder / "compiled")
        self.log = self.folder / "log"
        self.gate = self.new_gate()
        self.runtime = self.new_runtime()

    @property
    def entries(self) -> dict[str, Entry]:
        settings = options(self.log, self.compile_s, self.trouble)
        installed = InstalledModel("m", ModelFormat.OPENVINO_LLM, self.folder, 1, "revision-1")
        entry = replace(
            ENTRIES["openvino-cpu"],
            backend=Backend(NAME, "openvino", Device.NPU, "m"),
            engine="models.fakes.compiling:CompilingEngine",
            options=lambda around: {**settings, "cache_dir": around.cache_dir},
            installed=installed,
            target="NPU",
        )
        return {NAME: entry, "openvino-cpu": ENTRIES["openvino-cpu"]}

    def new_gate(self) -> CompileGate:
        gate = CompileGate(
            self.models,
            machine=self.machine,
            enabled=lambda: self.enabled,
            on_event=self.told.append,
            timeout_s=self.timeout_s,
            lasting=self.lasting,
        )
        gate.attach(self)
        return gate

    def new_runtime(self) -> HostedTextGenerator:
        entry, gate = self.entries[NAME], self.gate

        def chosen() -> dict[str, object]:
            cache = gate.cache_for(entry)
            return dict(entry.options(Surroundings(self.folder, 1, str(cache) if cache else "", "NPU")))

        host = Host(NAME, entry.engine, chosen, limits=LIMITS)
        return HostedTextGenerator(host, entry.backend, entry.capabilities, CpuLease(1), [gate])

    async def refused(self) -> Unavailable:
        with pytest.raises(Unavailable) as refused:
            await self.runtime.warm_up()
        return refused.value

    async def job_over(self) -> None:
        await until(lambda: any(isinstance(event, JobProgress) and event.done for event in self.told))
        await until(lambda: not host_processes() or self.runtime.host.pid)

    def lines(self) -> list[str]:
        return self.log.read_text().split() if self.log.exists() else []

    def progress(self) -> list[JobProgress]:
        return [event for event in self.told if isinstance(event, JobProgress)]

    def notices(self) -> list[Notice]:
        return [event for event in self.told if isinstance(event, Notice)]


@asynccontextmanager
async def bench(folder: Path, **settings: object) -> AsyncIterator[Bench]:
    made = Bench(folder, **settings)  # type: ignore[arg-type]
    try:
        yield made
    finally:
        await made.runtime.aclose()
        await made.gate.aclose()


async def test_it_is_compiled_in_the_background_once_and_loaded_from_there(tmp_path: Path) -> None:
    async with bench(tmp_path, compile_s=0.3) as made:
        first = await made.refused()
        assert (first.code, str(first)) == ("compiling", f"{NAME} is being compiled for the NPU.")
        await until(lambda: made.progress())
        assert (await made.refused()).code == "compiling"
        await made.job_over()
        assert {event.name for event in made.progress()} == {"Compile m for the NPU"}
        assert made.progress()[0].message.startswith("Compiling for the NPU, 0 s so far.")
        assert (made.progress()[-1].done, made.progress()[-1].progress) == (True, 1.0)
        warm = await made.runtime.warm_up()
        assert warm.ran is Device.NPU
        assert made.lines() == ["compile", "import"]
        assert made.gate.cache_for(made.entries["openvino-cpu"]) is None


async def test_a_program_that_is_about_to_end_begins_nothing_and_uses_what_is_there(tmp_path: Path) -> None:
    async with bench(tmp_path, lasting=False) as brief:
        refused = await brief.refused()
        assert (refused.code, refused.remedy.endswith(f"sotto calibrate {NAME}")) == ("not-compiled", True)
        assert (brief.told, brief.lines()) == ([], []), "no engine was started"
    async with bench(tmp_path) as lasting:
        await lasting.refused()
        await lasting.job_over()
    async with bench(tmp_path, lasting=False) as brief:
        assert (await brief.runtime.warm_up()).ran is Device.NPU
        assert brief.lines() == ["compile", "import"]


async def test_a_driver_makes_another_one_and_the_old_one_goes(tmp_path: Path) -> None:
    async with bench(tmp_path) as made:
        await made.refused()
        await made.job_over()
        before = made.models.place(made.gate.key(made.entries[NAME]))
        assert before.is_dir()
        made.told.clear()
        made.machine.driver = "1.29"
        assert (await made.refused()).code == "compiling"
        await made.job_over()
        await until(lambda: not before.exists())
        assert made.models.place(made.gate.key(made.entries[NAME])).is_dir()


async def test_what_is_damaged_is_never_loaded_and_compiled_again_once(tmp_path: Path) -> None:
    async with bench(tmp_path) as made:
        for _ in range(2):
            made.told.clear()
            assert (await made.refused()).code == "compiling"
            await made.job_over()
            blob = made.models.place(made.gate.key(made.entries[NAME])) / "1234.blob"
            blob.write_bytes(b"compilEd")
        assert (await made.refused()).code == "compile-failed"
        assert made.lines() == ["compile", "compile"]


async def test_what_could_be_loaded_in_between_is_made_again_as_often_as_it_is_damaged(tmp_path: Path) -> None:
    async with bench(tmp_path) as made:
        for _ in range(3):
            made.told.clear()
            assert (await made.refused()).code == "compiling"
            await made.job_over()
            await made.runtime.warm_up()
            await made.runtime.host.unload()
            blob = made.models.place(made.gate.key(made.entries[NAME])) / "1234.blob"
            blob.write_bytes(b"compilEd")
        assert made.lines() == ["compile", "import"] * 3


async def test_what_the_library_refuses_is_compiled_again_once_and_then_given_up_with_the_reason(
    tmp_path: Path,
) -> None:
    async with bench(tmp_path, trouble="refuse") as made:
        await made.refused()
        await made.job_over()
        made.told.clear()
        with pytest.raises(RuntimeFault, match="another compiler"):
            await made.runtime.warm_up()
        await made.job_over()
        assert made.notices() == []
        with pytest.raises(RuntimeFault, match="another compiler"):
            await made.runtime.warm_up()
        assert made.lines() == ["compile", "import", "compile", "import"]
        assert ["The blob was made by another compiler." in notice.message for notice in made.notices()] == [True]
        assert (await made.refused()).code == "compile-failed"
        made.gate = made.new_gate()  # as after the next start
        made.runtime = made.new_runtime()
        refused = await made.refused()
        assert refused.code == "compile-failed"
        assert "compiled twice" in refused.message
        assert len(made.notices()) == 1


@pytest.mark.parametrize(
    ("trouble", "reason"),
    [("raise", "StopLocationVerifierPass"), ("", "longer than 1 s")],
)
async def test_a_compile_that_fails_is_told_once_and_not_tried_again(tmp_path: Path, trouble: str, reason: str) -> None:
    timeout_s, compile_s = (30.0, 0.0) if trouble else (1.0, 60.0)
    async with bench(tmp_path, trouble=trouble, timeout_s=timeout_s, compile_s=compile_s) as made:
        await made.refused()
        await made.job_over()
        refused = await made.refused()
        assert refused.code == "compile-failed"
        assert reason in refused.message
        assert "sotto devices" in refused.remedy
        assert (await made.refused()).code == "compile-failed"
        assert len(made.notices()) == 1
        assert len(made.lines()) <= 1  # none when the time was over before the engine began
        assert host_processes() == []
        assert not list((tmp_path / "compiled").glob("*making*"))
        made.machine.driver = "1.29"
        assert (await made.refused()).code == "compiling"


async def test_a_compile_whose_process_dies_is_tried_once_more_at_the_next_start(tmp_path: Path) -> None:
    async with bench(tmp_path, trouble="die") as made:
        for lines in (["compile"], ["compile", "compile"]):
            made.told.clear()
            await made.refused()
            await made.job_over()
            refused = await made.refused()
            assert (refused.code, "ended unexpectedly" in refused.message) == ("compile-failed", True)
            assert (made.lines(), len(made.notices())) == (lines, 1)
            made.gate = made.new_gate()  # as after the next start
            made.runtime = made.new_runtime()
        assert (await made.refused()).code == "compile-failed"
        made.models.forget_failures()
        assert (await made.refused()).code == "compiling"
        await made.job_over()


async def test_closing_ends_the_compile_and_leaves_nothing(tmp_path: Path) -> None:
    async with bench(tmp_path, compile_s=60.0) as made:
        await made.refused()
        await until(lambda: made.lines() == ["compile"])
        assert [process.nice() for process in host_processes()] >= [NICENESS]
        await made.gate.aclose()
        assert host_processes() == []
        assert not list((tmp_path / "compiled").iterdir())
        key = made.gate.key(made.entries[NAME])
        assert made.models.verdict(key) == Verdict()


async def test_switched_off_it_is_loaded_at_once_and_kept_all_the_same(tmp_path: Path) -> None:
    async with bench(tmp_path, enabled=False) as made:
        await made.runtime.warm_up()
        await made.runtime.host.unload()
        made.enabled = True
        await made.runtime.warm_up()
        assert made.lines() == ["compile", "import"]
        await made.runtime.host.unload()
        (made.models.place(made.gate.key(made.entries[NAME])) / "1234.blob").write_bytes(b"compilEd")
        made.enabled = False
        await made.runtime.warm_up()  # nothing damaged is loaded
        assert made.lines() == ["compile", "import", "compile"]
        assert made.progress() == []


async def test_two_models_are_compiled_one_after_the_other(tmp_path: Path) -> None:
    async with bench(tmp_path, compile_s=0.2) as made:
        await made.refused()
        made.machine.driver = "1.29"
        await made.refused()
        await until(lambda: sum(event.done for event in made.progress()) == 2)
        assert "Waits until another model has been compiled." in {event.message for event in made.progress()}
        await asyncio.sleep(0)


def test_only_what_compiles_for_long_passes_the_gate(tmp_path: Path) -> None:
    npu = Bench(tmp_path).entries[NAME]
    assert needs_compile(npu)
    assert not needs_compile(replace(npu, target="CPU"))
    assert not needs_compile(replace(npu, backend=replace(npu.backend, runtime="llama.cpp"), target="CUDA0"))
    assert not needs_compile(ENTRIES["openvino-cpu"])


def test_lengths_of_time_in_words() -> None:
    assert [in_words(seconds) for seconds in (0.2, 59.4, 60.0, 84.0)] == ["0 s", "59 s", "1 min", "1 min 24 s"]
