"""The staged assistant: takes a question through the seven stages, and does what the buttons of its cards say.

Why it exists: most of what people ask of an assistant needs no language model, and what needs one gains from everything
that can be got ready before. What a stage finds lies in one `Work`; each stage may end the turn's work: with a question
to the person, with words for the language model, or with the answer.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from app.assistant.skills.skill import ModelAsk
from app.assistant.speculation.preparing import Preparations
from app.assistant.staged.acting import TOO_LATE, Acting
from app.assistant.staged.answering import Execute, PlanIt, PlanPresentation, Present, say, tell
from app.assistant.staged.asking import Clarify, PrePlan, Understand, asked_of
from app.assistant.staged.branches import Branches
from app.assistant.staged.dialogue import (
    ANSWER,
    CANCEL,
    MODIFY,
    OTHER_INTENT,
    PROCEED,
    Answer,
    Dialogue,
    Pending,
    expired,
    without,
)
from app.assistant.staged.making import Making, Revisions, broke, read_by
from app.assistant.staged.matching import is_a_value, is_question, is_request, plain, refuses
from app.assistant.staged.skillset import SkillSet
from app.assistant.staged.stage import PROGRESS, Clock, Stage, Work
from app.assistant.staged.timings import Timings
from app.assistant.turn import Question, Responded, Turn
from app.assistant.understanding.meaning import Understander, Understanding
from app.contracts.devices import Backend, Device
from app.contracts.errors import InvalidInput, SottoError, StorageError
from app.contracts.events import CardChanged, StageSkipped, Status, SystemEvent
from app.contracts.skill_cards import ClarificationCard, PrePlanCard, PrePlanState, StatusCard
from app.memory.notebook import Notebook

log = logging.getLogger(__name__)

STATUS_CARD_AFTER_S = 0.15
"""A request that is answered sooner needs no card that says what is being done."""
LIKELY = 0.6
"""Confidence from which data is fetched while the person still speaks."""
ANOTHER_REQUEST = 0.8
"""Confidence from which words that answer no choice of a waiting question are another request."""
HEARING = "hearing"
"""Tag of what is fetched while the person still speaks."""
LONGEST_CHANGE = 8
"""Words up to which something said about a proposal may change it; longer ones are another request."""
_OWN = Backend("", "", Device.CPU, "")


@dataclass(frozen=True, slots=True)
class StagedParts:
    """What the stages are made with.

    Attributes:
        skills: All of them.
        understander: Takes words for something.
        preparations: Caches and work ahead.
        notebook: Where cards and changes are kept.
        now: Local time, aware.
        publish: Takes changes of cards outside turns.
    """

    skills: SkillSet
    understander: Understander
    preparations: Preparations
    notebook: Notebook
    now: Clock
    publish: Callable[[SystemEvent], None]


class StagedAssistant:
    """Answers with skills what skills can answer.

    Args:
        parts: What it is made with.
    """

    def __init__(self, parts: StagedParts) -> None:
        self._parts = parts
        self._dialogue = Dialogue()
        self._revisions = Revisions()
        self.timings = Timings()
        self.making = Making(parts.preparations, self._revisions)
        self._branches = Branches(self.making, parts.preparations)
        self.acting = Acting(parts.skills, parts.notebook, parts.now)
        self._clarify = Clarify(self._dialogue, parts.skills, self.making, self._branches)
        self._understand = Understand(parts.understander, self.prepare, parts.skills, self._dialogue)
        self._stages: tuple[Stage, ...] = (
            self._understand,
            self._clarify,
            PrePlan(self._dialogue, self._branches, self.timings),
            PlanIt(self.making),
            PlanPresentation(),
            Execute(self.making),
            Present(parts.notebook, self.timings, parts.publish),
        )
        self._unsubscribe = parts.notebook.subscribe(self._written)
        self._heard = ""
        self._prepared = False
        self._asked_again = False

    @property
    def pending(self) -> Pending | None:
        """What waits for the person."""
        return self._dialogue.pending

    @property
    def understander(self) -> Understander:
        """Takes words for something."""
        return self._parts.understander

    def hear(self, text: str) -> None:
        """Fetch what the words so far are likely to need. A guess that fails costs nothing: the turn makes its own."""
        if self._prepared:
            try:
                self._get_ready_for(text)
            except Exception:  # a skill of another package may raise anything; the words are still being spoken
                log.exception("nothing could be got ready for the words so far")

    def _get_ready_for(self, text: str) -> None:
        meaning = self._parts.understander.understand(text, self._parts.now())
        skill = self._parts.skills.of_intent(meaning.intent) if meaning.confidence >= LIKELY else None
        if (heard := "" if skill is None else skill.spec.skill_id) != self._heard:
            self._heard = heard
            self._parts.preparations.drop(HEARING)
        if skill is not None:
            self.making.data_ahead(skill, asked_of(meaning, self._parts.now(), spoken=True), tag=HEARING)

    async def prepare(self) -> None:
        """Get ready to understand, in a thread; quick when that has been done."""
        if not self._prepared:
            await asyncio.to_thread(self._parts.understander.prepare)
            self._prepared = True

    async def respond(self, turn: Turn, question: Question) -> Responded:
        """Take a question through the stages. See `app.assistant.turn.Responder`."""
        work = Work(turn, question, self._parts.now(), asked=question.asked, began=turn.parts.clock.monotonic())
        if work.asked is not None:
            work.skill = self._parts.skills.of_intent(work.asked.intent)
        with self._parts.preparations.foreground(turn.stream.emit):
            try:
                async with _status_card(work) as status:
                    await self._hear_of_others()
                    ended = await self._answer_to_card(work) or await self._through_stages(work, status)
            except (asyncio.CancelledError, SottoError):
                self._ended_early(work)
                raise
        if ended is None or not ended.answered:
            self._dialogue.answered(work.asked)
        if ended is None:
            return await say(work, work.plan)
        if ended.said:
            # A question is on its card already; everything else is shown as it is said.
            await tell(work, ended.said, shown=not ended.waiting_for)
        return ended

    async def _hear_of_others(self) -> None:
        """What another program wrote since makes what was fetched before it worthless, see `Notebook.others_wrote`."""
        with contextlib.suppress(StorageError):  # whatever needs the notebook tells it
            await self._parts.notebook.others_wrote()

    def _written(self, collections: frozenset[str]) -> None:
        """What was made from these collections no longer holds; what is likely wanted again is made anew."""
        self._revisions.note(collections)
        self.making.renew(collections)

    def get_ready(self) -> None:
        """Fetch what is known of the person before anything is asked; at the start of the program."""
        for skill in self._parts.skills:
            self.making.get_ready(skill, self._parts.now())

    def aclose(self) -> None:
        """Hear no more of the notebook."""
        self._unsubscribe()

    async def _through_stages(self, work: Work, status: Callable[[Status], None]) -> Responded | None:
        """All stages; a mistake in a skill is told as that skill's."""
        try:
            return await self._one_by_one(work, status)
        except SottoError:
            raise
        except Exception as error:
            if work.skill is None:
                raise
            log.exception("skill %s broke", work.skill.spec.skill_id)
            raise broke(work.skill) from error

    async def _one_by_one(self, work: Work, status: Callable[[Status], None]) -> Responded | None:
        for stage in self._stages:
            if reason := stage.skip(work):
                work.turn.stream.emit(StageSkipped(stage=stage.name.value, reason=reason))
                continue
            said = Status(stage=stage.name.value, message=stage.sentence(work), progress=PROGRESS[stage.name])
            work.turn.stream.emit(said)
            status(said)
            with work.turn.ledger.stage(stage.name.value, _OWN, counted=True):
                ended = await stage.run(work)
            if ended is not None:
                return ended
        return None

    async def _answer_to_card(self, work: Work) -> Responded | None:
        """Words or a button that answer the waiting card lead on from there; any other request lets it expire."""
        question = work.question
        pending = self._dialogue.pending
        if question.card_id:
            if pending is None or pending.card.card_id != question.card_id:
                return await self._too_late(work)
            answer = self._dialogue.press(question.action)
            if answer is None:  # it goes on waiting
                raise InvalidInput(f"That card knows no {question.action!r}.", code="no-action")
        elif pending is None or work.asked is not None:
            answer = None
        else:
            answer = await self._said(pending, work)
            if answer is None and await self._not_understood(pending, work):
                return await self._once_more(pending, work)
        self._asked_again = False
        if answer is not None and pending is not None:
            self._dialogue.take()
            return await self._resume(work, pending, answer)
        if pending is not None:
            self._expire()
        if not question.card_id and work.asked is None:
            return await self.acting.by_voice(work)
        return None

    async def _said(self, pending: Pending, work: Work) -> Answer | None:
        """What the words answer: a choice, something of the person's own, a choice that was heard wrong."""
        text = work.question.text
        if (answer := self._dialogue.read(text)) is not None:
            return answer
        if await self._is_another(pending, work):
            return None
        if pending.question is not None and refuses(text):
            return None
        return self._in_own_words(pending, work) or (None if is_request(text) else self._dialogue.guess(text))

    async def _is_another(self, pending: Pending, work: Work) -> bool:
        """Whether the words are rather another request; a bare number or length of time never is."""
        text = work.question.text
        if is_a_value(text):
            return False
        claim = await self._understand.claimed(text, work.now)
        if claim is not None and claim.confidence >= ANOTHER_REQUEST and claim.intent != pending.asked.intent:
            return True
        meaning = self._parts.understander.understand(text, work.now)
        if meaning.confidence < ANOTHER_REQUEST:
            return False
        if meaning.intent == pending.asked.intent:
            return _says_otherwise(meaning, pending)
        wants_any_words = pending.question is not None and not pending.question.choices  # as "What shall I look for?"
        return bool(meaning.skill) or (is_question(text) and not wants_any_words)

    def _in_own_words(self, pending: Pending, work: Work) -> Answer | None:
        """An answer that is none of the choices."""
        asks, skill, text = pending.question or pending.change, pending.skill, work.question.text
        if asks is None or not asks.free or skill is None:
            return None
        if pending.change is not None and len(text.split()) > LONGEST_CHANGE:
            return None
        value = read_by(skill, pending.asked, asks.slot, text)
        return None if value is None else Answer(ANSWER, value, text.strip())

    async def _not_understood(self, pending: Pending, work: Work) -> bool:
        """Whether a few words are neither an answer nor a request: then it is asked again, but only once."""
        text = work.question.text
        if self._asked_again or not plain(text) or is_request(text):
            return False
        meaning = self._parts.understander.understand(text, work.now)
        if meaning.skill and meaning.confidence >= ANOTHER_REQUEST:  # also the same once more: that begins anew
            return False
        return not await self._is_another(pending, work)

    async def _once_more(self, pending: Pending, work: Work) -> Responded | None:
        """Ask or propose the same again."""
        self._expire()
        self._asked_again = True
        work.skill, work.asked = pending.skill, replace(pending.asked, now=work.now)
        if pending.question is None:
            return None
        question = without(pending.question, work.question.text)
        return await self._clarify.ask(work, pending.skill, work.asked, question)

    async def _resume(self, work: Work, pending: Pending, answer: Answer) -> Responded | None:
        """Go on from the card that waited."""
        chosen = str(answer.value) if answer.verb == ANSWER else answer.verb
        self._branches.decided(pending.card.card_id, "variation 0" if answer.verb == PROCEED else chosen)
        work.confirmed = _answered(pending.card, answer)
        work.turn.show(work.confirmed)
        work.skill, work.asked = pending.skill, replace(pending.asked, now=work.now)
        if answer.verb == CANCEL:
            return Responded(answered=True, said="All right, cancelled.")
        if answer.verb == MODIFY and pending.proposal is not None and pending.proposal.modify is not None:
            return await self._clarify.ask(work, pending.skill, work.asked, pending.proposal.modify)
        if pending.question is not None and pending.question.slot == OTHER_INTENT:
            return self._meant(work, pending, chosen)
        asks = pending.change if answer.verb == ANSWER and pending.question is None else pending.question
        if asks is not None:
            self._branches.chose(work.asked, asks, chosen)
            work.asked = work.asked.having({asks.slot: answer.value})
        else:
            work.asked = replace(work.asked, confirmed=True)
        return None

    def _meant(self, work: Work, pending: Pending, intent: str) -> Responded | None:
        """The person said which skill is meant, or none."""
        words = pending.asked.text
        skill = self._parts.skills.of_intent(intent)
        if skill is None:
            return Responded(answered=False, ask=ModelAsk(words))
        work.skill = skill
        work.asked = replace(pending.asked, intent=intent, confidence=1.0, values=skill.values(intent, words, work.now))
        return None

    async def _too_late(self, work: Work) -> Responded:
        card = await self.acting.card(work.question.card_id)
        if isinstance(card, ClarificationCard | PrePlanCard):
            work.turn.show(expired(card))
        return Responded(answered=True, said=TOO_LATE)

    def _ended_early(self, work: Work) -> None:
        """A proposal that was taken up does not go on saying that it proceeds."""
        card = work.confirmed
        if isinstance(card, PrePlanCard) and card.state is PrePlanState.PROCEEDING and not work.presented:
            stopped = replace(card, state=PrePlanState.CANCELLED, revision=card.revision + 1)
            self._parts.publish(CardChanged(card=stopped))

    def _expire(self) -> None:
        pending = self._dialogue.take()
        if pending is not None:
            self._branches.decided(pending.card.card_id, "")
            self._parts.publish(CardChanged(card=expired(pending.card)))


def _answered(card: ClarificationCard | PrePlanCard, answer: Answer) -> ClarificationCard | PrePlanCard:
    """The card as it is shown once it has been answered."""
    revision = card.revision + 1
    if isinstance(card, ClarificationCard):
        return replace(card, chosen=answer.label, actions=(), revision=revision)
    states = {CANCEL: PrePlanState.CANCELLED, MODIFY: PrePlanState.MODIFIED, ANSWER: PrePlanState.MODIFIED}
    return replace(card, state=states.get(answer.verb, PrePlanState.PROCEEDING), actions=(), revision=revision)


def _says_otherwise(meaning: Understanding, pending: Pending) -> bool:
    """Whether words for the same intent have another value than the request that waits, besides the one asked for."""
    asked = pending.question or pending.change
    before = pending.asked.values
    return any(
        slot in before and before[slot] != value
        for slot, value in meaning.values.items()
        if asked is None or slot != asked.slot
    )


@asynccontextmanager
async def _status_card(work: Work) -> AsyncIterator[Callable[[Status], None]]:
    """A card that says what is being done, once that takes a while; it goes at the end of the block."""
    turn = work.turn
    card_id = f"{turn.stream.turn_id}-status"
    newest: list[Status] = []
    shown = 0

    def show() -> None:
        nonlocal shown
        shown += 1
        status = newest[-1]
        card = StatusCard(
            card_id=card_id,
            turn_id=turn.stream.turn_id,
            priority=96,
            revision=shown,
            stage=status.stage,
            message=status.message,
            progress=status.progress,
        )
        turn.show(card, settled=False)

    async def later() -> None:
        await turn.parts.clock.sleep(STATUS_CARD_AFTER_S)
        if newest:
            show()

    def note(status: Status) -> None:
        newest.append(status)
        if shown:
            show()

    waiting = asyncio.create_task(later(), name="status card")
    try:
        yield note
    finally:
        waiting.cancel()
        if shown and not turn.stream.ended:
            turn.remove(card_id)
