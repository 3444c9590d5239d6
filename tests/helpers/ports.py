"""Backends for the contract suites: every real one of the registry, every recipe over the models made for tests, an
engine without a model in a real host, the scripted fake, and the composite over the fake. All must behave alike.

The models made for tests lie in the folder that SOTTO_TESTDATA names. Without it their backends are skipped, and named.
"""

from __future__ import annotations

import os
import shutil
import wave
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest

from app.aio.lease import CpuLease
from app.contracts.audio import AudioChunk
from app.contracts.capabilities import CancelGranularity, Capabilities, ConfidenceSource
from app.contracts.devices import Backend, Device, DeviceInfo, Presence, RuntimeSupport
from app.contracts.ports import Runtime
from models.backends import Backends
from models.embedded import MOONSHINE, SMOLLM2, EmbeddedModels
from models.entries import PROCESSOR, entries_of
from models.host.supervisor import HostLimits
from models.hosted.base import HostedRuntime
from models.libraries import package_folder
from models.openvino.target import NPU_ON_CPU
from models.registry import ENTRIES, Entry, Port
from models.store.model import InstalledModel, ModelFormat
from tests.helpers.hosts import LIMITS, WatchedHost

SECOND = 16_000
SILENCE = AudioChunk(bytes(SECOND * 4))


DEVICES = (
    PROCESSOR,
    DeviceInfo(
        device=Device.NPU,
        name="the NPU's software path on the processor",
        presence=Presence.READY,
        runtimes=(RuntimeSupport("openvino", usable=True, target=NPU_ON_CPU),),
    ),
)
"""What the recipes are tried on: the processor, and the pipelines of an NPU without one."""
PATIENT = HostLimits(cancel_grace_s=3.0)
"""A busy machine may hold an engine up for longer than a person should wait. One that never stops is still found."""
SLOW = HostLimits(cancel_grace_s=20.0)
"""Patience with that path: it takes ten times as long for a token as what it stands for."""
TESTDATA = "SOTTO_TESTDATA"
_FOLDERS = {
    "smollm2-135m-ov-int4": ("smollm2-135m-ov-int4", ModelFormat.OPENVINO_LLM, 135_000_000),
    "micro-whisper-ct2": ("micro-whisper-ct2", ModelFormat.CTRANSLATE2_WHISPER, 7_900_000),
    "micro-whisper-ov": ("micro-whisper-ov", ModelFormat.OPENVINO_WHISPER, 7_900_000),
    "micro-embed-ov": ("micro-embed-ov", ModelFormat.OPENVINO_EMBEDDING, 0),
}
"""Where each model made for tests lies in that folder, and what it is."""
_VOICES = {"micro-piper": "en_US-micro-medium", "micro2-piper": "en_US-micro2-medium"}
EMBEDDED_FILE = "smollm2-file"
"""The embedded language model as if it had been installed: the same engines run it."""
_made: list[TemporaryDirectory[str]] = []
"""Folders that go with this process."""

RAN: dict[str, str] = {}
"""What became of each backend a suite opened: where it was asked for and where it ran, or why it was skipped."""


class TestMachine:
    """A `Machine` with the devices the recipes are tried on."""

    __test__ = False

    def look(self) -> tuple[DeviceInfo, ...]:
        """Those devices."""
        return DEVICES

    async def refresh(self) -> tuple[DeviceInfo, ...]:
        """The same."""
        return DEVICES


class TestLibrary:
    """A `ModelLibrary` with the models made for tests."""

    __test__ = False

    def installed_models(self) -> tuple[InstalledModel, ...]:
        """All of them, whether they are there or not."""
        return installed_models()


@cache
def installed_models() -> tuple[InstalledModel, ...]:
    """The models made for tests, and the embedded language model as a file that was installed; there or not."""
    folder = Path(os.environ.get(TESTDATA) or "not-there")
    embedded = EmbeddedModels().find(SMOLLM2) or "not-there"
    return (
        *(_installed(name, kind, folder / where, size) for name, (where, kind, size) in _FOLDERS.items()),
        *(_installed(name, ModelFormat.PIPER, _voice(folder, voice), 0) for name, voice in _VOICES.items()),
        _installed("moonshine-folder", ModelFormat.MOONSHINE, Path(EmbeddedModels().find(MOONSHINE) or "not-there"), 0),
        _installed(EMBEDDED_FILE, ModelFormat.GGUF, Path(embedded), 135_000_000),
        _installed(f"{EMBEDDED_FILE}-embed", ModelFormat.GGUF_EMBEDDING, Path(embedded), 135_000_000),
    )


def _voice(folder: Path, voice: str) -> Path:
    """A folder with one Piper voice, as the store keeps them; there are several in the one with the test models."""
    files = [folder / "micro-piper" / f"{voice}{end}" for end in (".onnx", ".onnx.json")]
    if not all(file.is_file() for file in files):
        return folder / voice
    _made.append(TemporaryDirectory(prefix="sotto-voice-"))
    made = Path(_made[-1].name)
    for file in files:
        shutil.copy(file, made)
    return made


def _installed(name: str, kind: ModelFormat, path: Path, parameters: int) -> InstalledModel:
    return InstalledModel(
        name=name, format=kind, path=path, size_bytes=0, revision=f"{name} for tests", parameters=parameters
    )


@cache
def cache_dir() -> Path:
    """Where engines keep what they converted or compiled; goes with this process."""
    _made.append(TemporaryDirectory(prefix="sotto-kept-"))
    return Path(_made[-1].name)


def real_backends(port: Port) -> list[str]:
    """Ids of the registry's backends for a port."""
    return [key for key, entry in ENTRIES.items() if entry.port is port]


def installed_backends(port: Port) -> list[str]:
    """Ids of the backends that recipes make of the models made for tests, for a port."""
    return [key for key, entry in recipe_entries().items() if entry.port is port and key not in ENTRIES]


@cache
def recipe_entries() -> dict[str, Entry]:
    """Every entry the recipes make of the models and devices for tests."""
    return dict(entries_of(DEVICES, installed_models(), EmbeddedModels()))


def missing(which: str) -> str:
    """Why a backend cannot be opened here, one sentence; empty when it can."""
    installed = recipe_entries()[which].installed
    if installed is None or installed.path.exists():
        return ""
    if not os.environ.get(TESTDATA):
        return f"{TESTDATA} is not set: {installed.name} is a model made for tests"
    return f"{installed.name} is not in the folder that {TESTDATA} names"


@asynccontextmanager
async def opened(which: str, fakes: dict[str, Callable[[], Runtime]]) -> AsyncIterator[Runtime]:
    """A backend of the registry or of the recipes by its id, or one of ``fakes`` by its name; warm."""
    if which in fakes:
        runtime: Runtime = fakes[which]()
    else:
        patience = SLOW if recipe_entries()[which].target == NPU_ON_CPU else PATIENT
        backends = Backends(
            CpuLease(), machine=TestMachine(), library=TestLibrary(), limits=patience, cache_dir=cache_dir()
        )
        if reason := missing(which) or backends.why_not(which):
            RAN[which] = f"skipped: {reason}"
            pytest.skip(reason)
        runtime = backends.build(which)
    try:
        warm = await runtime.warm_up()
        RAN[which] = "no model" if which in fakes else f"asked {runtime.backend.device}, ran {warm.ran}"
        yield runtime
    finally:
        await runtime.aclose()


def hosted(cls: type[HostedRuntime], engine: str, sample_rate_hz: int = 0) -> HostedRuntime:
    """A port over one of the engines without a model."""
    host = WatchedHost(f"models.fakes.engines:{engine}", LIMITS, {})
    return cls(host, identity(), capabilities(sample_rate_hz), CpuLease(1))


def identity(backend_id: str = "engine-cpu") -> Backend:
    """The identity of an engine without a model."""
    return Backend(backend_id, "fake", Device.CPU, "none")


def capabilities(sample_rate_hz: int = 0) -> Capabilities:
    """What an engine without a model can do."""
    return Capabilities(
        streaming=True,
        confidence=ConfidenceSource.NONE,
        cancel=CancelGranularity.TOKEN,
        sample_rate_hz=sample_rate_hz,
        verify=True,
        state=True,
    )


@cache
def speech(seconds: float = 3.0) -> AudioChunk:
    """A person speaking: the beginning of the recording in the moonshine wheel."""
    path = package_folder("moonshine_voice", "moonshine-voice") / "assets" / "beckett.wav"
    with wave.open(str(path)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (SECOND, 1, 2)
        raw = file.readframes(int(seconds * SECOND))
    return AudioChunk((np.frombuffer(raw, dtype="<i2").astype("<f4") / 32768.0).tobytes())


def pieces(clip: AudioChunk, samples: int) -> list[AudioChunk]:
    """A clip cut into chunks of so many samples; the last may be shorter."""
    size = samples * 4
    return [AudioChunk(clip.pcm[at : at + size]) for at in range(0, len(clip.pcm), size)]
