"""One turn ends exactly once, and what was made of it by then is not lost."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Sequence

import pytest

from app.assistant.inputs import typed
from app.assistant.parts import TurnOptions
from app.assistant.turn import Question, Turn
from app.contracts.cards import NoticeCard
from app.contracts.devices import Device
from app.contracts.energy import GovernorVerdict
from app.contracts.errors import RuntimeFault, SottoError, TurnCancelledError
from app.contracts.events import CardUpserted, SpeechStarted, TextDelta, TurnFailed, TurnFinished
from app.contracts.ports import Governor
from models.fakes.llm import FakeTextGenerator
from tests.helpers.assistants import ANSWER, SILENT, LoneTurn, cast, died, lone_turn
from tests.helpers.virtual_time import LoopClock, in_virtual_time

pause = LoopClock().sleep
ASK = typed("Where?")
BROKEN = RuntimeFault("The voice broke.")


async def context_of(lone: LoneTurn) -> list[str]:
    """What the next request would bring of this turn."""

    async def count(texts: Sequence[str]) -> tuple[int, ...]:
        return tuple(len(text.split()) for text in texts)

    context = await lone.conversation.build("Next?", count)
    return [message.content for message in context.messages[1:-1]]


def notices(lone: LoneTurn) -> list[str]:
    """What was told beside the answer."""
    cards = [event.card for event in lone.watched.of("lone") if isinstance(event, CardUpserted)]
    return [card.message for card in cards if isinstance(card, NoticeCard)]


@in_virtual_time
async def test_an_answered_turn_is_in_the_next_request() -> None:
    lone = lone_turn(cast(), SILENT)
    assert await lone.turn.run(ASK) is None
    lone.watched.check()
    assert await context_of(lone) == ["Where?", ANSWER]


@in_virtual_time
async def test_a_generation_that_fails_keeps_the_text_so_far() -> None:
    players = cast()
    players.text.break_after(3, died())
    lone = lone_turn(players, SILENT)
    error = await lone.turn.run(ASK)
    assert isinstance(error, SottoError)
    lone.watched.check()
    assert lone.watched.lines()[-4:] == ["text", "answer stopped", "error host-died", "failed host-died"]
    assert lone.watched.answer().text == "It goes to"
    assert await context_of(lone) == []
    failed = lone.watched.of("lone")[-1]
    assert isinstance(failed, TurnFailed)
    assert (failed.message, failed.remedy, failed.exit_code) == ("The host ended.", "Ask again.", 6)


@in_virtual_time
async def test_a_generation_that_fails_while_it_is_spoken_falls_silent() -> None:
    players = cast()
    players.text.token_s = 0.2
    players.text.break_after(9, died())
    lone = lone_turn(players)
    await lone.turn.run(ASK)
    lone.watched.check()
    assert lone.watched.lines()[-1] == "failed host-died"
    assert players.speaker.stops == 1
    heard = lone.watched.answer().heard
    assert heard is not None
    assert ANSWER.startswith(heard)


@in_virtual_time
async def test_a_voice_that_fails_is_noted_and_the_answer_stands() -> None:
    players = cast()
    players.text_to_speech.fail("synthesize", BROKEN)
    lone = lone_turn(players)
    assert await lone.turn.run(ASK) is None
    lone.watched.check()
    ends = ["answer <", "speak >", "notice runtime-fault", "speak <", "answer done", "finished"]
    assert lone.watched.lines()[-6:] == ends
    assert (lone.watched.answer().text, lone.watched.answer().heard) == (ANSWER, "")
    assert await context_of(lone) == ["Where?", ANSWER]


@in_virtual_time
async def test_a_voice_that_fails_later_is_heard_as_far_as_it_came() -> None:
    players = cast()
    players.text_to_speech.fail("synthesize", None, BROKEN)
    lone = lone_turn(players)
    assert await lone.turn.run(ASK) is None
    assert lone.watched.answer().heard == "It goes to the sea. "
    assert "notice runtime-fault" in lone.watched.lines()


@in_virtual_time
async def test_a_voice_that_fails_where_speech_was_the_point() -> None:
    players = cast()
    players.text_to_speech.fail("synthesize", BROKEN)
    lone = lone_turn(players, TurnOptions(must_speak=True))
    assert await lone.turn.run(ASK) is BROKEN
    lone.watched.check()
    assert lone.watched.lines()[-3:] == ["answer stopped", "error runtime-fault", "failed runtime-fault"]
    assert lone.watched.answer().text == ANSWER


@in_virtual_time
async def test_counting_that_fails_ends_the_turn() -> None:
    players = cast()
    players.text.fail("count_tokens", died())
    lone = lone_turn(players)
    await lone.turn.run(ASK)
    lone.watched.check()
    assert lone.watched.lines()[-2:] == ["error host-died", "failed host-died"]


@pytest.mark.logs_errors
@in_virtual_time
async def test_a_mistake_in_the_program_ends_the_turn_too() -> None:
    async def ask(turn: Turn) -> Question:
        raise KeyError("a mistake")

    lone = lone_turn(cast())
    error = await lone.turn.run(ask)
    assert error is not None
    assert error.code == "internal"
    lone.watched.check()
    assert lone.watched.lines() == ["start text", "error internal", "failed internal"]


@in_virtual_time
async def test_a_turn_somebody_else_ended_is_no_failure() -> None:
    async def ask(turn: Turn) -> Question:
        raise TurnCancelledError("Another window asked.")

    lone = lone_turn(cast())
    assert await lone.turn.run(ask) is None
    assert lone.watched.lines() == ["start text", "cancelled"]


@in_virtual_time
async def test_cancelling_its_task_ends_it() -> None:
    lone = lone_turn(cast())
    running = asyncio.create_task(lone.turn.run(ASK))
    await lone.watched.saw(SpeechStarted)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    lone.watched.check()
    assert lone.watched.lines()[-1] == "cancelled"
    assert lone.turn.parts.speaker.heard()


@in_virtual_time
async def test_a_cancel_after_the_end_changes_nothing() -> None:
    lone = lone_turn(cast(), SILENT)
    await lone.turn.run(ASK)
    events = list(lone.watched.events)
    lone.turn.cancel("Too late.")
    lone.turn.cancel("Too late.")
    assert lone.watched.events == events
    assert await context_of(lone) == ["Where?", ANSWER]


@in_virtual_time
async def test_a_cancel_twice_ends_it_once() -> None:
    lone = lone_turn(cast(), SILENT)
    running = asyncio.create_task(lone.turn.run(ASK))
    await lone.watched.saw(TextDelta)
    lone.turn.cancel("One.")
    lone.turn.cancel("Two.")
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    lone.watched.check()


@in_virtual_time
async def test_an_answer_nobody_heard_is_not_in_the_next_request() -> None:
    players = cast()
    players.text_to_speech.delay_s = 60.0
    lone = lone_turn(players)
    running = asyncio.create_task(lone.turn.run(ASK))
    await lone.watched.saw(TextDelta, number=11)
    lone.turn.cancel("Stopped.")
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert lone.watched.answer().heard == ""
    assert await context_of(lone) == []


@in_virtual_time
async def test_a_question_that_is_not_final_goes_away_with_the_turn() -> None:
    lone = lone_turn(cast(), spoken=True)
    lone.turn.show_question("where", final=False)
    lone.turn.show_question("where does", final=False)
    lone.turn.cancel("Stopped.")
    assert lone.watched.lines() == ["start voice", "question where", "question where does", "card away", "cancelled"]


@in_virtual_time
async def test_what_was_asked_of_the_model() -> None:
    players = cast()
    options = TurnOptions(speak=False, max_tokens=7, temperature=0.5, top_p=0.4, seed=3)
    await lone_turn(players, options).turn.run(ASK)
    (request,) = players.text.requests
    assert (request.max_tokens, request.temperature, request.top_p, request.seed) == (7, 0.5, 0.4, 3)
    assert [message.content for message in request.messages[1:]] == ["Where?"]


@in_virtual_time
async def test_the_governor_caps_the_length() -> None:
    class Sparing(Governor):
        def verdict(self) -> GovernorVerdict:
            return GovernorVerdict(frozenset(Device), "The battery is low.", max_tokens=4)

    players = cast()
    players = dataclasses.replace(players, parts=dataclasses.replace(players.parts, governor=Sparing()))
    lone = lone_turn(players, TurnOptions(speak=False, max_tokens=100))
    await lone.turn.run(ASK)
    assert players.text.requests[0].max_tokens == 4
    assert notices(lone) == ["The answer was cut short after 4 tokens. The battery is low."]
    whole = lone_turn(players, TurnOptions(speak=False, max_tokens=4))
    await whole.turn.run(ASK)
    assert notices(whole) == [], "that is how long the person wants them"
    piped = dataclasses.replace(players, parts=dataclasses.replace(players.parts, pipelines=object()))
    _, request = await lone_turn(piped, TurnOptions(max_tokens=100, pipeline="any")).turn.compose("Where?")
    assert request.max_tokens == 100, "the pipeline keeps to the cap itself"


@in_virtual_time
async def test_an_answer_ends_where_the_joules_of_the_turn_do_and_says_so() -> None:
    class Spent(Governor):
        def verdict(self) -> GovernorVerdict:
            return GovernorVerdict(frozenset(Device), joules=0.0)

    players = cast()
    text = FakeTextGenerator((" ".join(f"word{number}" for number in range(100)),), clock=LoopClock())
    players = dataclasses.replace(players, parts=dataclasses.replace(players.parts, governor=Spent(), text=text))
    lone = lone_turn(players, TurnOptions(speak=False, max_tokens=100))
    await lone.turn.run(ASK)
    shown = "".join(event.text for event in lone.watched.of("lone") if isinstance(event, TextDelta))
    assert len(shown.split()) == 16, "a short one everybody gets"
    assert notices(lone) == ["Broken off: what the limits leave this turn is spent."]


@in_virtual_time
async def test_something_worth_knowing_stands_beside_the_answer() -> None:
    async def ask(turn: Turn) -> Question:
        turn.show_question("Where?", final=True)
        return Question("Where?", 1000.0, notice="The microphone went away.")

    lone = lone_turn(cast(), SILENT)
    await lone.turn.run(ask)
    assert lone.watched.lines()[2] == "notice input"
    assert isinstance(lone.watched.of("lone")[-1], TurnFinished)
