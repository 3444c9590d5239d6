"""Has the language model answer and hands the text on as it comes: to the card by events, to the voice by sentences."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from app.assistant.parts import Parts
from app.audio.sentences import Sentence, SentenceSplitter
from app.audio.spoken import ThinkFilter
from app.contracts.cards import AnswerSpan
from app.contracts.devices import Tier
from app.contracts.events import TextDelta, TurnEvent
from app.contracts.text import GenerationRequest


@dataclass(slots=True)
class AnswerTimes:
    """Monotonic seconds of the first text, None before; the number of tokens so far."""

    first_text: float | None = None
    tokens: int = 0


class Answering:
    """One answer.

    Args:
        parts: The ports.
        emit: Takes the `TextDelta` events.
        say: Takes each sentence as soon as it is certain, None when nothing is spoken.
    """

    def __init__(self, parts: Parts, emit: Callable[[TurnEvent], bool], say: Callable[[Sentence], None] | None) -> None:
        self._parts = parts
        self._emit = emit
        self._say = say
        self._hidden = ThinkFilter()
        self._splitter = SentenceSplitter(first_clause=True, first_phrase=True)
        self.spans: list[AnswerSpan] = []
        self.times = AnswerTimes()

    async def run(self, request: GenerationRequest) -> None:
        """Generate until the model is done.

        Raises:
            SottoError: The generation failed for good; the text so far stands in `spans`.
        """
        pieces = self._parts.text.generate(request)
        confidence: float | None = None
        try:
            async for piece in pieces:
                if piece.finish is None:  # the last piece has no text, so the confidence is that of the token before
                    self.times.tokens += 1
                    confidence = None if piece.log_prob is None else math.exp(piece.log_prob)
                    self._show(self._hidden.push(piece.text), confidence)
        finally:
            await pieces.aclose()
        self._show(self._hidden.flush(), confidence)
        self._pass_on(self._splitter.flush())

    def _show(self, text: str, confidence: float | None) -> None:
        if not self.spans:
            text = text.lstrip()
        if not text:
            return
        if self.times.first_text is None:
            self.times.first_text = self._parts.clock.monotonic()
        backend = self._parts.text.backend
        tier = Tier(backend.backend_id, backend.model)
        self.spans.append(AnswerSpan(text=text, confidence=confidence, tier=tier))
        self._emit(TextDelta(text=text, confidence=confidence, tier=tier))
        self._pass_on(self._splitter.push(text))

    def _pass_on(self, sentences: list[Sentence]) -> None:
        if self._say is not None:
            for sentence in sentences:
                self._say(sentence)
