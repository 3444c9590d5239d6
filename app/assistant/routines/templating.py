"""Fills in the places of a routine's texts: ``{{ city }}``, ``{{ previous }}``, ``{{ steps.step1 }}``.

Why it exists: nearly every place is a bare name, which is filled in at once. Anything more was written by somebody in a
language that can loop, so the sandbox of the pipelines renders it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from app.contracts.errors import InvalidInput
from app.pipeline.definition import OptionValue
from app.pipeline.templates import OPERATION
from app.pipeline.tools import Sandbox

CODE = "routine-template"
_BARE = re.compile(r"\{\{\s*([A-Za-z_]\w*)(?:\.([A-Za-z_]\w*))?\s*\}\}")
_ANY = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_FIRST_NAME = re.compile(r"[A-Za-z_]\w*")
_BEYOND = re.compile(r"\{\{|\{%|\{#")


def names_in(text: str) -> Iterator[tuple[str, str]]:
    """The names a template's bare places stand for: name and, for ``steps.x``, what is behind the dot."""
    for match in _BARE.finditer(text):
        yield match[1], match[2] or ""


def without_earlier(text: str) -> str:
    """A template without the places that stand for what earlier steps gave, or for standard input."""
    return _BARE.sub(lambda match: "" if match[1] in ("previous", "steps", "input") else match[0], text)


def is_template(text: str) -> bool:
    """It has places to be filled in."""
    return _ANY.search(text) is not None


def bare(text: str) -> bool:
    """Nothing in it needs the sandbox."""
    return _BEYOND.search(_BARE.sub("", text)) is None


async def fill(text: str, names: Mapping[str, OptionValue], sandbox: Sandbox | None) -> str:
    """The text with its places filled in.

    Args:
        text: The template.
        names: Parameters, ``previous``, ``input`` and ``steps``.
        sandbox: Renders what is more than bare names; None refuses that.

    Raises:
        InvalidInput: A name is not there, or it cannot be rendered.
        TimedOut: It took too long.
        RuntimeFault: It took too much memory.
    """
    if bare(text):
        return _BARE.sub(lambda match: _value(match, names), text)
    if sandbox is None:
        raise InvalidInput(f"{text!r} needs more than bare names between {{{{ and }}}}.", code=CODE)
    return str(await sandbox.call(OPERATION, {"source": text, "variables": dict(names)}))


def mistake_in(text: str) -> str:
    """What is wrong with the form of a template, empty when nothing is: marks that are never closed."""
    rest = _ANY.sub("", text)
    opened = re.search(r"\{\{|\{%", rest)
    if opened is not None:
        return f"{opened[0]!r} is never closed."
    empty = next((match[0] for match in _ANY.finditer(text) if not _FIRST_NAME.search(match[0])), "")
    return f"{empty!r} names nothing." if empty else ""


def _value(match: re.Match[str], names: Mapping[str, OptionValue]) -> str:
    value: OptionValue = dict(names)
    for name in filter(None, match.groups()):
        if not isinstance(value, dict) or name not in value:
            known = ", ".join(sorted(names))
            raise InvalidInput(f"{match[0]!r} names nothing that is there; known: {known}.", code=CODE)
        value = value[name]
    return "" if value is None else str(value)
