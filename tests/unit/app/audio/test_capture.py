"""The microphone on a device that the test plays. The same through a real PulseAudio: tests/integration/audio."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import numpy as np
import pytest

from app.audio import microphone_stream, recording
from app.audio.capture import CaptureOptions, MicrophoneSource
from app.audio.devices import ChosenDevices, SoundDevices
from app.audio.levels import as_samples
from app.audio.recording import Recording
from app.contracts.errors import MicrophoneUnavailable
from app.contracts.events import Notice
from tests.helpers.fake_portaudio import HEADSET, MICROPHONE, SPEAKER, FakePortAudio
from tests.helpers.signals import Signal, murmur
from tests.helpers.waiting import until

BLOCK = 160
WORDS = murmur(1.0, 16_000)


@pytest.fixture
def library() -> FakePortAudio:
    return FakePortAudio()


@pytest.fixture
async def microphone(library: FakePortAudio) -> AsyncIterator[MicrophoneSource]:
    source = MicrophoneSource(SoundDevices(library))
    yield source
    await source.aclose()
    assert library.streams == 0


async def heard_by(recording: Recording) -> Signal:
    pieces = [as_samples(chunk.pcm) async for chunk in recording.chunks()]
    return np.concatenate(pieces) if pieces else np.zeros(0, np.float32)


def speak(library: FakePortAudio, samples: Signal) -> None:
    for start in range(0, samples.size, BLOCK):
        library.newest.deliver(samples[start : start + BLOCK])


async def stopped(library: FakePortAudio, microphone: Recording) -> Signal:
    """Stop, let the device deliver a little more, and return everything recorded."""
    microphone.stop()
    speak(library, np.zeros(1600, np.float32))
    return await heard_by(microphone)


async def test_a_cold_start_keeps_the_very_first_buffer(library: FakePortAudio, microphone: MicrophoneSource) -> None:
    library.on_open = lambda stream: stream.deliver(WORDS[:BLOCK])
    capture = await microphone.open()
    speak(library, WORDS[BLOCK:])
    heard = await stopped(library, capture)
    assert np.array_equal(heard[: WORDS.size], WORDS)


async def test_a_warm_start_begins_with_the_next_sample(library: FakePortAudio, microphone: MicrophoneSource) -> None:
    first = await microphone.open()
    speak(library, WORDS[:1600])
    await stopped(library, first)
    second = await microphone.open()
    speak(library, WORDS)
    heard = await stopped(library, second)
    assert np.array_equal(heard[: WORDS.size], WORDS)
    assert second.missed_ms == 0.0
    assert len(library.opened) == 1


async def test_sound_after_the_stop_is_not_recorded(library: FakePortAudio, microphone: MicrophoneSource) -> None:
    capture = await microphone.open()
    speak(library, WORDS[:3200])
    capture.stop()
    speak(library, np.ones(8000, np.float32))
    heard = await heard_by(capture)
    assert np.array_equal(heard[BLOCK : BLOCK + 3200], WORDS[:3200])
    assert np.count_nonzero(heard == 1.0) < 800


async def test_what_is_on_its_way_at_the_stop_is_waited_for(
    library: FakePortAudio, microphone: MicrophoneSource
) -> None:
    capture = await microphone.open()
    late = WORDS[:BLOCK]
    library.newest.deliver(np.zeros(BLOCK, np.float32), age_s=0.11)  # 100 ms old: as much is still on its way
    capture.stop()
    chunks = asyncio.create_task(heard_by(capture))
    await asyncio.sleep(0.02)
    library.newest.deliver(late)
    assert np.array_equal((await chunks)[2 * BLOCK : 3 * BLOCK], late)


async def test_a_device_that_falls_silent_after_the_stop_is_not_waited_for_long(
    library: FakePortAudio, microphone: MicrophoneSource
) -> None:
    capture = await microphone.open()
    capture.stop()
    assert (await heard_by(capture)).size == BLOCK
    assert capture.lost == ""


async def test_channels_are_mixed_down(library: FakePortAudio, microphone: MicrophoneSource) -> None:
    capture = await microphone.open()
    block = np.stack((np.full(BLOCK, 0.2), np.full(BLOCK, 0.4)), axis=1).astype(np.float32)
    library.newest.callback(block, 0.01, False)
    heard = await stopped(library, capture)
    assert heard[BLOCK : 2 * BLOCK] == pytest.approx(np.full(BLOCK, 0.3), abs=1e-6)


async def test_a_backlog_comes_in_pieces(library: FakePortAudio, microphone: MicrophoneSource) -> None:
    capture = await microphone.open()
    speak(library, WORDS)
    capture.stop()
    speak(library, np.zeros(1600, np.float32))
    sizes = [chunk.samples async for chunk in capture.chunks()]
    assert max(sizes) == 640
    assert sum(sizes) >= WORDS.size


async def test_preroll_reaches_back_but_not_into_the_recording_before(library: FakePortAudio) -> None:
    microphone = MicrophoneSource(SoundDevices(library), options=lambda: CaptureOptions(preroll_ms=200.0))
    first = await microphone.open()
    speak(library, WORDS[:1600])
    await stopped(library, first)
    short = await microphone.open()
    assert (await stopped(library, short)).size <= 1600 + 160
    speak(library, WORDS)
    long = await microphone.open()
    speak(library, WORDS[:1600])
    heard = await stopped(library, long)
    assert np.array_equal(heard[: 3200 + 1600], np.concatenate((WORDS[-3200:], WORDS[:1600])))
    await microphone.aclose()


async def test_pulling_the_plug_ends_the_recording_with_what_was_said(
    library: FakePortAudio, microphone: MicrophoneSource
) -> None:
    capture = await microphone.open()
    speak(library, WORDS)
    library.newest.unplug()
    heard = await heard_by(capture)
    assert np.array_equal(heard[BLOCK:], WORDS)
    assert capture.lost == "The microphone went away; what was said until then is used."
    assert library.newest.closed
    again = await microphone.open()
    assert len(library.opened) == 2
    again.stop()


async def test_a_device_that_stops_delivering_is_noticed(
    library: FakePortAudio, microphone: MicrophoneSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (microphone_stream, recording):
        monkeypatch.setattr(module, "DATA_TIMEOUT_S", 0.05)
    capture = await microphone.open()
    await heard_by(capture)
    assert capture.lost


async def test_a_device_that_never_delivers_is_refused(
    library: FakePortAudio, microphone: MicrophoneSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(microphone_stream, "FIRST_BUFFER_TIMEOUT_S", 0.05)
    library.on_open = lambda stream: None
    with pytest.raises(MicrophoneUnavailable, match="delivers no sound") as caught:
        await microphone.open()
    assert caught.value.remedy
    assert library.streams == 0


async def test_a_recording_that_is_dropped_lets_the_device_go(library: FakePortAudio) -> None:
    microphone = MicrophoneSource(SoundDevices(library), options=lambda: CaptureOptions(warm_s=0.0))
    capture = await microphone.open()
    chunks = capture.chunks()
    await anext(chunks)
    await chunks.aclose()
    await until(lambda: not library.streams)


async def test_opening_is_safe_when_it_is_given_up(library: FakePortAudio, microphone: MicrophoneSource) -> None:
    library.on_open = lambda stream: None
    opening = asyncio.create_task(microphone.open())
    await asyncio.sleep(0.01)
    opening.cancel()
    await asyncio.gather(opening, return_exceptions=True)
    assert library.streams == 0


async def test_two_at_a_time_share_the_device(library: FakePortAudio, microphone: MicrophoneSource) -> None:
    one, two = await asyncio.gather(microphone.open(), microphone.open())
    speak(library, WORDS[:1600])
    one.stop()
    speak(library, WORDS[1600:3200])
    two.stop()
    speak(library, np.zeros(1600, np.float32))
    assert len(library.opened) == 1
    assert (await heard_by(one)).size < (await heard_by(two)).size


async def test_the_chosen_device_is_used_missed_and_found_again(library: FakePortAudio) -> None:
    notices: list[Notice] = []
    chosen = ChosenDevices(input="Fake/Headset")
    devices = SoundDevices(library, lambda: chosen)
    microphone = MicrophoneSource(devices, on_notice=notices.append)
    used = []
    for present in (True, False, False, True):
        library.endpoints = [MICROPHONE, SPEAKER, *([HEADSET] if present else [])]
        await devices.refresh()
        (await microphone.open()).stop()
        used.append(library.newest.endpoint.name)
    assert used == ["Headset", "Built-in microphone", "Built-in microphone", "Headset"]
    assert [notice.code for notice in notices] == ["microphone-waiting", "microphone-back"]
    await microphone.aclose()


async def test_a_chosen_device_that_refuses_is_replaced(library: FakePortAudio) -> None:
    notices: list[Notice] = []
    library.refusing.add("Headset")
    devices = SoundDevices(library, lambda: ChosenDevices(input="Fake/Headset"))
    microphone = MicrophoneSource(devices, on_notice=notices.append)
    for _ in range(2):
        (await microphone.open()).stop()
    assert [stream.endpoint.name for stream in library.opened] == ["Built-in microphone"]
    assert [notice.code for notice in notices] == ["microphone-waiting"]
    await microphone.aclose()


async def test_another_choice_is_taken_up_by_the_next_recording(library: FakePortAudio) -> None:
    choice = ""
    microphone = MicrophoneSource(SoundDevices(library, lambda: ChosenDevices(input=choice)))
    (await microphone.open()).stop()
    choice = "Fake/Headset"
    (await microphone.open()).stop()
    assert [stream.endpoint.name for stream in library.opened] == ["Built-in microphone", "Headset"]
    assert library.streams == 1
    await microphone.aclose()


async def test_before_giving_up_it_looks_again(library: FakePortAudio, microphone: MicrophoneSource) -> None:
    library.endpoints = []
    with pytest.raises(MicrophoneUnavailable, match="There is no microphone"):
        await microphone.open()
    assert library.scans == 2
    library.endpoints = [MICROPHONE]
    (await microphone.open()).stop()


async def test_a_device_that_refuses_says_why(library: FakePortAudio, microphone: MicrophoneSource) -> None:
    library.refusing.add("Built-in microphone")
    with pytest.raises(MicrophoneUnavailable, match="refuses") as caught:
        await microphone.open()
    assert caught.value.__cause__ is not None
