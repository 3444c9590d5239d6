"""What is spoken, in which order, and what counts as heard."""

from __future__ import annotations

import asyncio

import pytest

from app.assistant.speaking import Speaking
from app.audio.sentences import Sentence
from app.contracts.audio import VoiceOptions
from app.contracts.errors import RuntimeFault, Unavailable
from app.contracts.events import SpeechFinished, SpeechStarted
from tests.helpers.assistants import Cast, cast
from tests.helpers.virtual_time import LoopClock, in_virtual_time

pause = LoopClock().sleep


class Voice:
    """A `Speaking` and what it reported."""

    def __init__(self, players: Cast, options: VoiceOptions | None = None) -> None:
        self.players = players
        self.lines: list[str] = []
        self.speaking = Speaking(players.parts, options or VoiceOptions(), self._note)

    def say(self, *texts: str, complete: bool = True) -> None:
        for text in texts:
            self.speaking.say(Sentence(text, 0, len(text)))
        if complete:
            self.speaking.complete()

    def _note(self, event: object) -> bool:
        match event:
            case SpeechStarted(utterance=number, text=text):
                self.lines.append(f"{number}> {text}")
            case SpeechFinished(utterance=number, heard=heard):
                self.lines.append(f"{number}< {heard}")
        return True


@in_virtual_time
async def test_sentences_that_come_all_at_once_are_spoken_in_order() -> None:
    voice = Voice(cast())
    voice.say("One. ", "Two. ", "Three.")
    await voice.speaking.run()
    assert voice.lines == ["0> One.", "0< One. ", "1> Two.", "1< Two. ", "2> Three.", "2< Three."]
    assert voice.speaking.times.heard == "One. Two. Three."
    assert voice.speaking.times.first_sound is not None


@in_virtual_time
async def test_a_sentence_that_comes_late_is_waited_for() -> None:
    voice = Voice(cast())
    voice.say("One. ", complete=False)
    running = asyncio.create_task(voice.speaking.run())
    await pause(5.0)
    assert voice.lines == ["0> One.", "0< One. "]
    voice.say("Two.")
    await running
    assert voice.lines[2:] == ["1> Two.", "1< Two."]


@in_virtual_time
async def test_what_has_no_spoken_form_is_passed_over() -> None:
    voice = Voice(cast())
    voice.say("***\n", "Listen. ", "---\n")
    await voice.speaking.run()
    assert voice.lines == ["0> Listen.", "0< Listen. "]


@in_virtual_time
async def test_code_is_told_about_and_not_read_out() -> None:
    voice = Voice(cast())
    voice.say("Do this:\n", "```\n", "rm -rf x\n", "```\n", "That is it.")
    await voice.speaking.run()
    said = [text for text, _ in voice.players.text_to_speech.spoken]
    assert not any("rm" in text for text in said)
    assert said[0].startswith("Do this")
    assert said[-1] == "That is it."


@in_virtual_time
async def test_nothing_to_say_needs_no_speaker() -> None:
    players = cast()
    players.speaker.missing = True
    voice = Voice(players)
    voice.say("---\n")
    await voice.speaking.run()
    assert voice.lines == []
    assert voice.speaking.times.first_sound is None


@in_virtual_time
async def test_without_a_speaker_it_says_so() -> None:
    players = cast()
    players.speaker.missing = True
    voice = Voice(players)
    voice.say("One.")
    with pytest.raises(Unavailable):
        await voice.speaking.run()
    assert voice.speaking.times.heard == ""


@in_virtual_time
async def test_a_stop_cuts_at_a_word_and_what_waits_is_never_made() -> None:
    voice = Voice(cast())
    voice.say("One two three four five six. ", "Seven. ", "Eight.", complete=False)
    running = asyncio.create_task(voice.speaking.run())
    await pause(0.75)
    voice.speaking.stop()
    assert voice.lines == ["0> One two three four five six.", "0< One two three"]
    made = len(voice.players.text_to_speech.spoken)
    await running
    assert len(voice.players.text_to_speech.spoken) == made
    assert voice.speaking.times.heard == "One two three"
    voice.speaking.stop()
    assert voice.players.speaker.stops == 1


@in_virtual_time
async def test_a_long_sentence_that_is_still_being_made_is_not_counted_as_heard() -> None:
    """Only some seconds are queued ahead; the share of what was heard is one of the sentence, not of the queue."""
    words = " ".join(["evening"] * 60) + "."
    voice = Voice(cast())
    voice.say(words)
    running = asyncio.create_task(voice.speaking.run())
    await pause(4.0)
    voice.speaking.stop()
    await running
    heard = len(voice.speaking.times.heard.split())
    assert 6 <= heard <= 10, "sixty words take half a minute"


@in_virtual_time
async def test_a_stop_before_the_first_sound() -> None:
    voice = Voice(cast())
    voice.say("One.")
    voice.speaking.stop()
    await voice.speaking.run()
    assert voice.lines == []
    assert voice.players.text_to_speech.spoken == []


@in_virtual_time
async def test_once_stopped_it_leaves_the_speaker_to_others() -> None:
    """The next turn speaks while the last one still winds down: its sound must not be taken for the old one's."""
    players = cast()
    players.text_to_speech.delay_s = 0.5
    old = Voice(players)
    old.say("One two three four five. ", "Six.", "Seven.")
    running = asyncio.create_task(old.speaking.run())
    await pause(0.6)
    old.speaking.stop()
    lines = list(old.lines)
    new = Voice(players)
    new.say("Fresh. ", "Fresh again. ", "Fresh once more.")
    await asyncio.gather(new.speaking.run(), running)
    assert old.lines == lines
    assert new.speaking.times.heard == "Fresh. Fresh again. Fresh once more."
    assert {number for number, _ in players.speaker.written[-3:]} == {2}


@in_virtual_time
async def test_a_voice_that_fails_lets_what_was_made_be_heard() -> None:
    players = cast()
    players.text_to_speech.fail("synthesize", None, RuntimeFault("The voice broke."))
    voice = Voice(players)
    voice.say("This was made. ", "This was not.")
    with pytest.raises(RuntimeFault):
        await voice.speaking.run()
    assert voice.lines[:2] == ["0> This was made.", "0< This was made. "]
    assert voice.speaking.times.heard.startswith("This was made. ")
    assert "not" not in voice.speaking.times.heard


@in_virtual_time
async def test_a_voice_that_fails_inside_a_sentence_was_heard_up_to_there() -> None:
    players = cast()
    players.text_to_speech.break_after(6, RuntimeFault("The voice broke."))
    voice = Voice(players)
    voice.say("One two three four five six seven eight nine ten.")
    with pytest.raises(RuntimeFault):
        await voice.speaking.run()
    assert voice.lines[0].startswith("0> One")
    assert voice.lines[1] == f"0< {voice.speaking.times.heard}"
    assert 1 <= len(voice.speaking.times.heard.split()) <= 3


@in_virtual_time
async def test_cancelling_leaves_nothing_running() -> None:
    voice = Voice(cast())
    voice.say("One two three four five six.")
    running = asyncio.create_task(voice.speaking.run())
    await pause(0.2)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert voice.lines == ["0> One two three four five six."]


@in_virtual_time
async def test_the_chosen_voice_is_asked_for() -> None:
    voice = Voice(cast(), VoiceOptions(voice="buzz", speed=1.5))
    voice.say("One.")
    await voice.speaking.run()
    assert voice.players.text_to_speech.spoken == [("One.", VoiceOptions(voice="buzz", speed=1.5))]


@in_virtual_time
async def test_what_is_withdrawn_is_not_said_but_a_sentence_that_was_begun_is_ended() -> None:
    voice = Voice(cast())
    halves = [f"The sentence number {number} has a first half that takes its time, " for number in range(6)]
    for half in halves:
        voice.say(half, "and a second half that is not short either. ", complete=False)
    running = asyncio.create_task(voice.speaking.run())
    await pause(0.01)
    said = voice.speaking.withdraw()
    assert halves[0] in said
    assert halves[-1] not in said, "what is not made yet can be let go"
    assert said.endswith("either. "), "no sentence is broken off"
    assert voice.speaking.withdraw() == said
    voice.say("The end.")
    await running
    assert voice.speaking.times.heard == f"{said}The end."


@in_virtual_time
async def test_before_anything_was_said_everything_can_be_withdrawn() -> None:
    voice = Voice(cast())
    voice.say("One. ", "Two. ", complete=False)
    assert voice.speaking.withdraw() == ""
    voice.say("Three.")
    await voice.speaking.run()
    assert voice.speaking.times.heard == "Three."
