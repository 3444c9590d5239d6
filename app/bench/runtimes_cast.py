"""Which runtimes are compared, over which models.

Why it exists: figures of two runtimes can be compared only with the same weights. The language model that comes with
the program is there for every runtime that reads its file; OpenVINO's own form of the same model, and the small models
for speech, are taken from the folder of test models where there is one. The NPU's software path runs on the processor
where there is no NPU, and is called so.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from app.contracts.devices import Device, DeviceInfo, Presence, RuntimeSupport
from app.settings.paths import Paths
from models.backends import Backends
from models.devices.machine import SystemMachine
from models.embedded import SMOLLM2
from models.openvino.target import NPU_ON_CPU
from models.registry import Entry, Port
from models.store.model import InstalledModel, ModelFormat

TESTDATA = "SOTTO_TESTDATA"
"""Names the folder of test models."""
_IR = "smollm2-135m-ov-int4"
_FOLDERS = {
    _IR: ModelFormat.OPENVINO_LLM,
    "micro-whisper-ct2": ModelFormat.CTRANSLATE2_WHISPER,
    "micro-whisper-ov": ModelFormat.OPENVINO_WHISPER,
}
_VOICE = "en_US-micro-medium"
_SPECIAL = ("llama-spare-cpu", "openvino-lookup-cpu")
"""The same runtime with the same model, for pipelines that need two of it or ask in another way."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One runtime on one device with one model.

    Attributes:
        name: What its figures begin with, for instance ``llama_cpu``.
        backend_id: Its backend.
        port: What it does.
        model: Its model.
        where: The device in words.
    """

    name: str
    backend_id: str
    port: Port
    model: str
    where: str


class BenchMachine:
    """Implements `app.contracts.ports.Machine`: the devices found by the last look, and the NPU's software path.

    Args:
        known: What was found.
    """

    def __init__(self, known: Sequence[DeviceInfo]) -> None:
        has_npu = any(info.device is Device.NPU and info.presence is Presence.READY for info in known)
        support = RuntimeSupport("openvino", usable=True, target=NPU_ON_CPU)
        path = DeviceInfo(Device.NPU, "the NPU's software path", Presence.READY, runtimes=(support,))
        others = tuple(info for info in known if info.device is not Device.NPU)
        self._devices = tuple(known) if has_npu else (*others, path)

    def look(self) -> tuple[DeviceInfo, ...]:
        """Those devices."""
        return self._devices

    async def refresh(self) -> tuple[DeviceInfo, ...]:
        """The same."""
        return self._devices


class BenchLibrary:
    """Implements `models.store.model.ModelLibrary` over the folder of test models.

    Args:
        work: A folder that goes when the benchmark ends.
    """

    def __init__(self, work: Path) -> None:
        folder = os.environ.get(TESTDATA)
        self._models = tuple(_found(Path(folder), work)) if folder else ()

    def installed_models(self) -> tuple[InstalledModel, ...]:
        """Those that are there."""
        return self._models


def known_machine() -> BenchMachine:
    """The devices of this machine as `sotto devices` found them."""
    return BenchMachine(SystemMachine(Paths.default().machine_dir).look())


def candidates(backends: Backends, *, ports: Sequence[Port]) -> list[Candidate]:
    """What can be compared here, the embedded language model's runtimes first."""
    ids = {backend.backend_id for backend in backends.backends()}
    found = [
        _candidate(entry)
        for key, entry in backends.entries.items()
        if key in ids and key not in _SPECIAL and entry.port in ports and _comparable(entry)
    ]
    return sorted(
        found, key=lambda one: (one.port is not Port.TEXT, one.port, one.model != SMOLLM2, "npu" in one.name, one.name)
    )


def _comparable(entry: Entry) -> bool:
    return entry.port is not Port.TEXT or entry.backend.model in (SMOLLM2, _IR)


def _candidate(entry: Entry) -> Candidate:
    backend, key = entry.backend, entry.backend.backend_id
    name, where = key.partition(":")[0], str(backend.device)
    if entry.target == NPU_ON_CPU:
        name, where = f"{name}-on-cpu", "NPU path on the processor"
    if backend.model == _IR:
        name += "-ir"
    return Candidate(name.replace("-", "_"), key, entry.port, backend.model, where)


def _found(folder: Path, work: Path) -> list[InstalledModel]:
    found = [
        InstalledModel(name, kind, folder / name, 0, f"{name} for tests", parameters=135_000_000 if name == _IR else 0)
        for name, kind in _FOLDERS.items()
        if (folder / name).is_dir()
    ]
    files = [folder / "micro-piper" / f"{_VOICE}{end}" for end in (".onnx", ".onnx.json")]
    if all(file.is_file() for file in files):
        voice = work / "voice"
        voice.mkdir()
        for file in files:
            shutil.copy(file, voice)
        found.append(InstalledModel("micro-piper", ModelFormat.PIPER, voice, 0, "micro-piper for tests"))
    return found
