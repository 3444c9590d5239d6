"""Where a question comes from, and that guessing ahead never gets into the way of it."""

from __future__ import annotations

import asyncio
import dataclasses
from pathlib import Path

import pytest

from app.assistant.inputs import NoSpeech, Prefetch, VoiceInput, recorded, typed
from app.assistant.turn import Turn
from app.audio.spool import RecordingSpool
from app.contracts.errors import HostDied, InvalidInput, MicrophoneUnavailable
from app.contracts.events import FinalTranscript
from app.contracts.ports import VoiceActivityStream
from app.contracts.text import GenerationRequest
from models.fakes.llm import FakeTextGenerator
from models.fakes.vad import FakeVoiceActivity, FakeVoiceActivityStream
from tests.helpers.assistants import QUESTION, SILENT, cast, died, joined, lone_turn, pieces, silence, speech
from tests.helpers.virtual_time import LoopClock, in_virtual_time

pause = LoopClock().sleep


class SlowPrefill(FakeTextGenerator):
    """Takes a second to prefill, and half a second more to stop doing so, as an engine in another process does."""

    def __init__(self) -> None:
        super().__init__(clock=LoopClock())
        self.running: list[str] = []
        self.most_running = 0

    async def prefill(self, request: GenerationRequest) -> int:
        question = request.messages[-1].content
        self.running.append(question)
        try:
            await pause(1.0)
        finally:
            await pause(0.5)
            self.running.remove(question)
        return await super().prefill(request)


def questions(text: FakeTextGenerator) -> list[str]:
    return [request.messages[-1].content for request in text.prefilled]


@in_virtual_time
async def test_a_typed_question() -> None:
    lone = lone_turn(cast())
    question = await typed("  Where? ")(lone.turn)
    assert (question.text, question.transcribed_at, question.tail_ms) == ("Where?", None, 0.0)
    assert lone.watched.lines() == ["start text", "question Where?!"]


@pytest.mark.parametrize("text", ["", "  \n"])
@in_virtual_time
async def test_a_blank_line_is_no_question(text: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        await typed(text)(lone_turn(cast()).turn)
    assert caught.value.code == "empty-question"


@in_virtual_time
async def test_the_newest_guess_wins() -> None:
    players = cast()
    players.text.delay_s = 0.5
    prefetch = Prefetch(lone_turn(players).turn)
    prefetch.guess("wh")
    await pause(0.1)
    prefetch.guess("where")
    await pause(1.0)
    assert questions(players.text)[-1] == "where"
    await prefetch.aclose()


@in_virtual_time
async def test_after_the_person_has_spoken_nothing_is_guessed() -> None:
    text = SlowPrefill()
    prefetch = Prefetch(lone_turn(cast(text=text)).turn)
    prefetch.guess("where")
    await pause(0.1)
    assert text.running == ["where"]
    prefetch.drop()
    prefetch.guess("where does")
    await prefetch.aclose()
    assert text.running == []
    assert text.prefilled == []


@in_virtual_time
async def test_every_guess_has_ended_when_it_is_closed() -> None:
    text = SlowPrefill()
    prefetch = Prefetch(lone_turn(cast(text=text)).turn)
    for words in ("a", "a b", "a b c"):
        prefetch.guess(words)
        await pause(0.05)
    assert len(text.running) == 3
    await prefetch.aclose()
    assert text.running == []


@in_virtual_time
async def test_a_guess_that_fails_costs_nothing() -> None:
    players = cast()
    players.text.fail("prefill", died())
    prefetch = Prefetch(lone_turn(players).turn)
    prefetch.guess("where")
    await pause(1.0)
    await prefetch.aclose()


@in_virtual_time
async def test_a_voice_question_is_guessed_while_it_is_spoken(tmp_path: Path) -> None:
    players = cast(clips=[speech(3.0)])
    lone = lone_turn(players, SILENT, spoken=True)
    question = await _held(lone.turn, tmp_path, 3.0)
    assert question == QUESTION
    assert questions(players.text)[:2] == ["", "where"]


@in_virtual_time
async def test_a_partial_that_comes_after_the_release_starts_no_guess(tmp_path: Path) -> None:
    players = cast(clips=[speech(1.0)])
    players.speech_to_text.delay_s = 0.8
    lone = lone_turn(players, SILENT, spoken=True)
    await _held(lone.turn, tmp_path, 1.0)
    assert any(line.startswith("partial") for line in lone.watched.lines()), "it is still shown"
    assert questions(players.text) == [""]


@in_virtual_time
async def test_the_guess_is_over_before_the_question_is_known(tmp_path: Path) -> None:
    text = SlowPrefill()
    lone = lone_turn(cast(clips=[speech(3.0)], text=text), SILENT, spoken=True)
    await _held(lone.turn, tmp_path, 1.5)
    assert text.running == []


@in_virtual_time
async def test_silence_is_no_question(tmp_path: Path) -> None:
    lone = lone_turn(cast(clips=[silence(3.0)]), SILENT, spoken=True)
    with pytest.raises(NoSpeech):
        await _held(lone.turn, tmp_path, 1.0)


@in_virtual_time
async def test_the_end_of_listening_is_told_once_whatever_happens(tmp_path: Path) -> None:
    players = cast()
    players.microphone.missing = True
    told: list[bool] = []
    spool = RecordingSpool(tmp_path)
    voice = VoiceInput(spool, hands_free=lambda: False, on_released=lambda: told.append(True))
    voice.release()
    with pytest.raises(MicrophoneUnavailable):
        await voice(lone_turn(players, SILENT, spoken=True).turn)
    assert told == [True]


@in_virtual_time
async def test_a_recording_is_recognised_stretch_by_stretch() -> None:
    players = cast(heard=["where does", "the river go"])
    clip = joined(silence(1), speech(2), silence(2), speech(2), silence(1))
    lone = lone_turn(players, SILENT, spoken=True)
    question = await recorded(pieces(clip), "talk.wav")(lone.turn)
    assert question.text == "where does the river go"
    assert len(players.speech_to_text.clips) == 2
    assert lone.watched.lines()[2:] == [
        "transcribe >",
        "partial where does",
        "partial where does the river go",
        "transcribe <",
        "final where does the river go",
        "question where does the river go!",
    ]


@pytest.mark.parametrize(("parts", "whole"), [((0.9, 0.4), 0.4), ((0.9, None), None)])
@in_virtual_time
async def test_a_recording_is_as_certain_as_its_least_certain_stretch(
    parts: tuple[float | None, ...], whole: float | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    players, each = cast(heard=["where does", "the river go"]), iter(parts)
    plain = players.speech_to_text.final
    monkeypatch.setattr(
        players.speech_to_text, "final", lambda pcm: dataclasses.replace(plain(pcm), confidence=next(each))
    )
    lone = lone_turn(players, SILENT, spoken=True)
    await recorded(pieces(joined(silence(1), speech(2), silence(2), speech(2), silence(1))), "talk.wav")(lone.turn)
    (final,) = [event for event in lone.watched.events if isinstance(event, FinalTranscript)]
    assert final.confidence == whole


@in_virtual_time
async def test_a_recording_without_speech_says_which() -> None:
    with pytest.raises(NoSpeech, match=r"talk\.wav"):
        await recorded(pieces(silence(3)), "talk.wav")(lone_turn(cast()).turn)


@in_virtual_time
async def test_a_recording_that_cannot_be_recognised_leaves_nothing_open() -> None:
    closed: list[bool] = []

    class WatchedStream(FakeVoiceActivityStream):
        async def aclose(self) -> None:
            await super().aclose()
            closed.append(True)

    class WatchedGate(FakeVoiceActivity):
        async def open_stream(self) -> VoiceActivityStream:
            return WatchedStream(self)

    players = cast()
    players.speech_to_text.fail("transcribe", died())
    players = dataclasses.replace(players, parts=dataclasses.replace(players.parts, voice_activity=WatchedGate()))
    chunks = pieces(joined(speech(2), silence(2), speech(2)))
    with pytest.raises(HostDied):
        await recorded(chunks, "talk.wav")(lone_turn(players).turn)
    assert closed == [True]


async def _held(turn: Turn, folder: Path, seconds: float) -> str:
    spool = RecordingSpool(folder)
    voice = VoiceInput(spool, hands_free=lambda: False, on_released=lambda: None)
    asking = asyncio.create_task(voice(turn))
    await pause(seconds)
    voice.release()
    try:
        return (await asking).text
    finally:
        await spool.discard()
