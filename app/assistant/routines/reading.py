"""Reads the YAML of a routine; what is wrong is told with line and column.

routine: good-morning
name: Good morning
phrases:
  - good morning
parameters:
  city: {default: Berlin, about: Where I am}
steps:
  - ask: what time is it in {{ city }}
  - intent: show_list
    values: {list: shopping}
  - pipeline: adaptive-text
    input: "Shorten this: {{ previous }}"
  - say: Have a good day.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from app.assistant.routines.routine import (
    LONGEST_TEXT,
    LONGEST_YAML,
    MOST_PARAMETERS,
    MOST_STEPS,
    Kind,
    Parameter,
    Place,
    Problem,
    Routine,
    Step,
)
from app.assistant.understanding.meaning import Value
from app.contracts.errors import InvalidInput
from app.settings.files import suggestion
from app.settings.located import Node, located

SHOWN_AS = Path("routine")
CODE = "routine"
UNITS = ("", "s", "min", "h")
_KEYS = ("routine", "name", "about", "phrases", "parameters", "steps")
_OF_A_STEP = ("id", "optional", "input", "values", *(kind.value for kind in Kind))
_OF_A_PARAMETER = ("default", "about", "unit")
_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_NO_TEXT = re.compile("[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f\\ud800-\\udfff]")
"""What is neither shown nor said: control characters, halves of characters."""
_DEEPEST = 30
"""Brackets within brackets; the library takes many seconds for some thousand of them."""
_TAKEN = ("previous", "steps", "input")
"""Names every template has besides the parameters."""


def read_routine(text: str) -> Routine:
    """The routine a text says.

    Raises:
        InvalidInput: It is no YAML, or no routine; the sentence begins with ``routine:LINE:COLUMN``.
    """
    if len(text) > LONGEST_YAML or _depth(text) > _DEEPEST:
        what = f"longer than {LONGEST_YAML} characters" if len(text) > LONGEST_YAML else "nested too deeply"
        raise InvalidInput(f"{SHOWN_AS}:1:1: This text is {what}.", code=CODE)
    root = located(text, SHOWN_AS)
    entries = _entries(root, _KEYS, "a routine")
    routine_id = _text(_needed(entries, "routine", root))
    if not _ID.fullmatch(routine_id):
        raise wrong(entries["routine"], f"{routine_id!r} is no id: lower case letters, digits and hyphens are taken.")
    name = _text(entries["name"]) if "name" in entries else routine_id.replace("-", " ").capitalize()
    phrases = tuple(_text(item) for item in _items(_needed(entries, "phrases", root)))
    if not phrases:
        raise wrong(entries["phrases"], "There has to be a phrase that starts it.")
    steps_node = _needed(entries, "steps", root)
    items = _items(steps_node)
    if not 1 <= len(items) <= MOST_STEPS:
        raise wrong(steps_node, f"A routine has 1 to {MOST_STEPS} steps; this one has {len(items)}.")
    return Routine(
        routine_id=routine_id,
        name=name,
        phrases=phrases,
        steps=_steps(items),
        parameters=_parameters(entries.get("parameters")),
        about=_text(entries["about"]) if "about" in entries else "",
        places={key: _place(node) for key, node in entries.items()},
    )


def problem_of(error: InvalidInput) -> Problem:
    """An error of reading as a problem with its place."""
    match = re.match(rf"{re.escape(str(SHOWN_AS))}:(\d+):(\d+): (.*)", error.message, re.DOTALL)
    if match is None:
        return Problem(str(error))
    message = f"{match[3]} {error.remedy}".strip()
    return Problem(message, (int(match[1]), int(match[2])))


def wrong(node: Node, message: str, remedy: str = "") -> InvalidInput:
    """What is wrong with a node."""
    return InvalidInput(f"{SHOWN_AS}:{node.line}:{node.column}: {message}", code=CODE, remedy=remedy)


def _depth(text: str) -> int:
    """How many brackets are open at most."""
    depth = deepest = 0
    for mark in re.findall(r"[\[\]{}]", text):
        depth = depth + 1 if mark in "[{" else max(0, depth - 1)
        deepest = max(deepest, depth)
    return deepest


def _steps(items: tuple[Node, ...]) -> tuple[Step, ...]:
    steps: list[Step] = []
    for number, item in enumerate(items, 1):
        step = _step(item, number)
        if any(step.step_id == other.step_id for other in steps):
            raise wrong(item, f"There are two steps {step.step_id!r}.")
        steps.append(step)
    return tuple(steps)


def _step(item: Node, number: int) -> Step:
    entries = _entries(item, _OF_A_STEP, "a step")
    kinds = [kind for kind in Kind if kind.value in entries]
    if len(kinds) != 1:
        said = "none" if not kinds else " and ".join(kind.value for kind in kinds)
        raise wrong(item, f"A step has exactly one of {', '.join(Kind)}; this one has {said}.")
    kind, given = kinds[0], entries[kinds[0].value]
    for key, wanted in (("values", Kind.INTENT), ("input", Kind.PIPELINE)):
        if key in entries and kind is not wanted:
            raise wrong(entries[key], f"Only a step with {wanted.value!r} has {key!r}.")
    step_id = _text(entries["id"]) if "id" in entries else f"step{number}"
    if not _NAME.fullmatch(step_id):
        raise wrong(entries["id"], f"{step_id!r} is no id of a step: letters, digits and _ are taken.")
    words = kind in (Kind.ASK, Kind.SAY)
    optional = entries["optional"].scalar if "optional" in entries else False
    if not isinstance(optional, bool):
        raise wrong(entries["optional"], f"optional is true or false, not {entries['optional'].shown}.")
    text = _text(given) if words else _text(entries["input"]) if "input" in entries else ""
    return Step(
        step_id=step_id,
        kind=kind,
        text=text,
        target="" if words else _text(given),
        values=_values(entries.get("values")),
        optional=optional,
        place=_place(given),
    )


def _parameters(node: Node | None) -> tuple[Parameter, ...]:
    if node is None or (node.entries is None and node.scalar is None and node.items is None):
        return ()
    if node.entries is None:
        raise wrong(node, "parameters is a mapping from names to what is known of them.")
    if len(node.entries) > MOST_PARAMETERS:
        raise wrong(node, f"A routine has at most {MOST_PARAMETERS} parameters.")
    return tuple(_parameter(name, each) for name, each in node.entries.items())


def _parameter(name: str, node: Node) -> Parameter:
    if not _NAME.fullmatch(name):
        raise wrong(node, f"{name!r} is no name of a parameter: letters, digits and _ are taken.")
    if name in _TAKEN:
        raise wrong(node, f"A parameter may not be called {name!r}: every routine has that name already.")
    if node.entries is None:  # `city: Berlin` is short for `city: {default: Berlin}`
        return Parameter(name, None if node.scalar is None and node.items is None else _text(node), place=_place(node))
    entries = _entries(node, _OF_A_PARAMETER, "a parameter")
    unit = _text(entries["unit"]) if "unit" in entries else ""
    if unit not in UNITS:
        raise wrong(entries["unit"], f"A unit is s, min or h, not {unit!r}.")
    return Parameter(
        name,
        _text(entries["default"]) if "default" in entries and entries["default"].scalar is not None else None,
        _text(entries["about"]) if "about" in entries else "",
        unit,
        _place(node),
    )


def _values(node: Node | None) -> tuple[tuple[str, Value], ...]:
    if node is None:
        return ()
    if node.entries is None:
        raise wrong(node, "values is a mapping from names to values.")
    return tuple((name, _value(each)) for name, each in node.entries.items())


def _value(node: Node) -> Value:
    if node.items is not None:
        return tuple(_text(item) for item in node.items)
    if node.scalar is None or node.entries is not None or node.odd:
        raise wrong(node, f"A value is a text, a number, true, false or a list of texts, not {node.shown}.")
    if isinstance(node.scalar, float) and not math.isfinite(node.scalar):
        raise wrong(node, f"{node.shown} is no number to count with.")
    return _text(node) if isinstance(node.scalar, str) and node.scalar.strip() else node.scalar


def _entries(node: Node, known: Iterable[str], what: str) -> Mapping[str, Node]:
    if node.entries is None:
        raise wrong(node, f"Here {what} is expected, not {node.shown}.")
    for key, each in node.entries.items():
        if key not in known:
            raise wrong(each, f"{key!r} is no key of {what}.", suggestion(key, known))
    return node.entries


def _needed(entries: Mapping[str, Node], key: str, root: Node) -> Node:
    if key not in entries:
        raise wrong(root, f"The key {key!r} is missing.")
    return entries[key]


def _items(node: Node) -> tuple[Node, ...]:
    if node.items is None:
        raise wrong(node, f"Here a list is expected, not {node.shown}.")
    return node.items


def _text(node: Node) -> str:
    """A scalar as text: a person may write a number where a text is meant.

    Raises:
        InvalidInput: It is a list, a mapping, nothing, or far too long.
    """
    if node.entries is not None or node.items is not None or node.scalar is None:
        remedy = "Put a text with {{ }} in quotes." if node.entries is not None else ""
        raise wrong(node, f"Here a text is expected, not {node.shown}.", remedy)
    text = {True: "true", False: "false"}[node.scalar] if isinstance(node.scalar, bool) else str(node.scalar).strip()
    if not text:
        raise wrong(node, "Here a text is expected, not nothing.")
    if _NO_TEXT.search(text):
        raise wrong(node, "This text has characters in it that are none.")
    if len(text) > LONGEST_TEXT:
        raise wrong(node, f"This text has {len(text)} characters; at most {LONGEST_TEXT} are taken.")
    return text


def _place(node: Node) -> Place:
    return (node.line, node.column)
