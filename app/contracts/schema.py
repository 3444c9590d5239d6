"""The JSON Schema of the event stream, made from the dataclasses.

Why it exists: scripts read what ``--json`` prints, and the promise of its form must not be written by hand beside the
code. ``assets/schema/turn-events.schema.json`` holds what `schema` returns; a test says when it is out of date, and
``python -m app.contracts.schema FILE`` writes it anew.
"""

from __future__ import annotations

import dataclasses
import inspect
import json
import re
import sys
import typing
from collections.abc import Iterable
from enum import Enum
from pathlib import Path

from app.contracts.cards import CARD_TYPES
from app.contracts.events import SYSTEM_EVENTS, TURN_EVENTS
from app.contracts.wire import KIND_TAG, TYPE_TAG, JsonObject, JsonValue, hints, members

_DRAFT = "https://json-schema.org/draft/2020-12/schema"
_SCALARS = {str: "string", int: "integer", float: "number", bool: "boolean"}
_ATTRIBUTE = re.compile(r"^    (\w+): ", re.MULTILINE)


def schema() -> JsonObject:
    """A JSON Schema (draft 2020-12) that every line of the stream satisfies.

    Every field is always written; later versions may add fields, so those that are not named are allowed.
    """
    definitions: JsonObject = {}
    turn = [_define(cls, definitions, TYPE_TAG, cls.type) for cls in TURN_EVENTS]
    system = [_define(cls, definitions, TYPE_TAG, cls.type) for cls in SYSTEM_EVENTS]
    cards = [_define(cls, definitions, KIND_TAG, cls.kind) for cls in CARD_TYPES]
    definitions["TurnEvent"] = {"description": "What happens in a turn.", "oneOf": list(turn)}
    definitions["SystemEvent"] = {"description": "What happens outside turns.", "oneOf": list(system)}
    definitions["Card"] = {"description": "A block on the canvas.", "oneOf": list(cards)}
    return {
        "$schema": _DRAFT,
        "title": "Sotto's event stream",
        "description": "One JSON object a line. Exactly one of TurnFinished, TurnFailed and TurnCancelled ends a turn.",
        "oneOf": [_reference("TurnEvent"), _reference("SystemEvent")],
        "$defs": dict(sorted(definitions.items())),
    }


def schema_text() -> str:
    """The schema as it lies in the file."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def _reference(name: str) -> JsonObject:
    return {"$ref": f"#/$defs/{name}"}


def _define(cls: type, definitions: JsonObject, tag: str = "", tag_value: str = "") -> JsonObject:
    """Put a dataclass among the definitions, once, and refer to it."""
    if cls.__name__ not in definitions:
        definitions[cls.__name__] = {}
        texts = _field_texts(cls)
        properties: JsonObject = {tag: {"const": tag_value}} if tag else {}
        for name, hint in hints(cls).items():
            described: JsonObject = {"description": texts[name]} if name in texts else {}
            properties[name] = described | _type(hint, definitions)
        definitions[cls.__name__] = {
            "type": "object",
            "description": _summary(cls),
            "properties": properties,
            "required": list(properties),
        }
    return _reference(cls.__name__)


def _type(hint: object, definitions: JsonObject) -> JsonObject:
    """A type as a schema."""
    union = members(hint)
    if union:
        return _union(union, definitions)
    if typing.get_origin(hint) is tuple:
        return {"type": "array", "items": _type(typing.get_args(hint)[0], definitions)}
    assert isinstance(hint, type), f"{hint} has no schema"
    if issubclass(hint, Enum):
        values: list[JsonValue] = [member.value for member in hint]
        definitions[hint.__name__] = {"description": _summary(hint), "enum": values}
        return _reference(hint.__name__)
    if dataclasses.is_dataclass(hint):
        return _define(hint, definitions)
    return {"type": _SCALARS[hint]}


def _union(union: Iterable[object], definitions: JsonObject) -> JsonObject:
    """Something or null, or any card."""
    others = [member for member in union if member is not type(None)]
    if len(others) > 1:
        return _reference("Card")
    one = _type(others[0], definitions)
    if "$ref" in one:
        return {"anyOf": [one, {"type": "null"}]}
    return {"type": [one["type"], "null"]}


def _summary(cls: type) -> str:
    """The first paragraph of a class' docstring, on one line."""
    return " ".join(inspect.cleandoc(cls.__doc__ or "").split("\n\n")[0].split())


def _field_texts(cls: type) -> dict[str, str]:
    """What the ``Attributes`` sections of a class and its bases say about each field."""
    texts: dict[str, str] = {}
    for base in reversed(cls.__mro__):
        _, _, section = inspect.cleandoc(base.__doc__ or "").partition("Attributes:\n")
        parts = _ATTRIBUTE.split(section)[1:]
        texts |= {name: " ".join(text.split()) for name, text in zip(parts[::2], parts[1::2], strict=True)}
    return texts


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(schema_text(), encoding="utf-8")
