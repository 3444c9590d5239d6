from __future__ import annotations

import asyncio

import pytest

from app.audio import devices as devices_module
from app.audio.capture import MicrophoneSource
from app.audio.devices import ChosenDevices, SoundDevices
from app.audio.endpoints import Direction
from app.contracts.audio import AudioDevice
from app.contracts.errors import Unavailable
from app.contracts.events import AudioDevicesChanged
from tests.helpers.fake_portaudio import HEADSET, MICROPHONE, SPEAKER, FakePortAudio
from tests.helpers.waiting import until


@pytest.fixture(autouse=True)
def signs(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """A machine that gives a sign of change when the test adds a number here."""
    given = [0]
    monkeypatch.setattr(devices_module, "fingerprint", lambda: tuple(given))
    monkeypatch.setattr(devices_module, "POLL_EVERY_S", 0.01)
    return given


async def test_devices_are_named_and_the_default_is_marked() -> None:
    devices = SoundDevices(FakePortAudio())
    assert await devices.inputs() == (
        AudioDevice("Fake/Built-in microphone", "Built-in microphone", default=True),
        AudioDevice("Fake/Headset", "Headset"),
    )
    assert [device.name for device in await devices.outputs()] == ["Headset", "Built-in speaker"]


async def test_an_empty_identity_is_the_default_and_without_one_the_first() -> None:
    library = FakePortAudio()
    devices = SoundDevices(library)
    assert await devices.resolve(Direction.INPUT) == MICROPHONE.index
    assert await devices.resolve(Direction.INPUT, "Fake/Headset") == HEADSET.index
    assert await devices.resolve(Direction.INPUT, "Fake/Gone") is None
    library.endpoints = [HEADSET]
    await devices.refresh()
    assert await devices.resolve(Direction.INPUT) == HEADSET.index
    library.endpoints = [SPEAKER]
    await devices.refresh()
    assert await devices.resolve(Direction.INPUT) is None
    assert await devices.any_device()


async def test_looking_costs_nothing_until_there_is_a_sign(signs: list[int]) -> None:
    library = FakePortAudio()
    devices = SoundDevices(library)
    for _ in range(3):
        await devices.inputs()
    assert library.scans == 1
    library.endpoints = [SPEAKER]
    signs.append(1)
    assert await devices.inputs() == ()
    assert library.scans == 2


async def test_a_stream_in_use_keeps_the_list_until_it_ends(signs: list[int]) -> None:
    library = FakePortAudio()
    devices = SoundDevices(library)
    microphone = MicrophoneSource(devices)
    capture = await microphone.open()
    library.endpoints = [MICROPHONE]
    signs.append(1)
    await devices.refresh()
    assert len(await devices.inputs()) == 2
    capture.stop()
    await devices.refresh()
    assert len(await devices.inputs()) == 1
    assert library.streams == 0
    await microphone.aclose()


async def test_subscribers_are_told_once_per_change(signs: list[int]) -> None:
    library = FakePortAudio()
    devices = SoundDevices(library, lambda: ChosenDevices(output="Fake/Headset"))
    told: list[AudioDevicesChanged] = []
    other: list[AudioDevicesChanged] = []
    unsubscribe = devices.subscribe(told.append)
    devices.subscribe(other.append)
    await until(lambda: told)
    library.endpoints = [MICROPHONE, SPEAKER]
    signs.append(1)
    await until(lambda: len(told) == 2)
    await asyncio.sleep(0.05)
    assert [event.waiting for event in told] == ["", "Headset"]
    assert [len(event.inputs) for event in told] == [2, 1]
    assert told == other
    unsubscribe()
    unsubscribe()
    library.endpoints = []
    signs.append(2)
    await until(lambda: len(other) == 3)
    assert len(told) == 2
    await devices.aclose()
    await devices.aclose()


async def test_nobody_watches_when_nobody_listens(signs: list[int]) -> None:
    library = FakePortAudio()
    devices = SoundDevices(library)
    unsubscribe = devices.subscribe(lambda event: None)
    await until(lambda: library.scans)
    unsubscribe()
    scans = library.scans
    signs.append(1)
    await asyncio.sleep(0.05)
    assert library.scans == scans


async def test_watching_survives_a_sound_system_that_does_not_answer(
    signs: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    library = FakePortAudio()
    devices = SoundDevices(library)
    told: list[AudioDevicesChanged] = []
    scan = library.scan

    async def no_answer(*, afresh: bool = False) -> tuple[()]:
        library.scans += 1
        raise Unavailable("no answer")

    monkeypatch.setattr(library, "scan", no_answer)
    devices.subscribe(told.append)
    await until(lambda: library.scans > 1)
    assert told == []
    monkeypatch.setattr(library, "scan", scan)
    await until(lambda: told)
    await devices.aclose()
