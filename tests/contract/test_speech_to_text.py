"""What every recogniser must do."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import cast

import pytest
import pytest_asyncio

from app.contracts.audio import AudioChunk
from app.contracts.capabilities import ConfidenceSource
from app.contracts.errors import InvalidInput
from app.contracts.ports import Runtime, SpeechToText
from models.fakes.stt import FakeSpeechToText
from models.hosted.stt import HostedSpeechToText
from models.registry import Port
from models.retrying import RetryingSpeechToText
from tests.helpers.ports import SILENCE, hosted, installed_backends, opened, pieces, real_backends, speech
from tests.helpers.spoken import clip, many, question

TEXT = "one two three four five six seven eight nine"
FAKES: dict[str, Callable[[], Runtime]] = {
    "fake": lambda: FakeSpeechToText([TEXT]),
    "composite": lambda: RetryingSpeechToText([FakeSpeechToText([TEXT])]),
    "engine": lambda: hosted(HostedSpeechToText, "FakeSttEngine", 16_000),
}
pytestmark = pytest.mark.asyncio(loop_scope="module")


@dataclass(frozen=True)
class Case:
    """What one recogniser is asked.

    Attributes:
        said: Some seconds of speech.
        expected: The text has to match this as a whole.
        longer: Speech that takes it longer.
    """

    said: AudioChunk
    expected: str
    longer: AudioChunk


def case_of(which: str) -> Case:
    """Real models are asked what a person said; the micro ones, which know some phrases only, one of those."""
    if "micro-whisper" in which:
        phrase = "set a timer for five minutes"
        longer = clip(many(*["turn off the lights", "tell me a joke", "good morning"] * 3))
        return Case(clip(question(phrase)), re.escape("Set a timer for five minutes."), longer)
    heard = r"Ever tried.*" if which.startswith("moonshine") else r"(\S+ ){2,}\S+"
    return Case(speech(), heard, speech(9.0))


@pytest_asyncio.fixture(
    scope="module",
    loop_scope="module",
    params=[*FAKES, *real_backends(Port.SPEECH_TO_TEXT), *installed_backends(Port.SPEECH_TO_TEXT)],
)
async def opened_case(request: pytest.FixtureRequest) -> AsyncIterator[tuple[SpeechToText, Case]]:
    async with opened(request.param, FAKES) as runtime:
        yield cast("SpeechToText", runtime), case_of(request.param)


@pytest.fixture
def recogniser(opened_case: tuple[SpeechToText, Case]) -> SpeechToText:
    return opened_case[0]


@pytest.fixture
def case(opened_case: tuple[SpeechToText, Case]) -> Case:
    return opened_case[1]


async def test_it_is_one_and_says_what_it_can(recogniser: SpeechToText) -> None:
    assert isinstance(recogniser, SpeechToText)
    assert recogniser.backend.backend_id
    assert recogniser.capabilities.sample_rate_hz == 16_000
    assert (await recogniser.warm_up()).load_ms == 0


async def test_a_clip_becomes_words(recogniser: SpeechToText, case: Case) -> None:
    heard = await recogniser.transcribe(case.said)
    assert re.fullmatch(case.expected, heard.text)
    assert heard.samples == case.said.samples
    assert heard.confidence is None or 0 <= heard.confidence <= 1


async def test_a_confidence_has_a_source(recogniser: SpeechToText, case: Case) -> None:
    heard = await recogniser.transcribe(case.said)
    sourced = recogniser.capabilities.confidence is not ConfidenceSource.NONE
    assert (heard.confidence is not None) == sourced


async def test_a_language_is_told_in_its_short_form(recogniser: SpeechToText, case: Case) -> None:
    assert (await recogniser.transcribe(case.said)).language == "en"


@pytest.mark.parametrize("empty", [SILENCE, AudioChunk(b""), AudioChunk(bytes(40))], ids=["silence", "nothing", "tiny"])
async def test_without_speech_there_are_no_words(recogniser: SpeechToText, empty: AudioChunk) -> None:
    heard = await recogniser.transcribe(empty)
    assert (heard.text, heard.samples) == ("", empty.samples)


async def test_another_rate_is_refused(recogniser: SpeechToText) -> None:
    with pytest.raises(InvalidInput, match="8000"):
        await recogniser.transcribe(AudioChunk(bytes(400), 8000))
    assert (await recogniser.transcribe(SILENCE)).text == ""


@pytest.mark.parametrize("samples", [320, 5000])
async def test_a_stream_gives_what_the_whole_clip_gives(recogniser: SpeechToText, case: Case, samples: int) -> None:
    stream = await recogniser.open_stream()
    for at, chunk in enumerate(pieces(case.said, samples)):
        await stream.feed(chunk)
        if at == 4:
            first = await stream.partial()
            assert first.samples == 5 * samples
    last = await stream.partial()
    assert last.samples == case.said.samples
    final = await stream.finish()
    await stream.aclose()
    assert final.text == (await recogniser.transcribe(case.said)).text
    assert final.samples == case.said.samples


async def test_a_dropped_utterance_is_forgotten(recogniser: SpeechToText, case: Case) -> None:
    stream = await recogniser.open_stream()
    await stream.feed(case.said)
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


async def test_cancelling_does_no_harm(recogniser: SpeechToText, case: Case) -> None:
    for _ in range(3):
        task = asyncio.create_task(recogniser.transcribe(case.longer))
        await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert (await recogniser.transcribe(case.said)).text


async def test_cancelling_a_partial_does_no_harm_to_the_utterance(recogniser: SpeechToText, case: Case) -> None:
    stream = await recogniser.open_stream()
    await stream.feed(case.said)
    task = asyncio.create_task(stream.partial())
    await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert (await stream.finish()).text
    await stream.aclose()
