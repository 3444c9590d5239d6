from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from app.audio.devices import SoundDevices
from app.audio.portaudio import PortAudio
from app.bench.virtual_sound import SoundServer, virtual_sound
from tests.helpers.sound import missing_tools


@pytest.fixture(scope="session")
def sound_server() -> Iterator[SoundServer]:
    if reason := missing_tools():
        pytest.skip(reason)
    with virtual_sound() as sound:
        yield sound


@pytest.fixture
def sound(sound_server: SoundServer, monkeypatch: pytest.MonkeyPatch) -> SoundServer:
    """The private sound server, and this process pointed at it."""
    for name, value in sound_server.environment.items():
        monkeypatch.setenv(name, value)
    return sound_server


@pytest.fixture
def mortal_sound(monkeypatch: pytest.MonkeyPatch) -> Iterator[SoundServer]:
    """A sound server of this test alone, which may die, and this process pointed at it."""
    if reason := missing_tools():
        pytest.skip(reason)
    with virtual_sound() as sound:
        for name, value in sound.environment.items():
            monkeypatch.setenv(name, value)
        yield sound


@pytest.fixture
def no_sound(monkeypatch: pytest.MonkeyPatch) -> None:
    """This process pointed at a sound server that is not there."""
    monkeypatch.setenv("PULSE_SERVER", "unix:/nonexistent/native")
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/nonexistent")


@pytest.fixture
async def portaudio() -> AsyncIterator[PortAudio]:
    library = PortAudio()
    yield library
    await library.aclose()


@pytest.fixture
async def devices(portaudio: PortAudio) -> AsyncIterator[SoundDevices]:
    devices = SoundDevices(portaudio)
    yield devices
    await devices.aclose()
