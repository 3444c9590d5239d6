"""The description of the event stream names every event and every field, and its examples are real."""

from __future__ import annotations

import re

import pytest

from app.contracts.events import TURN_EVENTS, Event, TurnEvent
from app.contracts.wire import from_line, hints
from app.settings.paths import asset

TEXT = asset("help/events.md").read_text(encoding="utf-8")
ROWS = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", TEXT, re.MULTILINE))
HEADER = set(hints(Event))


@pytest.mark.parametrize("event", TURN_EVENTS, ids=lambda event: event.type)
def test_every_event_is_described_with_its_fields(event: type[TurnEvent]) -> None:
    described = set(re.findall(r"`(\w+)`", ROWS[event.type]))
    assert set(hints(event)) - HEADER <= described


def test_the_header_is_described() -> None:
    assert HEADER | {"type"} <= set(ROWS)


def test_the_examples_are_events() -> None:
    examples = re.findall(r"^\{.*\}$", TEXT, re.MULTILINE)
    assert [from_line(line).type for line in examples] == ["TurnStarted", "TextDelta", "TurnFailed"]
