"""Schemas and grammars: what may be asked, what is refused with its place, and what both libraries make of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from app.contracts.errors import InvalidInput
from models.llm.json_grammar import grammar_of
from tests.helpers.engines import language_model

pytest.importorskip("llama_cpp", reason="llama.cpp could not be built here")

from models.llm.llama_session import LlamaSession

PERSON = {
    "title": "Person",
    "type": "object",
    "properties": {
        "name": {"type": "string", "minLength": 1, "maxLength": 6, "description": "What people call them"},
        "age": {"type": "integer", "minimum": 0},
        "friend": {"anyOf": [{"$ref": "#/$defs/pet"}, {"type": "null"}]},
        "notes": {"type": "array", "items": {"type": ["string", "number"]}, "maxItems": 2},
    },
    "required": ["name", "friend"],
    "additionalProperties": False,
    "$defs": {"pet": {"type": "object", "properties": {"kind": {"enum": ["cat", 'd"g\\', 7, None]}}}},
}


@pytest.fixture(scope="module")
def session() -> Iterator[LlamaSession]:
    session = LlamaSession(Path(language_model()), 1, 64)
    yield session
    session.close()


def accepts(session: LlamaSession, schema: object, text: str) -> bool:
    """Whether the library's grammar takes a whole text and lets it end there."""
    form = session.grammar(grammar_of(json.dumps(schema)))
    try:
        for token in session.tokenize(text, marks=False):
            if not form.allows(token):
                return False
            form.take(token)
        (end,) = session.tokenize("<|im_end|>", marks=True)
        return form.allows(end)
    finally:
        form.close()


@pytest.mark.parametrize(
    "text",
    [
        '{"name": "Ada", "age": 36, "friend": {"kind": "cat"}, "notes": ["x", 1.5e3]}',
        '{"name":"Ada","friend":null}',
        '{"name": "Ada", "friend": {}}',
        '{"name": "A\\u00e4\\n", "friend": {"kind": "d\\"g\\\\"}}',
        '{"name": "A", "age": 0, "friend": {"kind": 7}, "notes": []}',
    ],
)
def test_what_satisfies_a_schema_is_taken(session: LlamaSession, text: str) -> None:
    json.loads(text)
    assert accepts(session, PERSON, text)


@pytest.mark.parametrize(
    "text",
    [
        '{"name": "Ada"}',
        '{"friend": null}',
        '{"name": "", "friend": null}',
        '{"name": "Adalbert", "friend": null}',
        '{"name": "Ada", "age": -1, "friend": null}',
        '{"name": "Ada", "age": 01, "friend": null}',
        '{"name": "Ada", "friend": null, "more": 1}',
        '{"name": "Ada", "friend": {"kind": "dog"}}',
        '{"name": "Ada", "friend": null, "notes": [1, 2, 3]}',
        '{"name": "A\nb", "friend": null}',
        '{"name": "Ada", "friend": null,}',
        '{"name": "Ada", "friend": null',
        "Ada",
    ],
)
def test_what_does_not_is_refused(session: LlamaSession, text: str) -> None:
    assert not accepts(session, PERSON, text)


@pytest.mark.parametrize(
    ("schema", "good", "bad"),
    [
        ({}, '[{"a": [1, null]}, "x"]', "[1,]"),
        (True, "-0.5", "+1"),
        ({"type": "object", "additionalProperties": False}, "{}", '{"a": 1}'),
        ({"type": "object", "additionalProperties": {"type": "boolean"}}, '{"a": true, "b": false}', '{"a": 1}'),
        ({"type": "object", "required": ["x"]}, '{"x": [1]}', "{}"),
        ({"type": "integer", "minimum": -2, "maximum": 1}, "-2", "2"),
        ({"type": "integer", "minimum": 1}, "100", "0"),
        ({"type": "array", "minItems": 2}, "[1, 2]", "[1]"),
        ({"type": "array", "maxItems": 0}, "[]", "[1]"),
        ({"const": {"a": [1]}}, '{"a": [1]}', '{"a": [2]}'),
        ({"properties": {"t": {"$ref": "#"}}}, '{"t": {"t": {}}}', '{"t": 1}'),
        ({"oneOf": [{"type": "null"}, {"type": "boolean"}]}, "null", "1"),
    ],
)
def test_every_keyword_is_kept_to(session: LlamaSession, schema: object, good: str, bad: str) -> None:
    assert accepts(session, schema, good)
    assert not accepts(session, schema, bad)


@pytest.mark.parametrize(
    ("schema", "sentence"),
    [
        ("{", "it is not JSON"),
        ("[1]", "it must be an object"),
        ("false", "it must be an object"),
        ('{"type": "nonsense"}', "at /type: it must be one of object"),
        ('{"type": "object", "properties": 5}', "at /properties: it must be an object"),
        (
            '{"properties": {"a": {"type": "string", "pattern": "x"}}}',
            "at /properties/a/pattern: this cannot be kept to",
        ),
        ('{"allOf": [{}]}', "at /type|at /allOf"),
        ('{"type": "integer", "minimum": 3}', "only a minimum of 0 or 1"),
        ('{"type": "integer", "minimum": "3"}', "at /minimum: it must be a whole number"),
        ('{"type": "string", "minLength": -1}', "at /minLength: it must be a whole number"),
        ('{"type": "array", "minItems": 3, "maxItems": 2}', "at /minItems: it must not be above 2"),
        ('{"enum": []}', "at /enum: it must be a list"),
        ('{"anyOf": {}}', "at /anyOf: it must be a list"),
        ('{"$ref": "https://example.org/x"}', "at /\\$ref: it must point into the schema itself"),
        ('{"$ref": "#/$defs/none"}', "there is no #/\\$defs/none"),
        ('{"$ref": "#"}', "only points to itself"),
        ('{"type": "object", "required": [1]}', "at /required: it must be a list of names"),
        ('{"items": {}, "type": "array", "uniqueItems": true}', "at /uniqueItems"),
        ("[" * 5000, "it is not JSON|nested"),
        ('{"items": ' * 40 + "{}" + "}" * 40, "at /type|nested"),
        ('{"type": "array", "items": ' * 40 + "{}" + "}" * 40, "nested more than 32 deep"),
    ],
)
def test_what_cannot_be_kept_is_refused_with_its_place(schema: str, sentence: str) -> None:
    with pytest.raises(InvalidInput, match=sentence) as caught:
        grammar_of(schema)
    assert caught.value.code == "bad-schema"


def test_a_grammar_leaves_only_what_may_come(session: LlamaSession) -> None:
    form = session.grammar(grammar_of('{"type": "boolean"}'))
    logits = np.zeros(49_152, np.float32)
    kept = form.allowed(logits)
    beginnings = {session.piece(int(token)) for token in np.flatnonzero(np.isfinite(kept))}
    assert b"true" in beginnings
    assert all(b"true".startswith(piece) or b"false".startswith(piece) for piece in beginnings)
    assert np.isfinite(logits).all(), "the model's own logits stay as they are"
    form.close()
    form.close()


def test_a_grammar_the_library_does_not_take_is_told(session: LlamaSession) -> None:
    with pytest.raises(InvalidInput, match="cannot hold its answer"):
        session.grammar("root ::= nothing-of-this-name")
