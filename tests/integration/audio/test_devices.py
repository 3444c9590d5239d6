"""The list of devices as a real PortAudio over a real PulseAudio gives it."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import textwrap

import pytest

from app.audio import devices as devices_module
from app.audio.devices import ChosenDevices, SoundDevices
from app.audio.endpoints import Direction
from app.audio.portaudio import PortAudio
from app.bench.virtual_sound import SoundServer
from app.contracts.events import AudioDevicesChanged


async def test_devices_have_stable_identities_and_one_default(sound: SoundServer, portaudio: PortAudio) -> None:
    first = await SoundDevices(portaudio).inputs()
    second = await SoundDevices(portaudio).inputs()
    assert first == second
    assert [device.name for device in first if device.default] == ["default"]
    assert len({device.identity for device in first}) == len(first)
    assert all(device.identity == f"ALSA/{device.name}" for device in first)


async def test_an_identity_leads_to_the_device(sound: SoundServer, devices: SoundDevices) -> None:
    for device in await devices.outputs():
        assert await devices.resolve(Direction.OUTPUT, device.identity) is not None
    assert await devices.resolve(Direction.OUTPUT) is not None
    assert await devices.resolve(Direction.OUTPUT, "ALSA/Nothing of the kind") is None


async def test_a_chosen_device_that_is_missing_waits(sound: SoundServer, portaudio: PortAudio) -> None:
    devices = SoundDevices(portaudio, lambda: ChosenDevices(input="ALSA/Headset"))
    missing = [device for device in await devices.inputs() if not device.present]
    assert [(device.identity, device.name) for device in missing] == [("ALSA/Headset", "Headset")]
    assert all(device.present for device in await devices.outputs())


async def test_no_server_means_no_devices(no_sound: None, devices: SoundDevices) -> None:
    assert await devices.inputs() == ()
    assert await devices.outputs() == ()


async def test_subscribers_learn_when_sound_goes_and_comes(
    mortal_sound: SoundServer, devices: SoundDevices, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(devices_module, "POLL_EVERY_S", 0.1)
    told: asyncio.Queue[AudioDevicesChanged] = asyncio.Queue()
    unsubscribe = devices.subscribe(told.put_nowait)
    assert (await asyncio.wait_for(told.get(), 10.0)).inputs
    mortal_sound.stop()
    try:
        gone = await asyncio.wait_for(told.get(), 10.0)
        assert (gone.inputs, gone.outputs) == ((), ())
    finally:
        await asyncio.to_thread(mortal_sound.start, 0.3)
    assert (await asyncio.wait_for(told.get(), 10.0)).outputs
    unsubscribe()
    assert told.empty()


def run_child(program: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


OPEN_BOTH = """
    import asyncio, json
    from app.audio.capture import MicrophoneSource
    from app.audio.devices import SoundDevices
    from app.audio.playback import SpeakerSink
    from app.audio.portaudio import PortAudio
    from app.contracts.errors import Unavailable

    async def main():
        devices = SoundDevices(PortAudio())
        for attempt in (MicrophoneSource(devices).open, SpeakerSink(devices).wake):
            try:
                await attempt()
            except Unavailable as error:
                print(type(error).__name__, error.code, error.message, error.remedy, sep="|")

    asyncio.run(main())
"""


def test_a_fresh_process_without_a_sound_server_is_told_and_nothing_else_is_printed() -> None:
    child = run_child(OPEN_BOTH, PULSE_SERVER="unix:/nonexistent/native", XDG_RUNTIME_DIR="/nonexistent")
    assert child.returncode == 0
    assert child.stderr == ""
    microphone, speaker = child.stdout.splitlines()
    assert microphone.startswith("MicrophoneUnavailable|no-microphone|There is no microphone")
    assert speaker.startswith("Unavailable|no-speaker|There is no speaker")


def test_a_missing_sound_library_is_named_with_its_package() -> None:
    hide = "import ctypes.util; ctypes.util.find_library = lambda name: None\n"
    child = run_child(hide + textwrap.dedent(OPEN_BOTH))
    assert child.stderr == ""
    for line in child.stdout.splitlines():
        assert "no-portaudio|The sound library PortAudio is not installed.|" in line
        assert "apt-get install libportaudio2" in line
    assert child.stdout.startswith("MicrophoneUnavailable|")
