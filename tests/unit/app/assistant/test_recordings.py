"""What was said is kept until it has been answered, offered when it could not be, and gone afterwards."""

from __future__ import annotations

from pathlib import Path

from app.contracts.cards import NoticeCard
from app.contracts.events import CardChanged, CardRemoved, TextDelta
from tests.helpers.assistants import QUESTION, SILENT, Watched, cast, died, room, speech
from tests.helpers.virtual_time import in_virtual_time


def offers(watched: Watched) -> list[str]:
    """Actions of the cards that were shown outside turns."""
    cards = [event.card for event in watched.events if isinstance(event, CardChanged)]
    return [card.action for card in cards if isinstance(card, NoticeCard)]


@in_virtual_time
async def test_what_could_not_be_recognised_is_kept_and_can_be_answered_later(tmp_path: Path) -> None:
    players = cast()
    players.speech_to_text.fail("finish", died())
    async with room(tmp_path, players, SILENT) as here:
        await here.hold(1.5)
        await here.watched.ended()
        assert here.watched.lines()[-2:] == ["error host-died", "failed host-died"]
        await here.watched.saw(CardChanged)
        (recording,) = here.recordings()
        assert offers(here.watched) == [f"recover-recording:{recording}"]

        here.assistant.act(f"recording-{recording}", offers(here.watched)[0])
        await here.watched.ended(2)
        assert here.watched.lines() == [
            "start file",
            "status transcribe",
            "transcribe >",
            f"partial {QUESTION}",
            "transcribe <",
            f"final {QUESTION}",
            f"question {QUESTION}!",
            "status answer",
            "answer",
            "answer >",
            "text",
            "answer <",
            "answer done",
            "finished",
        ]
        assert any(isinstance(e, CardRemoved) and e.card_id == f"recording-{recording}" for e in here.watched.events)
        await here.idle()
        assert here.recordings() == []


@in_virtual_time
async def test_a_recording_is_kept_until_its_turn_has_been_answered(tmp_path: Path) -> None:
    players = cast()
    players.text.fail("generate", died(), died())
    async with room(tmp_path, players, SILENT) as here:
        await here.hold(1.5)
        await here.watched.saw(CardChanged)
        here.assistant.act("card", offers(here.watched)[0])
        await here.watched.ended(2)
        await here.idle()
        assert len(offers(here.watched)) == 2, "it failed again, so it is offered again"

        here.assistant.act("card", offers(here.watched)[0])
        await here.watched.saw(TextDelta)
        here.assistant.cancel()
        await here.idle()
        assert len(here.recordings()) == 1, "a recording that was left behind is not thrown away by stopping"

        here.assistant.act("card", f"discard-recording:{here.recordings()[0]}")
        assert here.recordings() == []


@in_virtual_time
async def test_a_recording_without_a_word_is_not_offered_for_ever(tmp_path: Path) -> None:
    players = cast(clips=[speech(1.5)])
    players.speech_to_text.fail("finish", died())
    async with room(tmp_path, players, SILENT) as here:
        await here.hold(1.5)
        await here.watched.saw(CardChanged)
        (recording,) = here.recordings()
        path = tmp_path / recording
        sound = path.read_bytes()
        path.write_bytes(sound[:44] + bytes(len(sound) - 44))
        here.assistant.act("card", f"recover-recording:{recording}")
        await here.watched.ended(2)
        assert here.watched.lines()[-1] == "failed no-speech"
        await here.idle()
        assert here.recordings() == []


@in_virtual_time
async def test_a_recording_outside_the_folder_is_out_of_reach(tmp_path: Path) -> None:
    outside = tmp_path / "kept.wav"
    outside.write_bytes(b"x")
    async with room(tmp_path / "recordings", options=SILENT) as here:
        here.assistant.act("card", "discard-recording:../kept.wav")
        here.assistant.act("card", "recover-recording:../kept.wav")
        await here.watched.ended()
        assert here.watched.lines()[-1] == "failed no-such-file"
    assert outside.exists()


@in_virtual_time
async def test_what_an_earlier_run_left_behind_is_offered_at_the_start(tmp_path: Path) -> None:
    players = cast()
    players.speech_to_text.fail("finish", died())
    async with room(tmp_path, players, SILENT) as here:
        await here.hold(1.5)
        await here.watched.ended()
    async with room(tmp_path) as here:
        await here.assistant.start()
        assert [action.partition(":")[0] for action in offers(here.watched)] == ["recover-recording"]
        assert here.assistant.ready.is_set()
        assert here.cast.text.warm
