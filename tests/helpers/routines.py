"""Routines over real staging, a scripted understander and small skills that are real subclasses."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from app.assistant.jobs.book import JobBook
from app.assistant.routines.doing import Abilities, PipelineEntry
from app.assistant.routines.skill import Routines
from app.assistant.routines.workflow import Draft
from app.assistant.skills.parts import SkillParts
from app.assistant.skills.skill import (
    Asked,
    Clarification,
    Data,
    Fetch,
    Intent,
    ModelAsk,
    Plan,
    Proposal,
    Skill,
    SkillSpec,
)
from app.assistant.speculation.direct import Direct
from app.assistant.staged.making import Making, Revisions
from app.assistant.staged.skillset import SkillSet
from app.assistant.understanding.meaning import OPEN_QUESTION, Understanding, Values
from app.contracts.cards import AnyCard
from app.contracts.errors import InvalidInput
from app.contracts.events import CardChanged, SystemEvent
from app.contracts.ports import Embedder, TextGenerator
from app.contracts.skill_cards import Choice, ListCard, ListItem
from app.memory.notebook import Clear, Notebook, Put
from app.power.energy.estimate import EstimatedPowerMonitor
from tests.helpers.virtual_time import LoopClock

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Kept:
    """A line of the household's list."""

    text: str


class Household(Skill):
    """Tells the time, keeps one list, counts down; asks before it clears the list."""

    spec = SkillSpec(
        "household",
        "Household",
        "Time, list, timer.",
        (
            Intent("ask_time", ("what time is it",)),
            Intent("add_to_list", ("add milk to my list",)),
            Intent("show_list", ("read me my list",)),
            Intent("clear_list", ("clear my list",)),
            Intent("set_timer", ("set a timer for ten minutes",)),
            Intent("break_down", ("break the vase",)),
        ),
    )

    def __init__(self, notebook: Notebook) -> None:
        self._notebook = notebook
        self.told: list[Plan] = []

    def values(self, intent: str, text: str, now: datetime) -> Values:
        if intent == "add_to_list":
            return {"item": text.removeprefix("add ").partition(" to ")[0]}
        if intent == "set_timer":
            digits = "".join(char for char in text if char.isdigit())
            return {"minutes": digits} if digits else {}
        return {}

    def fetches(self, asked: Asked) -> Sequence[Fetch]:
        async def lines() -> object:
            return await self._notebook.entries("household", Kept)

        return (Fetch("lines", lines, (), "The list could not be read.", timeout_s=5.0),)

    def clarify(self, asked: Asked, data: Data) -> Clarification | None:
        if asked.intent == "set_timer" and "minutes" not in asked.values:
            return Clarification("minutes", "For how long?", (Choice(value="5", label="Five"),))
        return None

    def propose(self, asked: Asked, data: Data) -> Proposal | None:
        return Proposal("I'll clear your list.", weighty=True) if asked.intent == "clear_list" else None

    async def plan(self, asked: Asked, data: Data) -> Plan:
        lines = data["lines"]
        assert isinstance(lines, tuple)
        match asked.intent:
            case "ask_time":
                return Plan("It is eight.")
            case "add_to_list":
                item = str(asked.values["item"])
                return Plan(f"Added {item}.", writes=(Put("household", item, Kept(item)),))
            case "show_list":
                items = tuple(ListItem(item_id=each.text, text=each.text) for each in lines)
                card = ListCard(card_id="the-list", list_id="list", title="List", items=items)
                return Plan(f"On it: {', '.join(each.text for each in lines) or 'nothing'}.", (card,))
            case "clear_list":
                return Plan("It is empty now.", writes=(Clear("household"),))
            case "set_timer":
                return Plan(f"Timer for {asked.values['minutes']} minutes.")
            case _:
                raise InvalidInput("The vase is gone.", code="vase")

    async def written(self, plan: Plan) -> None:
        self.told.append(plan)


class Words:
    """An understander that knows a few beginnings."""

    _KNOWN = (
        ("what time", "ask_time"), ("tell me the time", "ask_time"), ("add ", "add_to_list"),
        ("read me my list", "show_list"), ("tell me my list", "show_list"), ("show my list", "show_list"),
        ("clear my list", "clear_list"), ("set a timer", "set_timer"), ("break", "break_down"),
    )  # fmt: skip

    def __init__(self, skills: Sequence[Skill]) -> None:
        self._skills = {intent.intent_id: skill for skill in skills for intent in skill.spec.intents}

    def prepare(self) -> None:
        """It is ready."""

    def understand(self, text: str, now: datetime) -> Understanding:
        lower = text.lower()
        intent = next((intent for start, intent in self._KNOWN if lower.startswith(start)), OPEN_QUESTION)
        skill = self._skills.get(intent)
        if skill is None:
            return Understanding(text, OPEN_QUESTION)
        return Understanding(text, intent, skill.spec.skill_id, 0.95, values=skill.values(intent, text, now))


class Shouting:
    """One pipeline that puts its input into capitals."""

    def __init__(self) -> None:
        self.contexts: list[Mapping[str, str]] = []

    def entries(self) -> Sequence[PipelineEntry]:
        return (PipelineEntry("shout", "Shout"),)

    async def run(self, pipeline_id: str, text: str, context: Mapping[str, str]) -> str:
        self.contexts.append(context)
        return text.upper()


class ProgramFacts:
    """A program without models."""

    def profile(self) -> str:
        return "starter"

    def model(self) -> str:
        return "none"


@dataclass
class House:
    """Routines, and everything they work with."""

    routines: Routines
    jobs: JobBook
    notebook: Notebook
    abilities: Abilities
    household: Household
    told: list[SystemEvent] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def cards(self) -> list[AnyCard]:
        """Every card that was shown outside turns."""
        return [event.card for event in self.told if isinstance(event, CardChanged)]

    async def save(self, text: str) -> Draft:
        """Make a routine and keep it."""
        draft = (await self.routines.workflow.take(text, NOW)).result
        assert isinstance(draft, Draft), draft
        assert not draft.problems, draft.problems
        await self.notebook.commit((self.routines.shelf.saving(draft.kept),))
        return draft

    async def ask(
        self, intent: str, text: str = "", values: Mapping[str, str] | None = None, *, confirmed: bool = False
    ) -> Plan:
        """Plan, keep and tell, as the stages do."""
        asked = Asked(intent, text, dict(values or {}), NOW, confirmed=confirmed)
        data = await self.abilities.making.data(self.routines, asked)
        plan = await self.routines.plan(asked, data)
        await self.notebook.commit(plan.writes)
        await self.routines.written(plan)
        return plan

    async def data(self, asked: Asked) -> Data:
        """What is fetched for a request."""
        return await self.abilities.making.data(self.routines, asked)


@asynccontextmanager
async def house(
    folder: Path, *, writer: TextGenerator | None = None, embedder: Embedder | None = None
) -> AsyncIterator[House]:
    """Routines over one household, one pipeline and a model that answers with the question."""
    notebook = Notebook(folder / "notebook.db")
    told: list[SystemEvent] = []
    said: list[str] = []
    asked: list[str] = []
    box: list[Abilities] = []

    async def model(ask: ModelAsk) -> str:
        asked.append(ask.question)
        return f"About {ask.question}"

    async def found_writer() -> TextGenerator | None:
        return writer

    async def found_embedder() -> Embedder | None:
        return embedder

    clock = LoopClock()
    parts = SkillParts(
        clock=clock,
        notebook=notebook,
        power=EstimatedPowerMonitor(),
        facts=ProgramFacts(),
        publish=told.append,
        announce=said.append,
        embedder=found_embedder,
    )
    jobs = JobBook(clock, notebook, told.append)
    routines = Routines(parts, lambda: box[0], jobs, found_writer)
    household = Household(notebook)
    revisions = Revisions()
    notebook.subscribe(revisions.note)
    skills = SkillSet((household, routines))
    box.append(Abilities(Words((household,)), skills, Making(Direct(), revisions), notebook, model, Shouting()))
    try:
        yield House(routines, jobs, notebook, box[0], household, told, said, asked)
    finally:
        await routines.aclose()
        await notebook.aclose()
