"""What every voice must do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import cast

import numpy as np
import pytest
import pytest_asyncio

from app.contracts.audio import AudioChunk, VoiceOptions
from app.contracts.ports import Runtime, TextToSpeech
from models.fakes.tts import FakeTextToSpeech
from models.hosted.tts import HostedTextToSpeech
from models.registry import Port
from models.retrying import RetryingTextToSpeech
from tests.helpers.ports import hosted, opened, real_backends

TEXT = "The capital of France is Paris, and it lies on the Seine."
FAKES: dict[str, Callable[[], Runtime]] = {
    "fake": FakeTextToSpeech,
    "composite": lambda: RetryingTextToSpeech([FakeTextToSpeech()]),
    "engine": lambda: hosted(HostedTextToSpeech, "FakeTtsEngine", 8000),
}
pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=[*FAKES, *real_backends(Port.TEXT_TO_SPEECH)])
async def voice(request: pytest.FixtureRequest) -> AsyncIterator[TextToSpeech]:
    async with opened(request.param, FAKES) as runtime:
        yield cast("TextToSpeech", runtime)


async def spoken(voice: TextToSpeech, text: str = TEXT, *, voice_id: str = "", speed: float = 1.0) -> list[AudioChunk]:
    return [chunk async for chunk in voice.synthesize(text, VoiceOptions(voice_id, speed))]


def seconds(chunks: list[AudioChunk]) -> float:
    return sum(chunk.seconds for chunk in chunks)


async def test_it_is_one_and_says_what_it_can(voice: TextToSpeech) -> None:
    assert isinstance(voice, TextToSpeech)
    assert voice.capabilities.sample_rate_hz > 0
    assert (await voice.warm_up()).load_ms == 0


async def test_a_sentence_becomes_sound_at_the_stated_rate(voice: TextToSpeech) -> None:
    chunks = await spoken(voice)
    assert {chunk.sample_rate_hz for chunk in chunks} == {voice.capabilities.sample_rate_hz}
    assert all(chunk.samples for chunk in chunks)
    samples = np.frombuffer(b"".join(chunk.pcm for chunk in chunks), dtype="<f4")
    assert np.all(np.abs(samples) <= 1.0)
    assert np.any(np.abs(samples) > 1e-3)
    assert 0.5 < seconds(chunks) < 10


async def test_faster_is_shorter(voice: TextToSpeech) -> None:
    slow, fast = seconds(await spoken(voice)), seconds(await spoken(voice, speed=2.0))
    assert 0.3 < fast / slow < 0.8


@pytest.mark.parametrize("text", ["", "  \n"])
async def test_without_words_there_is_no_sound(voice: TextToSpeech, text: str) -> None:
    assert await spoken(voice, text) == []


@pytest.mark.parametrize("text", ["...", "\U0001f600", "<speak>&amp;</voice>", "\x01\x02"])
async def test_odd_text_does_no_harm(voice: TextToSpeech, text: str) -> None:
    await spoken(voice, text)
    assert seconds(await spoken(voice, "Well.")) > 0


async def test_the_same_again(voice: TextToSpeech) -> None:
    first, second = await spoken(voice), await spoken(voice)
    assert seconds(first) == pytest.approx(seconds(second), abs=0.01)


async def test_it_can_be_stopped_in_the_middle_and_asked_again(voice: TextToSpeech) -> None:
    for _ in range(3):
        chunks = voice.synthesize(TEXT * 20, VoiceOptions())
        await anext(chunks)
        await chunks.aclose()
    whole = seconds(await spoken(voice))
    assert whole == pytest.approx(seconds(await spoken(voice)), abs=0.01)


async def test_cancelling_the_listener_stops_it(voice: TextToSpeech) -> None:
    task = asyncio.create_task(spoken(voice, TEXT * 20))
    await asyncio.sleep(0.002)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert seconds(await spoken(voice)) > 0


async def test_its_voices_can_be_used(voice: TextToSpeech) -> None:
    voices = await voice.voices()
    assert voices
    assert len({each.voice_id for each in voices}) == len(voices)
    assert seconds(await spoken(voice, voice_id=voices[0].voice_id)) > 0
