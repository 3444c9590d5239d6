"""Which language models which runtime takes on which device, and how it is started for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.contracts.capabilities import CancelGranularity
from app.contracts.devices import Device, DeviceInfo, Presence, RuntimeSupport
from models.embedded import EmbeddedModels
from models.entries import PROCESSOR, entries_of
from models.host.server import engine_class
from models.openvino.target import NPU_ON_CPU
from models.recipes.text import TEXT
from models.registry import Entry, Port, Surroundings
from models.store.model import InstalledModel, ModelFormat
from tests.helpers.engines import language_model
from tests.unit.models.llm.test_openvino_files import exported


def device(kind: Device, *support: tuple[str, str]) -> DeviceInfo:
    """A device that these runtimes can use, by these names."""
    runtimes = tuple(RuntimeSupport(runtime, usable=True, target=target) for runtime, target in support)
    return DeviceInfo(device=kind, name="some", presence=Presence.READY, runtimes=runtimes)


def model(name: str, kind: ModelFormat, path: Path, parameters: int = 0) -> InstalledModel:
    return InstalledModel(name=name, format=kind, path=path, size_bytes=1, revision="1", parameters=parameters)


def entries(machine: list[DeviceInfo], *models: InstalledModel) -> dict[str, Entry]:
    made = entries_of(machine, models, EmbeddedModels())
    return {key: entry for key, entry in made.items() if entry.port is Port.TEXT and entry.installed in models}


@pytest.fixture
def gguf() -> InstalledModel:
    return model("file", ModelFormat.GGUF, Path(language_model()))


@pytest.fixture
def folder(tmp_path: Path) -> InstalledModel:
    path = exported(tmp_path / "m", note='<mode value="int4_sym" />', config={"max_position_embeddings": 8192})
    return model("folder", ModelFormat.OPENVINO_LLM, path)


def test_every_device_gets_the_runtimes_that_drive_it(gguf: InstalledModel, folder: InstalledModel) -> None:
    machine = [
        PROCESSOR,
        device(Device.NPU, ("openvino", "NPU")),
        device(Device.IGPU, ("openvino", "GPU.0"), ("llama.cpp", "Vulkan0")),
        device(Device.GPU, ("llama.cpp", "CUDA0")),
    ]
    assert list(entries(machine, gguf, folder)) == [
        "openvino-npu:folder",
        "openvino-igpu:file",
        "openvino-igpu:folder",
        "llama-gpu:file",
        "llama-igpu:file",
        "openvino-cpu:file",
        "openvino-cpu:folder",
        "llama-cpu:file",
    ]


def test_what_a_device_is_called_reaches_the_engine_and_one_device_is_left_visible(gguf: InstalledModel) -> None:
    machine = [
        device(Device.GPU, ("llama.cpp", "CUDA1")),
        device(Device.IGPU, ("openvino", "GPU.0"), ("llama.cpp", "Vulkan2")),
    ]
    made = entries(machine, gguf)
    for entry in made.values():
        engine = engine_class(entry.engine)(**entry.options(Surroundings(gguf.path, 1, "", entry.target)))
        assert set(engine.operations()) >= entry.operations
    assert made["llama-gpu:file"].environment == {
        "CUDA_DEVICE_ORDER": "PCI_BUS_ID",
        "CUDA_VISIBLE_DEVICES": "1",
    }
    assert made["llama-igpu:file"].environment == {
        "CUDA_VISIBLE_DEVICES": "-1",
        "GGML_VK_VISIBLE_DEVICES": "2",
    }
    around = Surroundings(gguf.path, 3, "cache", "GPU.0")
    assert made["openvino-igpu:file"].options(around)["device"] == "GPU.0"
    assert made["openvino-igpu:file"].target == "GPU.0"
    options = made["llama-gpu:file"].options(around)
    assert (options["device"], options["threads"]) == ("gpu", 3)
    metal = entries([device(Device.GPU, ("llama.cpp", "Metal"))], gguf)["llama-gpu:file"]
    assert metal.environment == {}


def test_the_window_is_what_the_model_was_trained_for_within_bounds(
    gguf: InstalledModel, folder: InstalledModel, tmp_path: Path
) -> None:
    short = model("short", ModelFormat.OPENVINO_LLM, exported(tmp_path / "s", config={"max_position_embeddings": 512}))
    made = entries([PROCESSOR, device(Device.NPU, ("openvino", NPU_ON_CPU))], gguf, folder, short)
    assert made["openvino-cpu:folder"].capabilities.context_tokens == 4096
    assert made["openvino-cpu:short"].capabilities.context_tokens == 512
    assert made["openvino-npu:folder"].capabilities.context_tokens == 2048
    assert made["openvino-npu:folder"].capabilities.cancel is CancelGranularity.DECODE_TOKEN
    entry = made["llama-cpu:file"]
    around = Surroundings(gguf.path, 1, "", "CPU")
    assert entry.options(around)["context_tokens"] == entry.capabilities.context_tokens
    assert entry.capabilities.verify
    assert entry.capabilities.json_schema


def test_models_that_do_not_suit_an_npu_or_a_reader_make_no_backend(tmp_path: Path) -> None:
    machine = [PROCESSOR, device(Device.NPU, ("openvino", "NPU"))]
    wide = model("wide", ModelFormat.OPENVINO_LLM, exported(tmp_path / "wide"))
    assert list(entries(machine, wide)) == ["openvino-cpu:wide"]
    raw = Path(language_model()).read_bytes()[:4_000_000]
    other = tmp_path / "other.gguf"
    other.write_bytes(raw.replace(b"\x05\0\0\0\0\0\0\0llama", b"\x05\0\0\0\0\0\0\0gemma", 1))
    assert list(entries(machine, model("other", ModelFormat.GGUF, other))) == ["llama-cpu:other"]


def test_each_recipe_is_another_one() -> None:
    assert len({recipe.prefix for recipe in TEXT}) == len(TEXT)
    assert all(recipe.port is Port.TEXT for recipe in TEXT)
