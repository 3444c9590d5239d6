"""One turn, from the question to the last spoken word; it ends exactly once, whatever happens.

Where the question comes from (a key held, a line typed, a file) is the business of `app.assistant.inputs`. Here it is
answered, shown and spoken, and the costs are written down.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Protocol

from app.assistant.answering import AnswerText
from app.assistant.conversation import Context, Conversation
from app.assistant.ledger import Ledger
from app.assistant.parts import Parts, TurnOptions
from app.assistant.skills.skill import Asked, ModelAsk
from app.assistant.speaking import Speaking
from app.assistant.stream import TurnStream
from app.assistant.understanding.meaning import Understanding
from app.assistant.writing import Writing
from app.contracts.card import CardAction
from app.contracts.cards import AnswerCard, AnyCard, ErrorCard, NoticeCard, QuestionCard
from app.contracts.errors import SottoError, TurnCancelledError
from app.contracts.events import CardRemoved, CardUpserted, Status, TurnCancelled, TurnFailed, TurnFinished
from app.contracts.text import ChatMessage, GenerationRequest, Role

log = logging.getLogger(__name__)

LEAST_WORDS_IN_CONTEXT = 5
"""An answer stopped earlier is no example to go by: a small model would answer the next question as briefly."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is to be answered.

    Attributes:
        text: The words.
        ended_at: Monotonic seconds at which the person's input ended.
        tail_ms: Length of the release tail, 0 where there was none.
        transcribed_at: Monotonic seconds of the final transcript, None for typed questions.
        notice: Something to tell, for instance that the microphone went away; empty for nothing.
        card_id: The card whose button was used instead of words, empty for words.
        action: What the button says, see `app.contracts.card.CardAction`.
        asked: A request that is understood already, as that of a card's action or a routine; None for words.
    """

    text: str
    ended_at: float
    tail_ms: float = 0.0
    transcribed_at: float | None = None
    notice: str = ""
    card_id: str = ""
    action: str = ""
    asked: Asked | None = None


@dataclass(frozen=True, slots=True)
class Responded:
    """What the staged assistant did with a question.

    Attributes:
        answered: The question was answered, or asked back.
        waiting_for: The card whose answer starts the next turn, empty when nothing is asked.
        said: The answer in words, for the turns to come.
        ask: What the language model is to be asked instead; None for the question as it is.
        meaning: What the question was taken for, None when nobody looked.
    """

    answered: bool
    waiting_for: str = ""
    said: str = ""
    ask: ModelAsk | None = None
    meaning: Understanding | None = None


class Responder(Protocol):
    """Answers what it can without the language model, or before it."""

    def hear(self, text: str) -> None:
        """The words so far of a question that is still being spoken. Returns at once."""
        ...

    async def respond(self, turn: Turn, question: Question) -> Responded:
        """Answer the question in the turn, or say what the language model is to be asked.

        Raises:
            SottoError: The turn fails with it.
        """
        ...


class Turn:
    """One turn.

    Args:
        parts: The ports.
        options: What the person chose.
        conversation: Earlier turns; this one is added when it has been answered.
        stream: Where everything is reported.
        spoken: True when the question comes by voice.
        responder: Is asked first; None leaves everything to the language model.
        ratings: What the person may say of the answer by its card.
    """

    def __init__(
        self,
        parts: Parts,
        options: TurnOptions,
        conversation: Conversation,
        stream: TurnStream,
        *,
        spoken: bool,
        responder: Responder | None = None,
        ratings: tuple[CardAction, ...] = (),
    ) -> None:
        self.parts = parts
        self.options = options
        self.conversation = conversation
        self.stream = stream
        self.ledger = Ledger(parts, stream)
        self.spoken = spoken
        self._responder = responder
        self._ratings = ratings
        self._question = QuestionCard(
            card_id=f"{stream.turn_id}-question",
            turn_id=stream.turn_id,
            priority=100,
            text="",
            final=False,
            spoken=spoken,
        )
        self._question_shown = False
        self._answer: AnswerCard | None = None
        self._text: AnswerText | None = None
        self._speaking: Speaking | None = None
        self._unsettled: dict[str, None] = {}

    def heard_so_far(self, text: str) -> None:
        """Show the words so far, and let what can be got ready for them be got ready."""
        self.show_question(text, final=False)
        if self._responder is not None:
            self._responder.hear(text)

    def show_question(self, text: str, *, final: bool) -> None:
        """Show the words so far, or the final ones."""
        revision = self._question.revision + 1 if self._question_shown else 1
        self._question = replace(self._question, text=text, final=final, revision=revision)
        self._question_shown = True
        self.stream.emit(CardUpserted(card=self._question))

    def notice(self, message: str, *, code: str) -> None:
        """Show something worth knowing beside the answer."""
        card_id = f"{self.stream.turn_id}-{code}"
        self.show(NoticeCard(card_id=card_id, turn_id=self.stream.turn_id, priority=40, message=message))

    async def compose(self, text: str, *, pipeline: str = "") -> tuple[Context, GenerationRequest]:
        """The request a question becomes, for generating and for prefilling alike, and the context in it.

        What is known of the person goes with it, unless a pipeline of its own is to look the question up.
        """
        known: Sequence[str] = ()
        if self.parts.known is not None and self._responder is not None and not pipeline:
            known = await self.parts.known.about(text)
        context = await self.conversation.build(text, self.parts.text.count_tokens, known=known)
        return context, GenerationRequest(
            messages=context.messages,
            max_tokens=self._longest_answer(),
            temperature=self.options.temperature,
            top_p=self.options.top_p,
            seed=self.options.seed,
        )

    def _longest_answer(self) -> int:
        """Tokens. A pipeline keeps to the governor's cap itself, so that what it has kept may be longer."""
        cap = self.parts.governor.verdict().max_tokens
        if cap is None or (self.parts.pipelines is not None and self.options.pipeline):
            return self.options.max_tokens
        return min(self.options.max_tokens, cap)

    async def run(self, ask: Callable[[Turn], Awaitable[Question]]) -> SottoError | None:
        """Get the question, answer it, end the turn; returns the error it failed with.

        Raises nothing but the cancelling of its task.
        """
        with self.ledger.counting():
            return await self._run(ask)

    async def _run(self, ask: Callable[[Turn], Awaitable[Question]]) -> SottoError | None:
        try:
            question = await ask(self)
            if question.notice:
                self.notice(question.notice, code="input")
            await self._answer_it(question)
        except asyncio.CancelledError:
            self.cancel("The turn was ended.")
            raise
        except TurnCancelledError as error:
            self.cancel(error.message)
        except SottoError as error:
            return self._fail(error)
        except Exception:
            log.exception("turn %s failed", self.stream.turn_id)
            return self._fail(internal_error())
        return None

    async def _answer_it(self, question: Question) -> None:
        await self.parts.governor.ready()
        self.ledger.input_ended(question.ended_at, question.tail_ms, question.transcribed_at)
        responded = Responded(answered=False)
        if self._responder is not None:
            responded = await self._responder.respond(self, question)
        said = responded.said
        if not responded.answered:
            said = await self._ask_the_model(question, responded)
        self.conversation.add(responded.ask.question if responded.ask else question.text, said)
        self.stream.emit(TurnFinished(metrics=self.ledger.turn_metrics(), waiting_for=responded.waiting_for))

    async def _ask_the_model(self, question: Question, responded: Responded) -> str:
        """Have the language model answer; returns what it wrote."""
        self.stream.emit(Status(stage="answer", message="Thinking…"))
        ask = responded.ask or ModelAsk(question.text)
        context, request = await self.compose(ask.question, pipeline=ask.pipeline)
        if context.question_trimmed:
            self.notice("The question is longer than the model can read; a part of it was left out.", code="too-long")
        if ask.system:
            request = replace(request, messages=(ChatMessage(Role.SYSTEM, ask.system), *request.messages[1:]))
        writing = Writing(self.parts, self.options, self.ledger, self.stream, self.notice)
        card = AnswerCard(
            card_id=self.answer_id, turns_in_context=context.turns_in_context, topics=context.topics, priority=90
        )
        async with self.reply(card) as text:
            await writing.run(request, text, pipeline=ask.pipeline, meaning=responded.meaning)
        return "".join(span.text for span in text.spans)

    @property
    def answer_id(self) -> str:
        """Id of the card of the answer."""
        return f"{self.stream.turn_id}-answer"

    @asynccontextmanager
    async def reply(self, card: AnswerCard | None) -> AsyncIterator[AnswerText]:
        """An answer to write in this block: it is shown on its card and spoken meanwhile.

        At the end of the block the voice is waited for and the card takes its final form.

        Args:
            card: The card as it first appears; its ``turn_id`` is filled in. None for words that are only spoken.
        """
        if card is not None:
            self._answer = replace(card, turn_id=self.stream.turn_id)
            self.show(self._answer)
        emit = self.stream.emit if card is not None else lambda _event: True
        if not self.options.speak:
            self._text = AnswerText(self.parts.clock, emit, None)
            self._text.on_standing = self._show_standing
            yield self._text
            self._close_answer(stopped=False)
            return
        speaking = self._speaking = Speaking(self.parts, self.options.voice, self.stream.emit)
        self._text = AnswerText(self.parts.clock, emit, speaking.say, speaking.withdraw)
        self._text.on_standing = self._show_standing
        self.ledger.ahead("speak", self.parts.text_to_speech.backend, lambda: speaking.times.busy.so_far)
        voice = asyncio.create_task(speaking.run(), name="speak")
        try:
            yield self._text
            speaking.complete()
            await self._speak_to_the_end(voice, speaking)
        finally:
            voice.cancel()
            await asyncio.gather(voice, return_exceptions=True)
        self._close_answer(stopped=False)

    async def _speak_to_the_end(self, voice: asyncio.Task[None], speaking: Speaking) -> None:
        """Wait for the voice. An answer that cannot be spoken is still an answer, unless speech was the point."""
        with self.ledger.stage("speak", self.parts.text_to_speech.backend, counted=True) as stage:
            if speaking.times.began is not None:
                stage.started = speaking.times.began
            try:
                await voice
            except SottoError as error:
                if self.options.must_speak:
                    raise
                self.notice(f"The answer could not be spoken. {error}", code=error.code)
            stage.first_output = speaking.times.first_sound
            self.ledger.first_audio = speaking.times.first_sound

    def _close_answer(self, *, stopped: bool) -> None:
        """Show the answer as it stands at the end."""
        if self._answer is None:
            return
        self._answer = replace(
            self._as_it_stands(self._answer),
            actions=() if stopped else self._ratings,
            finished=True,
            stopped=stopped,
            heard=self._speaking.times.heard if self._speaking else None,
        )
        self.show(self._answer)

    def _is_whole(self) -> bool:
        """The answer of one stage is all there, and heard where it is spoken; another stage may make it better."""
        if self._text is None or self._text.standing is None:
            return False
        shown = "".join(span.text for span in self._text.spans)
        return self._speaking is None or self._speaking.times.heard.strip() == shown.strip()

    def _show_standing(self) -> None:
        """Show the answer as far as it has come; it may become better yet."""
        if self._answer is not None:
            self._answer = self._as_it_stands(self._answer)
            self.show(self._answer)

    def _as_it_stands(self, card: AnswerCard) -> AnswerCard:
        """The next revision of the card, with the text so far and how far that has come."""
        text = self._text
        card = replace(card, revision=card.revision + 1, spans=tuple(text.spans) if text else ())
        standing = None if text is None else text.standing
        if standing is None:
            return card
        return replace(
            card,
            stage=standing.stage,
            confidence=standing.confidence,
            confidence_source=standing.confidence_source,
            refined=standing.refined,
        )

    def cancel(self, reason: str) -> None:
        """End the turn now: silence first, then the card as it was heard, then the end. The engines follow.

        An answer that was whole, and was only about to become better, was not stopped. The caller cancels the task;
        what it still has to wind down is no longer part of the turn.
        """
        if self.stream.ended:
            return
        if self._speaking:
            self._speaking.stop()
        whole = self._is_whole()
        self._close_answer(stopped=not whole)
        self._take_back_unsettled()
        if self._answer is None and self._question_shown and not self._question.final:
            self.stream.emit(CardRemoved(card_id=self._question.card_id))
        if self._answer is not None and self._question.final:
            heard = self._answer.heard if self._answer.heard is not None else self._answer.text
            if whole:
                self.conversation.add(self._question.text, self._answer.text)
            elif len(heard.split()) >= LEAST_WORDS_IN_CONTEXT:
                self.conversation.add(self._question.text, f"{heard.rstrip()}…")
        self.stream.emit(TurnCancelled(after_ms=self.stream.elapsed_ms(), reason=reason))

    def _fail(self, error: SottoError) -> SottoError:
        if self._speaking:
            self._speaking.stop()
        self._close_answer(stopped=True)
        self._take_back_unsettled()
        card_id = f"{self.stream.turn_id}-error"
        turn_id = self.stream.turn_id
        self.show(
            ErrorCard(
                card_id=card_id,
                turn_id=turn_id,
                priority=80,
                code=error.code,
                message=error.message,
                remedy=error.remedy,
            )
        )
        self.stream.emit(
            TurnFailed(code=error.code, message=error.message, remedy=error.remedy, exit_code=error.exit_code)
        )
        return error

    def show(self, card: AnyCard, *, settled: bool = True) -> None:
        """Show a card. One that is not settled yet goes when the turn is cancelled or fails."""
        self.stream.emit(CardUpserted(card=card))
        if settled:
            self.settle(card.card_id)
        else:
            self._unsettled[card.card_id] = None

    def settle(self, card_id: str) -> None:
        """A card stays, whatever becomes of the turn."""
        self._unsettled.pop(card_id, None)

    def remove(self, card_id: str) -> None:
        """Take a card away."""
        self.settle(card_id)
        self.stream.emit(CardRemoved(card_id=card_id))

    def _take_back_unsettled(self) -> None:
        for card_id in tuple(self._unsettled):
            self.remove(card_id)


def internal_error() -> SottoError:
    """What the person is told of a mistake in the program; the log has the rest."""
    return SottoError("Something inside Sotto went wrong.", code="internal", remedy="The log has the details.")
