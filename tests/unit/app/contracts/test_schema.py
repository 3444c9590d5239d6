from __future__ import annotations

import json
from pathlib import Path

from app.contracts import events, schema, wire
from app.contracts.cards import NoticeCard

ROOT = Path(__file__).parents[4]
GOLDEN = ROOT / "assets" / "schema" / "turn-events.schema.json"


def test_the_schema_in_the_assets_is_current() -> None:
    rewrite = f"python -m app.contracts.schema {GOLDEN.relative_to(ROOT)}"
    assert GOLDEN.read_text(encoding="utf-8") == schema.schema_text(), f"out of date; run: {rewrite}"


def test_every_reference_leads_somewhere() -> None:
    definitions = schema.schema()["$defs"]
    text = json.dumps(schema.schema())
    names = {part.split('"')[0] for part in text.split('"#/$defs/')[1:]}
    assert names <= set(definitions)
    assert {cls.__name__ for cls in (*events.TURN_EVENTS, *events.SYSTEM_EVENTS)} <= names


def test_a_written_event_has_exactly_the_fields_the_schema_requires() -> None:
    definitions = schema.schema()["$defs"]
    for event in (
        events.CacheHit(stage="answer"),
        events.CardUpserted(card=NoticeCard(card_id="n", message="Hello.")),
        events.Notice(level="info", code="c", message="m"),
    ):
        written = wire.to_json(event)
        described = definitions[event.type]
        assert list(written) == described["required"]
        assert described["properties"]["type"] == {"const": event.type}
        assert list(described["properties"]) == described["required"]


def test_optional_and_nested_types_are_described() -> None:
    definitions = schema.schema()["$defs"]
    delta = definitions["TextDelta"]["properties"]
    assert delta["confidence"] == {"type": ["number", "null"]}
    assert delta["tier"] == {"$ref": "#/$defs/Tier"}
    assert definitions["CardUpserted"]["properties"]["card"] == {"$ref": "#/$defs/Card"}
    assert definitions["Device"]["enum"] == ["npu", "igpu", "gpu", "cpu", "remote"]
    assert definitions["StageMetrics"]["properties"]["energy"]["anyOf"][1] == {"type": "null"}
