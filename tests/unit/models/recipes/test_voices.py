"""Which voice runs on which device, stated before anything is loaded."""

from __future__ import annotations

import inspect
import json
import shutil
from pathlib import Path

import pytest

from app.contracts.capabilities import CancelGranularity
from app.contracts.devices import Device, DeviceInfo, Presence, RuntimeSupport
from models.embedded import EmbeddedModels
from models.entries import PROCESSOR, entries_of
from models.host.server import engine_class
from models.recipes.recipe import Recipe
from models.recipes.voices import EXPERIMENT, VOICES
from models.registry import Port, Surroundings
from models.store.model import InstalledModel, ModelFormat
from tests.helpers.voices import KOKORO, VITS, installed_voice, voice_folder

each_recipe = pytest.mark.parametrize("recipe", [*VOICES, *EXPERIMENT], ids=lambda recipe: recipe.prefix)


def with_device(device: Device, target: str) -> DeviceInfo:
    support = (RuntimeSupport("openvino", usable=True, target=target),)
    return DeviceInfo(device=device, name="one", presence=Presence.READY, runtimes=support)


MACHINE = (
    PROCESSOR,
    with_device(Device.NPU, "NPU"),
    with_device(Device.IGPU, "GPU.0"),
    with_device(Device.GPU, "GPU.1"),
)


def test_every_device_has_a_voice_and_the_supported_one_comes_first_on_the_npu() -> None:
    entries = entries_of(MACHINE, (installed_voice(VITS), installed_voice(KOKORO)), EmbeddedModels())
    voices = {key: entry.target for key, entry in entries.items() if entry.installed and ":" in key}
    vits, kokoro = VITS.lower(), KOKORO
    assert voices == {
        f"openvino-speech-npu:{kokoro}": "NPU",
        f"piper-cpu:{vits}": "CPU",
        f"piper-openvino-igpu:{vits}": "GPU.0",
        f"piper-openvino-gpu:{vits}": "GPU.1",
        f"openvino-speech-igpu:{kokoro}": "GPU.0",
        f"openvino-speech-gpu:{kokoro}": "GPU.1",
        f"openvino-speech-cpu:{kokoro}": "CPU",
        f"piper-openvino-cpu:{vits}": "CPU",
    }


def test_the_experiment_is_apart_from_the_others() -> None:
    assert [recipe.prefix for recipe in EXPERIMENT] == ["piper-npu"]
    assert not {recipe.prefix for recipe in EXPERIMENT} & {recipe.prefix for recipe in VOICES}


@each_recipe
def test_its_engine_takes_its_options_and_answers_the_port(recipe: Recipe) -> None:
    assert recipe.port is Port.TEXT_TO_SPEECH
    options = recipe.options(Surroundings(Path("voice"), 2, "cache", "GPU.0"))
    cls = engine_class(recipe.engine)
    inspect.signature(cls).bind(**options)
    assert recipe.operations <= set(cls(**options).operations())
    assert options.get("device", "GPU.0") == "GPU.0"
    assert recipe.heavy == (recipe.device is Device.CPU)


@each_recipe
def test_what_it_can_is_read_from_the_voice(recipe: Recipe) -> None:
    piper = ModelFormat.PIPER in recipe.formats
    can = recipe.capabilities(installed_voice(VITS if piper else KOKORO))
    assert can.sample_rate_hz == (22_050 if piper else 24_000)
    assert can.languages == (("en-US",) if piper else ("en-US", "en-GB"))
    assert can.cancel is CancelGranularity.CHUNK
    assert can.streaming


def voice_with(folder: Path, **more: object) -> InstalledModel:
    shutil.copytree(voice_folder(VITS), folder)
    described = folder / f"{VITS}.onnx.json"
    described.write_text(json.dumps({**json.loads(described.read_text("utf-8")), **more}), "utf-8")
    return InstalledModel("voice", ModelFormat.PIPER, folder, 0, "1")


@each_recipe
def test_a_voice_that_cannot_be_used_is_refused_with_the_reason(recipe: Recipe, tmp_path: Path) -> None:
    if ModelFormat.PIPER in recipe.formats:
        assert "pinyin" in recipe.refuses(voice_with(tmp_path / "zh", phoneme_type="pinyin"), PROCESSOR)
        assert "sample rate" in recipe.refuses(voice_with(tmp_path / "bad", audio={}), PROCESSOR)
        assert recipe.refuses(installed_voice(VITS), PROCESSOR) == ""
    else:
        assert "openvino_model.xml" in recipe.refuses(
            InstalledModel("empty", ModelFormat.OPENVINO_SPEECH, tmp_path, 0, "1"), PROCESSOR
        )
        assert recipe.refuses(installed_voice(KOKORO), PROCESSOR) == ""
