"""Recording from a virtual microphone through a real PulseAudio and PortAudio."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest

from app.audio import microphone_stream
from app.audio.capture import CaptureOptions, MicrophoneSource
from app.audio.devices import ChosenDevices, SoundDevices
from app.audio.levels import as_samples
from app.audio.portaudio import PortAudio
from app.audio.recording import Recording
from app.audio.resample import resampled
from app.bench.virtual_sound import RATE_HZ, SoundServer
from app.contracts.audio import AudioChunk
from app.contracts.errors import MicrophoneUnavailable
from app.contracts.events import Notice
from tests.helpers.signals import Signal, find, murmur, write_16_bit
from tests.helpers.sound import playing
from tests.helpers.waiting import until


@pytest.fixture
async def microphone(devices: SoundDevices) -> AsyncIterator[MicrophoneSource]:
    source = MicrophoneSource(devices)
    yield source
    await source.aclose()


async def everything(recording: Recording) -> list[AudioChunk]:
    return [chunk async for chunk in recording.chunks()]


def joined(chunks: list[AudioChunk]) -> Signal:
    return np.concatenate([as_samples(chunk.pcm) for chunk in chunks])


async def record(microphone: MicrophoneSource, seconds: float) -> Signal:
    recording = await microphone.open()
    chunks = asyncio.create_task(everything(recording))
    await asyncio.sleep(seconds)
    recording.stop()
    return joined(await chunks)


async def test_speech_that_starts_with_the_key_arrives_whole(
    sound: SoundServer, microphone: MicrophoneSource, tmp_path: Path
) -> None:
    words = murmur(1.2, RATE_HZ, seed=1)
    path = write_16_bit(tmp_path / "words.wav", words, RATE_HZ)
    expected = resampled(words, RATE_HZ, 16_000)
    await microphone.warm_up()
    with playing(sound, path) as player:
        recording = await microphone.open()
        assert recording.missed_ms == 0.0
        chunks = asyncio.create_task(everything(recording))
        await asyncio.to_thread(player.wait)
        await asyncio.sleep(0.3)
        recording.stop()
    heard = joined(await chunks)
    start, likeness = find(expected, heard)
    assert start >= 0
    assert start + expected.size <= heard.size
    assert likeness > 0.95


async def test_a_cold_microphone_says_what_it_missed(
    sound: SoundServer, microphone: MicrophoneSource, tmp_path: Path
) -> None:
    words = murmur(4.0, RATE_HZ, seed=2)
    with playing(sound, write_16_bit(tmp_path / "words.wav", words, RATE_HZ)):
        await asyncio.sleep(0.5)
        recording = await microphone.open()
        chunks = asyncio.create_task(everything(recording))
        await asyncio.sleep(1.0)
        recording.stop()
        heard = joined(await chunks)
    assert 0.0 < recording.missed_ms < 1000.0
    assert find(heard, resampled(words, RATE_HZ, 16_000))[1] > 0.95


async def test_nothing_is_lost_between_one_recording_and_the_next(
    sound: SoundServer, microphone: MicrophoneSource, tmp_path: Path
) -> None:
    words = murmur(5.0, RATE_HZ, seed=3)
    reference = resampled(words, RATE_HZ, 16_000)
    with playing(sound, write_16_bit(tmp_path / "words.wav", words, RATE_HZ)):
        await asyncio.sleep(0.7)
        first = await microphone.open()
        first_chunks = asyncio.create_task(everything(first))
        await asyncio.sleep(0.8)
        first.stop()
        second = await microphone.open()
        second_chunks = asyncio.create_task(everything(second))
        await asyncio.sleep(0.8)
        second.stop()
        one, two = joined(await first_chunks), joined(await second_chunks)
    one_at, one_likeness = find(one, reference)
    two_at, two_likeness = find(two, reference)
    assert one_likeness > 0.95
    assert two_likeness > 0.95
    assert two_at <= one_at + one.size + 16  # one millisecond for rounding at the seam


async def test_chunks_are_short_and_add_up(sound: SoundServer, microphone: MicrophoneSource) -> None:
    recording = await microphone.open()
    chunks = asyncio.create_task(everything(recording))
    await asyncio.sleep(0.5)
    recording.stop()
    assert all(chunk.sample_rate_hz == 16_000 for chunk in await chunks)
    assert all(chunk.seconds <= 0.041 for chunk in await chunks)
    assert sum(chunk.seconds for chunk in await chunks) > 0.4
    assert recording.lost == ""


async def test_preroll_begins_before_the_key(sound: SoundServer, devices: SoundDevices, tmp_path: Path) -> None:
    microphone = MicrophoneSource(devices, options=lambda: CaptureOptions(preroll_ms=300.0))
    plain = MicrophoneSource(devices)
    words = murmur(4.0, RATE_HZ, seed=4)
    reference = resampled(words, RATE_HZ, 16_000)
    await microphone.warm_up()
    await plain.warm_up()
    with playing(sound, write_16_bit(tmp_path / "words.wav", words, RATE_HZ)):
        await asyncio.sleep(1.0)
        early, late = await microphone.open(), await plain.open()
        both = asyncio.gather(everything(early), everything(late))
        await asyncio.sleep(0.5)
        early.stop()
        late.stop()
        early_chunks, late_chunks = await both
    gained = find(joined(late_chunks), reference)[0] - find(joined(early_chunks), reference)[0]
    assert gained == pytest.approx(0.3 * 16_000, abs=0.03 * 16_000)
    await microphone.aclose()
    await plain.aclose()


async def test_fifty_presses_in_a_row(sound: SoundServer, microphone: MicrophoneSource, portaudio: PortAudio) -> None:
    for _ in range(50):
        recording = await microphone.open()
        recording.stop()
        await everything(recording)
    assert (await record(microphone, 0.2)).size > 0
    assert portaudio.streams == 1


async def test_an_open_that_is_given_up_leaves_nothing_open(
    sound: SoundServer, microphone: MicrophoneSource, portaudio: PortAudio
) -> None:
    for pause_s in (0.0, 0.001, 0.005, 0.01, 0.02):
        opening = asyncio.create_task(microphone.open())
        await asyncio.sleep(pause_s)
        opening.cancel()
        await asyncio.gather(opening, return_exceptions=True)
    await microphone.aclose()
    await portaudio.scan()
    assert portaudio.streams == 0


async def test_the_device_is_let_go_after_a_while(
    sound: SoundServer, devices: SoundDevices, portaudio: PortAudio
) -> None:
    microphone = MicrophoneSource(devices, options=lambda: CaptureOptions(warm_s=0.5))
    await record(microphone, 0.1)
    assert portaudio.streams == 1
    await until(lambda: not portaudio.streams)
    await microphone.aclose()


async def test_a_chosen_device_that_is_missing_is_replaced_and_reported(
    sound: SoundServer, portaudio: PortAudio
) -> None:
    notices: list[Notice] = []
    devices = SoundDevices(portaudio, lambda: ChosenDevices(input="ALSA/Desk microphone"))
    microphone = MicrophoneSource(devices, on_notice=notices.append)
    for _ in range(2):
        assert (await record(microphone, 0.1)).size
    assert [(notice.code, notice.level) for notice in notices] == [("microphone-waiting", "warning")]
    assert "Desk microphone" in notices[0].message
    await microphone.aclose()


async def test_without_a_sound_server_it_says_so(no_sound: None, microphone: MicrophoneSource) -> None:
    with pytest.raises(MicrophoneUnavailable) as caught:
        await microphone.open()
    assert caught.value.message.startswith("There is no microphone")
    assert caught.value.remedy


async def test_a_server_that_dies_ends_the_recording_and_one_that_comes_back_is_found(
    mortal_sound: SoundServer, microphone: MicrophoneSource
) -> None:
    recording = await microphone.open()
    chunks = asyncio.create_task(everything(recording))
    await asyncio.sleep(0.3)
    mortal_sound.stop()
    try:
        assert sum(chunk.seconds for chunk in await chunks) > 0.2
        assert "went away" in recording.lost
        recording.stop()
        with pytest.raises(MicrophoneUnavailable):
            await microphone.open()
    finally:
        await asyncio.to_thread(mortal_sound.start, 0.3)
    assert (await record(microphone, 0.3)).size > 0.2 * 16_000


async def test_a_server_that_hangs_is_noticed(
    sound: SoundServer, microphone: MicrophoneSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(microphone_stream, "OPEN_TIMEOUT_S", 0.5)
    recording = await microphone.open()
    chunks = asyncio.create_task(everything(recording))
    await asyncio.sleep(0.3)
    os.kill(sound.pid, signal.SIGSTOP)
    try:
        await chunks
        assert "went away" in recording.lost
        with pytest.raises(MicrophoneUnavailable, match="does not answer"):
            await microphone.open()
    finally:
        os.kill(sound.pid, signal.SIGCONT)
    assert (await record(microphone, 0.3)).size > 0.2 * 16_000
