"""One turn, from the question to the last spoken word; it ends exactly once, whatever happens.

Where the question comes from (a key held, a line typed, a file) is the business of `app.assistant.inputs`. Here it is
answered, shown and spoken, and the costs are written down.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from app.assistant.answering import Answering, AnswerText
from app.assistant.conversation import Context, Conversation
from app.assistant.ledger import Ledger
from app.assistant.parts import Parts, TurnOptions
from app.assistant.piping import Piping
from app.assistant.speaking import Speaking
from app.assistant.stream import TurnStream
from app.contracts.cards import AnswerCard, ErrorCard, NoticeCard, QuestionCard
from app.contracts.energy import GovernorVerdict
from app.contracts.errors import SottoError, TurnCancelledError
from app.contracts.events import CardRemoved, CardUpserted, Status, TurnCancelled, TurnFailed, TurnFinished
from app.contracts.text import GenerationRequest
from app.pipeline.text.budget import note_of_budget

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
    """

    text: str
    ended_at: float
    tail_ms: float = 0.0
    transcribed_at: float | None = None
    notice: str = ""


class Turn:
    """One turn.

    Args:
        parts: The ports.
        options: What the person chose.
        conversation: Earlier turns; this one is added when it has been answered.
        stream: Where everything is reported.
        spoken: True when the question comes by voice.
    """

    def __init__(
        self, parts: Parts, options: TurnOptions, conversation: Conversation, stream: TurnStream, *, spoken: bool
    ) -> None:
        self.parts = parts
        self.options = options
        self.conversation = conversation
        self.stream = stream
        self.ledger = Ledger(parts, stream)
        self._spoken = spoken
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

    def show_question(self, text: str, *, final: bool) -> None:
        """Show the words so far, or the final ones."""
        revision = self._question.revision + 1 if self._question_shown else 1
        self._question = replace(self._question, text=text, final=final, revision=revision)
        self._question_shown = True
        self.stream.emit(CardUpserted(card=self._question))

    def notice(self, message: str, *, code: str) -> None:
        """Show something worth knowing beside the answer."""
        card_id = f"{self.stream.turn_id}-{code}"
        self._show(NoticeCard(card_id=card_id, turn_id=self.stream.turn_id, priority=40, message=message))

    async def compose(self, text: str) -> tuple[Context, GenerationRequest]:
        """The request a question becomes, for generating and for prefilling alike, and the context in it."""
        context = await self.conversation.build(text, self.parts.text.count_tokens)
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

    def _tell_if_cut_short(self, text: AnswerText, verdict: GovernorVerdict, of_budget: str) -> None:
        """Say why an answer ends in the middle of a sentence, when it is to save energy."""
        if of_budget:
            self.notice(of_budget, code="cut-short")
            return
        cap = verdict.max_tokens
        shown = "".join(span.text for span in text.spans).rstrip()
        if cap is not None and cap < self.options.max_tokens and text.times.tokens >= cap and shown[-1:].isalnum():
            self.notice(f"The answer was cut short after {cap} tokens. {verdict.reason}".rstrip(), code="cut-short")

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
        ledger = self.ledger
        await self.parts.governor.ready()
        ledger.input_ended(question.ended_at, question.tail_ms, question.transcribed_at)
        self.stream.emit(Status(stage="answer", message="Thinking…"))
        context, request = await self.compose(question.text)
        if context.question_trimmed:
            self.notice("The question is longer than the model can read; a part of it was left out.", code="too-long")
        self._answer = AnswerCard(
            card_id=f"{self.stream.turn_id}-answer",
            turn_id=self.stream.turn_id,
            priority=90,
            turns_in_context=context.turns_in_context,
            topics=context.topics,
        )
        self._show(self._answer)
        if not self.options.speak:
            await self._generate(request, None)
        else:
            self._speaking = Speaking(self.parts, self.options.voice, self.stream.emit)
            voice_busy = self._speaking.times.busy
            self.ledger.ahead("speak", self.parts.text_to_speech.backend, lambda: voice_busy.so_far)
            voice = asyncio.create_task(self._speaking.run(), name="speak")
            try:
                await self._generate(request, self._speaking)
                await self._speak_to_the_end(voice, self._speaking)
            finally:
                voice.cancel()
                await asyncio.gather(voice, return_exceptions=True)
        self._close_answer(stopped=False)
        self.conversation.add(question.text, self._answer.text)
        self.stream.emit(TurnFinished(metrics=ledger.turn_metrics()))

    async def _generate(self, request: GenerationRequest, speaking: Speaking | None) -> None:
        text = self._text = AnswerText(self.parts.clock, self.stream.emit, speaking.say if speaking else None)
        verdict = self.parts.governor.verdict()
        pipelines = self.parts.pipelines if self.options.pipeline else None
        with self.ledger.stage("answer", self.parts.text.backend, counted=pipelines is not None) as stage:
            try:
                if pipelines is not None:
                    run = pipelines.answer(self.options.pipeline, request, self.stream.turn_id)
                    piping = Piping(run, text, self.stream.emit)
                    await piping.run()
                    stage.backend = piping.backend or stage.backend
                    stage.counted.extend(piping.energy)
                    stage.how = piping.how
                    of_budget = note_of_budget(piping.how.notes) if piping.how else ""
                else:
                    of_budget = await Answering(self.parts, text).run(request)
            finally:
                stage.first_output = text.times.first_text
                stage.tokens = text.times.tokens
                self.ledger.first_token = text.times.first_text
        self._tell_if_cut_short(text, verdict, of_budget)
        if speaking:
            speaking.complete()

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
            self._answer,
            revision=self._answer.revision + 1,
            spans=tuple(self._text.spans) if self._text else (),
            finished=True,
            stopped=stopped,
            heard=self._speaking.times.heard if self._speaking else None,
        )
        self._show(self._answer)

    def cancel(self, reason: str) -> None:
        """End the turn now: silence first, then the card as it was heard, then the end. The engines follow.

        The caller cancels the task; what it still has to wind down is no longer part of the turn.
        """
        if self.stream.ended:
            return
        if self._speaking:
            self._speaking.stop()
        self._close_answer(stopped=True)
        if self._answer is None and self._question_shown and not self._question.final:
            self.stream.emit(CardRemoved(card_id=self._question.card_id))
        if self._answer is not None and self._question.final:
            heard = self._answer.heard if self._answer.heard is not None else self._answer.text
            if len(heard.split()) >= LEAST_WORDS_IN_CONTEXT:
                self.conversation.add(self._question.text, f"{heard.rstrip()}…")
        self.stream.emit(TurnCancelled(after_ms=self.stream.elapsed_ms(), reason=reason))

    def _fail(self, error: SottoError) -> SottoError:
        if self._speaking:
            self._speaking.stop()
        self._close_answer(stopped=True)
        card_id = f"{self.stream.turn_id}-error"
        turn_id = self.stream.turn_id
        self._show(
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

    def _show(self, card: QuestionCard | AnswerCard | ErrorCard | NoticeCard) -> None:
        self.stream.emit(CardUpserted(card=card))


def internal_error() -> SottoError:
    """What the person is told of a mistake in the program; the log has the rest."""
    return SottoError("Something inside Sotto went wrong.", code="internal", remedy="The log has the details.")
