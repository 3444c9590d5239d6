"""The skills of one assistant, by id and by intent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from app.assistant.skills.skill import Intent, Skill
from app.contracts.errors import InvalidInput


class SkillSet:
    """Skills, each id and each intent once.

    Args:
        skills: The first that claims an id or an intent has it.

    Raises:
        InvalidInput: Two skills have the same id, or claim the same intent.
    """

    def __init__(self, skills: Iterable[Skill]) -> None:
        self._by_id: dict[str, Skill] = {}
        self._by_intent: dict[str, Skill] = {}
        for skill in skills:
            name = skill.spec.skill_id
            if name in self._by_id:
                raise InvalidInput(f"There are two skills {name!r}.", code="skill-twice")
            self._by_id[name] = skill
            for intent in skill.spec.intents:
                other = self._by_intent.setdefault(intent.intent_id, skill)
                if other is not skill:
                    raise InvalidInput(
                        f"The skills {other.spec.skill_id!r} and {name!r} both claim {intent.intent_id!r}.",
                        code="intent-twice",
                    )
        self.claiming = tuple(skill for skill in self._by_id.values() if type(skill).claim is not Skill.claim)

    def __iter__(self) -> Iterator[Skill]:
        return iter(self._by_id.values())

    def of_intent(self, intent: str) -> Skill | None:
        """Whose intent this is, None for an open question."""
        return self._by_intent.get(intent)

    def get(self, skill_id: str) -> Skill | None:
        """The skill of an id."""
        return self._by_id.get(skill_id)

    @property
    def intents(self) -> Mapping[str, Intent]:
        """Every intent by its id."""
        return {intent.intent_id: intent for skill in self._by_id.values() for intent in skill.spec.intents}
