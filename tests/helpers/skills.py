"""Skills asked by themselves: what they fetch, ask, plan and show, without the stages around them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from app.assistant.skills.parts import Search, SkillParts
from app.assistant.skills.skill import Asked, Clarification, Data, Plan, Skill
from app.contracts.events import SystemEvent
from app.contracts.ports import Clock, PowerMonitor
from app.contracts.skill_cards import Source
from app.memory.notebook import Notebook
from models.fakes.system import FakeClock, FakePowerMonitor

SATURDAY = datetime(2026, 11, 21, 15, 42, tzinfo=ZoneInfo("Europe/Berlin"))


class Facts:
    """A profile and a model."""

    def profile(self) -> str:
        return "balanced"

    def model(self) -> str:
        return "small-1 on llama-cpu"


class Shelf(Search):
    """Finds the passages whose words are asked for, and notes the questions."""

    def __init__(self, *sources: Source) -> None:
        self.sources = sources
        self.questions: list[str] = []

    async def find(self, question: str, limit: int) -> tuple[Source, ...]:
        self.questions.append(question)
        words = set(question.lower().split())
        return tuple(one for one in self.sources if words & set(one.excerpt.lower().split()))[:limit]


def parts(
    folder: Path,
    *,
    clock: Clock | None = None,
    power: PowerMonitor | None = None,
    search: Search | None = None,
    publish: Callable[[SystemEvent], None] = lambda _event: None,
) -> SkillParts:
    """What skills are made with; the notebook lies in ``folder`` and is opened by whoever uses it."""
    return SkillParts(
        clock=clock or FakeClock(),
        notebook=Notebook(folder / "notebook.sqlite"),
        power=power or FakePowerMonitor(),
        facts=Facts(),
        publish=publish,
        announce=lambda _text: None,
        search=search,
    )


def asked(skill: Skill, intent: str, text: str, now: datetime = SATURDAY) -> Asked:
    """A request with the values the skill reads from its words."""
    return Asked(intent, text, skill.values(intent, text, now), now)


async def fetched(skill: Skill, request: Asked) -> Data:
    """All its data; what fails is its default."""
    found: dict[str, object] = {}
    missing = []
    for fetch in skill.fetches(request):
        try:
            found[fetch.name] = await asyncio.wait_for(fetch.get(), fetch.timeout_s)
        except Exception:  # noqa: BLE001 - as the stages do it
            found[fetch.name] = fetch.default
            missing.append(fetch.missing)
    return Data(found, tuple(missing))


async def planned(skill: Skill, intent: str, text: str, now: datetime = SATURDAY) -> Plan:
    """The plan for a request, which needs no question."""
    request = asked(skill, intent, text, now)
    data = await fetched(skill, request)
    assert skill.clarify(request, data) is None
    return await skill.plan(request, data)


async def said(skill: Skill, intent: str, text: str, now: datetime = SATURDAY) -> str:
    """The words of the plan."""
    return (await planned(skill, intent, text, now)).speech


async def question(skill: Skill, intent: str, text: str, now: datetime = SATURDAY) -> Clarification | None:
    """What the skill asks first."""
    request = asked(skill, intent, text, now)
    return skill.clarify(request, await fetched(skill, request))
