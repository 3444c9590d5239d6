"""Has the language model answer and hands the text on as it comes: to the card by events, to the voice by sentences."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from app.assistant.parts import Parts
from app.audio.sentences import Sentence, SentenceSplitter
from app.audio.spoken import ThinkFilter
from app.contracts.cards import AnswerSpan, first_characters
from app.contracts.devices import Tier
from app.contracts.events import TextDelta, TextReplaced, TurnEvent
from app.contracts.ports import Clock
from app.contracts.text import GenerationRequest
from app.pipeline.text.budget import LEAST_TOKENS


@dataclass(slots=True)
class AnswerTimes:
    """Monotonic seconds of the first text, None before; the number of tokens so far."""

    first_text: float | None = None
    tokens: int = 0


class AnswerText:
    """The text of an answer as it is shown and as it is spoken.

    Args:
        clock: Tells when the first text came.
        emit: Takes the `TextDelta` and `TextReplaced` events.
        say: Takes each sentence as soon as it is certain, None when nothing is spoken.
    """

    def __init__(self, clock: Clock, emit: Callable[[TurnEvent], bool], say: Callable[[Sentence], None] | None) -> None:
        self._clock = clock
        self._emit = emit
        self._say = say
        self._splitter = SentenceSplitter(first_clause=True, first_phrase=True)
        self.spans: list[AnswerSpan] = []
        self.times = AnswerTimes()

    def show(self, text: str, confidence: float | None, tier: Tier) -> str:
        """Show new text, without space before the first word; returns what was shown."""
        if not self.spans:
            text = text.lstrip()
        if not text:
            return ""
        if self.times.first_text is None:
            self.times.first_text = self._clock.monotonic()
        self.spans.append(AnswerSpan(text=text, confidence=confidence, tier=tier))
        self._emit(TextDelta(text=text, confidence=confidence, tier=tier))
        return text

    def take_back(self, kept: int, reason: str) -> None:
        """Take back what is shown behind the first ``kept`` characters; none of it has been said."""
        self.spans = first_characters(self.spans, kept)
        self._emit(TextReplaced(kept=kept, reason=reason))

    def say(self, text: str) -> None:
        """Text that stands goes to the voice, sentence by sentence."""
        self._pass_on(self._splitter.push(text))

    def say_rest(self) -> None:
        """No more text will come."""
        self._pass_on(self._splitter.flush())

    def _pass_on(self, sentences: list[Sentence]) -> None:
        if self._say is not None:
            for sentence in sentences:
                self._say(sentence)


class Answering:
    """One answer, straight from the language model.

    Args:
        parts: The ports.
        text: Where the answer goes.
    """

    def __init__(self, parts: Parts, text: AnswerText) -> None:
        self._parts = parts
        self._text = text
        self._hidden = ThinkFilter()

    async def run(self, request: GenerationRequest) -> str:
        """Generate until the model is done, or the joules of the turn are spent; returns the second in words.

        Raises:
            SottoError: The generation failed for good; the text so far stands in the `AnswerText`.
        """
        pieces = self._parts.text.generate(request)
        confidence: float | None = None
        spent = ""
        try:
            async for piece in pieces:
                if piece.finish is None:  # the last piece has no text, so the confidence is that of the token before
                    self._text.times.tokens += 1
                    confidence = None if piece.log_prob is None else math.exp(piece.log_prob)
                    self._show(self._hidden.push(piece.text), confidence)
                    if self._text.times.tokens >= LEAST_TOKENS and self._parts.governor.verdict().joules == 0.0:
                        spent = "Broken off: what the limits leave this turn is spent."
                        break
        finally:
            await pieces.aclose()
        self._show(self._hidden.flush(), confidence)
        self._text.say_rest()
        return spent

    def _show(self, text: str, confidence: float | None) -> None:
        backend = self._parts.text.backend
        self._text.say(self._text.show(text, confidence, Tier(backend.backend_id, backend.model)))
