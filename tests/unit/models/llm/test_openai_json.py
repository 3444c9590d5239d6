"""Schemas read and answers looked at."""

from __future__ import annotations

import pytest

from app.contracts.errors import InvalidInput
from models.llm.openai_json import FORMS, read_schema, trouble

SCHEMA = {
    "type": "object",
    "properties": {
        "city": {"type": "string"},
        "size": {"enum": ["small", "large"]},
        "streets": {"type": "array", "items": {"type": "integer"}},
        "mayor": {"type": ["string", "null"]},
    },
    "required": ["city"],
}


@pytest.mark.parametrize(
    "answer",
    [
        '{"city": "Paris"}',
        ' {"city": "Paris", "size": "large", "streets": [1, 2.0], "mayor": null, "more": 7} ',
        '{"city": "", "streets": []}',
    ],
)
def test_what_keeps_to_the_schema_is_no_trouble(answer: str) -> None:
    assert trouble(answer, SCHEMA) == ""


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ("", "no JSON"),
        ("Paris", "no JSON"),
        ("[" * 100_000, "no JSON"),
        ('```json\n{"city": "Paris"}\n```', "no JSON"),
        ('{"city": "Paris"', "no JSON"),
        ('["Paris"]', "no object"),
        ("{}", "'city' is missing"),
        ('{"city": 7}', "no string"),
        ('{"city": "Paris", "size": "medium"}', "none of those"),
        ('{"city": "Paris", "streets": [1, true]}', "no integer"),
        ('{"city": "Paris", "streets": [1.5]}', "no integer"),
        ('{"city": "Paris", "mayor": 7}', "no string or null"),
    ],
)
def test_what_does_not_is_told_without_its_words(answer: str, words: str) -> None:
    assert words in trouble(answer, SCHEMA)
    assert "Paris" not in trouble(answer, SCHEMA)


@pytest.mark.parametrize("text", ["{", "[]", "7", '"x"'])
def test_a_schema_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        read_schema(text)


def test_both_ways_carry_the_whole_schema() -> None:
    assert [form(SCHEMA)["type"] for form in FORMS] == ["json_schema", "json_object"]
    assert FORMS[0](SCHEMA)["json_schema"] == {"name": "answer", "strict": True, "schema": SCHEMA}
    assert FORMS[1](SCHEMA)["schema"] == SCHEMA
