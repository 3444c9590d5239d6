"""From a JSON schema to a grammar that llama.cpp and OpenVINO GenAI both read.

Why it exists: llama.cpp's converter lets line breaks into strings, which no JSON reader takes. OpenVINO's looks at a
schema only when it computes, and a bad one leaves its pipeline unusable until it is loaded anew. So a schema is read
here, once and for both: what it asks is kept, and what cannot be kept is refused with its place.

The grammar is stricter than JSON: properties come in the order of the schema, properties it does not name do not come,
there is no white space but one blank behind a comma or a colon, and of ``oneOf`` any is taken.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from app.contracts.errors import InvalidInput
from models.host.engine import JsonValue

_VALUES = r"""any ::= object | array | string | number | boolean | null
object ::= "{" (string ":" blank any ("," blank string ":" blank any)*)? "}"
array ::= "[" (any ("," blank any)*)? "]"
string ::= "\"" char* "\""
char ::= [^"\\\x00-\x1f\x7f] | "\\" (["\\/bfnrt] | "u" [0-9a-fA-F] [0-9a-fA-F] [0-9a-fA-F] [0-9a-fA-F])
integer ::= "-"? natural
natural ::= "0" | positive
positive ::= [1-9] [0-9]{0,14}
number ::= integer ("." [0-9]{1,15})? ([eE] [-+]? [0-9]{1,2})?
boolean ::= "true" | "false"
null ::= "null"
blank ::= " "?
"""
_PLAIN = ("object", "array", "string", "number", "integer", "boolean", "null")
_NOTES = ("title", "description", "default", "examples", "deprecated", "readOnly", "writeOnly", "format")
_REMARKS = frozenset({*_NOTES, "$schema", "$id", "$comment", "$defs", "definitions"})
"""Keywords that ask nothing of a value."""
_KEYWORDS: Mapping[str, frozenset[str]] = {
    "object": frozenset({"properties", "required", "additionalProperties"}),
    "array": frozenset({"items", "minItems", "maxItems"}),
    "string": frozenset({"minLength", "maxLength"}),
    "integer": frozenset({"minimum", "maximum"}),
}
_MOST_CHARACTERS, _MOST_ITEMS, _MOST_NUMBERS = 400, 64, 256
_DEEPEST = 32


def grammar_of(schema: str) -> str:
    """A grammar in GBNF whose every sentence is JSON that satisfies a schema.

    Args:
        schema: A JSON schema, as text.

    Raises:
        InvalidInput: It is not JSON, or asks what cannot be kept (``bad-schema``); the sentence says where.
    """
    try:
        value = json.loads(schema)
    except (ValueError, RecursionError) as error:
        raise _bad("", f"it is not JSON ({error})") from error
    return _Writer(value).grammar()


class _Writer:
    """Goes through a schema and writes one rule for each part of it."""

    def __init__(self, schema: JsonValue) -> None:
        self._schema = schema
        self._rules: list[str] = []
        self._names: dict[str, str] = {}
        self._depth = 0

    def grammar(self) -> str:
        root = self._value(self._schema, "")
        return "\n".join((f"root ::= {root}", *self._rules, _VALUES))

    def _value(self, schema: JsonValue, where: str) -> str:
        """The name of a rule for values that satisfy a part of the schema."""
        if schema is True or schema == {}:
            return "any"
        if not isinstance(schema, dict):
            raise _bad(where, "it must be an object")
        self._depth += 1
        if self._depth > _DEEPEST:
            raise _bad(where, f"it is nested more than {_DEEPEST} deep")
        try:
            return self._part(schema, where)
        finally:
            self._depth -= 1

    def _part(self, schema: dict[str, JsonValue], where: str) -> str:
        for keyword, make in (("$ref", self._reference), ("const", self._const), ("enum", self._enum)):
            if keyword in schema:
                self._only(schema, {keyword, "type"}, where)
                return make(schema[keyword], f"{where}/{keyword}")
        for keyword in ("anyOf", "oneOf"):
            if keyword in schema:
                self._only(schema, {keyword}, where)
                return self._choice(schema[keyword], f"{where}/{keyword}")
        kind = schema.get("type", "object" if "properties" in schema else None)
        if isinstance(kind, list) and kind:
            return self._rule(" | ".join(self._typed(schema, one, where, several=True) for one in kind))
        return self._typed(schema, kind, where)

    def _typed(self, schema: dict[str, JsonValue], kind: JsonValue, where: str, *, several: bool = False) -> str:
        if not isinstance(kind, str) or kind not in _PLAIN:
            raise _bad(f"{where}/type", f"it must be one of {', '.join(_PLAIN)}")
        allowed = _KEYWORDS.get(kind, frozenset())
        asked = {key: value for key, value in schema.items() if key in allowed}
        if several:
            allowed = frozenset().union(*_KEYWORDS.values())
        self._only(schema, {"type", *allowed}, where)
        if kind == "object" and (asked.get("properties") or asked.get("required")):
            return self._object(asked, where)
        if kind == "object" and asked.get("additionalProperties", True) is not True:
            return self._map(asked["additionalProperties"], f"{where}/additionalProperties")
        if kind == "array" and asked:
            return self._array(asked, where)
        if kind == "string" and asked:
            least, most = _bounds(asked, "minLength", "maxLength", _MOST_CHARACTERS, where)
            return self._rule(f'"\\"" char{{{least},{most}}} "\\""')
        if kind == "integer" and asked:
            return self._integer(asked, where)
        return kind

    def _object(self, asked: Mapping[str, JsonValue], where: str) -> str:
        properties, required = asked.get("properties", {}), asked.get("required", [])
        if not isinstance(properties, dict):
            raise _bad(f"{where}/properties", "it must be an object")
        if not isinstance(required, list) or not all(isinstance(name, str) for name in required):
            raise _bad(f"{where}/required", "it must be a list of names")
        wanted: dict[str, JsonValue] = {
            **properties,
            **{str(name): True for name in required if name not in properties},
        }
        pairs = [
            (
                f'{_literal(json.dumps(name))} ":" blank {self._value(part, f"{where}/properties/{name}")}',
                name in required,
            )
            for name, part in wanted.items()
        ]
        first = more = ""
        for pair, needed in reversed(pairs):
            begin, follow = f"{pair} {more}", f'"," blank {pair}'
            first = self._rule(begin if needed else f"{begin} | {first}" if first else f"({begin})?")
            more = self._rule(f"{follow} {more}" if needed else f"({follow})? {more}")
        return self._rule(f'"{{" {first} "}}"')

    def _map(self, others: JsonValue, where: str) -> str:
        """An object with names of its own choice."""
        if others is False:
            return self._rule('"{}"')
        pair = f'string ":" blank {self._value(others, where)}'
        return self._rule(f'"{{" ({pair} ("," blank {pair})*)? "}}"')

    def _array(self, asked: Mapping[str, JsonValue], where: str) -> str:
        item = self._value(asked.get("items", True), f"{where}/items")
        least, most = _bounds(asked, "minItems", "maxItems", _MOST_ITEMS, where)
        if most == 0:
            return self._rule('"[]"')
        items = f'{item} ("," blank {item}){{{max(0, least - 1)},{most - 1}}}'
        return self._rule(f'"[" {items} "]"' if least else f'"[" ({items})? "]"')

    def _integer(self, asked: Mapping[str, JsonValue], where: str) -> str:
        least, most = (asked.get(key) for key in ("minimum", "maximum"))
        for key, bound in (("minimum", least), ("maximum", most)):
            if bound is not None and (isinstance(bound, bool) or not isinstance(bound, int)):
                raise _bad(f"{where}/{key}", "it must be a whole number")
        if most is None and least in (0, 1):
            return "positive" if least else "natural"
        if isinstance(least, int) and isinstance(most, int) and 0 <= most - least < _MOST_NUMBERS:
            return self._rule(" | ".join(_literal(str(number)) for number in range(least, most + 1)))
        raise _bad(
            where, f"of whole numbers only a minimum of 0 or 1, or at most {_MOST_NUMBERS} of them, can be kept to"
        )

    def _choice(self, options: JsonValue, where: str) -> str:
        if not isinstance(options, list) or not options:
            raise _bad(where, "it must be a list that is not empty")
        return self._rule(" | ".join(self._value(option, f"{where}/{at}") for at, option in enumerate(options)))

    def _enum(self, values: JsonValue, where: str) -> str:
        if not isinstance(values, list) or not values:
            raise _bad(where, "it must be a list that is not empty")
        return self._rule(" | ".join(_exactly(value) for value in values))

    def _const(self, value: JsonValue, _where: str) -> str:
        return self._rule(_exactly(value))

    def _reference(self, value: JsonValue, where: str) -> str:
        """The rule of a part named elsewhere; the name exists before the rule, so a part may hold itself."""
        if not isinstance(value, str) or not value.startswith("#"):
            raise _bad(where, "it must point into the schema itself, like #/$defs/name")
        if value not in self._names:
            part: JsonValue = self._schema
            for step in value.removeprefix("#").removeprefix("/").split("/") if value != "#" else ():
                key = step.replace("~1", "/").replace("~0", "~")
                if not isinstance(part, dict) or key not in part:
                    raise _bad(where, f"there is no {value}")
                part = part[key]
            name = self._names[value] = f"ref{len(self._names)}"
            made = self._value(part, value.removeprefix("#"))
            if made == name:
                raise _bad(where, f"{value} only points to itself")
            self._rules.append(f"{name} ::= {made}")
        return self._names[value]

    def _rule(self, body: str) -> str:
        name = f"part{len(self._rules)}"
        self._rules.append(f"{name} ::= {body}")
        return name

    @staticmethod
    def _only(schema: Mapping[str, JsonValue], allowed: set[str], where: str) -> None:
        for keyword in schema:
            if keyword not in allowed and keyword not in _REMARKS:
                raise _bad(f"{where}/{keyword}", "this cannot be kept to")


def _bounds(asked: Mapping[str, JsonValue], low: str, high: str, most: int, where: str) -> tuple[int, int]:
    """Both bounds. Where the upper one is missing or large, a smaller one keeps to it as well."""
    found: list[int] = []
    for key, default in ((low, 0), (high, most)):
        value = asked.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise _bad(f"{where}/{key}", "it must be a whole number, 0 or more")
        found.append(value)
    least, limit = found[0], min(found[1], most)
    if least > limit:
        raise _bad(f"{where}/{low}", f"it must not be above {limit}")
    return least, limit


def _exactly(value: JsonValue) -> str:
    return _literal(json.dumps(value, ensure_ascii=False))


def _literal(text: str) -> str:
    """A text as the grammar writes it."""
    escaped = "".join(_ESCAPES.get(character, character) for character in text)
    return f'"{escaped}"'


_ESCAPES: Mapping[str, str] = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def _bad(where: str, why: str) -> InvalidInput:
    place = f"at {where}: " if where else ""
    return InvalidInput(f"The JSON schema cannot be used: {place}{why}.", code="bad-schema")
