"""The questions to the libraries. Each is asked in a process of its own, since a bad driver may end it.

Why it exists: every library names, counts and types devices differently. Here each is brought to the same answer, and
everything it may raise is turned into a sentence. Nothing in this module may be called in the window's process.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

from app.contracts.devices import Device
from app.contracts.errors import Unavailable
from models.devices.answers import Answer, Seen, normal_pci
from models.devices.names import LLAMA, NVML, OPENVINO, WHISPER, gibibytes
from models.devices.nvidia import nvml
from models.libraries import importing, package_folder, version_of

ALL_PARTS = ("CPU", "NPU", "GPU")
"""OpenVINO's plugins; each can be asked alone."""
CUBLAS = "libcublas.so.12" if os.name != "nt" else "cublas64_12.dll"
"""What CTranslate2 loads when it first computes on a GPU."""


def openvino(parts: Sequence[str] = ALL_PARTS) -> Answer:
    """OpenVINO's devices: those it lists as usable, which is the answer to trust: what it says it executes on is not.

    Args:
        parts: The plugins to ask.
    """
    try:
        with importing("OpenVINO", "openvino"):
            import openvino as library
    except Unavailable as error:
        return Answer(OPENVINO, trouble=error.message)
    core = library.Core()
    seen = tuple(_openvino_device(core, target) for part in parts for target in _listed(core, part))
    return Answer(OPENVINO, version_of("openvino"), seen)


def _listed(core: object, part: str) -> list[str]:
    """What a plugin lists: ``GPU`` with two of them is ``GPU.0`` and ``GPU.1``."""
    ids = _property(core, part, "AVAILABLE_DEVICES")
    found = [str(entry) for entry in ids] if isinstance(ids, list | tuple) else []
    if part == "GPU":
        return [f"GPU.{index}" for index in found]
    return [part] if found else []


def _openvino_device(core: object, target: str) -> Seen:
    kind = Device.CPU if target == "CPU" else Device.NPU
    facts: list[tuple[str, str]] = []
    if target.startswith("GPU"):
        kind = Device.IGPU if "INTEGRATED" in str(_property(core, target, "DEVICE_TYPE")) else Device.GPU
    for name, key in (
        ("architecture", "DEVICE_ARCHITECTURE"),
        ("compiler", "NPU_COMPILER_VERSION"),
        ("compiler type", "NPU_COMPILER_TYPE"),
    ):
        value = _property(core, target, key) if target != "CPU" else None
        if value not in (None, ""):
            facts.append((name, str(value).rpartition(".")[2] if key == "NPU_COMPILER_TYPE" else str(value)))
    memory = _property(core, target, "GPU_DEVICE_TOTAL_MEM_SIZE") or _property(
        core, target, "NPU_DEVICE_TOTAL_MEM_SIZE"
    )
    if isinstance(memory, int) and memory > 0:
        facts.append(("memory", gibibytes(memory)))
    return Seen(
        target=target,
        device=kind,
        name=str(_property(core, target, "FULL_DEVICE_NAME") or ""),
        driver=str(_property(core, target, "NPU_DRIVER_VERSION") or "") if kind is Device.NPU else "",
        pci=_openvino_pci(_property(core, target, "DEVICE_PCI_INFO")),
        facts=tuple(facts),
    )


def _openvino_pci(info: object) -> str:
    numbers = [getattr(info, name, None) for name in ("domain", "bus", "device", "function")]
    if not all(isinstance(number, int) for number in numbers):
        return ""
    domain, bus, device, function = (int(number or 0) for number in numbers)
    return f"{domain:04x}:{bus:02x}:{device:02x}.{function:x}"


def _property(core: object, target: str, name: str) -> object:
    """A property, None where the device has none: which of them exist changes from driver to driver."""
    try:
        return core.get_property(target, name)  # type: ignore[attr-defined]
    except (RuntimeError, TypeError, ValueError):
        return None


class _Properties(ctypes.Structure):
    """``ggml_backend_dev_props`` of ggml-backend.h as far as it is read; room is left for what follows."""

    _fields_ = (
        ("name", ctypes.c_char_p),
        ("description", ctypes.c_char_p),
        ("memory_free", ctypes.c_size_t),
        ("memory_total", ctypes.c_size_t),
        ("type", ctypes.c_int),
        ("device_id", ctypes.c_char_p),
        ("rest", ctypes.c_char * 256),
    )


_GGML_KINDS = {1: Device.GPU, 2: Device.IGPU}
"""``ggml_backend_dev_type``; the others are the processor and helpers of it."""


def llama() -> Answer:
    """The devices of this build of llama.cpp; which kinds it can have was decided when it was built."""
    try:
        with importing("llama.cpp", "llama-cpp-python"):
            import llama_cpp as library
            from llama_cpp._ggml import libggml as ggml
    except Unavailable as error:
        return Answer(LLAMA, trouble=error.message)
    library.llama_backend_init()
    processor = Seen("CPU", Device.CPU)
    version = version_of("llama-cpp-python")
    if not library.llama_supports_gpu_offload():
        return Answer(LLAMA, version, (processor,), trouble="This build of llama.cpp is for the processor alone.")
    try:
        devices = _ggml_devices(_with_base(ggml))
    except (AttributeError, OSError) as error:
        return Answer(LLAMA, version, (processor,), trouble=f"llama.cpp does not tell its devices: {error}.")
    return Answer(LLAMA, version, (processor, *devices))


def _with_base(ggml: ctypes.CDLL) -> Sequence[ctypes.CDLL]:
    """The libraries that carry the functions: one on Linux and macOS, two on Windows."""
    folder = package_folder("llama_cpp", "llama-cpp-python") / "lib"
    return (ggml, *(ctypes.CDLL(str(path)) for path in sorted(folder.glob("*ggml-base.dll"))))


def _ggml_devices(libraries: Sequence[ctypes.CDLL]) -> tuple[Seen, ...]:
    def function(name: str, result: type | None, *arguments: type) -> Callable[..., object]:
        for library in libraries:
            with suppress(AttributeError):
                found = getattr(library, name)
                found.restype, found.argtypes = result, list(arguments)
                return found  # type: ignore[no-any-return]
        raise AttributeError(name)

    count = function("ggml_backend_dev_count", ctypes.c_size_t)
    get = function("ggml_backend_dev_get", ctypes.c_void_p, ctypes.c_size_t)
    read = function("ggml_backend_dev_get_props", None, ctypes.c_void_p, ctypes.POINTER(_Properties))
    seen = []
    total = count()
    for index in range(total if isinstance(total, int) else 0):
        properties = _Properties()
        read(get(index), ctypes.byref(properties))
        kind = _GGML_KINDS.get(properties.type)
        if kind is None:
            continue
        memory = properties.memory_total
        seen.append(
            Seen(
                target=_text(properties.name),
                device=kind,
                name=_text(properties.description),
                pci=normal_pci(_text(properties.device_id)),
                facts=(("memory", gibibytes(memory)),) if memory else (),
            )
        )
    return tuple(seen)


def whisper() -> Answer:
    """The NVIDIA GPUs CTranslate2 counts. It counts them without the library it computes with, so that is tried too."""
    try:
        with importing("CTranslate2", "ctranslate2"):
            import ctranslate2 as library
        package_folder("faster_whisper", "faster-whisper")
    except Unavailable as error:
        return Answer(WHISPER, trouble=error.message)
    version = version_of("faster-whisper")
    count = library.get_cuda_device_count()
    trouble = "" if not count or _cublas() else f"{CUBLAS} is not there; CTranslate2 computes with it."
    seen = (Seen(f"CUDA{index}", Device.GPU, trouble=trouble) for index in range(count))
    return Answer(
        WHISPER,
        version,
        (Seen("CPU", Device.CPU), *seen),
        "" if count else "CTranslate2 finds no NVIDIA GPU it can use.",
    )


def _cublas() -> bool:
    """Whether cuBLAS can be loaded: of the system, or of the package ``nvidia-cublas-cu12``."""
    names = [CUBLAS]
    spec = find_spec("nvidia")
    for place in spec.submodule_search_locations or () if spec else ():
        names += [str(path) for path in Path(place).glob(f"cublas/*/{CUBLAS}")]
    for name in names:
        with suppress(OSError):
            ctypes.CDLL(name)
            return True
    return False


def builds_of_llama() -> frozenset[str]:
    """What the installed llama.cpp was built for, told by its files alone, for instance ``cuda`` or ``vulkan``."""
    try:
        folder = package_folder("llama_cpp", "llama-cpp-python") / "lib"
    except Unavailable:
        return frozenset()
    names = {path.name.partition("ggml-")[2].partition(".")[0] for path in folder.glob("*ggml-*")}
    return frozenset(names - {"base", "cpu", "blas"})


def _text(value: bytes | None) -> str:
    return value.decode(errors="replace") if value else ""


QUESTIONS: Mapping[str, Callable[[], Answer]] = {OPENVINO: openvino, LLAMA: llama, WHISPER: whisper, NVML: nvml}
"""Every question by the library's name."""
