"""The staged assistant: takes a question through the seven stages, and does what the buttons of its cards say.

Why it exists: most of what people ask of an assistant needs no language model, and what needs one gains from everything
that can be got ready before. What a stage finds lies in one `Work`; each stage may end the turn's work: with a question
to the person, with words for the language model, or with the answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime

from app.assistant.skills.skill import ModelAsk, Plan
from app.assistant.speculation.preparing import Preparations
from app.assistant.staged.acting import TOO_LATE, Acting
from app.assistant.staged.answering import Execute, PlanIt, PlanPresentation, Present, say
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
)
from app.assistant.staged.making import Making, Revisions
from app.assistant.staged.skillset import SkillSet
from app.assistant.staged.stage import PROGRESS, Clock, Stage, Work
from app.assistant.staged.timings import Timings
from app.assistant.turn import Question, Responded, Turn
from app.assistant.understanding.meaning import Understander, Understanding
from app.contracts.devices import Backend, Device
from app.contracts.events import CardChanged, StageSkipped, Status, SystemEvent
from app.contracts.skill_cards import ClarificationCard, PrePlanCard, PrePlanState, StatusCard
from app.memory.notebook import Notebook

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
        self._stages: tuple[Stage, ...] = (
            Understand(parts.understander, self.prepare, parts.skills),
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

    @property
    def pending(self) -> Pending | None:
        """What waits for the person."""
        return self._dialogue.pending

    @property
    def understander(self) -> Understander:
        """Takes words for something."""
        return self._parts.understander

    def hear(self, text: str) -> None:
        """Fetch what the words so far are likely to need."""
        if not self._prepared:
            return
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
            async with _status_card(work) as status:
                ended = await self._answer_to_card(work) or await self._through_stages(work, status)
        if ended is None:
            return await say(work, work.plan)
        if ended.said:
            async with turn.reply(None) as text:
                text.say(ended.said)
                text.say_rest()
        return ended

    async def quietly(self, text: str, *, now: datetime | None = None) -> tuple[Understanding, Plan | None]:
        """What a text is taken for, and the plan of the skill, None for an open question; nothing is shown or kept.

        Raises:
            SottoError: The skill cannot do it.
        """
        await self.prepare()
        now = now or self._parts.now()
        meaning = self._parts.understander.understand(text, now)
        skill = self._parts.skills.of_intent(meaning.intent)
        if skill is None:
            return meaning, None
        asked = replace(asked_of(meaning, now, spoken=False), confirmed=True)
        return meaning, await self.making.plan(skill, asked, await self.making.data(skill, asked))

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
        elif pending is None or work.asked is not None:
            answer = None
        else:
            answer = self._dialogue.read(question.text) or self._in_own_words(pending, work)
        if answer is not None and pending is not None:
            self._dialogue.take()
            return await self._resume(work, pending, answer)
        if pending is not None:
            self._expire()
        if not question.card_id and work.asked is None:
            return await self.acting.by_voice(work)
        return None

    def _in_own_words(self, pending: Pending, work: Work) -> Answer | None:
        """An answer that is none of the choices, unless it is rather another request."""
        asks, skill = pending.question or pending.change, pending.skill
        if asks is None or not asks.free or skill is None:
            return None
        if pending.change is not None and len(work.question.text.split()) > LONGEST_CHANGE:
            return None
        meaning = self._parts.understander.understand(work.question.text, work.now)
        another = meaning.skill and meaning.intent != pending.asked.intent and meaning.confidence >= ANOTHER_REQUEST
        value = None if another else skill.read_answer(pending.asked, asks.slot, work.question.text)
        return None if value is None else Answer(ANSWER, value, work.question.text.strip())

    async def _resume(self, work: Work, pending: Pending, answer: Answer) -> Responded | None:
        """Go on from the card that waited."""
        chosen = str(answer.value) if answer.verb == ANSWER else answer.verb
        self._branches.decided(pending.card.card_id, "variation 0" if answer.verb == PROCEED else chosen)
        work.turn.show(_answered(pending.card, answer))
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
