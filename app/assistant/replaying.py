"""Speaks an answer again, as a turn of its own that asks nothing of the language model."""

from __future__ import annotations

import asyncio
import logging

from app.assistant.ledger import Ledger
from app.assistant.parts import Parts, TurnOptions
from app.assistant.speaking import Speaking
from app.assistant.stream import TurnStream
from app.assistant.turn import internal_error
from app.audio.sentences import SentenceSplitter
from app.contracts.errors import SottoError
from app.contracts.events import TurnCancelled, TurnFailed, TurnFinished

log = logging.getLogger(__name__)


class Replay:
    """One answer, spoken again.

    Args:
        parts: The ports.
        options: What the person chose; only the voice matters.
        stream: Where it is reported.
        answer: The text as it was shown.
    """

    ended = "The replay was ended."

    def __init__(self, parts: Parts, options: TurnOptions, stream: TurnStream, answer: str) -> None:
        self.stream = stream
        self._parts = parts
        self._answer = answer
        self._speaking = Speaking(parts, options.voice, stream.emit)

    async def run(self) -> None:
        """Speak to the end. Raises nothing but the cancelling of its task."""
        ledger = Ledger(self._parts, self.stream)
        with ledger.counting():
            await self._run(ledger)

    async def _run(self, ledger: Ledger) -> None:
        splitter = SentenceSplitter()
        for sentence in [*splitter.push(self._answer), *splitter.flush()]:
            self._speaking.say(sentence)
        self._speaking.complete()
        try:
            backend, busy = self._parts.text_to_speech.backend, self._speaking.times.busy
            ledger.ahead("speak", backend, lambda: busy.so_far)
            with ledger.stage("speak", backend, counted=True):
                await self._speaking.run()
            self.stream.emit(TurnFinished(metrics=ledger.turn_metrics()))
        except asyncio.CancelledError:
            self.cancel(self.ended)
            raise
        except SottoError as error:
            self._fail(error)
        except Exception:
            log.exception("%s %s failed", type(self).__name__.lower(), self.stream.turn_id)
            self._fail(internal_error())

    def _fail(self, error: SottoError) -> None:
        self._speaking.stop()
        self.stream.emit(
            TurnFailed(code=error.code, message=error.message, remedy=error.remedy, exit_code=error.exit_code)
        )

    def cancel(self, reason: str) -> None:
        """Silence, and the end."""
        if not self.stream.ended:
            self._speaking.stop()
            self.stream.emit(TurnCancelled(after_ms=self.stream.elapsed_ms(), reason=reason))
