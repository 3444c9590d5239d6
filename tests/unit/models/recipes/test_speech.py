"""Which recogniser serves which model on which device."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from app.contracts.capabilities import CancelGranularity, ConfidenceSource
from app.contracts.devices import Device, DeviceInfo, Presence, RuntimeSupport
from models.host.server import engine_class
from models.openvino.target import NPU_ON_CPU
from models.recipes.speech import SPEECH
from models.registry import HEARING, Port, Surroundings
from models.store.model import InstalledModel, ModelFormat

MODEL = InstalledModel("whisper-base", ModelFormat.OPENVINO_WHISPER, Path("base"), 0, "1", parameters=74_000_000)
NPU = DeviceInfo(
    Device.NPU, "an NPU", Presence.READY, runtimes=(RuntimeSupport("openvino", usable=True, target="NPU"),)
)


def recipe(prefix: str) -> object:
    (found,) = [recipe for recipe in SPEECH if recipe.prefix == prefix]
    return found


def test_every_recogniser_on_every_device() -> None:
    assert [made.prefix for made in SPEECH] == [
        "faster-whisper-gpu",
        "openvino-whisper-gpu",
        "openvino-whisper-igpu",
        "openvino-whisper-npu",
        "faster-whisper-cpu",
        "openvino-whisper-cpu",
        "moonshine-cpu",
    ]


@pytest.mark.parametrize("made", SPEECH, ids=lambda made: made.prefix)
def test_each_has_an_engine_that_hears_and_takes_its_options(made: object) -> None:
    around = Surroundings(Path("folder"), 3, "kept", "GPU.0", ("de",))
    engine = engine_class(made.engine)(**made.options(around))
    assert (made.port, made.operations) == (Port.SPEECH_TO_TEXT, HEARING)
    assert set(engine.operations()) == HEARING
    assert made.heavy == (made.device is Device.CPU)
    said = made.capabilities(replace(MODEL, languages=("de", "en")))
    assert (said.sample_rate_hz, said.languages, said.streaming) == (16_000, ("de", "en"), True)


@pytest.mark.parametrize("made", SPEECH, ids=lambda made: made.prefix)
def test_a_model_of_one_language_is_held_to_it_and_one_of_several_is_not(made: object) -> None:
    def language(*tags: str) -> object:
        return made.options(Surroundings(Path("folder"), 1, "", "CPU", tags))["language"]

    open_ended = "en" if made.name == "moonshine" else ""
    assert language("pt-BR") == "pt"
    assert language() == language("de", "en") == open_ended


def test_where_confidence_comes_from_is_told_truly() -> None:
    stated = {made.name: made.capabilities(MODEL) for made in SPEECH}
    assert stated["faster-whisper"].confidence is ConfidenceSource.TOKEN_LOG_PROB
    assert stated["openvino-whisper"].confidence is ConfidenceSource.HEURISTIC
    assert stated["faster-whisper"].cancel is CancelGranularity.CHUNK
    assert stated["openvino-whisper"].cancel is CancelGranularity.DECODE_TOKEN


@pytest.mark.parametrize(
    ("name", "parameters", "refused"),
    [
        ("whisper-tiny", 39_000_000, True),
        ("mine", 39_000_000, True),
        ("whisper-tiny-int8", 0, True),
        ("whisper-base", 74_000_000, False),
        ("mine", 0, False),
    ],
)
def test_whisper_tiny_is_refused_on_an_npu_only(name: str, parameters: int, refused: bool) -> None:
    model = replace(MODEL, name=name, parameters=parameters)
    reason = recipe("openvino-whisper-npu").refuses(model, NPU)
    assert bool(reason) is refused
    assert ("base or larger" in reason) is refused
    assert recipe("openvino-whisper-cpu").refuses(model, DeviceInfo(Device.CPU, "", Presence.READY)) == ""
    software = replace(NPU, runtimes=(RuntimeSupport("openvino", usable=True, target=NPU_ON_CPU),))
    assert recipe("openvino-whisper-npu").refuses(model, software) == ""


def test_a_card_has_the_number_under_which_it_was_found() -> None:
    made = recipe("faster-whisper-gpu")
    entry = made.entry(MODEL, RuntimeSupport("faster-whisper", usable=True, target="CUDA1"))
    assert entry.environment == {"CUDA_DEVICE_ORDER": "PCI_BUS_ID"}
    assert entry.options(Surroundings(Path("folder"), 1, "", entry.target))["device"] == "CUDA1"
    assert entry.backend.backend_id == "faster-whisper-gpu:whisper-base"
    assert recipe("faster-whisper-cpu").entry(MODEL, RuntimeSupport("", usable=True, target="CPU")).environment == {}
