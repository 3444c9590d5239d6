"""Recipes of the voices: Piper on the processor and on OpenVINO's devices, and OpenVINO's own pipeline for Kokoro.

The order is that of preference: the NPU's supported voice first, then Piper where it is fastest.
"""

from __future__ import annotations

from collections.abc import Mapping

from app.contracts.capabilities import CancelGranularity, Capabilities, ConfidenceSource
from app.contracts.devices import Device, DeviceInfo
from app.contracts.errors import SottoError
from models.host.engine import JsonValue
from models.recipes.recipe import Recipe
from models.registry import Library, Port, Surroundings
from models.store.model import InstalledModel, ModelFormat
from models.tts.piper_files import PHONEME_TYPES, read_piper
from models.tts.speech_files import SAMPLE_RATE_HZ, read_speech

_SPEAKING = frozenset({"speak", "voices"})
_PIPER = Library("piper", "piper-tts")
_ONNX = Library("onnxruntime", "onnxruntime")
_OPENVINO = Library("openvino", "openvino")
_GENAI = Library("openvino_genai", "openvino-genai")


def _piper_capabilities(model: InstalledModel) -> Capabilities:
    """What a Piper voice can do, by its own description; a rate of 0 for one that cannot be read, which `refuses`."""
    try:
        files = read_piper(model.path)
    except SottoError:
        return _capabilities(0, model.languages)
    return _capabilities(files.sample_rate_hz, (files.language,) if files.language else model.languages)


def _speech_capabilities(model: InstalledModel) -> Capabilities:
    try:
        languages = read_speech(model.path).languages
    except SottoError:
        languages = model.languages
    return _capabilities(SAMPLE_RATE_HZ, languages)


def _capabilities(sample_rate_hz: int, languages: tuple[str, ...]) -> Capabilities:
    return Capabilities(
        streaming=True,
        confidence=ConfidenceSource.NONE,
        cancel=CancelGranularity.CHUNK,
        sample_rate_hz=sample_rate_hz,
        languages=languages,
    )


def _not_piper(model: InstalledModel, _device: DeviceInfo) -> str:
    try:
        files = read_piper(model.path)
    except SottoError as error:
        return error.message
    if files.phoneme_type not in PHONEME_TYPES:
        return f"The voice {files.name} needs phonemes of the kind '{files.phoneme_type}', which Sotto cannot make."
    return ""


def _not_speech(model: InstalledModel, _device: DeviceInfo) -> str:
    try:
        read_speech(model.path)
    except SottoError as error:
        return error.message
    return ""


def _onnx_options(around: Surroundings) -> Mapping[str, JsonValue]:
    return {"model_path": str(around.model), "threads": around.threads}


def _openvino_options(around: Surroundings) -> Mapping[str, JsonValue]:
    return {
        "model_path": str(around.model),
        "device": around.target,
        "threads": around.threads,
        "cache_dir": around.cache_dir,
    }


def _piper(name: str, runtime: str, device: Device, engine: str, libraries: tuple[Library, ...]) -> Recipe:
    return Recipe(
        name=name,
        runtime=runtime,
        device=device,
        port=Port.TEXT_TO_SPEECH,
        formats=(ModelFormat.PIPER,),
        engine=engine,
        operations=_SPEAKING,
        libraries=libraries,
        capabilities=_piper_capabilities,
        options=_openvino_options if runtime == "openvino" else _onnx_options,
        heavy=device is Device.CPU,
        refuses=_not_piper,
    )


def _speech(device: Device) -> Recipe:
    return Recipe(
        name="openvino-speech",
        runtime="openvino",
        device=device,
        port=Port.TEXT_TO_SPEECH,
        formats=(ModelFormat.OPENVINO_SPEECH,),
        engine="models.tts.openvino_speech:OpenVinoSpeechEngine",
        operations=_SPEAKING,
        libraries=(_GENAI, _OPENVINO),
        capabilities=_speech_capabilities,
        options=_openvino_options,
        heavy=device is Device.CPU,
        refuses=_not_speech,
    )


_ON_OPENVINO = "models.tts.piper_openvino:OpenVinoPiperEngine"

VOICES: tuple[Recipe, ...] = (
    _speech(Device.NPU),
    _piper("piper", "piper", Device.CPU, "models.tts.piper:PiperEngine", (_PIPER, _ONNX)),
    _piper("piper-openvino", "openvino", Device.CPU, _ON_OPENVINO, (_PIPER, _OPENVINO)),
    _piper("piper-openvino", "openvino", Device.IGPU, _ON_OPENVINO, (_PIPER, _OPENVINO)),
    _piper("piper-openvino", "openvino", Device.GPU, _ON_OPENVINO, (_PIPER, _OPENVINO)),
    _speech(Device.IGPU),
    _speech(Device.GPU),
    _speech(Device.CPU),
)
"""The preferred one first."""

EXPERIMENT: tuple[Recipe, ...] = (
    _piper("piper", "openvino", Device.NPU, "models.tts.piper_openvino:SplitPiperEngine", (_PIPER, _OPENVINO)),
)
"""Added to `VOICES` when the setting ``models.npu_voice_experiment`` is on: Piper with its decoder on the NPU."""
