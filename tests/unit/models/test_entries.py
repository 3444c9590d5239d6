"""What devices and installed models make of the recipes: backends with ids, and reasons where there is none."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from app.aio.lease import CpuLease
from app.contracts.devices import Device, DeviceInfo, Presence, RuntimeSupport, WarmUp
from app.contracts.errors import Unavailable
from models.backends import Backends
from models.embedded import SMOLLM2
from models.entries import PROCESSOR
from models.hosted.base import HostedRuntime
from models.recipes import RECIPES
from models.registry import ENTRIES
from models.store.model import InstalledModel, ModelFormat

NPU = DeviceInfo(
    Device.NPU,
    "Intel AI Boost",
    Presence.READY,
    runtimes=(RuntimeSupport("openvino", usable=True, target="NPU", version="2026.4"),),
)
LOCKED_NPU = DeviceInfo(
    Device.NPU,
    "Intel AI Boost",
    Presence.NO_PERMISSION,
    "You may not open the NPU.",
    "sudo usermod -aG render $USER",
)


class Machine:
    def __init__(self, *devices: DeviceInfo) -> None:
        self.devices = (*devices, PROCESSOR)

    def look(self) -> tuple[DeviceInfo, ...]:
        return self.devices

    async def refresh(self) -> tuple[DeviceInfo, ...]:
        return self.devices


class Library:
    def __init__(self, *models: InstalledModel) -> None:
        self.models = models

    def installed_models(self) -> tuple[InstalledModel, ...]:
        return self.models


def model(folder: Path, name: str, form: ModelFormat, revision: str = "1") -> InstalledModel:
    path = folder / name
    path.mkdir(exist_ok=True)
    return InstalledModel(name, form, path, 1000, revision)


@pytest.fixture
async def closing() -> AsyncIterator[list[Backends]]:
    made: list[Backends] = []
    yield made
    for backends in made:
        await backends.aclose()


def test_recipes_do_not_share_a_prefix_and_formats_fit_their_port() -> None:
    seen = {}
    for recipe in RECIPES:
        assert seen.setdefault((recipe.prefix, recipe.formats), recipe) is recipe
        assert recipe.prefix.endswith(recipe.device.value)
        assert len({form.task for form in recipe.formats}) == 1


async def test_an_installed_model_makes_a_backend_and_its_removal_takes_it_away(
    tmp_path: Path, closing: list[Backends]
) -> None:
    library = Library()
    backends = Backends(CpuLease(1), library=library)
    closing.append(backends)
    assert set(backends.entries) >= set(ENTRIES)
    before = {backend.backend_id for backend in backends.serving("audio_to_text")}
    library.models = (model(tmp_path, "whisper-micro", ModelFormat.CTRANSLATE2_WHISPER),)
    added = {backend.backend_id for backend in backends.serving("audio_to_text")} - before
    assert added == {"faster-whisper-cpu:whisper-micro"}
    assert backends.resolve("faster-whisper-cpu") == "faster-whisper-cpu:whisper-micro"
    assert backends.resolve("faster-whisper-cpu", "whisper-micro") == "faster-whisper-cpu:whisper-micro"
    assert backends.why_not("faster-whisper-cpu") == ""
    port = backends.speech_to_text_port("faster-whisper-cpu")
    assert port.backend.model == "whisper-micro"
    assert port is backends.speech_to_text_port("faster-whisper-cpu:whisper-micro")
    library.models = (model(tmp_path, "whisper-micro", ModelFormat.CTRANSLATE2_WHISPER, "2"),)
    assert backends.speech_to_text_port("faster-whisper-cpu") is not port, "another revision is another model"
    library.models = ()
    assert "no model for it is installed" in backends.why_not("faster-whisper-cpu")


async def test_a_device_makes_backends_and_says_why_when_it_does_not(tmp_path: Path, closing: list[Backends]) -> None:
    installed = model(tmp_path, "qwen3-0.6b-int4-ov", ModelFormat.OPENVINO_LLM)
    (installed.path / "openvino_config.json").write_text('{"quantization_config": {"bits": 4, "sym": true}}')
    library = Library(installed)
    backends = Backends(CpuLease(1), machine=Machine(LOCKED_NPU), library=library)
    closing.append(backends)
    assert not any(backend.device is Device.NPU for backend in backends.backends())
    reason = backends.why_not("openvino-npu")
    assert "You may not open the NPU." in reason
    assert "sudo usermod" in reason
    assert "nobody has looked" in Backends(CpuLease(1), library=library).why_not("openvino-npu")
    with pytest.raises(Unavailable, match="may not open"):
        backends.text_port("openvino-npu:qwen3-0.6b-int4-ov")


async def test_the_model_of_the_program_runs_on_other_devices_under_the_bare_id(closing: list[Backends]) -> None:
    gpu = DeviceInfo(
        Device.GPU,
        "RTX",
        Presence.READY,
        runtimes=(RuntimeSupport("llama.cpp", usable=True, target="CUDA0", version="0.3"),),
    )
    backends = Backends(CpuLease(1), machine=Machine(gpu))
    closing.append(backends)
    entry = backends.entries["llama-gpu"]
    assert (entry.backend.model, entry.backend.device, entry.target) == (SMOLLM2, Device.GPU, "CUDA0")
    assert not entry.heavy, "the processor lease is for what computes on the processor"
    assert backends.entries["llama-cpu"] is ENTRIES["llama-cpu"]


class Watch:
    """A gate that keeps what it saw."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.refuse_before = self.refuse_after = False

    async def before_load(self, runtime: HostedRuntime) -> None:
        self.seen.append(f"before {runtime.backend.backend_id}")
        if self.refuse_before:
            raise Unavailable("Not now.", code="compiling")

    async def after_load(self, runtime: HostedRuntime, warm: WarmUp) -> WarmUp:
        self.seen.append(f"after {runtime.host.pid > 0}")
        if self.refuse_after:
            raise Unavailable("It says nonsense.", code="self-test-failed")
        return replace(warm, ran=Device.IGPU)


async def test_gates_are_asked_once_a_load_and_their_evidence_counts(closing: list[Backends]) -> None:
    watch = Watch()
    backends = Backends(CpuLease(1), gates=(watch,))
    closing.append(backends)
    voice = backends.build("espeak-cpu")
    watch.refuse_before = True
    with pytest.raises(Unavailable, match="Not now"):
        await voice.warm_up()
    assert voice.host.pid == 0
    watch.refuse_before, watch.refuse_after = False, True
    with pytest.raises(Unavailable, match="nonsense"):
        await voice.warm_up()
    assert voice.host.pid == 0
    watch.refuse_after = False
    assert (await voice.warm_up()).ran is Device.IGPU
    again = await voice.warm_up()
    assert (again.ran, again.load_ms) == (Device.IGPU, 0)
    assert watch.seen == ["before espeak-cpu"] * 2 + ["after True", "before espeak-cpu", "after True"]
