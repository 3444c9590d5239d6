"""Says something nobody asked for: a timer that is over, what was missed while Sotto was closed.

Why it exists: as a turn of its own, of the source ``announcement``, it can be stopped as any other, waits for its
place, and no listener needs to know more.
"""

from __future__ import annotations

import asyncio

from app.assistant.ledger import Ledger
from app.assistant.parts import Parts, TurnOptions
from app.assistant.replaying import Replay
from app.assistant.stream import TurnStream
from app.assistant.turn import internal_error
from app.contracts.cards import NoticeCard
from app.contracts.errors import SottoError
from app.contracts.events import CardUpserted, TurnFinished

LEAD_IN_S = 0.5
"""Before the voice begins, for the sound of a timer that rings at this moment."""


class Announcement(Replay):
    """Some sentences, shown and, where answers are spoken, said.

    Args:
        parts: The ports.
        options: What the person chose: whether to speak, and how.
        stream: Where it is reported.
        text: What is said.
    """

    ended = "The announcement was ended."

    def __init__(self, parts: Parts, options: TurnOptions, stream: TurnStream, text: str) -> None:
        super().__init__(parts, options, stream, text)
        self._all_parts = parts
        self._speak = options.speak
        self._text = text

    async def run(self) -> None:
        """Show and speak to the end. Raises nothing but the cancelling of its task."""
        self._show("announcement", self._text)
        if not self._speak:
            self._finish()
            return
        try:
            await self._all_parts.clock.sleep(LEAD_IN_S)
        except asyncio.CancelledError:
            self.cancel(self.ended)
            raise
        await super().run()

    def _fail(self, error: SottoError) -> None:
        """What cannot be spoken has been shown all the same; only a mistake in the program ends it as failed."""
        if error.code == internal_error().code:
            super()._fail(error)
            return
        self._speaking.stop()
        self._show(error.code, f"This could not be spoken. {error}")
        self._finish()

    def _show(self, name: str, message: str) -> None:
        turn_id = self.stream.turn_id
        card = NoticeCard(card_id=f"{turn_id}-{name}", turn_id=turn_id, priority=60, message=message)
        self.stream.emit(CardUpserted(card=card))

    def _finish(self) -> None:
        self.stream.emit(TurnFinished(metrics=Ledger(self._all_parts, self.stream).turn_metrics()))
