"""Rings while a timer does: follows the one stream, and plays a sound until the person or the timer ends it.

A reminder sounds once; a timer and an alarm go on. The sound waits while somebody speaks or is listened to.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

from app.aio.tasks import TaskOwner
from app.audio.cues import ring
from app.contracts.audio import AudioChunk
from app.contracts.errors import SottoError
from app.contracts.events import CardChanged, CardRemoved, CardUpserted, SystemEvent, TurnEvent
from app.contracts.ports import Clock
from app.contracts.skill_cards import TimerCard, TimerState

log = logging.getLogger(__name__)

EVERY_S = 3.0


class Ringer:
    """The bell. A listener of the assistant.

    Args:
        clock: Tells when to sound again.
        play: Plays a short sound beside whatever is played.
        quiet: Whether to be silent now: the microphone is open, the voice speaks, or sounds are switched off.
    """

    def __init__(self, clock: Clock, play: Callable[[AudioChunk], Awaitable[None]], quiet: Callable[[], bool]) -> None:
        self._clock = clock
        self._play = play
        self._quiet = quiet
        self._ringing: dict[str, bool] = {}
        self._tasks = TaskOwner()

    def __call__(self, event: TurnEvent | SystemEvent) -> None:
        """Hear of an event."""
        match event:
            case CardChanged(card=TimerCard() as card) | CardUpserted(card=TimerCard() as card):
                if card.state is TimerState.RINGING:
                    self._ringing.setdefault(card.card_id, card.what == "reminder")
                    if not len(self._tasks):
                        self._tasks.start(self._ring(), name="ring")
                else:
                    self._ringing.pop(card.card_id, None)
            case CardRemoved(card_id=card_id):
                self._ringing.pop(card_id, None)

    async def aclose(self) -> None:
        """Be silent for good. May be called twice."""
        self._ringing.clear()
        await self._tasks.aclose()

    async def _ring(self) -> None:
        sound = ring()
        while self._ringing:
            if not self._quiet():
                try:
                    await self._play(sound)
                except SottoError as error:
                    log.info("a timer rings without a sound: %s", error)
                    return
            for card_id in [card_id for card_id, once in self._ringing.items() if once]:
                del self._ringing[card_id]
            await self._clock.sleep(EVERY_S)
