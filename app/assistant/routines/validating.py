"""Checks a routine against what there is; every problem says where it stands and what would be right.

Why it exists: what a language model or a person wrote is tried here before it is kept, and a language model that got it
wrong is told these sentences.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime

from app.assistant.routines.components import OWN_INTENTS, Components
from app.assistant.routines.doing import Abilities
from app.assistant.routines.likeness import plain
from app.assistant.routines.routine import Kind, Problem, Routine, Step
from app.assistant.routines.shelf import Saved
from app.assistant.routines.templating import bare, is_template, mistake_in, names_in, without_earlier
from app.assistant.skills.skill import Asked
from app.assistant.understanding.meaning import OPEN_QUESTION
from app.contracts.errors import SottoError
from app.settings.files import suggestion

REHEARSAL_S = 0.5
"""A skill that takes longer to look at its data is not waited for."""


def check(routine: Routine, components: Components) -> tuple[Problem, ...]:
    """What is wrong with a routine, by itself; nothing is asked of any skill."""
    problems: list[Problem] = []
    known = {"previous", "input", *(each.name for each in routine.parameters)}
    before: list[str] = []
    problems.extend(
        Problem(f"{phrase!r} has no word in it that can be said.", routine.places.get("phrases", (0, 0)))
        for phrase in routine.phrases
        if not plain(phrase)
    )
    for step in routine.steps:
        problems.extend(_target(step, components))
        for text in _templates(step):
            problems.extend(_template(text, step, known, before))
        if step.kind is Kind.ASK and plain(step.text) in {plain(phrase) for phrase in routine.phrases}:
            problems.append(Problem("This step would start the routine itself again.", step.place))
        if step.kind is Kind.INTENT and step.target == "run_routine" and _called(step) in _names_of(routine):
            problems.append(Problem("This step would start the routine itself again.", step.place))
        before.append(step.step_id)
    return tuple(problems)


def _called(step: Step) -> str:
    return plain(str(dict(step.values).get("name", "")))


def _names_of(routine: Routine) -> set[str]:
    """By what it can be run, besides its phrases."""
    return {plain(routine.routine_id), plain(routine.name), *map(plain, routine.phrases)}


def clashes(routine: Routine, saved: Mapping[str, Saved]) -> tuple[Problem, ...]:
    """Phrases that another routine has already."""
    problems: list[Problem] = []
    for other in saved.values():
        if other.routine.routine_id == routine.routine_id:
            continue
        theirs = {plain(phrase): phrase for phrase in other.routine.phrases}
        problems.extend(
            Problem(
                f"{phrase!r} starts the routine {other.routine.name!r} already.", routine.places.get("phrases", (0, 0))
            )
            for phrase in routine.phrases
            if plain(phrase) in theirs
        )
    return tuple(problems)


async def rehearse(routine: Routine, abilities: Abilities, now: datetime) -> tuple[Problem, ...]:
    """Ask the skills what they would still have to know; steps with places that are filled in later are left alone."""
    found = await asyncio.gather(*(_rehearsed(step, routine, abilities, now) for step in routine.steps))
    return tuple(problem for problem in found if problem is not None)


async def _rehearsed(step: Step, routine: Routine, abilities: Abilities, now: datetime) -> Problem | None:
    asked = _request(step, routine, abilities, now)
    if asked is None:
        return None
    try:
        async with asyncio.timeout(REHEARSAL_S):
            look = await abilities.look(asked)
    except TimeoutError:
        return None  # it has all it needs to begin; more cannot be said so soon
    except SottoError as error:
        return Problem(str(error), step.place)
    if look.missing is None:
        return None
    return Problem(f"{step.in_words()!r} does not say enough: {look.missing.question}", step.place)


def intents_of(routine: Routine, abilities: Abilities, now: datetime) -> tuple[str, ...]:
    """The intents the steps are taken for, each once."""
    found = []
    for step in routine.steps:
        if step.kind is Kind.INTENT:
            found.append(step.target)
        elif step.kind is Kind.ASK:
            found.append(abilities.understand(sample(without_earlier(step.text), routine), now).intent)
    return tuple(dict.fromkeys(found))


def sample(text: str, routine: Routine) -> str:
    """A step's words with the defaults of the parameters in their places."""
    for parameter in routine.parameters:
        value = parameter.default or "1"
        for form in (f"{{{{ {parameter.name} }}}}", f"{{{{{parameter.name}}}}}"):
            text = text.replace(form, value)
    return text


def _request(step: Step, routine: Routine, abilities: Abilities, now: datetime) -> Asked | None:
    """What a step asks of a skill, None when it asks none or what it asks is not known yet."""
    text = sample(step.text, routine)
    if step.kind is Kind.INTENT:
        values = {name: sample(value, routine) if isinstance(value, str) else value for name, value in step.values}
        open_places = any(isinstance(value, str) and is_template(value) for value in values.values())
        return None if open_places else Asked(step.target, step.in_words(), values, now)
    if step.kind is not Kind.ASK or is_template(text):
        return None
    meaning = abilities.understand(text, now)
    return None if meaning.intent == OPEN_QUESTION else abilities.asked(meaning, now)


def _target(step: Step, components: Components) -> Sequence[Problem]:
    if step.kind is Kind.INTENT:
        if step.target in OWN_INTENTS:
            return (Problem("A routine does not change routines.", step.place),)
        if step.target not in components.intents:
            hint = suggestion(step.target, components.intents)
            return (Problem(f"No skill does {step.target!r}. {hint}".strip(), step.place),)
    if step.kind is Kind.PIPELINE and step.target not in components.pipelines:
        hint = suggestion(step.target, components.pipelines)
        return (Problem(f"There is no pipeline {step.target!r}. {hint}".strip(), step.place),)
    if step.kind is Kind.PIPELINE and not step.text:
        return (Problem('A pipeline needs an input, for instance "{{ previous }}".', step.place),)
    return ()


def _templates(step: Step) -> tuple[str, ...]:
    values = [value for _, value in step.values]
    texts = [value for value in values if isinstance(value, str)]
    return (step.text, *texts, *(text for value in values if isinstance(value, tuple) for text in value))


def _template(text: str, step: Step, known: set[str], before: Sequence[str]) -> Sequence[Problem]:
    mistake = mistake_in(text)
    if mistake:
        return (Problem(mistake, step.place),)
    problems = []
    for name, member in names_in(text):
        if name == "steps":
            if member not in before:
                hint = f"steps before it: {', '.join(before)}" if before else "there is no step before it"
                problems.append(Problem(f"{{{{ steps.{member} }}}} names no earlier step; {hint}.", step.place))
        elif name not in known:
            names = ", ".join(sorted(known))
            problems.append(Problem(f"{{{{ {name} }}}} is no parameter; known: {names}.", step.place))
    if not bare(text) and "{{" not in text and "{%" not in text:
        problems.append(Problem("This text opens a place that it does not close.", step.place))
    return problems
