"""Writes a routine as YAML, in the form `app.assistant.routines.reading` reads."""

from __future__ import annotations

import hashlib
import re
import unicodedata

from app.assistant.routines.reading import SHOWN_AS
from app.assistant.routines.routine import Kind, Parameter, Routine, Step
from app.assistant.understanding.meaning import Value
from app.settings.files import as_mapping, dump

LONGEST_ID = 60
_Plain = str | int | float | bool | None | list["_Plain"] | dict[str, "_Plain"]


def yaml_of(routine: Routine) -> str:
    """The routine as text."""
    content = as_mapping("", SHOWN_AS)
    content["routine"] = routine.routine_id
    content["name"] = routine.name
    if routine.about:
        content["about"] = routine.about
    content["phrases"] = list(routine.phrases)
    if routine.parameters:
        content["parameters"] = {each.name: _parameter(each) for each in routine.parameters}
    content["steps"] = [_step(step, number) for number, step in enumerate(routine.steps, 1)]
    return dump(content)


def id_of(name: str) -> str:
    """An id for a name: "Good morning!" is ``good-morning``; letters of other scripts are told apart by a number."""
    plain = "".join(each for each in unicodedata.normalize("NFKD", name.lower()) if not unicodedata.combining(each))
    words = re.findall(r"[a-z0-9]+", plain)
    if any(each.isalnum() and not each.isascii() for each in plain) or not words:
        words.append(hashlib.sha256(name.encode(errors="replace")).hexdigest()[:8])
        words[:0] = ["routine"] if len(words) == 1 else []
    routine_id = ""
    for word in words:
        longer = f"{routine_id}-{word}" if routine_id else word
        if len(longer) > LONGEST_ID:
            break
        routine_id = longer
    return routine_id or words[0][:LONGEST_ID]


def _parameter(parameter: Parameter) -> _Plain:
    said: dict[str, _Plain] = {}
    if parameter.default is not None:
        said["default"] = parameter.default
    if parameter.about:
        said["about"] = parameter.about
    if parameter.unit:
        said["unit"] = parameter.unit
    return said or None


def _step(step: Step, number: int) -> _Plain:
    said: dict[str, _Plain] = {}
    if step.step_id != f"step{number}":
        said["id"] = step.step_id
    said[step.kind.value] = step.target or step.text
    if step.kind is Kind.PIPELINE and step.text:
        said["input"] = step.text
    if step.values:
        said["values"] = {name: _value(value) for name, value in step.values}
    if step.optional:
        said["optional"] = True
    return said


def _value(value: Value) -> _Plain:
    return list(value) if isinstance(value, tuple) else value
