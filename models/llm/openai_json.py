"""Answers that have to be JSON by a schema, over OpenAI's protocol as servers really speak it.

Why it exists: there are two ways to ask for it, some servers take only one, some none, and some take both and care for
neither. So they are asked in turn, and what comes back is looked at.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from app.contracts.errors import InvalidInput
from models.host.engine import JsonValue

Form = Callable[[Mapping[str, JsonValue]], dict[str, JsonValue]]

FORMS: tuple[Form, ...] = (
    lambda schema: {"type": "json_schema", "json_schema": {"name": "answer", "strict": True, "schema": dict(schema)}},
    lambda schema: {"type": "json_object", "schema": dict(schema)},
)
"""Values of ``response_format``: OpenAI's own (Ollama, vLLM, LM Studio, llama-server), then llama-cpp-python's."""

_KINDS: Mapping[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
}


def read_schema(text: str) -> Mapping[str, JsonValue]:
    """A schema out of a request.

    Raises:
        InvalidInput: It is no JSON object (``json-schema``).
    """
    try:
        schema = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidInput("The JSON schema of the request is no JSON.", code="json-schema") from error
    if not isinstance(schema, dict):
        raise InvalidInput("The JSON schema of the request is no object.", code="json-schema")
    return schema


def trouble(answer: str, schema: Mapping[str, JsonValue]) -> str:
    """What an answer lacks, in a few words without any of its own; empty when it is as it should be.

    Types, required and enumerated values, properties and items are looked at: enough to see that a server did not care.
    """
    try:
        value = json.loads(answer)
    except (ValueError, RecursionError):
        return "it is no JSON"
    return _trouble(value, schema)


def _trouble(value: JsonValue, schema: Mapping[str, JsonValue]) -> str:
    kinds = schema.get("type")
    wanted = [kinds] if isinstance(kinds, str) else kinds if isinstance(kinds, list) else []
    if wanted and not any(_is(value, str(kind)) for kind in wanted):
        return f"there is no {' or '.join(map(str, wanted))} where one should be"
    allowed = schema.get("enum")
    if isinstance(allowed, list) and value not in allowed:
        return "a value is none of those it may be"
    if isinstance(value, dict):
        required = schema.get("required")
        missing = [str(key) for key in required if key not in value] if isinstance(required, list) else []
        if missing:
            return f"{missing[0]!r} is missing"
        properties = schema.get("properties")
        known = properties if isinstance(properties, dict) else {}
        parts = [(value[key], of) for key, of in known.items() if key in value]
    elif isinstance(value, list):
        parts = [(item, schema.get("items")) for item in value]
    else:
        parts = []
    return next((found for part, of in parts if isinstance(of, dict) and (found := _trouble(part, of))), "")


def _is(value: JsonValue, kind: str) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    if kind == "integer" and isinstance(value, float):
        return value.is_integer()
    return isinstance(value, _KINDS.get(kind, (object,)))
