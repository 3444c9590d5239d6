"""Backends for the contract suites: every real one of the registry, an engine without a model in a real host, the
scripted fake, and the composite over the fake. All must behave alike."""

from __future__ import annotations

import wave
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import cache

import numpy as np
import pytest

from app.aio.lease import CpuLease
from app.contracts.audio import AudioChunk
from app.contracts.capabilities import CancelGranularity, Capabilities, ConfidenceSource
from app.contracts.devices import Backend, Device
from app.contracts.ports import Runtime
from models.backends import Backends
from models.hosted.base import HostedRuntime
from models.libraries import package_folder
from models.registry import ENTRIES, Port
from tests.helpers.hosts import LIMITS, WatchedHost

SECOND = 16_000
SILENCE = AudioChunk(bytes(SECOND * 4))


def real_backends(port: Port) -> list[str]:
    """Ids of the registry's backends for a port."""
    return [key for key, entry in ENTRIES.items() if entry.port is port]


@asynccontextmanager
async def opened(which: str, fakes: dict[str, Callable[[], Runtime]]) -> AsyncIterator[Runtime]:
    """A backend of the registry by its id, or one of ``fakes`` by its name; warm."""
    if which in ENTRIES:
        backends = Backends(CpuLease())
        if reason := backends.why_not(which):
            pytest.skip(reason)
        runtime: Runtime = backends.build(which)
    else:
        runtime = fakes[which]()
    try:
        await runtime.warm_up()
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
