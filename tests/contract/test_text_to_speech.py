"""What every voice must do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import cast

import numpy as np
import pytest
import pytest_asyncio

from app.contracts.audio import AudioChunk, VoiceOptions
from app.contracts.errors import InvalidInput
from app.contracts.ports import Runtime, TextToSpeech
from models.fakes.tts import FakeTextToSpeech
from models.hosted.tts import HostedTextToSpeech
from models.registry import Port
from models.retrying import RetryingTextToSpeech
from tests.helpers.ports import RAN, hosted, installed_backends, opened, real_backends
from tests.helpers.voices import VITS_TWO, hosted_voice, micro_voices, spoken_by

TEXT = "The capital of France is Paris, and it lies on the Seine."
FAKES: dict[str, Callable[[], Runtime]] = {
    "fake": FakeTextToSpeech,
    "composite": lambda: RetryingTextToSpeech([FakeTextToSpeech()]),
    "engine": lambda: hosted(HostedTextToSpeech, "FakeTtsEngine", 8000),
}
MICRO: dict[str, Callable[[], Runtime]] = {
    backend_id: (lambda which=backend_id: hosted_voice(which))
    for backend_id, (recipe, name) in micro_voices().items()
    if name != VITS_TWO or recipe.name == "piper"
}
"""The voices in tests/data, which need no folder with test models."""
MADE_UP = FAKES.keys()
PORT = Port.TEXT_TO_SPEECH
pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(
    scope="module", loop_scope="module", params=[*FAKES, *real_backends(PORT), *MICRO, *installed_backends(PORT)]
)
async def voice(request: pytest.FixtureRequest) -> AsyncIterator[TextToSpeech]:
    async with opened(request.param, FAKES | MICRO) as runtime:
        if request.param in MICRO:
            RAN[request.param] = f"asked {runtime.backend.device}, ran {(await runtime.warm_up()).ran}"
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
    """Neural voices vary the length of each sound a little, as they were trained to."""
    first, second = await spoken(voice), await spoken(voice)
    assert seconds(first) == pytest.approx(seconds(second), rel=0.1)


async def test_it_can_be_stopped_in_the_middle_and_asked_again(voice: TextToSpeech) -> None:
    for _ in range(3):
        chunks = voice.synthesize(TEXT * 20, VoiceOptions())
        await anext(chunks)
        await chunks.aclose()
    whole = seconds(await spoken(voice))
    assert whole == pytest.approx(seconds(await spoken(voice)), rel=0.1)


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


async def test_a_text_of_many_pages_is_spoken_to_its_end(voice: TextToSpeech) -> None:
    once, often = seconds(await spoken(voice)), seconds(await spoken(voice, f"{TEXT} " * 40))
    assert 30 * once < often < 50 * once


async def test_a_very_long_word_is_spoken(voice: TextToSpeech) -> None:
    assert seconds(await spoken(voice, "a" * 2000)) > 1
    assert seconds(await spoken(voice, "Well.")) > 0


async def test_a_voice_nobody_knows_is_refused_with_its_name(
    voice: TextToSpeech, request: pytest.FixtureRequest
) -> None:
    if request.node.callspec.params["voice"] in MADE_UP:
        pytest.skip("it pretends: it takes every name")
    with pytest.raises(InvalidInput, match="nobody") as caught:
        await spoken(voice, voice_id="nobody")
    assert caught.value.code == "unknown-voice"
    assert seconds(await spoken(voice, "Well.")) > 0


@pytest.mark.parametrize("speed", [0.0, 0.4, 2.1, float("nan")])
async def test_a_speed_nobody_can_follow_is_refused(
    voice: TextToSpeech, speed: float, request: pytest.FixtureRequest
) -> None:
    if request.node.callspec.params["voice"] in MADE_UP:
        pytest.skip("it pretends: it takes every speed")
    with pytest.raises(InvalidInput, match="speed"):
        await spoken(voice, speed=speed)


async def test_every_voice_it_lists_can_speak(voice: TextToSpeech) -> None:
    for each in (await voice.voices())[:4]:
        assert seconds(await spoken(voice, "Well.", voice_id=each.voice_id)) > 0


async def test_what_is_heard_is_what_the_text_says(voice: TextToSpeech, request: pytest.FixtureRequest) -> None:
    """Every phoneme of a micro voice is a tone: the words are read from the sound, in their order and to the last."""
    which = request.node.callspec.params["voice"]
    if which not in MICRO:
        pytest.skip("only the micro voices say what can be measured")
    for text in ("Yes.", "Hello world, hello, yes, no.", "No, no. Yes! Hello? World."):
        chunks = await spoken(voice, text)
        samples = np.frombuffer(b"".join(chunk.pcm for chunk in chunks), "<f4")
        heard, expected = spoken_by(micro_voices()[which][1], text, samples)
        assert heard == expected
