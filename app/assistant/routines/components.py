"""What a routine can be made of: what skills can be asked for, the pipelines there are, words to say, open questions.

Why it exists: whoever makes a routine, by rule or by a language model, chooses among these and nothing else; whoever
checks one looks here too. Browsing is kept until skills or pipelines are other ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from app.assistant.routines.doing import Abilities, PipelineEntry
from app.assistant.skills.skill import Intent, Skill

OWN_INTENTS = frozenset({"make_routine", "show_routines", "delete_routine"})
"""Intents that are no steps: a routine does not change routines."""


@dataclass(frozen=True, slots=True)
class Components:
    """Everything there is.

    Attributes:
        intents: What skills can be asked for, by id.
        skills: Whose intent it is.
        pipelines: By id.
        model: Open questions may be asked.
    """

    intents: Mapping[str, Intent]
    skills: Mapping[str, str]
    pipelines: Mapping[str, PipelineEntry]
    model: bool

    def pipeline_named(self, words: str) -> PipelineEntry | None:
        """The pipeline of an id or a name, as people say it."""
        said = words.strip().lower().replace(" ", "-")
        for entry in self.pipelines.values():
            if said in (entry.pipeline_id.lower(), entry.name.lower().replace(" ", "-")):
                return entry
        return None


class Browser:
    """Browses the components, and keeps what it found."""

    def __init__(self) -> None:
        self._found: tuple[tuple[object, ...], Components] | None = None

    def components(self, abilities: Abilities) -> Components:
        """What there is now."""
        skills = tuple(abilities.skills)
        entries = abilities.pipeline_entries()
        key = (tuple(skill.spec.skill_id for skill in skills), entries, abilities.model is not None)
        if self._found is None or self._found[0] != key:
            self._found = (key, _browsed(skills, entries, model=abilities.model is not None))
        return self._found[1]


def _browsed(skills: tuple[Skill, ...], entries: tuple[PipelineEntry, ...], *, model: bool) -> Components:
    owned = {
        intent.intent_id: (intent, skill.spec.skill_id)
        for skill in skills
        for intent in skill.spec.intents
        if intent.intent_id not in OWN_INTENTS
    }
    return Components(
        intents={intent_id: intent for intent_id, (intent, _) in owned.items()},
        skills={intent_id: skill for intent_id, (_, skill) in owned.items()},
        pipelines={entry.pipeline_id: entry for entry in entries},
        model=model,
    )
