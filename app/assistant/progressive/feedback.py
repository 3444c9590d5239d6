"""Hears what the person thinks of answers: by the buttons of their cards, and by words like "no, that's wrong"."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from app.assistant.progressive.satisfaction import Satisfaction
from app.assistant.progressive.thumbs import RATINGS, Verdict, verdict
from app.assistant.skills.skill import ModelAsk
from app.assistant.turn import Question, Responded, Responder, Turn
from app.assistant.understanding.meaning import OPEN_QUESTION, Complexity, Understanding
from app.contracts.cards import AnswerCard, QuestionCard
from app.contracts.errors import InvalidInput, SottoError
from app.contracts.events import CardChanged, CardUpserted, SystemEvent, TurnEvent, TurnStarted, Understood

log = logging.getLogger(__name__)

AT_HAND = 200
"""So many answers can still be rated."""


class Waiting(Responder, Protocol):
    """A responder that may wait for an answer: words then belong to its question first."""

    @property
    def pending(self) -> object | None:
        """What waits for the person."""
        ...


@dataclass(slots=True)
class Answered:
    """A turn by what can be rated of it."""

    question: str = ""
    intent: str = ""
    complexity: Complexity = Complexity.SIMPLE
    card: AnswerCard | None = None


class Feedback:
    """The answers of this run, and what was said of them.

    Args:
        satisfaction: Learns from it.
        last_stage: Name of the stage behind which there is none, read at every rating.
        publish: Takes the card with its rating.
    """

    ratings = RATINGS

    def __init__(
        self, satisfaction: Satisfaction, last_stage: Callable[[], str], publish: Callable[[SystemEvent], None]
    ) -> None:
        self._satisfaction = satisfaction
        self._last_stage = last_stage
        self._publish = publish
        self._turns: OrderedDict[str, Answered] = OrderedDict()

    def note(self, event: TurnEvent | SystemEvent) -> None:
        """Remember what every answer was an answer to."""
        match event:
            case TurnStarted(continues=before) if before in self._turns:  # understood before it asked back
                turn, asked = self._turn(event.turn_id), self._turns[before]
                turn.intent, turn.complexity = asked.intent, asked.complexity
            case Understood(intent=intent, complexity=complexity):
                turn = self._turn(event.turn_id)
                turn.intent, turn.complexity = intent, Complexity(complexity)
            case CardUpserted(card=QuestionCard(text=text, final=True, turn_id=turn_id)):
                self._turn(turn_id).question = text
            case CardUpserted(card=AnswerCard(finished=True) as card) if card.actions:
                self._turn(card.turn_id).card = card
            case _:
                pass

    async def rate(self, card_id: str, rating: int) -> AnswerCard:
        """The person rates an answer; the same rating again takes it back. Returns the card with it.

        Raises:
            InvalidInput: The answer is of an earlier run, or was no answer at all.
            StorageError: It could not be written down.
        """
        turn = next((turn for turn in self._turns.values() if turn.card and turn.card.card_id == card_id), None)
        if turn is None or turn.card is None or rating not in (1, -1):
            raise InvalidInput("That answer can no longer be rated.", code="no-card")
        rating = 0 if turn.card.rated == rating else rating
        return await self._rated(turn, turn.card, rating)

    def around(self, responder: Waiting) -> Responder:
        """The responder, with an ear for what is said of the answer before."""
        return _Listening(self, responder)

    def newest(self) -> Answered | None:
        """The newest turn whose answer can be rated."""
        return next((turn for turn in reversed(self._turns.values()) if turn.card is not None), None)

    def again(self, turn_id: str, question: str) -> None:
        """A turn answers the question of an earlier one again."""
        self._turn(turn_id).question = question

    async def judged(self, turn: Answered, said: Verdict) -> None:
        """The person said what they think of an answer. That it could not be written down ends nothing."""
        if turn.card is None or turn.card.rated == said.rated:
            return
        try:
            await self._rated(turn, turn.card, said.rated)
        except SottoError as error:
            log.warning("a rating could not be kept: %s", error)

    async def _rated(self, turn: Answered, card: AnswerCard, rating: int) -> AnswerCard:
        stage = card.stage or "one_pass"
        intent = turn.intent or OPEN_QUESTION
        last = self._last_stage() if intent == OPEN_QUESTION else stage  # behind a skill there is no further stage
        await self._satisfaction.rate(intent, turn.complexity, stage, rating, before=card.rated, last=last)
        turn.card = replace(card, rated=rating, revision=card.revision + 1)
        self._publish(CardChanged(card=turn.card))
        return turn.card

    def _turn(self, turn_id: str) -> Answered:
        turn = self._turns.setdefault(turn_id, Answered())
        while len(self._turns) > AT_HAND:
            self._turns.popitem(last=False)
        return turn


class _Listening:
    """Implements `app.assistant.turn.Responder` over another one."""

    def __init__(self, feedback: Feedback, inner: Waiting) -> None:
        self._feedback = feedback
        self._inner = inner

    def hear(self, text: str) -> None:
        """Pass it on."""
        self._inner.hear(text)

    async def respond(self, turn: Turn, question: Question) -> Responded:
        """Words that only rate the answer before end here, or have it answered again; all others are passed on."""
        waiting = self._inner.pending is not None
        said = None if waiting or question.card_id or question.asked is not None else verdict(question.text)
        before = None if said is None else self._feedback.newest()
        if said is None or before is None:
            return await self._inner.respond(turn, question)
        await self._feedback.judged(before, said)
        if said.rated > 0:
            return await _spoken(turn, "Thank you.")
        if said.rest:  # what it should have been: a request of its own
            return await self._inner.respond(turn, question)
        if before.intent not in ("", OPEN_QUESTION):
            return await _spoken(turn, "I am sorry. Please say it in other words.")
        self._feedback.again(turn.stream.turn_id, before.question)
        turn.stream.emit(Understood(intent=OPEN_QUESTION, complexity=Complexity.COMPLEX.value))
        ask = ModelAsk(f"That was wrong. Think again and answer: {before.question}")
        meaning = Understanding(question.text, OPEN_QUESTION, complexity=Complexity.COMPLEX)
        return Responded(answered=False, ask=ask, meaning=meaning)


async def _spoken(turn: Turn, words: str) -> Responded:
    turn.notice(words, code="rated")
    async with turn.reply(None) as text:
        text.say(words)
        text.say_rest()
    return Responded(answered=True, said=words)
