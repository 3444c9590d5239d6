"""The speaker on a device that the test plays. The same through a real PulseAudio: tests/integration/audio."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from time import monotonic

import numpy as np
import pytest

from app.audio import playback, speaker_stream
from app.audio.devices import ChosenDevices, SoundDevices
from app.audio.levels import as_pcm
from app.audio.playback import SpeakerSink
from app.audio.speaker_stream import FADE_S
from app.contracts.audio import AudioChunk, HeardSpan
from app.contracts.errors import Unavailable
from app.contracts.events import Notice
from tests.helpers.fake_portaudio import HEADSET, SPEAKER, FakePortAudio
from tests.helpers.signals import Signal, murmur
from tests.helpers.waiting import until

WORDS = murmur(1.0, 16_000)
FADE = round(FADE_S * 16_000)


@pytest.fixture
def library() -> FakePortAudio:
    return FakePortAudio()


@pytest.fixture
async def speaker(library: FakePortAudio) -> AsyncIterator[SpeakerSink]:
    sink = SpeakerSink(SoundDevices(library))
    sink.begin()
    yield sink
    await sink.aclose()
    assert library.streams == 0


async def say(speaker: SpeakerSink, words: Signal, utterance: int = 0) -> None:
    await speaker.write(AudioChunk(as_pcm(words)), utterance)


async def test_pieces_are_joined_without_a_seam(library: FakePortAudio, speaker: SpeakerSink) -> None:
    for start in range(0, WORDS.size, 777):
        await say(speaker, WORDS[start : start + 777])
    played = np.concatenate([library.newest.take(441) for _ in range(40)])
    assert np.array_equal(played[: WORDS.size], WORDS)
    assert not played[WORDS.size :].any()


async def test_nothing_queued_is_silence(library: FakePortAudio, speaker: SpeakerSink) -> None:
    await speaker.wake()
    assert not library.newest.take(500).any()
    assert speaker.heard() == ()
    assert speaker.first_sample_at is None


async def test_what_the_device_holds_is_not_heard_yet(library: FakePortAudio, speaker: SpeakerSink) -> None:
    await say(speaker, WORDS[:1600])
    library.newest.take(1600, lead_s=2.0)
    assert speaker.heard() == (HeardSpan(0, 0, 1600, 16_000),)
    assert speaker.first_sample_at is None


async def test_heard_follows_the_clock_to_the_end(library: FakePortAudio, speaker: SpeakerSink) -> None:
    await say(speaker, WORDS[:1600])
    library.newest.take(1600)
    positions = []
    async with asyncio.timeout(5):
        while not positions or positions[-1] < 1600:
            positions.append(speaker.heard()[0].heard_samples)
            await asyncio.sleep(0.005)
    assert positions == sorted(positions)
    assert 0 < positions[len(positions) // 2] < 1600


async def test_drain_waits_for_the_last_sample(library: FakePortAudio, speaker: SpeakerSink) -> None:
    await say(speaker, WORDS[:1600])
    draining = asyncio.create_task(speaker.drain())
    await asyncio.sleep(0.02)
    assert not draining.done()
    taken_at = monotonic()
    library.newest.take(1600, lead_s=0.05)
    await draining
    assert monotonic() - taken_at >= 0.15
    assert speaker.heard() == (HeardSpan(0, 1600, 1600, 16_000),)


async def test_drain_of_nothing_returns(speaker: SpeakerSink) -> None:
    await speaker.drain()
    await speaker.wake()
    await speaker.drain()


async def test_stop_fades_drops_the_queue_and_empties_the_device(library: FakePortAudio, speaker: SpeakerSink) -> None:
    await say(speaker, WORDS)
    library.newest.take(400)
    speaker.stop()
    after = library.newest.take(400)
    assert after[0] == WORDS[400]
    assert np.all(np.abs(after[:FADE]) <= np.abs(WORDS[400 : 400 + FADE]))
    assert not after[FADE:].any()
    assert not library.newest.take(400).any()
    assert library.newest.cuts == 1
    await speaker.drain()


async def test_what_is_said_while_the_device_still_drops_the_old_is_kept_for_afterwards(
    library: FakePortAudio, speaker: SpeakerSink
) -> None:
    library.slow_to_drop = True
    await say(speaker, WORDS)
    library.newest.take(400)
    speaker.stop()
    library.newest.take(400)
    speaker.begin()
    await say(speaker, WORDS, 1)
    assert not library.newest.take(400).any()
    library.dropped()
    assert np.array_equal(library.newest.take(400), WORDS[:400])


async def test_what_was_heard_is_fixed_by_stop(library: FakePortAudio, speaker: SpeakerSink) -> None:
    await say(speaker, WORDS[:800], 0)
    await say(speaker, WORDS, 1)
    library.newest.take(1600)
    await asyncio.sleep(0.06)
    speaker.stop()
    first, second = speaker.heard()
    await asyncio.sleep(0.05)
    assert speaker.heard() == (first, second)
    assert first == HeardSpan(0, 800, 800, 16_000)
    assert 0 < second.heard_samples <= 800
    assert second.queued_samples == WORDS.size


async def test_a_drain_ends_with_a_stop_and_a_write_as_well(library: FakePortAudio, speaker: SpeakerSink) -> None:
    writing = asyncio.create_task(say(speaker, murmur(30.0, 16_000)))
    await asyncio.sleep(0.05)
    draining = asyncio.create_task(speaker.drain())
    await asyncio.sleep(0.05)
    assert not writing.done()
    assert not draining.done()
    speaker.stop()
    await asyncio.gather(writing, draining)
    library.newest.take(400)
    assert not library.newest.take(1600).any()


async def test_after_a_stop_the_next_words_begin_at_their_beginning(
    library: FakePortAudio, speaker: SpeakerSink
) -> None:
    await say(speaker, murmur(0.5, 16_000, seed=9))
    speaker.stop()
    library.newest.take(160)
    speaker.begin()
    await say(speaker, WORDS[:1600], 7)
    assert np.array_equal(library.newest.take(1600), WORDS[:1600])
    await speaker.drain()
    assert speaker.heard() == (HeardSpan(7, 1600, 1600, 16_000),)


async def test_pause_fades_holds_and_goes_on_with_nothing_missing(library: FakePortAudio, speaker: SpeakerSink) -> None:
    await say(speaker, WORDS)
    before = library.newest.take(800)
    speaker.pause()
    fading = library.newest.take(400)
    assert not fading[FADE:].any()
    assert not library.newest.take(400).any()
    speaker.resume()
    after = library.newest.take(800)
    assert np.array_equal(before, WORDS[:800])
    assert np.array_equal(after[FADE:], WORDS[800 + FADE : 1600])


async def test_stop_while_paused_is_silent(library: FakePortAudio, speaker: SpeakerSink) -> None:
    await say(speaker, WORDS)
    library.newest.take(160)
    speaker.pause()
    library.newest.take(160)
    speaker.stop()
    assert not library.newest.take(400).any()
    await say(speaker, WORDS[:160])
    assert np.array_equal(library.newest.take(160)[FADE:], WORDS[FADE:160])


async def test_the_first_audible_sample_is_found_within_its_block(library: FakePortAudio, speaker: SpeakerSink) -> None:
    await say(speaker, np.concatenate((np.zeros(1000, np.float32), np.full(1000, 0.5, np.float32))))
    library.newest.take(800)
    taken_at = monotonic()
    library.newest.take(800, lead_s=0.05)
    assert speaker.first_sample_at is None
    await asyncio.sleep(0.1)
    assert speaker.first_sample_at == pytest.approx(taken_at + 0.05 + 200 / 16_000, abs=0.01)
    speaker.begin()
    assert speaker.first_sample_at is None


async def test_long_sound_waits_until_there_is_room(library: FakePortAudio, speaker: SpeakerSink) -> None:
    words = murmur(10.0, 16_000)
    writing = asyncio.create_task(say(speaker, words))
    await asyncio.sleep(0.2)
    assert not writing.done()
    assert speaker.heard()[0].queued_samples <= (playback.QUEUE_S + 2 * playback.PIECE_S) * 16_000
    played = []
    async with asyncio.timeout(20):
        while sum(piece.size for piece in played) < words.size:
            played.append(library.newest.take(8000))
            await asyncio.sleep(0.06)
    await writing
    assert np.array_equal(np.concatenate(played), words)


async def test_a_cue_is_mixed_in_and_not_counted(library: FakePortAudio, speaker: SpeakerSink) -> None:
    cue = np.full(300, 0.25, np.float32)
    await say(speaker, WORDS[:800])
    await speaker.cue(AudioChunk(as_pcm(cue)))
    played = np.concatenate([library.newest.take(200) for _ in range(4)])
    assert played[:300] == pytest.approx(WORDS[:300] + cue, abs=1e-6)
    assert np.array_equal(played[300:], WORDS[300:800])
    assert [span.queued_samples for span in speaker.heard()] == [800]


async def test_a_device_that_goes_away_is_reported_once_and_then_replaced(
    library: FakePortAudio, speaker: SpeakerSink
) -> None:
    await say(speaker, WORDS)
    library.newest.take(160)
    await asyncio.sleep(0.02)
    library.newest.unplug()
    with pytest.raises(Unavailable, match="went away"):
        await speaker.drain()
    assert speaker.heard() == (HeardSpan(0, 160, WORDS.size, 16_000),)
    await speaker.drain()
    await say(speaker, WORDS[:160])
    assert len(library.opened) == 2


async def test_a_write_to_a_device_that_went_away_is_refused(library: FakePortAudio, speaker: SpeakerSink) -> None:
    await say(speaker, WORDS)
    library.newest.unplug()
    with pytest.raises(Unavailable, match="went away"):
        await say(speaker, WORDS)


async def test_a_device_that_asks_for_nothing_is_gone(
    library: FakePortAudio, speaker: SpeakerSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(speaker_stream, "DATA_TIMEOUT_S", 0.05)
    await say(speaker, WORDS)
    with pytest.raises(Unavailable, match="went away"):
        await speaker.drain()


async def test_a_device_that_never_plays_is_refused(
    library: FakePortAudio, speaker: SpeakerSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(speaker_stream, "WAKE_TIMEOUT_S", 0.05)
    library.on_open = lambda stream: None
    with pytest.raises(Unavailable, match="does not play"):
        await speaker.wake()
    assert library.streams == 0


async def test_the_device_sleeps_after_a_while_and_what_was_heard_stays(library: FakePortAudio) -> None:
    speaker = SpeakerSink(SoundDevices(library), warm_s=0.05)
    speaker.begin()
    await say(speaker, WORDS[:160])
    await asyncio.sleep(0.15)
    assert library.streams == 1  # something is still to be played
    library.newest.take(160)
    await until(lambda: not library.streams)
    assert speaker.heard() == (HeardSpan(0, 160, 160, 16_000),)
    assert speaker.first_sample_at is not None
    await speaker.aclose()


async def test_devices_are_not_looked_at_while_something_is_said(library: FakePortAudio) -> None:
    devices = SoundDevices(library)
    speaker = SpeakerSink(devices)
    await say(speaker, WORDS[:160])
    await devices.refresh()
    assert library.streams == 1
    library.newest.take(160)
    await speaker.drain()
    await devices.refresh()
    assert library.streams == 0
    await speaker.aclose()


async def test_the_chosen_speaker_is_used_missed_and_found_again(library: FakePortAudio) -> None:
    notices: list[Notice] = []
    devices = SoundDevices(library, lambda: ChosenDevices(output="Fake/Headset"))
    speaker = SpeakerSink(devices, on_notice=notices.append)
    used = []
    for present in (True, False, False, True):
        library.endpoints = [SPEAKER, *([HEADSET] if present else [])]
        await devices.refresh()
        await speaker.wake()
        used.append(library.newest.endpoint.name)
    assert used == ["Headset", "Built-in speaker", "Built-in speaker", "Headset"]
    assert [notice.code for notice in notices] == ["speaker-waiting", "speaker-back"]
    await speaker.aclose()
