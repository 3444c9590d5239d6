"""Stages one to three: understand what is wanted, ask what is missing, say what is going to be done."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime

from app.assistant.skills.skill import Asked, Clarification, Skill
from app.assistant.staged.branches import Branches
from app.assistant.staged.dialogue import CANCEL, MODIFY, OTHER_INTENT, PROCEED, Dialogue, Pending
from app.assistant.staged.making import Making
from app.assistant.staged.skillset import SkillSet
from app.assistant.staged.stage import StageName, Work
from app.assistant.staged.timings import Timings
from app.assistant.turn import Responded
from app.assistant.understanding.features import bare
from app.assistant.understanding.meaning import OPEN_QUESTION, Guess, Understander, Understanding, Value
from app.assistant.understanding.openings import continued
from app.assistant.understanding.tidying import tidied
from app.assistant.wording import joined
from app.contracts.card import CardAction, Emphasis
from app.contracts.events import QuestionAsked, Understood
from app.contracts.skill_cards import Choice, ClarificationCard, PrePlanCard

SURE = 0.9
"""Over this confidence nothing is asked that has a default."""
CLAIM_PATIENCE_S = 0.1
MOST_GUESSES = 2
"""Skills offered by that question."""
LONG = 2_000
"""Characters from which understanding a text takes longer than a frame on the screen."""
GONE_ON = 0.92
"""How sure it is that words which begin with "and" or "what about", and fit the request before, go on from it."""
DOUBTFUL = 0.5
"""Under this confidence the person is asked which skill is meant, if any.

Of the development set 3 of 723 are under it, all of them taken for the right thing; with words lost or misspelt 17 of
2169, of which 9 were taken for something else and 7 of those 9 had the right answer among the choices.
"""


class Understand:
    """Stage one: what the words are taken for, and the background work that follows from it."""

    name = StageName.UNDERSTAND

    def __init__(
        self, understander: Understander, prepare: Callable[[], Awaitable[None]], skills: SkillSet, dialogue: Dialogue
    ) -> None:
        self._understander = understander
        self._prepare = prepare
        self._skills = skills
        self._dialogue = dialogue

    def skip(self, work: Work) -> str:
        """A request that a card carries is understood already."""
        return "" if work.asked is None else "The card says what is wanted."

    def sentence(self, work: Work) -> str:  # noqa: ARG002
        """What is shown meanwhile."""
        return "Understanding your request…"

    async def run(self, work: Work) -> Responded | None:
        """Find the intent; an open question ends here and goes to the language model."""
        text = work.question.text
        await self._prepare()
        meaning, claim = await self._meaning(text, work.now), await self.claimed(text, work.now)
        if claim is not None and claim.confidence >= meaning.confidence * (meaning.intent != OPEN_QUESTION):
            skill = self._skills.of_intent(claim.intent)
            if skill is not None:
                values = skill.values(claim.intent, tidied(text), work.now)
                meaning = replace(
                    meaning,
                    intent=claim.intent,
                    skill=skill.spec.skill_id,
                    confidence=claim.confidence,
                    values=values,
                )
        meaning = self._gone_on(meaning, work.now) or meaning
        work.meaning = meaning
        work.turn.stream.emit(understood(meaning))
        work.skill = self._skills.of_intent(meaning.intent)
        if work.skill is None:
            return Responded(answered=False, meaning=meaning)
        work.asked = asked_of(meaning, work.now, spoken=work.turn.spoken)
        return None

    async def _meaning(self, text: str, now: datetime) -> Understanding:
        """What the words are taken for; a whole document is looked through in a thread, since that takes long."""
        if len(text) <= LONG:
            return self._understander.understand(text, now)
        return await asyncio.to_thread(self._understander.understand, text, now)

    def _gone_on(self, meaning: Understanding, now: datetime) -> Understanding | None:
        """The request before with what these words change in it, None when they do not go on from it."""
        before, rest = self._dialogue.before(now), continued(bare(tidied(meaning.text)))
        skill = None if before is None else self._skills.of_intent(before.intent)
        if before is None or skill is None or not rest:
            return None
        if meaning.confidence > SURE and meaning.intent not in (OPEN_QUESTION, before.intent):
            return None
        values = skill.continued(before, rest, now)
        return (
            None
            if values is None
            else Understanding(meaning.text, before.intent, skill.spec.skill_id, GONE_ON, values=values)
        )

    async def claimed(self, text: str, now: datetime) -> Guess | None:
        """The surest claim of a skill that knows more than its examples."""
        text = tidied(text)
        claims = [asyncio.ensure_future(skill.claim(text, now)) for skill in self._skills.claiming]
        if not claims:
            return None
        done, late = await asyncio.wait(claims, timeout=CLAIM_PATIENCE_S)
        for claim in late:
            claim.cancel()
        guesses = [claim.result() for claim in done if claim.exception() is None]
        return max((guess for guess in guesses if guess is not None), key=lambda guess: guess.confidence, default=None)


class Clarify:
    """Stage two: one question, when a value is missing or the intent is not sure; likely answers are made ahead."""

    name = StageName.CLARIFY

    def __init__(self, dialogue: Dialogue, skills: SkillSet, making: Making, branches: Branches) -> None:
        self._dialogue = dialogue
        self._skills = skills
        self._making = making
        self._branches = branches

    def skip(self, work: Work) -> str:
        """Nothing is asked of a request that was confirmed."""
        _, asked = work.request()
        return "It was confirmed." if asked.confirmed else ""

    def sentence(self, work: Work) -> str:  # noqa: ARG002
        """What is shown meanwhile."""
        return "Looking at what I know…"

    async def run(self, work: Work) -> Responded | None:
        """Fetch what the skill needs to know; ask when something is still missing, or when it may be another one."""
        skill, asked = work.request()
        if asked.confidence < DOUBTFUL and work.meaning is not None:
            return await self.ask(work, None, asked, which(work.meaning, self._skills))
        work.data = await self._making.data(skill, asked)
        work.notes.extend(work.data.missing)
        question = skill.clarify(asked, work.data)
        if question is None or (not question.required and asked.confidence > SURE):
            return None
        return await self.ask(work, skill, asked, question)

    async def ask(self, work: Work, skill: Skill | None, asked: Asked, question: Clarification) -> Responded:
        """Show and speak a question; the turn ends with it."""
        turn = work.turn
        card = ClarificationCard(
            card_id=f"{turn.stream.turn_id}-{question.slot}",
            turn_id=turn.stream.turn_id,
            priority=95,
            skill="" if skill is None else skill.spec.skill_id,
            question=question.question,
            slot=question.slot,
            choices=question.choices,
            free=question.free,
            actions=_buttons(question.choices),
        )
        self._dialogue.ask(Pending(card, skill, asked, turn.stream.turn_id, question=question))
        turn.show(card)
        turn.stream.emit(QuestionAsked(card_id=card.card_id))
        if skill is not None:
            self._branches.of_question(skill, asked, question, tag=card.card_id)
        return Responded(answered=True, waiting_for=card.card_id, said=in_words(question), meaning=work.meaning)


class PrePlan:
    """Stage three: what is going to be done, with Proceed, Modify and Cancel; it is made meanwhile."""

    name = StageName.PRE_PLAN

    def __init__(self, dialogue: Dialogue, branches: Branches, timings: Timings) -> None:
        self._dialogue = dialogue
        self._branches = branches
        self._timings = timings

    def skip(self, work: Work) -> str:
        """Nothing is proposed twice. The skill is asked here, once, for sentence and card as well."""
        skill, asked = work.request()
        if asked.confirmed:
            return "It was confirmed."
        work.proposal = skill.propose(asked, work.data)
        return "" if work.proposal is not None else "Nothing has to be confirmed."

    def sentence(self, work: Work) -> str:
        """The proposal itself."""
        return "" if work.proposal is None else work.proposal.sentence

    async def run(self, work: Work) -> Responded | None:
        """Propose; the turn ends with it, and the plan is made while the person reads."""
        skill, asked = work.request()
        proposal = work.proposal
        if proposal is None:
            return None
        turn = work.turn
        expected = self._timings.expected(asked.intent)
        card = PrePlanCard(
            card_id=f"{turn.stream.turn_id}-pre-plan",
            turn_id=turn.stream.turn_id,
            priority=95,
            skill=skill.spec.skill_id,
            sentence=proposal.sentence,
            preview=proposal.preview,
            estimated_s=expected.seconds,
            measured=expected.measured,
            weighty=proposal.weighty,
            actions=_decisions(modifiable=proposal.modify is not None),
        )
        self._dialogue.ask(Pending(card, skill, asked, turn.stream.turn_id, proposal=proposal))
        turn.show(card)
        turn.stream.emit(QuestionAsked(card_id=card.card_id))
        self._branches.of_proposal(skill, asked, work.data, tag=card.card_id)
        said = f"{proposal.sentence} Shall I?"
        return Responded(answered=True, waiting_for=card.card_id, said=said, meaning=work.meaning)


def asked_of(meaning: Understanding, now: datetime, *, spoken: bool) -> Asked:
    """What a skill is asked when words were taken for one of its intents."""
    return Asked(
        intent=meaning.intent,
        text=meaning.text,
        values=meaning.values,
        now=now,
        confidence=meaning.confidence,
        complexity=meaning.complexity,
        spoken=spoken,
    )


def which(meaning: Understanding, skills: SkillSet) -> Clarification:
    """The question which of several things is meant; that none of them is, is one of the answers."""
    intents = [meaning.intent, *(guess.intent for guess in meaning.runners_up)]
    known = [skills.intents[intent] for intent in dict.fromkeys(intents) if intent in skills.intents]
    choices = [
        Choice(value=intent.intent_id, label=intent.description or intent.intent_id.replace("_", " ").capitalize())
        for intent in known[:MOST_GUESSES]
    ]
    none = Choice(value=OPEN_QUESTION, label="Just answer", says=("neither", "none of these"), default=True)
    return Clarification(OTHER_INTENT, "What would you like me to do?", (*choices, none), free=False)


def understood(meaning: Understanding) -> Understood:
    """The event that tells what words were taken for."""
    return Understood(
        intent=meaning.intent,
        skill=meaning.skill,
        confidence=meaning.confidence,
        complexity=meaning.complexity.value,
        values=tuple(sorted((name, _as_text(value)) for name, value in meaning.values.items())),
        runners_up=tuple(guess.intent for guess in meaning.runners_up),
    )


def _as_text(value: Value) -> str:
    return ", ".join(value) if isinstance(value, tuple) else str(value)


def in_words(question: Clarification) -> str:
    """A question as it is spoken, with its choices where they are few."""
    labels = [choice.label for choice in question.choices]
    if not 2 <= len(labels) <= 4:
        return question.question
    return f"{question.question} {joined(labels, 'or')}?"


def _buttons(choices: Sequence[Choice]) -> tuple[CardAction, ...]:
    return tuple(
        CardAction(
            action=f"answer:{choice.value}",
            label=choice.label,
            says=choice.says,
            emphasis=Emphasis.PRIMARY if choice.default else Emphasis.NORMAL,
        )
        for choice in choices
    )


def _decisions(*, modifiable: bool) -> tuple[CardAction, ...]:
    proceed = CardAction(action=PROCEED, label="Proceed", says=("yes", "go ahead"), emphasis=Emphasis.PRIMARY)
    modify = CardAction(action=MODIFY, label="Modify", says=("change it",))
    cancel = CardAction(action=CANCEL, label="Cancel", says=("never mind",), emphasis=Emphasis.QUIET)
    return (proceed, modify, cancel) if modifiable else (proceed, cancel)
