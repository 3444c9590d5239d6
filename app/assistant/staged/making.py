"""Makes what a request needs (data, plan, cards) now or ahead, by the same way and under the same keys.

Why it exists: what was made ahead is only worth something if the person's answer then finds it. So a branch that is
speculated on and the one that is taken come through here alike.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime

from app.assistant.skills.skill import Asked, Data, Fetch, Plan, Section, Skill
from app.assistant.speculation.preparing import Preparations, Urgency
from app.assistant.understanding.meaning import NO_VALUES, Value
from app.contracts.cards import AnyCard
from app.contracts.errors import SottoError

log = logging.getLogger(__name__)

RENEWED, READY = "renewed", "ready"
"""Tags of what is fetched again because it has changed, and of what is fetched before anything is asked."""


class Revisions:
    """Counts how often what a skill keeps has changed, so that nothing made from older data is found again."""

    def __init__(self) -> None:
        self._changed: dict[str, int] = {}

    def note(self, collections: frozenset[str]) -> None:
        """These collections of the notebook were written to."""
        for name in {collection.split(".", 1)[0] for collection in collections}:
            self._changed[name] = self._changed.get(name, 0) + 1

    def of(self, skill: Skill) -> tuple[int, ...]:
        """What a skill's data stands at: its own and what is known of the person."""
        return tuple(self._changed.get(name, 0) for name in (skill.spec.skill_id, "person"))


class Making:
    """Data, plans and cards.

    Args:
        preparations: Keeps them, makes them ahead.
        revisions: Part of what everything is known by.
    """

    def __init__(self, preparations: Preparations, revisions: Revisions) -> None:
        self._preparations = preparations
        self._revisions = revisions
        self._fetched_for: dict[tuple[str, str], tuple[Skill, Asked]] = {}

    async def data(self, skill: Skill, asked: Asked) -> Data:
        """Fetch everything at the same time; what fails or hangs is its default, and said."""
        fetches = tuple(skill.fetches(asked))
        self._fetched_for[skill.spec.skill_id, asked.intent] = (skill, asked)
        results = await asyncio.gather(*(self._fetched(skill, fetch) for fetch in fetches))
        found = {fetch.name: value for fetch, (value, _) in zip(fetches, results, strict=True)}
        missing = tuple(fetch.missing for fetch, (_, came) in zip(fetches, results, strict=True) if not came)
        return Data(found, missing)

    def data_ahead(self, skill: Skill, asked: Asked, tag: str) -> None:
        """Begin to fetch, each by itself, while nobody waits."""
        self._ahead(skill, self._wanted_by(skill, asked), tag, Urgency.LIKELY)

    def get_ready(self, skill: Skill, now: datetime) -> None:
        """Fetch what is known of the person, whatever the skill is going to be asked, when nothing else is to do."""
        for intent in skill.spec.intents:
            fetches = self._wanted_by(skill, Asked(intent.intent_id, "", NO_VALUES, now))
            self._ahead(skill, [each for each in fetches if each.kind == "person"], READY, Urgency.IDLE)

    def renew(self, collections: frozenset[str]) -> None:
        """These collections were written to: what was fetched from them is fetched again when nobody waits."""
        names = {collection.split(".", 1)[0] for collection in collections}
        changed = [each for each in self._fetched_for.values() if names & {each[0].spec.skill_id, "person"}]
        for name in {skill.spec.skill_id for skill, _ in changed}:
            self._preparations.drop(f"{RENEWED}/{name}")
        for skill, asked in changed:
            self._ahead(skill, self._wanted_by(skill, asked), f"{RENEWED}/{skill.spec.skill_id}", Urgency.IDLE)

    def key(self, skill: Skill, asked: Asked) -> tuple[object, ...]:
        """What a plan depends on."""
        return (skill.spec.skill_id, *asked.key(), *self._revisions.of(skill))

    async def plan(self, skill: Skill, asked: Asked, data: Data) -> Plan:
        """The plan for a request; one that rests on defaults is not kept."""
        if not skill.keeps_plans or data.missing:
            return await planned(skill, asked, data)
        return await self._preparations.get("plan", self.key(skill, asked), lambda: planned(skill, asked, data))

    async def cards(self, skill: Skill, asked: Asked, plan: Plan, section: Section, step: int) -> AnyCard | None:
        """A section's card, filled in up to a step."""
        if not skill.keeps_plans:
            return await filled(skill, plan, section, step)
        key = (*self.key(skill, asked), section.name, step)
        return await self._preparations.get("cards", key, lambda: filled(skill, plan, section, step))

    async def whole(self, skill: Skill, asked: Asked) -> None:
        """Everything a request will need, made ahead of it being asked."""
        data = await self.data(skill, asked)
        if skill.clarify(asked, data) is not None:
            return
        plan = await self.plan(skill, asked, data)
        for section in skill.sections(plan):
            for step in range(section.steps):
                await self.cards(skill, asked, plan, section, step)

    def _ahead(self, skill: Skill, fetches: Sequence[Fetch], tag: str, urgency: Urgency) -> None:
        for fetch in fetches:
            self._preparations.ahead(fetch.kind, self._fetch_key(skill, fetch), fetch.get, urgency=urgency, tag=tag)

    def _wanted_by(self, skill: Skill, asked: Asked) -> Sequence[Fetch]:
        """What a skill wants fetched when nobody has asked; one that breaks down at this wants nothing."""
        try:
            return skill.fetches(asked)
        except Exception:  # a skill of another package may raise anything; whoever wrote or started goes on
            log.exception("skill %s broke when it was asked what to fetch", skill.spec.skill_id)
            return ()

    async def _fetched(self, skill: Skill, fetch: Fetch) -> tuple[object, bool]:
        """What came, or its default; and whether it came."""
        try:
            async with asyncio.timeout(fetch.timeout_s):
                return await self._preparations.get(fetch.kind, self._fetch_key(skill, fetch), fetch.get), True
        except TimeoutError:
            log.warning("skill %s: fetching %s took too long", skill.spec.skill_id, fetch.name)
        except SottoError as error:
            log.warning("skill %s: fetching %s failed: %s", skill.spec.skill_id, fetch.name, error.code)
        except Exception:  # a skill of another package may raise anything; the plan goes on without
            log.exception("skill %s: fetching %s failed", skill.spec.skill_id, fetch.name)
        return fetch.default, False

    def _fetch_key(self, skill: Skill, fetch: Fetch) -> tuple[object, ...]:
        return (skill.spec.skill_id, fetch.name, *fetch.key, *self._revisions.of(skill))


async def planned(skill: Skill, asked: Asked, data: Data) -> Plan:
    """Ask the skill for its plan.

    Raises:
        SottoError: It cannot be done, or the skill broke.
    """
    try:
        async with asyncio.timeout(skill.patience_s):
            return await skill.plan(asked, data)
    except SottoError:
        raise
    except TimeoutError as error:
        log.warning("skill %s took too long at its plan", skill.spec.skill_id)
        raise too_slow(skill) from error
    except Exception as error:
        log.exception("skill %s broke at its plan", skill.spec.skill_id)
        raise broke(skill) from error


async def filled(skill: Skill, plan: Plan, section: Section, step: int) -> AnyCard | None:
    """Ask the skill to fill in a card; errors as `planned`."""
    try:
        async with asyncio.timeout(skill.patience_s):
            return await skill.fill(plan, section, step)
    except SottoError:
        raise
    except TimeoutError as error:
        log.warning("skill %s took too long at its card %s", skill.spec.skill_id, section.name)
        raise too_slow(skill) from error
    except Exception as error:
        log.exception("skill %s broke at its card %s", skill.spec.skill_id, section.name)
        raise broke(skill) from error


def read_by(skill: Skill, asked: Asked, slot: str, text: str) -> Value | None:
    """The value a skill reads from an answer in the person's own words; a skill that breaks at it reads none."""
    try:
        return skill.read_answer(asked, slot, text)
    except Exception:  # a skill of another package may raise anything; the words may still be another request
        log.exception("skill %s broke at an answer", skill.spec.skill_id)
        return None


def ordered(sections: Sequence[Section]) -> tuple[Section, ...]:
    """The order in which cards are shown: by priority, the highest first, then by name."""
    return tuple(sorted(sections, key=lambda section: (-section.priority, section.name)))


def broke(skill: Skill) -> SottoError:
    """What the person is told of a mistake in a skill."""
    return SottoError(
        f"The skill {skill.spec.name!r} broke down.",
        code="skill-broke",
        remedy="Ask differently, or ask again; the log has the details.",
    )


def too_slow(skill: Skill) -> SottoError:
    """What the person is told of a skill that does not come to an end."""
    return SottoError(
        f"The skill {skill.spec.name!r} took too long.", code="skill-too-slow", remedy="Ask again, or ask differently."
    )
