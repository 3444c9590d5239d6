"""What every recogniser must do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import cast

import pytest
import pytest_asyncio

from app.contracts.audio import AudioChunk
from app.contracts.errors import InvalidInput
from app.contracts.ports import Runtime, SpeechToText
from models.fakes.stt import FakeSpeechToText
from models.hosted.stt import HostedSpeechToText
from models.registry import Port
from models.retrying import RetryingSpeechToText
from tests.helpers.ports import SILENCE, hosted, opened, pieces, real_backends, speech

TEXT = "one two three four five six seven eight nine"
FAKES: dict[str, Callable[[], Runtime]] = {
    "fake": lambda: FakeSpeechToText([TEXT]),
    "composite": lambda: RetryingSpeechToText([FakeSpeechToText([TEXT])]),
    "engine": lambda: hosted(HostedSpeechToText, "FakeSttEngine", 16_000),
}
pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=[*FAKES, *real_backends(Port.SPEECH_TO_TEXT)])
async def recogniser(request: pytest.FixtureRequest) -> AsyncIterator[SpeechToText]:
    async with opened(request.param, FAKES) as runtime:
        yield cast("SpeechToText", runtime)


async def test_it_is_one_and_says_what_it_can(recogniser: SpeechToText) -> None:
    assert isinstance(recogniser, SpeechToText)
    assert recogniser.backend.backend_id
    assert recogniser.capabilities.sample_rate_hz == 16_000
    assert (await recogniser.warm_up()).load_ms == 0


async def test_a_clip_becomes_words(recogniser: SpeechToText) -> None:
    clip = speech()
    heard = await recogniser.transcribe(clip)
    assert len(heard.text.split()) >= 3
    assert heard.text == heard.text.strip()
    assert heard.samples == clip.samples
    assert heard.confidence is None or 0 <= heard.confidence <= 1


@pytest.mark.parametrize("clip", [SILENCE, AudioChunk(b""), AudioChunk(bytes(40))], ids=["silence", "nothing", "tiny"])
async def test_without_speech_there_are_no_words(recogniser: SpeechToText, clip: AudioChunk) -> None:
    heard = await recogniser.transcribe(clip)
    assert (heard.text, heard.samples) == ("", clip.samples)


async def test_another_rate_is_refused(recogniser: SpeechToText) -> None:
    with pytest.raises(InvalidInput, match="8000"):
        await recogniser.transcribe(AudioChunk(bytes(400), 8000))
    assert (await recogniser.transcribe(SILENCE)).text == ""


@pytest.mark.parametrize("samples", [320, 5000])
async def test_a_stream_gives_what_the_whole_clip_gives(recogniser: SpeechToText, samples: int) -> None:
    clip = speech()
    stream = await recogniser.open_stream()
    for at, chunk in enumerate(pieces(clip, samples)):
        await stream.feed(chunk)
        if at == 4:
            first = await stream.partial()
            assert first.samples == 5 * samples
    last = await stream.partial()
    assert last.samples == clip.samples
    final = await stream.finish()
    await stream.aclose()
    assert final.text == (await recogniser.transcribe(clip)).text
    assert final.samples == clip.samples


async def test_a_dropped_utterance_is_forgotten(recogniser: SpeechToText) -> None:
    stream = await recogniser.open_stream()
    await stream.feed(speech())
    await stream.aclose()
    await stream.aclose()
    stream = await recogniser.open_stream()
    await stream.feed(SILENCE)
    final = await stream.finish()
    await stream.aclose()
    assert (final.text, final.samples) == ("", SILENCE.samples)


async def test_an_utterance_without_sound(recogniser: SpeechToText) -> None:
    stream = await recogniser.open_stream()
    assert (await stream.partial()).text == ""
    assert (await stream.finish()).text == ""
    await stream.aclose()


async def test_cancelling_does_no_harm(recogniser: SpeechToText) -> None:
    for _ in range(3):
        task = asyncio.create_task(recogniser.transcribe(speech(9.0)))
        await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert (await recogniser.transcribe(speech())).text


async def test_cancelling_a_partial_does_no_harm_to_the_utterance(recogniser: SpeechToText) -> None:
    stream = await recogniser.open_stream()
    await stream.feed(speech())
    task = asyncio.create_task(stream.partial())
    await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert (await stream.finish()).text
    await stream.aclose()
