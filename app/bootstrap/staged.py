"""Puts the staged assistant together: notebook, skills, understanding, caches and work ahead, routines, jobs."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from app.aio.clock import LOCAL
from app.assistant.jobs.book import JobBook
from app.assistant.routines.doing import Abilities
from app.assistant.routines.several import Several
from app.assistant.routines.skill import Routines
from app.assistant.skills.arithmetic.skill import ArithmeticSkill
from app.assistant.skills.clock.skill import ClockSkill
from app.assistant.skills.courtesy.skill import CourtesySkill
from app.assistant.skills.day.skill import DaySkill
from app.assistant.skills.documents.skill import DocumentsSkill
from app.assistant.skills.lists.skill import ListsSkill
from app.assistant.skills.machine.skill import MachineSkill
from app.assistant.skills.memory.context import Known
from app.assistant.skills.memory.skill import MemorySkill
from app.assistant.skills.parts import SkillParts
from app.assistant.skills.registry import load
from app.assistant.skills.skill import Skill
from app.assistant.skills.timers.skill import TimersSkill
from app.assistant.skills.workout.skill import WorkoutSkill
from app.assistant.speculation.costs import Costs
from app.assistant.speculation.predictor import Predictor
from app.assistant.speculation.store import PreparedStore
from app.assistant.speculation.strategy import Strategy, budget, prices_of
from app.assistant.staged.flow import StagedAssistant, StagedParts
from app.assistant.staged.skillset import SkillSet
from app.assistant.understanding.matcher import Matcher
from app.bootstrap.abilities import ModelAnswers, PipelineSteps
from app.bootstrap.pipelines import PipelineServices
from app.contracts.devices import Tier
from app.contracts.errors import SottoError
from app.contracts.events import Notice, SystemEvent
from app.contracts.ports import Clock, Embedder, RuntimeCatalogue, TextGenerator
from app.contracts.skill_cards import Source
from app.memory.notebook import Notebook
from app.pipeline.documents.index import DocumentIndex
from app.power.service import PowerService
from app.settings.disk import NOTHING_CAN_BE_KEPT
from app.settings.paths import Paths
from models.embed.choice import best_embedder

T = TypeVar("T")

Publish = Callable[[SystemEvent], None]


def local_now(clock: Clock) -> Callable[[], datetime]:
    """Local time, aware, by a clock."""
    return lambda: datetime.fromtimestamp(clock.time(), LOCAL)


def skills_of(parts: SkillParts) -> tuple[Skill, ...]:
    """The skills that come with the program, but for the routines, which use all of them."""
    return (
        ClockSkill(parts),
        ArithmeticSkill(parts),
        TimersSkill(parts),
        ListsSkill(parts),
        MemorySkill(parts),
        MachineSkill(parts),
        DocumentsSkill(parts),
        DaySkill(parts),
        WorkoutSkill(parts),
        CourtesySkill(parts),
    )


@dataclass(frozen=True, slots=True)
class ProgramFacts:
    """What skills may know of the program. See `app.assistant.skills.parts.Facts`."""

    profile_name: str
    tiers: Callable[[], Sequence[Tier]]

    def profile(self) -> str:
        """Name of the profile in use."""
        return self.profile_name

    def model(self) -> str:
        """Backend and model that answer first."""
        tiers = self.tiers()
        return f"{tiers[0].model} on {tiers[0].backend_id.partition(':')[0]}" if tiers else "no model"


class DocumentSearch:
    """The person's documents for a skill. See `app.assistant.skills.parts.Search`."""

    def __init__(self, index: DocumentIndex) -> None:
        self._index = index

    async def find(self, question: str, limit: int) -> tuple[Source, ...]:
        """The passages that fit best.

        Raises:
            StorageError: The index cannot be read.
        """
        found = await self._index.lookup(question, limit)
        return tuple(Source(title=each.source, place=each.place, excerpt=each.text) for each in found.items)


@dataclass(frozen=True, slots=True)
class StagedServices:
    """What was put together.

    Attributes:
        staged: The stages.
        skills: All skills, those of plug-ins behind the others.
        routines: The skill that makes and runs routines.
        jobs: What goes on by itself.
        notebook: Where everything is kept.
        preparations: Caches and work ahead.
        problems: Plug-ins that cannot be used, a sentence each.
        known: What the person asked to remember, for the language model.
        lasting: It stays for more than one question: skills begin what goes on by itself.
    """

    staged: StagedAssistant
    skills: SkillSet
    routines: Routines
    jobs: JobBook
    notebook: Notebook
    preparations: PreparedStore
    problems: tuple[str, ...]
    known: Known
    lasting: bool = True

    async def start(self, publish: Publish) -> None:
        """Open the notebook, take up what earlier runs left, begin what goes on by itself; trouble is told."""
        await asyncio.gather(self.open(publish), told(self.staged.prepare(), publish))
        for begin in (self.preparations.load(), self.jobs.open()):
            await told(begin, publish)
        for skill in self.skills if self.lasting else ():  # what rings is for whoever stays to hear it
            await told(skill.start(), publish)
        self.staged.get_ready()

    async def open(self, publish: Publish) -> None:
        """Open the notebook and take up what was measured, which is enough for one question; trouble is told.

        That its folder takes nothing is told by whatever has to be kept there.
        """
        try:
            await self._opened(publish)
        except SottoError as error:
            if error.code not in NOTHING_CAN_BE_KEPT:
                publish(Notice(level="warning", code=error.code, message=error.message, remedy=error.remedy))

    async def _opened(self, publish: Publish) -> None:
        moved_aside = await self.notebook.open()
        if moved_aside is not None:
            message = f"The notebook was damaged. It was moved to {moved_aside.name} and a new one begun."
            publish(Notice(level="warning", code="notebook-damaged", message=message))
        await self.staged.timings.load(self.notebook)

    async def aclose(self) -> None:
        """End the jobs, the skills and the work ahead, then let the notebook go."""
        await self.jobs.aclose()
        for skill in self.skills:
            await skill.aclose()
        self.staged.aclose()
        await self.preparations.aclose()
        await self.notebook.aclose()


async def told(work: Awaitable[T], publish: Publish) -> T | None:
    """Do it; trouble is told, and then there is nothing."""
    try:
        return await work
    except SottoError as error:
        publish(Notice(level="warning", code=error.code, message=error.message, remedy=error.remedy))
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class StagedNeeds:
    """What the staged assistant is put together from.

    Attributes:
        paths: The folders.
        runtimes: The backends of this machine.
        pipelines: Steps of routines run them; documents are found by them.
        text: The language model for steps of routines.
        power: Prices work ahead.
        clock: Time.
        facts: What skills may know of the program.
        strategy: The setting: how much is made ahead.
        publish: Takes events of the system.
        announce: Says a sentence aloud.
        lasting: It stays for more than one question.
    """

    paths: Paths
    runtimes: RuntimeCatalogue
    pipelines: PipelineServices
    text: TextGenerator
    power: PowerService
    clock: Clock
    facts: ProgramFacts
    strategy: Callable[[], str]
    publish: Publish
    announce: Callable[[str], None]
    lasting: bool = True


def put_staged_together(needs: StagedNeeds, stack: AsyncExitStack) -> StagedServices:
    """Make everything; ``stack`` takes it apart. Constructing is quick: nothing is read or started."""
    notebook = Notebook(needs.paths.notebook)
    now = local_now(needs.clock)
    parts = SkillParts(
        clock=needs.clock,
        notebook=notebook,
        power=needs.power,
        facts=needs.facts,
        publish=needs.publish,
        announce=needs.announce,
        search=DocumentSearch(needs.pipelines.documents),
        embedder=_embedder(needs.runtimes),
    )
    jobs = JobBook(needs.clock, notebook, needs.publish)
    later: list[Abilities] = []
    answers = ModelAnswers(needs.text, needs.pipelines)
    routines = Routines(parts, lambda: later[0], jobs, answers.writer)
    loaded, problems = load(parts, (*skills_of(parts), routines, Several(lambda: later[0])))
    skills = SkillSet(loaded)
    understander = Matcher(skills, cache=needs.paths.understanding)
    preparations = PreparedStore(
        Predictor(now),
        Costs(now),
        notebook,
        clock=needs.clock,
        power=needs.power,
        strategy=lambda: needs.strategy() or Strategy.TOP_K,
        prices=lambda: prices_of(needs.power.verdict()),
        at_once=budget(os.cpu_count() or 1),
    )
    staged = StagedAssistant(
        StagedParts(
            skills=skills,
            understander=understander,
            preparations=preparations,
            notebook=notebook,
            now=now,
            publish=needs.publish,
        )
    )
    later.append(
        Abilities(
            understander=understander,
            skills=skills,
            making=staged.making,
            notebook=notebook,
            model=answers,
            pipelines=PipelineSteps(needs.pipelines),
            sandbox=needs.pipelines.tools.sandbox,
        )
    )
    known = Known(notebook, parts.embedder)
    services = StagedServices(staged, skills, routines, jobs, notebook, preparations, problems, known, needs.lasting)
    stack.push_async_callback(services.aclose)
    return services


def _embedder(runtimes: RuntimeCatalogue) -> Callable[[], Awaitable[Embedder | None]]:
    """An embedding model made for finding by meaning, where one is installed; the makeshift of the start is none."""

    async def find() -> Embedder | None:
        chosen = best_embedder(runtimes)
        return runtimes.embedder_port(chosen.backend_ids[0]) if chosen is not None and chosen.trained else None

    return find
