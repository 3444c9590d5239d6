"""A machine whose clocks a test owns, and the parts of a skill on it, with everything the skill told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, tzinfo
from pathlib import Path

from app.assistant.skills.parts import Facts, SkillParts
from app.assistant.skills.skill import Acted, Asked, Data, Plan, Skill
from app.contracts.cards import AnyCard
from app.contracts.events import CardChanged, SystemEvent, TimerFired
from app.memory.notebook import CARDS, Notebook, Remove, Write, put_card
from models.fakes.system import FakePowerMonitor
from tests.helpers.virtual_time import LoopClock

SATURDAY_NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


class MachineClock(LoopClock):
    """The clocks of a machine that can sleep, be started again, and have its wall clock set; for `in_virtual_time`."""

    def __init__(self, begin: datetime = SATURDAY_NOON) -> None:
        self._begin = begin.timestamp() - 1000.0
        self._asleep_s = 0.0
        self._set_by_s = 0.0
        self._started_at = 0.0
        self._boots = 1

    def time(self) -> float:
        return self._begin + self.monotonic() + self._asleep_s + self._set_by_s

    def since_boot(self) -> float:
        return self.monotonic() + self._asleep_s - self._started_at

    def boot(self) -> str:
        return f"boot {self._boots}"

    def sleep_of_machine(self, seconds: float) -> None:
        """The lid was shut for so long: programs stood still, the day went on."""
        self._asleep_s += seconds

    def set_wall_clock(self, forward_s: float) -> None:
        """Somebody set the clock."""
        self._set_by_s += forward_s

    def start_again(self, off_s: float) -> None:
        """The machine was off for so long and has been started again."""
        self._asleep_s += off_s
        self._started_at = self.monotonic() + self._asleep_s
        self._boots += 1

    async def go_on(self, seconds: float) -> None:
        """Let time go by, and what happens at its end be done."""
        await asyncio.sleep(seconds)
        await asyncio.sleep(0.001)


class NoFacts(Facts):
    """A program without a name."""

    def profile(self) -> str:
        return "test"

    def model(self) -> str:
        return "none"


@dataclass
class Desk:
    """The parts of skills, and what came of them.

    Attributes:
        announced: Sentences, with the wall clock when they were said.
    """

    clock: MachineClock
    notebook: Notebook
    zone: tzinfo = UTC
    events: list[SystemEvent] = field(default_factory=list)
    announced: list[tuple[float, str]] = field(default_factory=list)

    @property
    def parts(self) -> SkillParts:
        return SkillParts(
            clock=self.clock,
            notebook=self.notebook,
            power=FakePowerMonitor(),
            facts=NoFacts(),
            publish=self.events.append,
            announce=lambda text: self.announced.append((self.clock.time(), text)),
        )

    @property
    def now(self) -> datetime:
        return datetime.fromtimestamp(self.clock.time(), self.zone)

    @property
    def said(self) -> list[str]:
        return [text for _, text in self.announced]

    @property
    def fired(self) -> list[str]:
        return [event.timer_id for event in self.events if isinstance(event, TimerFired)]

    def shown(self, kind: type[AnyCard]) -> list[AnyCard]:
        """Cards of a kind that were shown outside turns, in order."""
        return [event.card for event in self.events if isinstance(event, CardChanged) and isinstance(event.card, kind)]

    def asked(self, skill: Skill, intent: str, text: str) -> Asked:
        return Asked(intent=intent, text=text, values=skill.values(intent, text, self.now), now=self.now)

    async def data(self, skill: Skill, asked: Asked) -> Data:
        return Data({fetch.name: await fetch.get() for fetch in skill.fetches(asked)})

    async def plan(self, skill: Skill, intent: str, text: str) -> Plan:
        """What the skill plans; nothing is asked, nothing is kept."""
        asked = self.asked(skill, intent, text)
        return await skill.plan(asked, await self.data(skill, asked))

    async def do(self, skill: Skill, intent: str, text: str) -> Plan:
        """Plan and keep, as the stages do."""
        plan = await self.plan(skill, intent, text)
        await self.notebook.commit((*self._puts(skill, plan.cards), *plan.writes))
        await skill.written(plan)
        return plan

    async def act(self, skill: Skill, card_id: str, action: str, text: str = "") -> Acted:
        """Use a button of a card, and keep what comes of it."""
        card = await self.notebook.card(card_id)
        assert card is not None
        acted = await skill.act(card, action, text)
        assert acted is not None
        assert all(each.card_id != card_id or each.revision > card.revision for each in acted.cards)
        gone = (Remove(CARDS, each) for each in acted.removed)
        await self.notebook.commit((*self._puts(skill, acted.cards), *gone, *acted.writes))
        return acted

    def _puts(self, skill: Skill, cards: Sequence[AnyCard]) -> list[Write]:
        whose = skill.spec.skill_id
        return [put_card(replace(card, skill=card.skill or whose), self.clock.time()) for card in cards]


@asynccontextmanager
async def desk(folder: Path, begin: datetime = SATURDAY_NOON) -> AsyncIterator[Desk]:
    notebook = Notebook(folder / "notebook.sqlite")
    try:
        yield Desk(MachineClock(begin), notebook, begin.tzinfo or UTC)
    finally:
        await notebook.aclose()
