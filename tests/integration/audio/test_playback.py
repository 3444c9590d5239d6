"""Playing to a virtual speaker through a real PulseAudio and PortAudio, and listening at its monitor."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import numpy as np
import pytest

from app.audio.cues import ready_cue
from app.audio.devices import ChosenDevices, SoundDevices
from app.audio.levels import as_pcm, as_samples
from app.audio.playback import SpeakerSink
from app.audio.portaudio import PortAudio
from app.audio.resample import resampled
from app.bench.virtual_sound import RATE_HZ, SoundServer
from app.contracts.audio import AudioChunk, HeardSpan
from app.contracts.errors import Unavailable
from app.contracts.events import Notice
from tests.helpers.signals import Signal, find, murmur
from tests.helpers.standstills import Standstills
from tests.helpers.waiting import until

A_BUFFER_S = 0.02
"""When the whole machine stands still for longer, no program can play without a gap: that attempt says nothing."""


@pytest.fixture
async def speaker(devices: SoundDevices) -> AsyncIterator[SpeakerSink]:
    sink = SpeakerSink(devices)
    yield sink
    await sink.aclose()


async def say(speaker: SpeakerSink, words: Signal, rate_hz: int, utterance: int = 0, piece_s: float = 0.1) -> None:
    step = round(piece_s * rate_hz)
    for start in range(0, words.size, step):
        await speaker.write(AudioChunk(as_pcm(words[start : start + step]), rate_hz), utterance)


@pytest.mark.parametrize("rate_hz", [16_000, 22_050, 44_100])
async def test_what_is_written_is_heard_without_a_gap(sound: SoundServer, speaker: SpeakerSink, rate_hz: int) -> None:
    words = murmur(1.5, rate_hz, seed=rate_hz)
    for _ in range(3):
        with sound.listen() as monitor, Standstills() as machine:
            speaker.begin()
            await speaker.wake()
            await say(speaker, words, rate_hz)
            await speaker.drain()
            heard = speaker.heard()
        assert heard == (HeardSpan(0, words.size, words.size, rate_hz),)
        start, likeness = find(resampled(words, rate_hz, RATE_HZ), monitor.so_far().samples)
        if likeness > 0.98 or machine.longest_s < A_BUFFER_S:
            break
    assert start >= 0
    assert likeness > 0.98


async def test_utterances_follow_each_other_and_are_counted_apart(sound: SoundServer, speaker: SpeakerSink) -> None:
    first, second = murmur(0.7, 22_050, seed=1), murmur(0.9, 22_050, seed=2)
    with sound.listen() as monitor:
        speaker.begin()
        await say(speaker, first, 22_050, 0)
        await say(speaker, second, 22_050, 1)
        assert [span.queued_samples for span in speaker.heard()] == [first.size, second.size]
        await speaker.drain()
    assert [span.heard_samples for span in speaker.heard()] == [first.size, second.size]
    at_first = find(resampled(first, 22_050, RATE_HZ), monitor.so_far().samples)[0]
    at_second = find(resampled(second, 22_050, RATE_HZ), monitor.so_far().samples)[0]
    assert at_second - at_first == pytest.approx(first.size * RATE_HZ / 22_050, abs=2)


async def test_stop_is_silence_and_heard_is_what_was_heard(sound: SoundServer, speaker: SpeakerSink) -> None:
    words = murmur(6.0, 22_050, seed=5)
    whole = resampled(words, 22_050, RATE_HZ)
    with sound.listen() as monitor:
        speaker.begin()
        await speaker.wake()
        saying = asyncio.create_task(say(speaker, words, 22_050))
        await asyncio.sleep(1.0)
        speaker.stop()
        (span,) = speaker.heard()
        saying.cancel()
        await asyncio.gather(saying, return_exceptions=True)
        await asyncio.sleep(0.6)
        await speaker.drain()
    assert speaker.heard()[0].heard_samples == span.heard_samples
    audible = monitor.so_far().audible(1e-3)
    assert audible is not None
    start, last = audible
    assert last - start < 1.3 * RATE_HZ
    assert find(monitor.so_far().samples[start:last], whole)[1] > 0.98
    assert span.heard_samples / 22_050 == pytest.approx((last - start) / RATE_HZ, abs=0.06)


async def test_the_speaker_speaks_again_after_a_stop(sound: SoundServer, speaker: SpeakerSink) -> None:
    await say(speaker, murmur(1.0, 22_050, seed=6), 22_050)
    speaker.stop()
    words = murmur(0.8, 22_050, seed=7)
    with sound.listen() as monitor:
        speaker.begin()
        await say(speaker, words, 22_050, 3)
        await speaker.drain()
    assert speaker.heard() == (HeardSpan(3, words.size, words.size, 22_050),)
    assert find(resampled(words, 22_050, RATE_HZ), monitor.so_far().samples)[1] > 0.98


async def test_pause_holds_and_resume_goes_on(sound: SoundServer, speaker: SpeakerSink) -> None:
    words = murmur(1.0, 22_050, seed=8)
    speaker.begin()
    await say(speaker, words, 22_050)
    await asyncio.sleep(0.3)
    speaker.pause()
    await asyncio.sleep(0.2)
    (held,) = speaker.heard()
    await asyncio.sleep(0.3)
    assert speaker.heard() == (held,)
    assert 0 < held.heard_samples < words.size
    speaker.resume()
    await speaker.drain()
    assert speaker.heard()[0].heard_samples == words.size


async def test_the_first_audible_sample_is_noted_and_silence_is_not(sound: SoundServer, speaker: SpeakerSink) -> None:
    silence, words = np.zeros(11_025, np.float32), murmur(0.4, 22_050, seed=9)
    with sound.listen() as monitor:
        await speaker.wake()
        speaker.begin()
        assert speaker.first_sample_at is None
        await say(speaker, np.concatenate((silence, words)), 22_050)
        assert speaker.first_sample_at is None
        await speaker.drain()
        first_at = speaker.first_sample_at
        speaker.begin()
        assert speaker.first_sample_at is None
    audible = monitor.so_far().audible(2e-4)
    assert first_at is not None
    assert audible is not None
    assert first_at == pytest.approx(monitor.so_far().time_of(audible[0]), abs=0.15)


async def test_a_cue_is_heard_and_not_counted(sound: SoundServer, speaker: SpeakerSink) -> None:
    cue = ready_cue()
    with sound.listen() as monitor:
        speaker.begin()
        await speaker.cue(cue)
        await asyncio.sleep(0.4)
    assert speaker.heard() == ()
    assert speaker.first_sample_at is None
    assert find(resampled(as_samples(cue.pcm), cue.sample_rate_hz, RATE_HZ), monitor.so_far().samples)[1] > 0.9


async def test_the_device_is_let_go_when_there_is_nothing_to_say(
    sound: SoundServer, devices: SoundDevices, portaudio: PortAudio
) -> None:
    speaker = SpeakerSink(devices, warm_s=0.2)
    words = murmur(0.5, 22_050)
    speaker.begin()
    await say(speaker, words, 22_050)
    await asyncio.sleep(0.3)
    assert portaudio.streams == 1
    await until(lambda: not portaudio.streams)
    assert speaker.heard() == (HeardSpan(0, words.size, words.size, 22_050),)
    await speaker.aclose()


async def test_a_chosen_speaker_that_is_missing_is_replaced_and_reported(
    sound: SoundServer, portaudio: PortAudio
) -> None:
    notices: list[Notice] = []
    chosen = ChosenDevices(output="ALSA/Desk speaker")
    speaker = SpeakerSink(SoundDevices(portaudio, lambda: chosen), on_notice=notices.append)
    await speaker.wake()
    await speaker.wake()
    assert [(notice.code, notice.level) for notice in notices] == [("speaker-waiting", "warning")]
    await speaker.aclose()


async def test_without_a_sound_server_it_says_so(no_sound: None, speaker: SpeakerSink) -> None:
    with pytest.raises(Unavailable, match="There is no speaker") as caught:
        await speaker.wake()
    assert caught.value.code == "no-speaker"
    assert caught.value.remedy
    speaker.begin()
    speaker.stop()
    await speaker.drain()
    assert speaker.heard() == ()


async def test_a_server_that_dies_in_the_middle_is_reported_and_one_that_comes_back_is_used(
    mortal_sound: SoundServer, speaker: SpeakerSink
) -> None:
    words = murmur(3.0, 22_050, seed=10)
    speaker.begin()
    await say(speaker, words, 22_050)
    draining = asyncio.create_task(speaker.drain())
    await asyncio.sleep(0.5)
    mortal_sound.stop()
    try:
        with pytest.raises(Unavailable, match="went away"):
            await draining
        (span,) = speaker.heard()
        assert 0 < span.heard_samples < words.size
        with pytest.raises(Unavailable):
            await speaker.wake()
    finally:
        await asyncio.to_thread(mortal_sound.start, 0.3)
    speaker.begin()
    await say(speaker, words[:11_025], 22_050)
    await speaker.drain()
    assert speaker.heard()[0].heard_samples == 11_025
