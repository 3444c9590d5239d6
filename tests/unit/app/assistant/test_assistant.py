"""The assistant as a window drives it: what is reported, in which order, and that nothing is left behind."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from app.assistant.assistant import AssistantState
from app.assistant.parts import TurnOptions
from app.contracts.events import (
    CardChanged,
    FinalTranscript,
    Listening,
    Notice,
    PartialTranscript,
    SpeechStarted,
    SystemEvent,
    TextDelta,
    TurnCancelled,
    TurnEvent,
    TurnStarted,
)
from tests.helpers.assistants import ANSWER, QUESTION, SILENT, Room, cast, died, joined, room, silence, speech
from tests.helpers.virtual_time import LoopClock, in_virtual_time

pause = LoopClock().sleep

ANSWERED = ["status answer", "answer", "answer >", "text", "answer <", "answer done", "finished"]
ANSWERED_ALOUD = [
    "status answer",
    "answer",
    "answer >",
    "text",
    "says It goes to the sea.",
    "text",
    "answer <",
    "speak >",
    "heard It goes to the sea. ",
    "says The sea is far away from here.",
    "heard The sea is far away from here.",
    "speak <",
    "answer done",
    "finished",
]
LISTENING = ["start voice", "status listen", "listen >"]
HEARD = ["listen <", "transcribe >", "transcribe <"]
SPOKEN = [f"final {QUESTION}", f"question {QUESTION}!"]


def without_partials(lines: list[str]) -> list[str]:
    return [line for line in lines if not line.startswith("partial") and (line[:8] != "question" or line[-1] == "!")]


@in_virtual_time
async def test_a_typed_turn_without_speech(tmp_path: Path) -> None:
    async with room(tmp_path, options=SILENT) as here:
        turn_id = here.assistant.ask("  Where? ")
        assert here.assistant.state is AssistantState.THINKING
        await here.watched.ended()
        assert here.watched.turns == [turn_id]
        assert here.watched.lines() == ["start text", "question Where?!", *ANSWERED]
        assert here.watched.answer().text == ANSWER
        assert here.watched.answer().heard is None


@in_virtual_time
async def test_a_typed_turn_that_is_spoken(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        here.assistant.ask("Where?")
        await here.watched.saw(SpeechStarted)
        assert here.assistant.state is AssistantState.SPEAKING
        await here.watched.ended()
        assert here.watched.lines() == ["start text", "question Where?!", *ANSWERED_ALOUD]
        assert here.watched.answer().heard == ANSWER


@in_virtual_time
async def test_a_turn_with_the_key_held(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        await here.hold(1.5)
        await here.watched.ended()
        lines = here.watched.lines()
        assert lines[:5] == ["start voice", "status listen", "listen >", "partial where", "question where"]
        listened = [*LISTENING, "status transcribe", *HEARD]
        assert without_partials(lines) == [*listened, *SPOKEN, *ANSWERED_ALOUD]
        await here.idle()
        assert here.recordings() == []


@in_virtual_time
async def test_what_was_unloaded_is_loaded_while_the_person_speaks(tmp_path: Path) -> None:
    async with room(tmp_path) as there:
        there.cast.text.warm = there.cast.text_to_speech.warm = False
        there.assistant.press()
        await asyncio.sleep(0.5)
        assert there.cast.text.warm
        assert there.cast.text_to_speech.warm
        there.assistant.cancel()


@in_virtual_time
async def test_a_tap_listens_until_it_has_been_quiet_for_a_second_and_a_half(tmp_path: Path) -> None:
    async with room(tmp_path, cast(clips=[speech(1.5)]), SILENT) as here:
        await here.tap()
        assert here.assistant.state is AssistantState.LISTENING
        await here.watched.saw(FinalTranscript)
        final = next(event for event in here.watched.events if isinstance(event, FinalTranscript))
        assert final.t_ms == pytest.approx(3000, abs=150)
        assert here.assistant.state is AssistantState.THINKING
        await here.watched.ended()
        assert without_partials(here.watched.lines()) == [*LISTENING, *HEARD, *SPOKEN, *ANSWERED]


@in_virtual_time
async def test_a_tap_that_hears_nothing_gives_up(tmp_path: Path) -> None:
    async with room(tmp_path, cast(clips=[silence(1)])) as here:
        await here.tap()
        await here.watched.ended()
        assert here.watched.lines()[-2:] == ["error no-speech", "failed no-speech"]
        assert here.watched.of(here.watched.turns[-1])[-1].t_ms == pytest.approx(8000, abs=200)


@in_virtual_time
async def test_a_second_tap_ends_the_listening(tmp_path: Path) -> None:
    async with room(tmp_path, cast(clips=[speech(60)]), SILENT) as here:
        await here.tap()
        await pause(2.0)
        await here.tap()
        await here.watched.ended()
        assert here.watched.lines()[-1] == "finished"
        assert len(here.watched.turns) == 1


@in_virtual_time
async def test_without_a_word_there_is_no_answer_and_no_recording(tmp_path: Path) -> None:
    async with room(tmp_path, cast(clips=[silence(5)])) as here:
        await here.hold(1.0)
        await here.watched.ended()
        listened = [*LISTENING, "status transcribe", *HEARD]
        assert here.watched.lines() == [*listened, "error no-speech", "failed no-speech"]
        await here.idle()
        assert here.recordings() == []
        assert not any(isinstance(event, CardChanged) for event in here.watched.events)
        assert here.cast.text.requests == []


@in_virtual_time
async def test_without_a_microphone_there_is_one_clear_card(tmp_path: Path) -> None:
    players = cast()
    players.microphone.missing = True
    async with room(tmp_path, players) as here:
        here.assistant.press()
        await here.watched.ended()
        code = "no-microphone"
        assert here.watched.lines() == [*LISTENING, f"error {code}", f"failed {code}"]
        here.assistant.release()
        players.microphone.missing = False
        await here.hold(1.5)
        await here.watched.ended(2)
        assert here.watched.lines()[-1] == "finished"


@in_virtual_time
async def test_a_microphone_that_goes_away_leaves_what_was_said(tmp_path: Path) -> None:
    players = cast(clips=[speech(60)])
    players.microphone.unplug_after_s = 1.5
    async with room(tmp_path, players, SILENT) as here:
        await here.hold(5.0)
        await here.watched.ended()
        assert without_partials(here.watched.lines()) == [*LISTENING, *HEARD, *SPOKEN, "notice input", *ANSWERED]


@in_virtual_time
async def test_a_model_that_does_not_load_is_told_and_the_others_are_loaded(tmp_path: Path) -> None:
    players = cast()
    players.speech_to_text.fail("warm_up", died())
    async with room(tmp_path, players) as here:
        await here.assistant.start()
        assert [event.code for event in here.watched.events if isinstance(event, Notice)] == ["host-died"]
        assert players.text.warm


@in_virtual_time
async def test_escape_while_listening(tmp_path: Path) -> None:
    async with room(tmp_path, cast(clips=[speech(60)])) as here:
        here.assistant.press()
        await here.watched.saw(PartialTranscript)
        here.assistant.cancel()
        assert here.assistant.state is AssistantState.IDLE
        assert here.watched.lines()[-2:] == ["card away", "cancelled"]
        await pause(5.0)
        assert here.assistant.state is AssistantState.IDLE, "what winds down says nothing about the state"
        here.assistant.release()
        assert here.cast.microphone.captures[0].stopped
        assert here.recordings() == []
        assert here.watched.turns == [here.watched.turns[0]]


@in_virtual_time
async def test_escape_while_thinking(tmp_path: Path) -> None:
    async with room(tmp_path, options=SILENT) as here:
        here.assistant.ask("Where?")
        await here.watched.saw(TextDelta, number=2)
        here.assistant.cancel()
        assert here.watched.lines()[-3:] == ["text", "answer stopped", "cancelled"]
        assert here.watched.answer().text == "It goes"
        await here.idle()
        assert here.cast.text.stopped == 1


@in_virtual_time
async def test_escape_while_speaking(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        here.assistant.ask("Where?")
        await here.watched.saw(SpeechStarted)
        await pause(0.7)
        here.assistant.cancel()
        assert here.watched.lines()[-3:] == ["heard It goes to the", "answer stopped", "cancelled"]
        assert here.watched.answer().text == ANSWER
        assert here.watched.answer().heard == "It goes to the"
        written = len(here.cast.speaker.written)
        await here.idle()
        assert len(here.cast.speaker.written) == written, "nothing is queued after the silence"


@in_virtual_time
async def test_escape_as_soon_as_anything_begins(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        here.assistant.press()
        here.assistant.cancel()
        here.assistant.ask("Where?")
        here.assistant.cancel()
        assert here.watched.lines() == ["start text", "cancelled"]
        await here.idle()
        assert here.cast.microphone.captures == []
        here.assistant.cancel()
        assert len(here.watched.turns) == 2


@in_virtual_time
async def test_a_press_right_after_escape_is_a_turn_of_its_own(tmp_path: Path) -> None:
    async with room(tmp_path, options=SILENT) as here:
        here.assistant.press()
        await here.watched.saw(Listening)
        here.assistant.cancel()
        here.assistant.release()
        await here.hold(1.5)
        assert here.assistant.state is AssistantState.LISTENING
        await here.watched.ended(2)
        assert here.watched.lines()[-1] == "finished"


@in_virtual_time
async def test_a_press_while_speaking_listens(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        here.assistant.ask("Where?")
        await here.watched.saw(SpeechStarted)
        await here.hold(1.5)
        await here.watched.ended(2)
        first, second = here.watched.turns
        assert here.watched.lines(first)[-1] == "cancelled"
        assert here.watched.lines(second)[-1] == "finished"
        assert here.cast.speaker.stops >= 1


@in_virtual_time
async def test_fifty_presses(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        for number in range(50):
            await here.hold((0.0, 0.001, 0.1, 0.3, 0.9)[number % 5])
            await pause((0.0, 0.03, 0.4)[number % 3])
        here.assistant.cancel()
        await here.idle()
        await here.hold(1.5)
        await here.watched.until(lambda: here.watched.lines()[-1] == "finished")
        await here.idle()
        assert here.recordings() == []
        assert all(capture.stopped for capture in here.cast.microphone.captures)


@in_virtual_time
async def test_a_line_typed_while_listening_takes_over(tmp_path: Path) -> None:
    async with room(tmp_path, cast(clips=[speech(60)]), SILENT) as here:
        await here.tap()
        await pause(1.0)
        here.assistant.ask("Where?")
        await here.watched.ended(2)
        assert here.watched.lines(here.watched.turns[0])[-1] == "cancelled"
        assert here.watched.lines() == ["start text", "question Where?!", *ANSWERED]
        await here.idle()
        assert here.recordings() == []
        await here.hold(1.5)
        assert len(here.watched.turns) == 3, "the key is free again"


@in_virtual_time
async def test_an_empty_line_is_no_question(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        here.assistant.ask("  ")
        await here.watched.ended()
        assert here.watched.lines() == ["start text", "error empty-question", "failed empty-question"]


@in_virtual_time
async def test_an_answer_is_spoken_again(tmp_path: Path) -> None:
    async with room(tmp_path, options=SILENT) as here:
        turn_id = here.assistant.ask("Where?")
        await here.watched.ended()
        here.assistant.replay(turn_id)
        assert here.assistant.state is AssistantState.SPEAKING
        await here.watched.ended(2)
        said = [line for line in here.watched.lines() if line.startswith(("says", "heard"))]
        assert said[0::2] == ["says It goes to the sea.", "says The sea is far away from here."]
        assert here.watched.lines()[-1] == "finished"
        (started,) = [e for e in here.watched.events if isinstance(e, TurnStarted) and e.source == "replay"]
        assert started.continues == turn_id
        assert len(here.cast.text.requests) == 1


@in_virtual_time
async def test_speaking_again_is_stopped(tmp_path: Path) -> None:
    async with room(tmp_path, options=SILENT) as here:
        turn_id = here.assistant.ask("Where?")
        await here.watched.ended()
        here.assistant.replay(turn_id)
        await here.watched.saw(SpeechStarted)
        here.assistant.cancel()
        assert here.watched.lines()[-1] == "cancelled"
        assert here.assistant.state is AssistantState.IDLE


@in_virtual_time
async def test_there_is_nothing_to_speak_again(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        here.assistant.replay("unknown")
        assert [event.code for event in here.watched.events if isinstance(event, Notice)] == ["nothing-to-replay"]


@pytest.mark.logs_errors
@in_virtual_time
async def test_a_listener_that_fails_ends_nothing(tmp_path: Path) -> None:
    def broken(event: TurnEvent | SystemEvent) -> None:
        raise ValueError(event.type)

    async with room(tmp_path) as here:
        here.assistant.subscribe(broken)
        unsubscribed = here.assistant.subscribe(broken)
        unsubscribed()
        await here.hold(1.5)
        await here.watched.ended()
        assert here.watched.lines()[-1] == "finished"
        await here.idle()
        assert here.recordings() == []


@in_virtual_time
async def test_a_listener_that_cancels_at_once(tmp_path: Path) -> None:
    async with room(tmp_path) as here:

        def stop(event: TurnEvent | SystemEvent) -> None:
            if isinstance(event, TurnStarted):
                here.assistant.cancel()

        here.assistant.subscribe(stop)
        here.assistant.press()
        here.assistant.ask("Where?")
        await here.idle()
        assert [here.watched.lines(turn_id)[-1] for turn_id in here.watched.turns] == ["cancelled", "cancelled"]
        assert here.cast.microphone.captures == []
        assert here.cast.text.requests == []


@in_virtual_time
async def test_the_state_is_right_when_an_event_is_seen(tmp_path: Path) -> None:
    async with room(tmp_path, options=SILENT) as here:
        states: list[tuple[str, AssistantState]] = []
        here.assistant.subscribe(lambda event: states.append((event.type, here.assistant.state)))
        here.assistant.press()
        here.assistant.cancel()
        here.assistant.ask("Where?")
        await here.watched.ended(2)
        seen = [state for kind, state in states if kind in ("TurnStarted", "TurnCancelled", "TurnFinished")]
        assert seen == [AssistantState.LISTENING, AssistantState.IDLE, AssistantState.THINKING, AssistantState.IDLE]


@in_virtual_time
async def test_the_next_question_comes_with_what_was_heard_only(tmp_path: Path) -> None:
    answer = "It goes to the sea and then it comes back as rain upon the hills."
    async with room(tmp_path, cast(answers=[answer, "Yes."])) as here:
        here.assistant.ask("Where?")
        await here.watched.saw(SpeechStarted)
        await pause(2.4)
        here.assistant.cancel()
        heard = here.watched.answer().heard
        assert heard is not None
        assert answer.startswith(heard)
        assert 5 <= len(heard.split()) < len(answer.split())
        here.assistant.ask("Really?")
        await here.watched.ended(2)
        contents = [message.content for message in here.cast.text.requests[-1].messages]
        assert contents[1:] == ["Where?", f"{heard.rstrip()}…", "Really?"]


@in_virtual_time
async def test_the_beginning_of_the_next_request_is_read_between_turns(tmp_path: Path) -> None:
    async with room(tmp_path, options=SILENT) as here:
        here.assistant.ask("Where?")
        await here.idle()
        assert [message.content for message in here.cast.text.prefilled[-1].messages][1:] == ["Where?", ANSWER]


@pytest.mark.parametrize("kind", ["listening", "recognising", "thinking", "speaking", "replaying", "over"])
@in_virtual_time
async def test_closing_in_the_middle(tmp_path: Path, kind: str) -> None:
    players = cast(clips=[joined(speech(1.5), silence(60))])
    if kind == "recognising":
        players.speech_to_text.delay_s = 0.7
    async with room(tmp_path, players, TurnOptions(speak=kind != "over")) as here:
        await _get_into(here, kind)
    assert here.recordings() == []
    assert here.watched.lines()[-1] == ("finished" if kind == "over" else "cancelled")


async def _get_into(here: Room, kind: str) -> None:
    match kind:
        case "listening":
            here.assistant.press()
            await here.watched.saw(PartialTranscript)
        case "recognising":
            await here.hold(1.4)
            await pause(0.4)
            assert not any(isinstance(event, FinalTranscript) for event in here.watched.events)
        case "thinking":
            here.assistant.ask("Where?")
            await here.watched.saw(TextDelta)
        case "speaking":
            here.assistant.ask("Where?")
            await here.watched.saw(SpeechStarted)
        case "replaying":
            turn_id = here.assistant.ask("Where?")
            await here.watched.ended()
            here.assistant.replay(turn_id)
            await here.watched.saw(SpeechStarted)
        case _:
            await here.hold(1.5)
            await here.watched.ended()


@in_virtual_time
async def test_a_turn_that_was_cancelled_says_nothing_afterwards(tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        here.assistant.ask("Where?")
        await here.watched.saw(TextDelta)
        here.assistant.cancel()
        count = len(here.watched.events)
        await here.idle()
        assert len(here.watched.events) == count
        assert isinstance(here.watched.events[-1], TurnCancelled)
