"""Rings while a timer does: follows the one stream, and plays a sound until the person or the timer ends it.

A reminder sounds once; a timer and an alarm go on. The first sound comes at once, over the voice if it speaks: what has
to be heard to the second cannot wait for the end of an answer. Only while the person is listened to does it wait; the
later ones leave the voice alone too.
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
LOOK_EVERY_S = 0.2
"""What waits for the person to have spoken looks again after so long."""
TOGETHER_S = 1.0
"""Those that begin within this ring together."""


class Ringer:
    """The bell. A listener of the assistant.

    Args:
        clock: Tells when to sound again.
        play: Plays a short sound beside whatever is played.
        listening: Whether the microphone is open: nothing sounds.
        speaking: Whether the voice speaks: only what has not sounded yet does.
    """

    def __init__(
        self,
        clock: Clock,
        play: Callable[[AudioChunk], Awaitable[None]],
        listening: Callable[[], bool],
        speaking: Callable[[], bool],
    ) -> None:
        self._clock = clock
        self._play = play
        self._listening = listening
        self._speaking = speaking
        self._ringing: dict[str, bool] = {}
        self._unheard: set[str] = set()
        self._sounded_at = float("-inf")
        self._tasks = TaskOwner()

    def __call__(self, event: TurnEvent | SystemEvent) -> None:
        """Hear of an event."""
        match event:
            case CardChanged(card=TimerCard() as card) | CardUpserted(card=TimerCard() as card):
                if card.state is TimerState.RINGING:
                    self._begin(card.card_id, once=card.what == "reminder")
                else:
                    self._end(card.card_id)
            case CardRemoved(card_id=card_id):
                self._end(card_id)

    async def aclose(self) -> None:
        """Be silent for good. May be called twice."""
        self._ringing.clear()
        self._unheard.clear()
        await self._tasks.aclose()

    def _begin(self, card_id: str, *, once: bool) -> None:
        if card_id in self._ringing:
            return
        self._ringing[card_id] = once
        if self._clock.monotonic() - self._sounded_at > TOGETHER_S:
            self._unheard.add(card_id)
        if not len(self._tasks):
            self._tasks.start(self._ring(), name="ring")

    def _end(self, card_id: str) -> None:
        self._ringing.pop(card_id, None)
        self._unheard.discard(card_id)

    async def _ring(self) -> None:
        sound = ring()
        while self._ringing:
            again_in_s = self._sounded_at + EVERY_S - self._clock.monotonic()
            if (self._unheard or (again_in_s <= 0.0 and not self._speaking())) and not self._listening():
                try:
                    await self._play(sound)
                except SottoError as error:
                    log.info("a timer rings without a sound: %s", error)
                    self._unheard.clear()
                    return
                self._sounded_at = self._clock.monotonic()
                self._unheard.clear()
                for card_id in [card_id for card_id, once in self._ringing.items() if once]:
                    self._end(card_id)
                again_in_s = EVERY_S
            await self._clock.sleep(min(LOOK_EVERY_S, again_in_s) if again_in_s > 0.0 else LOOK_EVERY_S)
