"""What is made ahead while the person reads and decides: the branches of a question, the variations of a proposal."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

from app.assistant.skills.skill import Asked, Clarification, Data, Skill
from app.assistant.speculation.preparing import Preparations, Urgency, Worth
from app.assistant.staged.making import Making

log = logging.getLogger(__name__)

LEVELS = 2
"""Levels of a tree of questions whose branches are made ahead."""
VARIATIONS = 2
"""Requests made ahead besides the proposed one: three plans and their cards are ready before "proceed"."""
SAVES_S = 0.3
"""Seconds a branch saves as long as nothing better is known."""


class Branches:
    """Begins work ahead.

    Args:
        making: How things are made.
        preparations: Makes them when nobody waits.
    """

    def __init__(self, making: Making, preparations: Preparations) -> None:
        self._making = making
        self._preparations = preparations
        self._begun: dict[str, set[str]] = {}

    def of_question(
        self, skill: Skill, asked: Asked, question: Clarification, *, tag: str, level: int = 1, under: str = ""
    ) -> None:
        """Make ahead what each likely answer leads to; the next question's branches too, two levels deep.

        Args:
            skill: Whose question it is.
            asked: The request so far.
            question: It.
            tag: Id of the card that asks.
            level: 1 for the question on the card, 2 for those its answers lead to.
            under: The answer on the card that a question of level 2 belongs to.
        """
        values = tuple(choice.value for choice in question.choices)
        for value, chance in self._preparations.likely(_slot(asked.intent, question), values):
            branch = asked.having({question.slot: value})
            worth = Worth(chance / level, SAVES_S)
            self._ahead(
                skill,
                branch,
                self._branch(skill, branch, tag, level, under or value),
                Urgency.BRANCH,
                worth,
                tag,
                under or value,
            )

    def of_proposal(self, skill: Skill, asked: Asked, data: Data, *, tag: str) -> None:
        """Make ahead the plan that is proposed and what it is most likely turned into."""
        wanted = (asked, *_variations(skill, asked, data))
        for number, each in enumerate(wanted):
            urgency = Urgency.VARIATION if number else Urgency.LIKELY
            worth = Worth(0.9 if not number else 0.1, SAVES_S)
            self._ahead(skill, each, self._whole(skill, each), urgency, worth, tag, f"variation {number}")

    def decided(self, tag: str, value: str) -> None:
        """The person has decided: what does not belong to this answer is not wanted any more."""
        for name in self._begun.pop(tag, set()) - {value}:
            self._preparations.drop(f"{tag}/{name}")

    def chose(self, asked: Asked, question: Clarification, value: str) -> None:
        """Learn from the answer."""
        self._preparations.chose(_slot(asked.intent, question), value)

    def _branch(self, skill: Skill, branch: Asked, tag: str, level: int, under: str) -> Callable[[], Awaitable[None]]:
        async def make() -> None:
            data = await self._making.data(skill, branch)
            question = skill.clarify(branch, data)
            if question is None:
                await self._making.whole(skill, branch)
            elif level < LEVELS:
                self.of_question(skill, branch, question, tag=tag, level=level + 1, under=under)

        return make

    def _whole(self, skill: Skill, asked: Asked) -> Callable[[], Awaitable[None]]:
        return lambda: self._making.whole(skill, asked)

    def _ahead(
        self,
        skill: Skill,
        asked: Asked,
        make: Callable[[], Awaitable[object]],
        urgency: Urgency,
        worth: Worth,
        tag: str,
        name: str,
    ) -> None:
        if skill.keeps_plans:
            self._begun.setdefault(tag, set()).add(name)
            key = ("branch", *self._making.key(skill, asked))
            self._preparations.ahead("clarification", key, make, urgency=urgency, worth=worth, tag=f"{tag}/{name}")


def _variations(skill: Skill, asked: Asked, data: Data) -> tuple[Asked, ...]:
    """What a proposal may be turned into; a skill that breaks at that is proposed all the same."""
    try:
        return tuple(skill.variations(asked, data))[:VARIATIONS]
    except Exception:  # a skill of another package may raise anything; nothing but time is lost
        log.exception("skill %s broke at the variations of a proposal", skill.spec.skill_id)
        return ()


def _slot(intent: str, question: Clarification) -> str:
    return f"{intent}.{question.slot}"
