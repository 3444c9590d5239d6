"""What the steps of a routine can use: the skills, the language model, the pipelines.

Why it exists: routines are made, checked and run without the stages, the window or a turn. `Abilities` is the one thing
they see of the rest of the assistant; it is put together once and asked for at use, because the skills it holds include
the routines themselves.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from app.assistant.skills.skill import Asked, Clarification, Data, ModelAsk, Plan, Proposal, Section, Skill
from app.assistant.understanding.meaning import Understander, Understanding
from app.contracts.cards import AnyCard
from app.contracts.errors import InvalidInput, Unavailable
from app.memory.notebook import Notebook, Write
from app.pipeline.tools import Sandbox


class Skills(Protocol):
    """The skills of the assistant; `app.assistant.staged.skillset.SkillSet` is one."""

    def __iter__(self) -> Iterator[Skill]: ...

    def of_intent(self, intent: str) -> Skill | None:
        """Whose intent this is."""
        ...


class Maker(Protocol):
    """Makes data, plans and cards; `app.assistant.staged.making.Making` is one."""

    async def data(self, skill: Skill, asked: Asked) -> Data:
        """Fetch what a request needs."""
        ...

    async def plan(self, skill: Skill, asked: Asked, data: Data) -> Plan:
        """The plan for a request."""
        ...

    async def cards(self, skill: Skill, asked: Asked, plan: Plan, section: Section, step: int) -> AnyCard | None:
        """A section's card."""
        ...


@dataclass(frozen=True, slots=True)
class PipelineEntry:
    """A pipeline a step may run: id, name, one line about it."""

    pipeline_id: str
    name: str
    about: str = ""


class Pipelines(Protocol):
    """The pipelines steps may run."""

    def entries(self) -> Sequence[PipelineEntry]:
        """Those there are."""
        ...

    async def run(self, pipeline_id: str, text: str, context: Mapping[str, str]) -> str:
        """Run one to its end and give its output in words; cancelling the call ends the run.

        Raises:
            SottoError: It failed.
        """
        ...


Answers = Callable[[ModelAsk], Awaitable[str]]
"""The language model: gives the whole answer in words."""


@dataclass(frozen=True, slots=True)
class Look:
    """A request to a skill before anything is planned.

    Attributes:
        skill: Who answers.
        asked: The request; a missing value has the default of its question.
        data: What was fetched.
        missing: The question that has no default, None when nothing is missing.
        proposal: What the skill would propose first.
    """

    skill: Skill
    asked: Asked
    data: Data
    missing: Clarification | None = None
    proposal: Proposal | None = None

    @property
    def weighty(self) -> bool:
        """Nothing of it happens without a word from the person."""
        return self.proposal is not None and self.proposal.weighty


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a request came to, before anything is kept: the words, the cards, and the plan with its writes."""

    skill: Skill
    plan: Plan
    text: str
    cards: tuple[AnyCard, ...] = ()

    @property
    def writes(self) -> tuple[Write, ...]:
        """What has to be kept."""
        return self.plan.writes


@dataclass(frozen=True, slots=True)
class Abilities:
    """What steps can use.

    Attributes:
        understander: Takes words for something.
        skills: All of them.
        making: Asks them.
        notebook: Where their changes are kept.
        model: The language model, None where steps may not ask it.
        pipelines: None where there are none.
        sandbox: Renders templates that are more than bare names.
    """

    understander: Understander
    skills: Skills
    making: Maker
    notebook: Notebook
    model: Answers | None = None
    pipelines: Pipelines | None = None
    sandbox: Sandbox | None = None

    def understand(self, text: str, now: datetime) -> Understanding:
        """What words are taken for."""
        return self.understander.understand(text, now)

    def asked(self, meaning: Understanding, now: datetime) -> Asked:
        """The request that understood words are."""
        return Asked(meaning.intent, meaning.text, meaning.values, now, confidence=1.0, complexity=meaning.complexity)

    async def look(self, asked: Asked) -> Look:
        """Ask a skill what it still has to know and would propose; questions with a default are answered by it.

        Raises:
            InvalidInput: Nobody has this intent.
        """
        skill = self.skills.of_intent(asked.intent)
        if skill is None:
            raise InvalidInput(f"No skill does {asked.intent!r}.", code="no-intent")
        for _ in range(_MOST_QUESTIONS):
            data = await self.making.data(skill, asked)
            question = skill.clarify(asked, data)
            if question is None or not (question.required or asked.confidence < 1.0):
                return Look(skill, asked, data, None, skill.propose(asked, data))
            default = next((choice.value for choice in question.choices if choice.default), None)
            if default is None:
                return Look(skill, asked, data, question)
            asked = asked.having({question.slot: default})
        raise InvalidInput(f"The skill {skill.spec.name!r} asks too much.", code="asks-too-much")

    async def plan(self, look: Look) -> Outcome:
        """Have it planned, with its cards filled in to the end. Nothing is kept yet.

        Raises:
            SottoError: It cannot be done, or a needed value is missing.
        """
        if look.missing is not None:
            raise InvalidInput(f"It is not said: {look.missing.question}", code="value-missing")
        skill, asked = look.skill, replace(look.asked, confirmed=True)
        plan = await self.making.plan(skill, asked, look.data)
        if plan.ask is not None:
            text = await self.answer(plan.ask)
            plan = replace(plan, speech=text, ask=None)
        filled = [
            await self.making.cards(skill, asked, plan, section, section.steps - 1) for section in skill.sections(plan)
        ]
        cards = (*plan.cards, *(card for card in filled if card is not None))
        own = tuple(replace(card, skill=card.skill or skill.spec.skill_id) for card in cards)
        return Outcome(skill, plan, plan.speech, own)

    async def keep(self, outcomes: Sequence[Outcome]) -> None:
        """Write down what steps have changed, in one transaction, and tell their skills.

        Raises:
            StorageError: It cannot be written; nothing has changed.
        """
        writes = [write for outcome in outcomes for write in outcome.writes]
        await self.notebook.commit(writes)
        for outcome in outcomes:
            await outcome.skill.written(outcome.plan)

    async def answer(self, ask: ModelAsk) -> str:
        """Have the language model answer.

        Raises:
            Unavailable: There is none.
            SottoError: It failed.
        """
        if self.model is None:
            raise Unavailable("There is no language model to ask.", code="no-model", remedy="See `sotto models`.")
        return await self.model(ask)

    def pipeline_entries(self) -> tuple[PipelineEntry, ...]:
        """The pipelines there are."""
        return () if self.pipelines is None else tuple(self.pipelines.entries())

    async def run_pipeline(self, pipeline_id: str, text: str, context: Mapping[str, str]) -> str:
        """Run a pipeline.

        Raises:
            Unavailable: There are none.
            SottoError: It failed.
        """
        if self.pipelines is None:
            raise Unavailable("There are no pipelines here.", code="no-pipelines")
        return await self.pipelines.run(pipeline_id, text, context)


_MOST_QUESTIONS = 6
"""A skill that still asks after so many defaults is not answered any further."""
