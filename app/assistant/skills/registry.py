"""Brings the skills together: those that ship with Sotto, and those other packages bring.

Why it exists: a package brings a skill as an entry point of the group ``sotto.skills``: the object is a callable that
takes `SkillParts` and returns a `Skill`. A package that is broken, or that claims what another skill has, costs the
person one sentence and the other skills nothing.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from importlib.metadata import EntryPoint, entry_points

from app.assistant.skills.parts import SkillParts
from app.assistant.skills.skill import Skill, SkillSpec
from app.assistant.understanding.meaning import OPEN_QUESTION
from app.contracts.errors import InvalidInput, SottoError

log = logging.getLogger(__name__)

GROUP = "sotto.skills"
"""Entry points under which skills of others are found."""
FEWEST_EXAMPLES = 3
"""An intent with fewer examples would hardly ever be recognised."""
_ID = re.compile(r"[a-z][a-z0-9_]{0,39}")


def load(parts: SkillParts, builtin: Iterable[Skill]) -> tuple[tuple[Skill, ...], tuple[str, ...]]:
    """All skills, the shipped ones first, and a sentence for each that cannot be used.

    Args:
        parts: What skills of other packages are made with.
        builtin: The skills that ship; their ids and intents cannot be taken.
    """
    skills = list(builtin)
    problems = []
    for point in sorted(entry_points(group=GROUP), key=lambda one: (one.name, one.value)):
        try:
            skill = _made(point, parts)
            _fits(skill, skills)
        except SottoError as error:
            problems.append(f"The skill {point.name!r} of {_package(point)} is left out: {error.message}")
        else:
            skills.append(skill)
    return tuple(skills), tuple(problems)


def _made(point: EntryPoint, parts: SkillParts) -> Skill:
    """The skill of an entry point.

    Raises:
        SottoError: It cannot be loaded, or is no skill.
    """
    try:
        skill = point.load()(parts)
    except SottoError:
        raise
    except Exception as error:
        log.warning("the skill %s of %s failed to load", point.name, point.value, exc_info=True)
        reason = " ".join(f"{type(error).__name__}: {error}".split())[:200]
        raise InvalidInput(f"it cannot be loaded ({reason}).", code="broken-skill") from error
    if not isinstance(skill, Skill):
        raise InvalidInput(f"it makes a {type(skill).__name__}, which is no skill.", code="broken-skill")
    return skill


def _fits(skill: Skill, others: Iterable[Skill]) -> None:
    """Raise `InvalidInput` for a skill whose description is not sound, or that claims what another has."""
    spec = getattr(skill, "spec", None)
    if not isinstance(spec, SkillSpec) or not _ID.fullmatch(spec.skill_id):
        raise InvalidInput("its spec has no id of small letters, digits and _.", code="broken-skill")
    if not spec.intents:
        raise InvalidInput("it has no intent.", code="broken-skill")
    taken = {OPEN_QUESTION: "the assistant itself"}
    for other in others:
        if other.spec.skill_id == spec.skill_id:
            raise InvalidInput(f"there is a skill {spec.skill_id!r} already.", code="skill-twice")
        taken |= {intent.intent_id: repr(other.spec.skill_id) for intent in other.spec.intents}
    for intent in spec.intents:
        if not _ID.fullmatch(intent.intent_id):
            raise InvalidInput(f"its intent {intent.intent_id!r} has no sound id.", code="broken-skill")
        if intent.intent_id in taken:
            raise InvalidInput(
                f"its intent {intent.intent_id!r} is that of {taken[intent.intent_id]}.", code="intent-twice"
            )
        taken[intent.intent_id] = "itself"
        if len(intent.examples) < FEWEST_EXAMPLES:
            raise InvalidInput(
                f"its intent {intent.intent_id!r} has fewer than {FEWEST_EXAMPLES} examples.", code="broken-skill"
            )
        for pattern in (*intent.patterns, *intent.against):
            _compiles(pattern, intent.intent_id)


def _compiles(pattern: str, intent: str) -> None:
    try:
        re.compile(pattern)
    except re.error as error:
        raise InvalidInput(f"a pattern of its intent {intent!r} is wrong: {error}.", code="broken-skill") from error


def _package(point: EntryPoint) -> str:
    return f"{point.dist.name} {point.dist.version}" if point.dist else point.value
