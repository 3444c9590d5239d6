"""The workout planner in a staged assistant of its own, with an understander that reads values as the skill does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from app.assistant.assistant import Assistant
from app.assistant.skills.parts import SkillParts
from app.assistant.skills.skill import Asked, Data, Plan
from app.assistant.skills.workout.catalogue import read
from app.assistant.skills.workout.exercise import Exercise
from app.assistant.skills.workout.intents import HISTORY, LOG, PLAN, PROFILE
from app.assistant.skills.workout.skill import WorkoutSkill
from app.assistant.staged.flow import StagedAssistant
from app.assistant.understanding.meaning import OPEN_QUESTION, Understanding
from app.contracts.cards import AnyCard
from app.contracts.events import TURN_ENDS, CardChanged, CardUpserted
from app.contracts.ports import Clock
from app.contracts.skill_cards import SessionPlanCard
from app.memory.notebook import Notebook, Put
from app.settings.paths import asset
from tests.helpers.assistants import Watched, cast
from tests.helpers.staged import wired

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


class SetClock(Clock):
    """A clock that stands still until it is set."""

    def __init__(self, now: datetime = NOON) -> None:
        self.now = now

    def monotonic(self) -> float:
        return self.now.timestamp()

    def time(self) -> float:
        return self.now.timestamp()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class NoFacts:
    """Facts of a program that has nothing to tell."""

    def profile(self) -> str:
        return "starter"

    def model(self) -> str:
        return "no model"


@cache
def shipped() -> Mapping[str, Exercise]:
    """The exercises that come with the program."""
    text = asset("skills/workout/exercises.json").read_text(encoding="utf-8")
    return {exercise.id: exercise for exercise in read(text)}


@dataclass
class Gym:
    """The skill over a notebook of its own."""

    skill: WorkoutSkill
    notebook: Notebook
    clock: SetClock
    cards: dict[str, AnyCard] = field(default_factory=dict)

    def asked(self, intent: str, text: str, **values: str) -> Asked:
        """A request as it comes from the first stage."""
        now = self.clock.now
        return Asked(intent, text, {**self.skill.values(intent, text, now), **values}, now)

    async def data(self, asked: Asked) -> Data:
        """Everything it fetches."""
        fetches = self.skill.fetches(asked)
        got = await asyncio.gather(*(fetch.get() for fetch in fetches))
        return Data({fetch.name: value for fetch, value in zip(fetches, got, strict=True)})

    async def do(self, intent: str, text: str, **values: str) -> Plan:
        """Plan, fill the cards and write, as the stages do."""
        asked = self.asked(intent, text, **values)
        plan = await self.skill.plan(asked, await self.data(asked))
        shown = list(plan.cards)
        for section in self.skill.sections(plan):
            filled = [await self.skill.fill(plan, section, step) for step in range(section.steps)]
            assert filled[-1] is not None
            shown.append(filled[-1])
        await self.keep(shown)
        await self.notebook.commit(plan.writes)
        return plan

    async def press(self, card_id: str, action: str) -> str:
        """Use a button, keep what came of it, and give what is said."""
        acted = await self.skill.act(self.cards[card_id], action, "")
        assert acted is not None
        assert all(
            each.revision > self.cards[each.card_id].revision for each in acted.cards if each.card_id in self.cards
        )
        await self.keep(list(acted.cards))
        for gone in acted.removed:
            del self.cards[gone]
        await self.notebook.commit(acted.writes)
        return acted.say

    async def keep(self, cards: list[AnyCard]) -> None:
        for card in cards:
            self.cards[card.card_id] = card
        await self.notebook.commit(tuple(Put("cards", card.card_id, card) for card in cards))

    @property
    def session(self) -> SessionPlanCard:
        """The newest session."""
        return [card for card in self.cards.values() if isinstance(card, SessionPlanCard)][-1]

    def pass_days(self, days: float) -> None:
        self.clock.now += timedelta(days=days)


def parts(notebook: Notebook, clock: Clock) -> SkillParts:
    """What the skill is made with."""
    return SkillParts(clock, notebook, cast().parts.power, NoFacts(), lambda _event: None, lambda _text: None)


@asynccontextmanager
async def gym(folder: Path) -> AsyncIterator[Gym]:
    """The skill by itself."""
    notebook = Notebook(folder / "notebook.sqlite")
    clock = SetClock()
    try:
        yield Gym(WorkoutSkill(parts(notebook, clock)), notebook, clock)
    finally:
        await notebook.aclose()


class Reading:
    """Takes known words for an intent of the skill and reads their values."""

    def __init__(self, skill: WorkoutSkill) -> None:
        self._skill = skill

    def prepare(self) -> None:
        """Nothing to get ready."""

    def understand(self, text: str, now: datetime) -> Understanding:
        lower = text.lower()
        intent = OPEN_QUESTION
        if "workout" in lower and "plan" in lower:
            intent = PLAN
        elif lower.startswith(("log", "i did")):
            intent = LOG
        elif lower.startswith(("i have", "my ")):
            intent = PROFILE
        elif "history" in lower:
            intent = HISTORY
        values = {} if intent == OPEN_QUESTION else self._skill.values(intent, text, now)
        skill = "" if intent == OPEN_QUESTION else "workout"
        return Understanding(text, intent, skill, 0.95, values=values)


@dataclass
class Studio:
    """A staged assistant with nothing but the workout planner."""

    assistant: Assistant
    staged: StagedAssistant
    skill: WorkoutSkill
    watched: Watched
    clock: SetClock

    async def ask(self, text: str) -> str:
        """Ask, wait for the end of the turn, give its id."""
        turn_id = self.assistant.ask(text)
        await self._over(turn_id)
        return turn_id

    async def answer(self, action: str) -> str:
        """Press a button of the card that waits."""
        pending = self.staged.pending
        assert pending is not None
        count = len(self.watched.turns)
        self.assistant.act(pending.card.card_id, action)
        await self.watched.until(lambda: len(self.watched.turns) > count)
        turn_id = self.watched.turns[-1]
        await self._over(turn_id)
        return turn_id

    def revisions(self, turn_id: str) -> list[AnyCard]:
        """Every form of every card of a turn, in the order they were shown."""
        return [event.card for event in self.watched.of(turn_id) if isinstance(event, CardUpserted)]

    def shown(self) -> dict[str, AnyCard]:
        """The newest form of all cards."""
        events = [event for event in self.watched.events if isinstance(event, CardUpserted | CardChanged)]
        return {event.card.card_id: event.card for event in events}

    async def _over(self, turn_id: str) -> None:
        await self.watched.until(lambda: any(isinstance(each, TURN_ENDS) for each in self.watched.of(turn_id)))


@asynccontextmanager
async def studio(folder: Path) -> AsyncIterator[Studio]:
    """The skill behind the seven stages."""
    clock = SetClock()
    notebook = Notebook(folder / "notebook.sqlite")
    skill = WorkoutSkill(parts(notebook, clock))
    async with wired(folder, cast(), (skill,), Reading(skill), notebook, now=lambda: clock.now) as made:
        assistant, staged, watched = made
        yield Studio(assistant, staged, skill, watched, clock)
