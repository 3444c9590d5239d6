"""What nobody asked for is said when nothing else goes on, and can be stopped like anything else."""

from __future__ import annotations

from pathlib import Path

from app.assistant.assistant import AssistantState
from app.contracts.cards import NoticeCard
from app.contracts.errors import RuntimeFault
from app.contracts.events import CardUpserted, SpeechStarted, TurnEvent
from tests.helpers.assistants import SILENT, Watched, cast, room
from tests.helpers.virtual_time import LoopClock, in_virtual_time

OVER = "Your tea timer is over."
SAID = ["start announcement", "notice announcement", "speak >", f"says {OVER}", f"heard {OVER}", "speak <", "finished"]


def message(watched: Watched) -> str:
    cards = [event.card for event in watched.of(watched.turns[-1]) if isinstance(event, CardUpserted)]
    (card,) = (card for card in cards if isinstance(card, NoticeCard))
    return card.message


@in_virtual_time
async def test_said_at_once_when_nothing_goes_on(tmp_path: Path) -> None:
    async with room(tmp_path) as at:
        at.assistant.announce(OVER)
        assert at.assistant.state is AssistantState.SPEAKING
        await at.watched.ended()
        assert at.watched.lines() == SAID
        assert message(at.watched) == OVER
        await at.idle()


@in_virtual_time
async def test_said_after_the_turn_that_goes_on_all_in_one(tmp_path: Path) -> None:
    async with room(tmp_path) as at:
        at.assistant.ask("where does the river go")
        at.assistant.announce(OVER)
        at.assistant.announce("Your eggs are done.")
        await at.watched.ended(2)
        assert [at.watched.lines(turn)[0] for turn in at.watched.turns] == ["start text", "start announcement"]
        assert message(at.watched) == f"{OVER} Your eggs are done."
        order = [event.type for event in at.watched.events if isinstance(event, TurnEvent)]
        assert order.index("TurnFinished") < len(order) - 1 - order[::-1].index("TurnStarted")
        await at.idle()


@in_virtual_time
async def test_nobody_is_interrupted_while_speaking_into_the_microphone(tmp_path: Path) -> None:
    async with room(tmp_path) as at:
        at.assistant.press()
        await LoopClock().sleep(0.5)
        at.assistant.announce(OVER)
        await LoopClock().sleep(1.0)
        assert len(at.watched.turns) == 1
        at.assistant.release()
        await at.watched.ended(2)
        assert at.watched.lines() == SAID
        await at.idle()


@in_virtual_time
async def test_it_is_shown_only_where_answers_are_not_spoken(tmp_path: Path) -> None:
    async with room(tmp_path, options=SILENT) as at:
        at.assistant.announce(OVER)
        await at.watched.ended()
        assert at.watched.lines() == ["start announcement", "notice announcement", "finished"]
        await at.idle()


@in_virtual_time
async def test_a_question_ends_it(tmp_path: Path) -> None:
    async with room(tmp_path) as at:
        at.assistant.announce(OVER)
        await at.watched.until(lambda: any(isinstance(event, SpeechStarted) for event in at.watched.events))
        at.assistant.ask("where does the river go")
        await at.watched.ended(2)
        first = at.watched.lines(at.watched.turns[0])
        assert first[-1] == "cancelled"
        await at.idle()


@in_virtual_time
async def test_stopped_before_the_voice_began(tmp_path: Path) -> None:
    async with room(tmp_path) as at:
        at.assistant.announce(OVER)
        await LoopClock().sleep(0.1)
        at.assistant.cancel()
        await at.watched.ended()
        assert at.watched.lines() == ["start announcement", "notice announcement", "cancelled"]
        await at.idle()
        assert len(at.watched.turns) == 1


@in_virtual_time
async def test_what_still_waits_at_the_end_is_not_begun(tmp_path: Path) -> None:
    async with room(tmp_path, cast()) as at:
        at.assistant.ask("where does the river go")
        at.assistant.announce(OVER)
        await at.assistant.aclose()
        assert len(at.watched.turns) == 1


@in_virtual_time
async def test_without_a_voice_it_is_still_shown(tmp_path: Path) -> None:
    players = cast()
    players.text_to_speech.fail("synthesize", RuntimeFault("The voice broke."))
    async with room(tmp_path, players) as at:
        at.assistant.announce(OVER)
        await at.watched.ended()
        assert at.watched.lines() == [
            "start announcement",
            "notice announcement",
            "speak >",
            "notice runtime-fault",
            "finished",
        ]
        await at.idle()
