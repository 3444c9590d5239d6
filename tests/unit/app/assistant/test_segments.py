"""A recording in stretches of speech: nothing of it is lost, and none is too long to recognise."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from app.assistant.segments import LEAD_SAMPLES, speech_segments
from app.contracts.audio import SPEECH_RATE_HZ, AudioChunk
from app.contracts.errors import SottoError
from models.fakes.vad import FakeVoiceActivity
from tests.helpers.assistants import died, joined, pieces, silence, speech
from tests.helpers.virtual_time import in_virtual_time

LONGEST_S = 30.0


async def segments(clip: AudioChunk | Iterable[AudioChunk], step: float = 0.5) -> list[AudioChunk]:
    chunks = pieces(clip, step) if isinstance(clip, AudioChunk) else clip
    return [segment async for segment in speech_segments(chunks, FakeVoiceActivity())]


def loud_s(segment: AudioChunk) -> float:
    return sum(any(segment.pcm[at : at + 4]) for at in range(0, len(segment.pcm), 4)) / SPEECH_RATE_HZ


@pytest.mark.parametrize("clip", [silence(0), silence(0.01), silence(90)])
@in_virtual_time
async def test_silence_gives_nothing(clip: AudioChunk) -> None:
    assert await segments(clip) == []


@pytest.mark.parametrize("step", [0.02, 0.1, 0.5, 1.0])
@in_virtual_time
async def test_it_is_cut_in_pauses_and_no_speech_is_lost(step: float) -> None:
    clip = joined(silence(3), speech(2), silence(2.5), speech(4), silence(0.3), speech(1), silence(5))
    first, second = await segments(clip, step)
    assert loud_s(first) == pytest.approx(2.0, abs=0.001)
    assert loud_s(second) == pytest.approx(5.0, abs=0.001)
    assert first.seconds <= 2.0 + 3 * 0.8 + 2 * step


@in_virtual_time
async def test_some_sound_before_the_first_word_stays() -> None:
    (segment,) = await segments(joined(silence(60), speech(1)), 0.02)
    lead_s = segment.seconds - 1.0
    assert 0.2 <= lead_s <= LEAD_SAMPLES / SPEECH_RATE_HZ


@pytest.mark.parametrize("step", [0.02, 0.5, 1.0])
@in_virtual_time
async def test_speech_without_a_pause_is_cut_before_it_is_too_long(step: float) -> None:
    found = await segments(speech(100), step)
    assert all(segment.seconds <= LONGEST_S for segment in found)
    assert sum(loud_s(segment) for segment in found) == pytest.approx(100.0, abs=0.001)


@in_virtual_time
async def test_a_recording_that_ends_in_the_middle_of_a_word_is_used_to_its_end() -> None:
    (segment,) = await segments(speech(2.013))
    assert segment.seconds == pytest.approx(2.013, abs=0.001)


@in_virtual_time
async def test_a_click_is_no_speech() -> None:
    assert await segments(joined(silence(1.024), speech(0.02), silence(3))) == []


@in_virtual_time
async def test_a_gate_that_fails_is_told() -> None:
    gate = FakeVoiceActivity()
    gate.fail("feed", died())
    with pytest.raises(SottoError):
        _ = [segment async for segment in speech_segments(pieces(speech(1)), gate)]
