"""Has the language model answer and hands the text on as it comes: to the card by events, to the voice by sentences."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from app.assistant.parts import Parts
from app.assistant.progressive.wording import CORRECTION, kept_characters, left_to_say
from app.audio.sentences import Sentence, SentenceSplitter
from app.audio.spoken import ThinkFilter
from app.contracts.capabilities import ConfidenceSource
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


@dataclass(frozen=True, slots=True)
class Standing:
    """How far an answer has come: fields of `app.contracts.cards.AnswerCard` of the same names."""

    stage: str
    confidence: float | None
    confidence_source: ConfidenceSource
    refined: int = 0


class AnswerText:
    """The text of an answer as it is shown and as it is spoken.

    Args:
        clock: Tells when the first text came.
        emit: Takes the `TextDelta` and `TextReplaced` events.
        say: Takes each sentence as soon as it is certain, None when nothing is spoken.
        withdraw: Takes back what was to be said and has not been begun; returns the rest: what was or will be said.

    Attributes:
        standing: How far it has come; None where one pass of the model is all there is.
        on_standing: Called when that has changed and is to be shown.
        on_first: Called when the first text is about to be shown.
    """

    def __init__(
        self,
        clock: Clock,
        emit: Callable[[TurnEvent], bool],
        say: Callable[[Sentence], None] | None,
        withdraw: Callable[[], str] = str,
    ) -> None:
        self._clock = clock
        self._emit = emit
        self._say = say
        self._withdraw = withdraw
        self._corrections: dict[str, tuple[str, ...]] = {}
        self.standing: Standing | None = None
        self.on_standing: Callable[[], None] = lambda: None
        self.on_first: Callable[[], None] = lambda: None
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
            self.on_first()
        self.spans.append(AnswerSpan(text=text, confidence=confidence, tier=tier))
        self._emit(TextDelta(text=text, confidence=confidence, tier=tier))
        return text

    def take_back(self, kept: int, reason: str) -> None:
        """Take back what is shown behind the first ``kept`` characters; none of it has been said."""
        self.spans = first_characters(self.spans, kept)
        self._emit(TextReplaced(kept=kept, reason=reason))

    def refine(self, text: str, confidence: float | None, tier: Tier, reason: str) -> None:
        """A better text takes the place of this one, from the first sentence that differs, shown and spoken.

        What was said stays said: see `app.assistant.progressive.wording.left_to_say`.
        """
        shown = "".join(span.text for span in self.spans)
        kept = kept_characters(shown, text)
        if kept < len(shown):
            self.take_back(kept, reason)
        self.show(text[kept:], confidence, tier)
        if self._say is not None:
            said = self._withdraw()
            taken_back = {old for spoken, lost in self._corrections.items() if spoken in said for old in lost}
            left = left_to_say(said, text, taken_back)
            if left.taken_back:  # it counts once it has been said: the next refinement may withdraw it
                correction = next(each for each in left.sentences if each.lstrip().startswith(CORRECTION))
                self._corrections[correction.strip()] = left.taken_back
            for sentence in left.sentences:
                self._say(Sentence(sentence, 0, len(sentence)))

    def stands(self, standing: Standing, *, show: bool) -> None:
        """So far it has come; it may become better yet."""
        self.standing = standing
        if show:
            self.on_standing()

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
