"""The bell goes on until somebody ends it, and waits while somebody speaks."""

from __future__ import annotations

from dataclasses import replace

from app.assistant.ringing import EVERY_S, LOOK_EVERY_S, Ringer
from app.audio.cues import ring
from app.contracts.audio import AudioChunk
from app.contracts.errors import Unavailable
from app.contracts.events import CardChanged, CardRemoved
from app.contracts.skill_cards import TimerCard, TimerState
from tests.helpers.virtual_time import LoopClock, in_virtual_time

TEA = TimerCard(card_id="tea", timer_id="tea", what="timer", label="tea", due_at=1.0, state=TimerState.RINGING)


class Bell:
    def __init__(self) -> None:
        self.at: list[float] = []
        self.listening = False
        self.speaking = False
        self.broken = False
        self.ringer = Ringer(LoopClock(), self.play, lambda: self.listening, lambda: self.speaking)
        self._begin = LoopClock().monotonic()

    async def play(self, chunk: AudioChunk) -> None:
        if self.broken:
            raise Unavailable("There is no output.")
        assert chunk == ring()
        self.at.append(LoopClock().monotonic() - self._begin)


@in_virtual_time
async def test_it_rings_until_the_timer_is_stopped() -> None:
    bell = Bell()
    bell.ringer(CardChanged(card=replace(TEA, state=TimerState.RUNNING)))
    await LoopClock().sleep(1.0)
    bell.ringer(CardChanged(card=TEA))
    bell.ringer(CardChanged(card=replace(TEA, card_id="eggs")))
    await LoopClock().sleep(EVERY_S * 2 + 0.1)
    bell.ringer(CardChanged(card=replace(TEA, state=TimerState.DONE)))
    bell.ringer(CardRemoved(card_id="eggs"))
    await LoopClock().sleep(EVERY_S * 3)
    assert bell.at == [1.0, 1.0 + EVERY_S, 1.0 + EVERY_S * 2]
    await bell.ringer.aclose()


@in_virtual_time
async def test_a_reminder_sounds_once() -> None:
    bell = Bell()
    bell.ringer(CardChanged(card=replace(TEA, what="reminder")))
    await LoopClock().sleep(EVERY_S * 3)
    assert len(bell.at) == 1
    await bell.ringer.aclose()


@in_virtual_time
async def test_it_waits_while_the_person_speaks_and_ends_with_the_program() -> None:
    bell = Bell()
    bell.listening = True
    bell.ringer(CardChanged(card=TEA))
    bell.ringer(CardChanged(card=replace(TEA, card_id="mum", what="reminder")))
    await LoopClock().sleep(EVERY_S + 0.1)
    assert bell.at == []
    bell.listening = False
    await LoopClock().sleep(LOOK_EVERY_S)
    assert len(bell.at) == 1
    await bell.ringer.aclose()
    await bell.ringer.aclose()


@in_virtual_time
async def test_the_first_sound_comes_over_the_voice_and_the_next_waits_for_it() -> None:
    bell = Bell()
    bell.speaking = True
    bell.ringer(CardChanged(card=TEA))
    await LoopClock().sleep(0.5)
    bell.ringer(CardChanged(card=replace(TEA, card_id="eggs")))  # at nearly the same time: it is heard already
    await LoopClock().sleep(EVERY_S * 2)
    bell.ringer(CardChanged(card=replace(TEA, card_id="rice")))  # seconds later it has a sound of its own
    await LoopClock().sleep(EVERY_S * 2 - 0.4)
    assert [round(at) for at in bell.at] == [0, 7]
    bell.speaking = False
    await LoopClock().sleep(LOOK_EVERY_S)
    assert len(bell.at) == 3
    await bell.ringer.aclose()


@in_virtual_time
async def test_without_a_loudspeaker_it_is_silent() -> None:
    bell = Bell()
    bell.broken = True
    bell.ringer(CardChanged(card=TEA))
    await LoopClock().sleep(EVERY_S)
    assert bell.at == []
    await bell.ringer.aclose()
