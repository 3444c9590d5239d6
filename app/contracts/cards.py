"""Cards: the typed blocks on the canvas. A newer revision of the same card replaces the older one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import ClassVar

from app.contracts.capabilities import ConfidenceSource
from app.contracts.card import Card as Card
from app.contracts.devices import Tier
from app.contracts.skill_cards import SKILL_CARDS, SkillCard


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionCard(Card):
    """What the person said or typed.

    Attributes:
        text: The words so far.
        final: False while the person is still talking.
        spoken: True when it came by voice.
    """

    kind: ClassVar[str] = "question"

    text: str
    final: bool
    spoken: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerSpan:
    """A stretch of an answer with one confidence.

    Attributes:
        text: The characters.
        confidence: In [0, 1], or None when the backend gives none.
        tier: Which tier wrote it.
    """

    text: str
    confidence: float | None
    tier: Tier


def first_characters(spans: Iterable[AnswerSpan], count: int) -> list[AnswerSpan]:
    """The spans of the first ``count`` characters."""
    kept = []
    for span in spans:
        if count <= 0:
            break
        kept.append(span if len(span.text) <= count else replace(span, text=span.text[:count]))
        count -= len(span.text)
    return kept


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerCard(Card):
    """The answer. While it streams, `TextDelta` events carry the new text; the card itself comes again at its end.

    Attributes:
        spans: The whole text, in order.
        finished: No more text will come.
        stopped: The person stopped it before it was whole.
        turns_in_context: How many earlier turns the model saw.
        topics: One line about earlier turns that no longer fit, empty when all did.
        heard: The part that was really spoken, None when nothing was to be spoken.
        stage: The stage that wrote it as it stands: ``quick_response``, ``synthesis``, the name of a skill; empty where
            one pass of the model is all there is.
        confidence: Of the whole, in [0, 1]; None when nobody knows.
        confidence_source: Where that number comes from.
        refined: How many times a later stage has put a better text in place of an earlier one.
        rated: What the person thought of it: 1, -1, or 0 for nothing said.
    """

    kind: ClassVar[str] = "answer"

    spans: tuple[AnswerSpan, ...] = ()
    finished: bool = False
    stopped: bool = False
    turns_in_context: int = 0
    topics: str = ""
    heard: str | None = None
    stage: str = ""
    confidence: float | None = None
    confidence_source: ConfidenceSource = ConfidenceSource.NONE
    refined: int = 0
    rated: int = 0

    @property
    def text(self) -> str:
        """The whole answer."""
        return "".join(span.text for span in self.spans)


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorCard(Card):
    """Something went wrong, in one sentence, with the remedy."""

    kind: ClassVar[str] = "error"

    code: str
    message: str
    remedy: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeCard(Card):
    """Something worth knowing that is not an error.

    Attributes:
        action: Identifier of what its button does, for instance ``recover-recording``; empty for no button.
        action_label: The button's text.
        reference: What the action is about, for instance a recording's id.
    """

    kind: ClassVar[str] = "notice"

    message: str
    action: str = ""
    action_label: str = ""
    reference: str = ""


AnyCard = QuestionCard | AnswerCard | ErrorCard | NoticeCard | SkillCard
CARD_TYPES: tuple[type[AnyCard], ...] = (QuestionCard, AnswerCard, ErrorCard, NoticeCard, *SKILL_CARDS)
