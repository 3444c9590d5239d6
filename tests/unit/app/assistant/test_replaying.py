"""An answer spoken again is a turn like any other: it begins once and ends once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import pytest

from app.assistant.parts import TurnOptions
from app.assistant.replaying import Replay
from app.assistant.stream import TurnStream
from app.contracts.audio import AudioChunk, VoiceOptions
from app.contracts.errors import RuntimeFault
from app.contracts.events import SpeechStarted, TurnFinished, TurnStarted
from models.fakes.tts import FakeTextToSpeech
from tests.helpers.assistants import ANSWER, Cast, Watched, cast
from tests.helpers.virtual_time import LoopClock, in_virtual_time


def replay(players: Cast, answer: str = ANSWER) -> tuple[Replay, Watched]:
    watched = Watched()
    stream = TurnStream("again", players.parts.clock, watched)
    stream.emit(TurnStarted(source="replay"))
    return Replay(players.parts, TurnOptions(voice=VoiceOptions(voice="buzz")), stream, answer), watched


@in_virtual_time
async def test_every_sentence_is_spoken_again() -> None:
    players = cast()
    again, watched = replay(players)
    await again.run()
    watched.check()
    assert watched.lines() == [
        "start replay",
        "speak >",
        "says It goes to the sea.",
        "heard It goes to the sea. ",
        "says The sea is far away from here.",
        "heard The sea is far away from here.",
        "speak <",
        "finished",
    ]
    assert {options.voice for _, options in players.text_to_speech.spoken} == {"buzz"}
    end = watched.of("again")[-1]
    assert isinstance(end, TurnFinished)
    assert [stage.stage for stage in end.metrics.stages] == ["speak"]


@in_virtual_time
async def test_an_answer_of_code_ends_as_well() -> None:
    again, watched = replay(cast(), "---\n")
    await again.run()
    watched.check()
    assert watched.lines()[-1] == "finished"


@in_virtual_time
async def test_a_voice_that_fails() -> None:
    players = cast()
    players.text_to_speech.fail("synthesize", RuntimeFault("The voice broke."))
    again, watched = replay(players)
    await again.run()
    watched.check()
    assert watched.lines() == ["start replay", "speak >", "failed runtime-fault"]


@pytest.mark.logs_errors
@in_virtual_time
async def test_a_mistake_in_the_program_ends_it_too() -> None:
    class Broken(FakeTextToSpeech):
        async def synthesize(self, text: str, options: VoiceOptions) -> AsyncGenerator[AudioChunk, None]:
            raise KeyError(text)
            yield AudioChunk(b"")

    again, watched = replay(cast(text_to_speech=Broken(clock=LoopClock())))
    await again.run()
    watched.check()
    assert watched.lines()[-1] == "failed internal"


@in_virtual_time
async def test_it_is_stopped_where_it_was() -> None:
    players = cast()
    again, watched = replay(players)
    running = asyncio.create_task(again.run())
    await watched.saw(SpeechStarted)
    await LoopClock().sleep(0.5)
    again.cancel("Stopped.")
    again.cancel("Stopped.")
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    watched.check()
    assert watched.lines()[-2:] == ["heard It goes to", "cancelled"]
    assert players.speaker.stops == 1


@in_virtual_time
async def test_cancelling_its_task_ends_it() -> None:
    again, watched = replay(cast())
    running = asyncio.create_task(again.run())
    await watched.saw(SpeechStarted)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    watched.check()
    assert watched.lines()[-1] == "cancelled"
