"""Recipes of the runtimes behind the port for language models.

Why it exists: the NPU takes another pipeline and fewer models than the rest of OpenVINO, and a graphics processor of
another maker than Intel takes llama.cpp. What each refuses is told here, before anything is loaded.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from app.contracts.capabilities import CancelGranularity, Capabilities, ConfidenceSource
from app.contracts.devices import Device, DeviceInfo, RuntimeSupport
from models.host.engine import JsonValue
from models.llm.gguf import gguf_facts
from models.llm.openvino_files import context_length, why_not_npu
from models.recipes.recipe import Recipe
from models.registry import JUDGING, WRITING, Library, Port, Surroundings
from models.store.model import InstalledModel, ModelFormat

MOST_CONTEXT_TOKENS = 4096
"""The window is what the model was trained for, but no longer: its memory is taken when the model is loaded."""
NPU_CONTEXT_TOKENS = 2048
"""Length of the longest prompt models are compiled for on an NPU."""

_OPENVINO_READS = frozenset({"", "llama", "qwen2", "qwen3"})
"""Kinds of GGUF that OpenVINO GenAI's reader knows."""
_OPENVINO = (Library("openvino_genai", "openvino-genai"), Library("openvino", "openvino"))
_LLAMA = (Library("llama_cpp", "llama-cpp-python"),)
_VISIBLE: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "CUDA": ("CUDA_VISIBLE_DEVICES", {"CUDA_DEVICE_ORDER": "PCI_BUS_ID"}),
    "ROCm": ("HIP_VISIBLE_DEVICES", {}),
    "Vulkan": ("GGML_VK_VISIBLE_DEVICES", {"CUDA_VISIBLE_DEVICES": "-1"}),
}
"""What llama.cpp calls a device begins so. The variable leaves that one visible; the others make its number mean what
it meant when devices were looked for, and keep a device of another kind from being preferred."""


def _context_tokens(path: Path) -> int:
    """Length of the window a model gets."""
    trained = context_length(path) if path.is_dir() else gguf_facts(path).context_tokens
    return min(trained or MOST_CONTEXT_TOKENS, MOST_CONTEXT_TOKENS)


def _writes(model: InstalledModel) -> Capabilities:
    return Capabilities(
        streaming=True,
        confidence=ConfidenceSource.TOKEN_LOG_PROB,
        cancel=CancelGranularity.TOKEN,
        languages=model.languages,
        context_tokens=_context_tokens(model.path),
        json_schema=True,
    )


def _writes_on_npu(model: InstalledModel) -> Capabilities:
    """No stop inside a prompt there; the log-probability is one mean, on the last piece before the end."""
    context_tokens = min(_context_tokens(model.path), NPU_CONTEXT_TOKENS)
    return replace(_writes(model), cancel=CancelGranularity.DECODE_TOKEN, context_tokens=context_tokens)


def _judges(model: InstalledModel) -> Capabilities:
    return replace(_writes(model), verify=True, state=True)


def _openvino_options(around: Surroundings) -> Mapping[str, JsonValue]:
    return {
        "model_path": str(around.model),
        "device": around.target,
        "threads": around.threads,
        "cache_dir": around.cache_dir,
        "context_tokens": _context_tokens(around.model),
    }


def _llama_options(device: Device) -> Callable[[Surroundings], Mapping[str, JsonValue]]:
    def options(around: Surroundings) -> Mapping[str, JsonValue]:
        return {
            "model_path": str(around.model),
            "threads": around.threads,
            "context_tokens": _context_tokens(around.model),
            "device": device.value,
        }

    return options


def _not_read_by_openvino(model: InstalledModel, _device: DeviceInfo) -> str:
    if model.format is not ModelFormat.GGUF:
        return ""
    architecture = gguf_facts(model.path).architecture
    if architecture in _OPENVINO_READS:
        return ""
    return f"OpenVINO reads no GGUF files of the kind {architecture}; llama.cpp does."


def _not_for_npu(model: InstalledModel, _device: DeviceInfo) -> str:
    return why_not_npu(model.path, model.parameters)


def _one_device(support: RuntimeSupport) -> Mapping[str, str]:
    """Leave one graphics processor visible: llama.cpp chooses by nothing else, and before it is imported."""
    name = support.target.rstrip("0123456789")
    number = support.target.removeprefix(name)
    if name not in _VISIBLE or not number:
        return {}
    variable, others = _VISIBLE[name]
    return {**others, variable: number}


def _openvino(device: Device, *formats: ModelFormat) -> Recipe:
    on_npu = device is Device.NPU
    return Recipe(
        name="openvino",
        runtime="openvino",
        device=device,
        port=Port.TEXT,
        formats=formats,
        engine="models.llm.openvino:OpenVinoTextEngine",
        operations=WRITING,
        libraries=_OPENVINO,
        capabilities=_writes_on_npu if on_npu else _writes,
        options=_openvino_options,
        heavy=device is Device.CPU,
        refuses=_not_for_npu if on_npu else _not_read_by_openvino,
    )


def _llama(device: Device) -> Recipe:
    return Recipe(
        name="llama",
        runtime="llama.cpp",
        device=device,
        port=Port.TEXT,
        formats=(ModelFormat.GGUF,),
        engine="models.llm.llama:LlamaEngine",
        operations=JUDGING,
        libraries=_LLAMA,
        capabilities=_judges,
        options=_llama_options(device),
        heavy=device is Device.CPU,
        environment=_one_device,
    )


TEXT: tuple[Recipe, ...] = (
    _openvino(Device.NPU, ModelFormat.OPENVINO_LLM),
    _openvino(Device.GPU, ModelFormat.OPENVINO_LLM, ModelFormat.GGUF),
    _openvino(Device.IGPU, ModelFormat.OPENVINO_LLM, ModelFormat.GGUF),
    _llama(Device.GPU),
    _llama(Device.IGPU),
    _openvino(Device.CPU, ModelFormat.OPENVINO_LLM, ModelFormat.GGUF),
    _llama(Device.CPU),
)
"""The preferred one first."""
