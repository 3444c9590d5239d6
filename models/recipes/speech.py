"""Recipes of the recognisers: which of them runs which models on which device."""

from __future__ import annotations

from app.contracts.capabilities import CancelGranularity, Capabilities, ConfidenceSource
from app.contracts.devices import Device, DeviceInfo, RuntimeSupport
from models.host.engine import JsonValue
from models.openvino.target import NPU_ON_CPU
from models.recipes.recipe import Recipe
from models.registry import HEARING, Library, Port, Surroundings
from models.store.model import InstalledModel, ModelFormat

_OPENVINO = "openvino"
_TINY_PARAMETERS = 60_000_000
"""Whisper tiny has 39 million, base 74."""


def _capabilities(confidence: ConfidenceSource, cancel: CancelGranularity, model: InstalledModel) -> Capabilities:
    return Capabilities(
        streaming=True, confidence=confidence, cancel=cancel, sample_rate_hz=16_000, languages=model.languages
    )


def _by_tokens(model: InstalledModel) -> Capabilities:
    return _capabilities(ConfidenceSource.TOKEN_LOG_PROB, CancelGranularity.TOKEN, model)


def _by_pieces(model: InstalledModel) -> Capabilities:
    """It lets go after the encoder and every few tokens, and nowhere else: CTranslate2 has no way to be stopped."""
    return _capabilities(ConfidenceSource.TOKEN_LOG_PROB, CancelGranularity.CHUNK, model)


def _by_rule_of_thumb(model: InstalledModel) -> Capabilities:
    return _capabilities(ConfidenceSource.HEURISTIC, CancelGranularity.DECODE_TOKEN, model)


def _only_language(around: Surroundings) -> str:
    """What a model of one language is held to; empty for several, and when nobody said."""
    return around.languages[0].partition("-")[0] if len(around.languages) == 1 else ""


def _moonshine_options(around: Surroundings) -> dict[str, JsonValue]:
    return {
        "threads": around.threads,
        "model_path": str(around.model),
        "language": _only_language(around) or "en",
    }


def _faster_whisper_options(around: Surroundings) -> dict[str, JsonValue]:
    return {
        "model_path": str(around.model),
        "device": around.target,
        "threads": around.threads,
        "language": _only_language(around),
    }


def _openvino_options(around: Surroundings) -> dict[str, JsonValue]:
    return {
        "model_path": str(around.model),
        "device": around.target,
        "threads": around.threads,
        "cache_dir": around.cache_dir,
        "language": _only_language(around),
    }


def _refuses_on_npu(model: InstalledModel, device: DeviceInfo) -> str:
    """Whisper tiny is wrong on the NPU: OpenVINO's own tests expect it to fail there (CVS-185132)."""
    support = device.support(_OPENVINO)
    if device.device is not Device.NPU or (support is not None and support.target == NPU_ON_CPU):
        return ""
    tiny = 0 < model.parameters < _TINY_PARAMETERS or (not model.parameters and "tiny" in model.name)
    return "Whisper tiny gives wrong words on the NPU; take base or larger there." if tiny else ""


def _numbered_by_bus(support: RuntimeSupport) -> dict[str, str]:
    """The number of a card means the same as when it was looked for."""
    return {"CUDA_DEVICE_ORDER": "PCI_BUS_ID"} if support.target.startswith("CUDA") else {}


def _faster_whisper(device: Device) -> Recipe:
    return Recipe(
        name="faster-whisper",
        runtime="faster-whisper",
        device=device,
        port=Port.SPEECH_TO_TEXT,
        formats=(ModelFormat.CTRANSLATE2_WHISPER,),
        engine="models.stt.faster_whisper:FasterWhisperEngine",
        operations=HEARING,
        libraries=(
            Library("faster_whisper", "faster-whisper"),
            Library("ctranslate2", "ctranslate2"),
            Library("onnxruntime", "onnxruntime"),
        ),
        capabilities=_by_pieces,
        options=_faster_whisper_options,
        heavy=device is Device.CPU,
        environment=_numbered_by_bus,
    )


def _openvino_whisper(device: Device) -> Recipe:
    return Recipe(
        name="openvino-whisper",
        runtime=_OPENVINO,
        device=device,
        port=Port.SPEECH_TO_TEXT,
        formats=(ModelFormat.OPENVINO_WHISPER,),
        engine="models.stt.openvino_whisper:OpenVinoWhisperEngine",
        operations=HEARING,
        libraries=(
            Library("openvino_genai", "openvino-genai"),
            Library("openvino", "openvino"),
            Library("onnxruntime", "onnxruntime"),
            Library("faster_whisper", "faster-whisper"),
        ),
        capabilities=_by_rule_of_thumb,
        options=_openvino_options,
        heavy=device is Device.CPU,
        refuses=_refuses_on_npu,
    )


_MOONSHINE = Recipe(
    name="moonshine",
    runtime="moonshine",
    device=Device.CPU,
    port=Port.SPEECH_TO_TEXT,
    formats=(ModelFormat.MOONSHINE,),
    engine="models.stt.moonshine:MoonshineEngine",
    operations=HEARING,
    libraries=(Library("onnxruntime", "onnxruntime"), Library("faster_whisper", "faster-whisper")),
    capabilities=_by_tokens,
    options=_moonshine_options,
    heavy=True,
)

SPEECH: tuple[Recipe, ...] = (
    _faster_whisper(Device.GPU),
    _openvino_whisper(Device.GPU),
    _openvino_whisper(Device.IGPU),
    _openvino_whisper(Device.NPU),
    _faster_whisper(Device.CPU),
    _openvino_whisper(Device.CPU),
    _MOONSHINE,
)
"""The preferred one first."""
