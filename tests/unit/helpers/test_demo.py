"""The demo's turns keep the same promises as real ones."""

from __future__ import annotations

import asyncio

import pytest

from app.contracts.cards import AnswerCard
from app.contracts.events import (
    TURN_ENDS,
    CardChanged,
    CardUpserted,
    Listening,
    SpeechStarted,
    SystemEventBase,
    TextDelta,
    TurnCancelled,
    TurnEvent,
    TurnFailed,
    TurnFinished,
    TurnStarted,
)
from tests.helpers.demo import FAILING_QUESTION, RECOVERABLE, DemoAssistant, DemoDevices
from tests.helpers.demo_script import EXCHANGES, exchange_for
from ui.viewmodels.confidence import Shade, shade_of


class Watched:
    def __init__(self, **options: object) -> None:
        self.demo = DemoAssistant(**{"pace": 0.0, **options})
        self.events: list[TurnEvent] = []
        self.system: list[SystemEventBase] = []
        self.ended = asyncio.Event()
        self.demo.subscribe(self._note)

    def _note(self, event: object) -> None:
        if isinstance(event, SystemEventBase):
            self.system.append(event)
        else:
            self.events.append(event)
            if isinstance(event, TURN_ENDS):
                self.ended.set()

    def kinds(self) -> list[str]:
        """Types of the events, neighbours of one type counted once."""
        names = [event.type for event in self.events]
        return [name for number, name in enumerate(names) if number == 0 or names[number - 1] != name]


async def finish(watched: Watched) -> None:
    async with asyncio.timeout(10):
        await watched.ended.wait()
    await watched.demo.aclose()


async def test_a_typed_turn() -> None:
    watched = Watched()
    turn = watched.demo.ask("Why is the sky blue")
    await finish(watched)
    assert {event.turn_id for event in watched.events} == {turn}
    assert [event.seq for event in watched.events] == list(range(len(watched.events)))
    assert isinstance(watched.events[0], TurnStarted)
    assert isinstance(watched.events[-1], TurnFinished)
    text = "".join(event.text for event in watched.events if isinstance(event, TextDelta))
    cards = [event.card for event in watched.events if isinstance(event, CardUpserted)]
    assert isinstance(cards[-1], AnswerCard)
    assert cards[-1].text == text
    assert text.startswith("Sunlight holds every colour.")


async def test_a_spoken_turn_shows_levels_and_words() -> None:
    watched = Watched(pace=0.01)
    watched.demo.press()
    await asyncio.sleep(0.3)
    watched.demo.release()
    await finish(watched)
    kinds = watched.kinds()
    for name in ("Listening", "PartialTranscript", "FinalTranscript", "TextDelta", "SpeechStarted", "TurnFinished"):
        assert name in kinds
    assert all(event.level <= 0 for event in watched.events if isinstance(event, Listening))


async def test_a_tap_listens_to_the_end_of_the_question() -> None:
    watched = Watched()
    watched.demo.press()
    watched.demo.release()
    await finish(watched)
    assert isinstance(watched.events[-1], TurnFinished)


async def test_stop_ends_the_turn_once() -> None:
    watched = Watched(pace=1.0)
    watched.demo.ask("How far away is the moon?")
    await asyncio.sleep(0.05)
    watched.demo.cancel()
    watched.demo.cancel()
    await finish(watched)
    assert [event.type for event in watched.events if isinstance(event, TURN_ENDS)] == ["TurnCancelled"]


async def test_a_newer_turn_ends_the_older_one_first() -> None:
    watched = Watched(pace=1.0)
    watched.demo.ask("How far away is the moon?")
    await asyncio.sleep(0)
    watched.demo.press()
    kinds = [event.type for event in watched.events]
    assert kinds.index("TurnCancelled") < len(kinds) - 1 - kinds[::-1].index("TurnStarted")
    await watched.demo.aclose()


async def test_a_replay_only_speaks() -> None:
    watched = Watched()
    turn = watched.demo.ask("Why is the sky blue?")
    async with asyncio.timeout(10):
        await watched.ended.wait()
    watched.events.clear()
    watched.ended.clear()
    watched.demo.replay("unknown")
    watched.demo.replay(turn)
    await finish(watched)
    assert watched.events[0].continues == turn
    assert any(isinstance(event, SpeechStarted) for event in watched.events)
    assert not any(isinstance(event, TextDelta) for event in watched.events)


async def test_an_error_and_a_recording_can_be_seen() -> None:
    watched = Watched(offer_recording=True)
    await watched.demo.start()
    card = next(event.card for event in watched.system if isinstance(event, CardChanged))
    watched.demo.act(card.card_id, RECOVERABLE)
    async with asyncio.timeout(10):
        await watched.ended.wait()
    watched.ended.clear()
    watched.demo.ask(FAILING_QUESTION)
    await finish(watched)
    assert isinstance(watched.events[-1], TurnFailed)


@pytest.mark.parametrize("exchange", EXCHANGES)
def test_the_script_has_marks_for_every_class_and_leaves_none_in_the_text(exchange: object) -> None:
    tokens = list(exchange_for(exchange.question).tokens())
    text = "".join(token.text for token in tokens)
    assert not set("[]{}") & set(text)
    assert {shade_of(token.confidence) for token in tokens} >= {Shade.PLAIN, Shade.UNSURE}


def test_cancelled_is_an_end() -> None:
    assert TurnCancelled in TURN_ENDS


async def test_devices_of_the_demo() -> None:
    devices = DemoDevices()
    assert [device.default for device in await devices.inputs()] == [True, False]
    assert len(await devices.outputs()) == 1
    assert len(await devices.voices()) == 2
