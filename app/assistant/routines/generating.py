"""Has a language model make a routine, held to a schema; what the validator finds wrong goes into the next try.

Why it exists: rules understand requests in a row. "Look at my week and say what is too much" takes a model, and one
that can be held to a schema. What it makes goes through the same validator as everything else.
"""

from __future__ import annotations

import contextlib
import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from app.assistant.routines.components import Components
from app.assistant.routines.likeness import words
from app.assistant.routines.requirements import Requirements
from app.assistant.routines.routine import MOST_STEPS, Kind, Parameter, Problem, Routine, Step
from app.assistant.routines.writing import id_of
from app.contracts.errors import InvalidInput, SottoError
from app.contracts.ports import TextGenerator
from app.contracts.text import ChatMessage, GenerationRequest, Role

log = logging.getLogger(__name__)

TRIES = 3
MOST_TOKENS = 900
MOST_LEFT_OUT = 0.5
"""Of the words of a wish, so large a share may be missing from what the steps say."""
CODE = "routine-answer"
Check = Callable[[Routine], Sequence[Problem]]
_SYSTEM = """\
You write routines for a voice assistant as JSON. A routine is a list of steps, done in order.
A step is one of:
- kind "ask": text is one short request, as a person would say it. Best for everything the skills below can do.
- kind "say": text is said aloud.
- kind "pipeline": target is the id of a pipeline below, text its input.
In texts, {{ previous }} is what the step before gave, {{ steps.step1 }} what the first step gave, and {{ name }} the
value of a parameter. Use parameters only for what should be different each time.
phrases are what the person says to start the routine. Use as few steps as the wish needs and none it does not name."""


@dataclass(frozen=True, slots=True)
class Generated:
    """What a model made: the routine, and after how many tries the validator was content."""

    routine: Routine
    attempts: int


class Generator:
    """Makes routines with a language model.

    Args:
        model: A model whose answer can be held to a JSON schema.
    """

    def __init__(self, model: TextGenerator) -> None:
        self._model = model

    async def generate(self, wanted: Requirements, components: Components, check: Check) -> Generated | None:
        """A routine the validator has nothing against; None when none came of `TRIES` tries.

        Raises:
            SottoError: The model failed.
        """
        messages = [
            ChatMessage(Role.SYSTEM, f"{_SYSTEM}\n\n{_listed(components)}"),
            ChatMessage(Role.USER, _wish(wanted)),
        ]
        schema = json.dumps(schema_of(components))
        for attempt in range(1, TRIES + 1):
            answer = await self._answer(tuple(messages), schema)
            try:
                routine = _named(routine_of(answer), wanted)
                problems = [*map(str, check(routine)), *unfaithful(routine, wanted)]
            except InvalidInput as error:
                problems = [error.message]
            else:
                if not problems:
                    return Generated(routine, attempt)
            log.info("a generated routine was refused at try %d: %d problems", attempt, len(problems))
            said = "\n".join(f"- {problem}" for problem in problems)
            messages += [
                ChatMessage(Role.ASSISTANT, answer),
                ChatMessage(Role.USER, f"This routine cannot be used:\n{said}\nWrite the whole of it again, mended."),
            ]
        return None

    async def _answer(self, messages: tuple[ChatMessage, ...], schema: str) -> str:
        request = GenerationRequest(messages, max_tokens=MOST_TOKENS, temperature=0.0, json_schema=schema)
        async with contextlib.aclosing(self._model.generate(request)) as pieces:
            return "".join([piece.text async for piece in pieces])


def schema_of(components: Components) -> Mapping[str, object]:
    """The JSON schema of a routine that can be made of these components."""
    step: dict[str, object] = {
        "type": "object",
        "properties": {
            "kind": {"enum": [kind.value for kind in _kinds(components)]},
            "text": {"type": "string"},
            "target": {"enum": ["", *components.pipelines]},
        },
        "required": ["kind", "text", "target"],
        "additionalProperties": False,
    }
    parameter = {
        "type": "object",
        "properties": {"name": {"type": "string"}, "default": {"type": "string"}},
        "required": ["name", "default"],
        "additionalProperties": False,
    }
    return {
        "type": "object",
        "properties": {
            "name": {"type": "string"},
            "phrases": {"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": 4},
            "parameters": {"type": "array", "items": parameter, "maxItems": 6},
            "steps": {"type": "array", "items": step, "minItems": 1, "maxItems": MOST_STEPS},
        },
        "required": ["name", "phrases", "parameters", "steps"],
        "additionalProperties": False,
    }


def routine_of(answer: str) -> Routine:
    """The routine a model's answer says.

    Raises:
        InvalidInput: It is no JSON, or no routine.
    """
    try:
        said = json.loads(answer)
    except ValueError as error:
        raise InvalidInput(f"The answer is no JSON: {error}.", code=CODE) from error
    if not isinstance(said, dict):
        raise InvalidInput("The answer is no JSON object.", code=CODE)
    name, phrases = said.get("name"), said.get("phrases")
    if not isinstance(name, str) or not name.strip():
        raise InvalidInput("name is missing.", code=CODE)
    if not isinstance(phrases, list) or not all(isinstance(each, str) and each.strip() for each in phrases):
        raise InvalidInput("phrases has to be a list of texts.", code=CODE)
    steps = tuple(_step(each, number) for number, each in enumerate(_list(said, "steps"), 1))
    if not 1 <= len(steps) <= MOST_STEPS:
        raise InvalidInput(f"There have to be 1 to {MOST_STEPS} steps.", code=CODE)
    return Routine(
        routine_id=id_of(name),
        name=name.strip(),
        phrases=tuple(each.strip() for each in phrases) or (name.strip().lower(),),
        steps=steps,
        parameters=tuple(_parameter(each) for each in _list(said, "parameters")),
    )


def unfaithful(routine: Routine, wanted: Requirements) -> list[str]:
    """What a routine does not do of the wish, or does twice."""
    problems = []
    does = [step.in_words() for step in routine.steps]
    if len(set(does)) < len(does):
        problems.append("Some steps are the same; each has to be there once.")
    wish = words(wanted.body)
    done = {word for each in does for word in words(each)}
    left = [word for word in dict.fromkeys(wish) if word not in done]
    if len(left) > MOST_LEFT_OUT * len(set(wish)):
        problems.append(f"No step does anything about: {', '.join(left)}.")
    return problems


def _step(said: object, number: int) -> Step:
    if not isinstance(said, dict) or said.get("kind") not in [kind.value for kind in Kind]:
        raise InvalidInput(f"Step {number} has no kind that is known.", code=CODE)
    text, target = said.get("text", ""), said.get("target", "")
    if not isinstance(text, str) or not isinstance(target, str):
        raise InvalidInput(f"text and target of step {number} have to be texts.", code=CODE)
    kind = Kind(said["kind"])
    if not text.strip() and kind is not Kind.INTENT:
        raise InvalidInput(f"Step {number} has no text.", code=CODE)
    return Step(f"step{number}", kind, text.strip(), target if kind in (Kind.PIPELINE, Kind.INTENT) else "")


def _parameter(said: object) -> Parameter:
    name = said.get("name") if isinstance(said, dict) else None
    default = said.get("default") if isinstance(said, dict) else None
    if not isinstance(name, str) or not name.isidentifier():
        raise InvalidInput("A parameter needs a name of letters, digits and _.", code=CODE)
    return Parameter(name, default if isinstance(default, str) and default else None)


def _list(said: Mapping[str, object], key: str) -> list[object]:
    value = said.get(key, [])
    if not isinstance(value, list):
        raise InvalidInput(f"{key} has to be a list.", code=CODE)
    return value


def _named(routine: Routine, wanted: Requirements) -> Routine:
    """What the person said it is called and started by goes before what the model made of it."""
    name = wanted.name or (wanted.phrases[0].capitalize() if wanted.phrases else routine.name)
    return replace(routine, name=name, routine_id=id_of(name), phrases=wanted.phrases or routine.phrases)


def _kinds(components: Components) -> list[Kind]:
    return [Kind.ASK, Kind.SAY, *([Kind.PIPELINE] if components.pipelines else [])]


def _listed(components: Components) -> str:
    lines = ["The skills can be asked, for instance:"]
    lines.extend(
        f'- {intent.description or intent.intent_id}: "{intent.examples[0]}"' for intent in components.intents.values()
    )
    if components.model:
        lines.append("- anything else: the language model answers a question")
    lines.append("Pipelines:" if components.pipelines else "There are no pipelines.")
    lines.extend(f"- {entry.pipeline_id}: {entry.about or entry.name}" for entry in components.pipelines.values())
    return "\n".join(lines)


def _wish(wanted: Requirements) -> str:
    lines = [f"The wish: {wanted.text}"]
    if wanted.phrases:
        lines.append(f"Started by: {', '.join(wanted.phrases)}")
    if wanted.name:
        lines.append(f"Called: {wanted.name}")
    return "\n".join(lines)


async def generated(
    model: TextGenerator | None, wanted: Requirements, components: Components, check: Check
) -> Generated | None:
    """A routine made by a model; None where there is no model that can be held to a schema, or it failed."""
    if model is None or not model.capabilities.json_schema:
        return None
    try:
        return await Generator(model).generate(wanted, components, check)
    except SottoError as error:
        log.warning("no routine could be generated: %s", error.code)
        return None
