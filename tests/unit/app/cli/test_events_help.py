"""The description of the event stream names every event and every field, and its examples are real."""

from __future__ import annotations

import re
from dataclasses import fields

import pytest

from app.contracts.card import Card
from app.contracts.cards import CARD_TYPES, AnyCard
from app.contracts.events import TURN_EVENTS, Event, TurnEvent
from app.contracts.wire import from_line
from app.settings.paths import asset

TEXT = asset("help/events.md").read_text(encoding="utf-8")
ROWS = dict(re.findall(r"^\| `([\w-]+)` \| (.*) \|$", TEXT, re.MULTILINE))
HEADER = {field.name for field in fields(Event)}


@pytest.mark.parametrize("event", TURN_EVENTS, ids=lambda event: event.type)
def test_every_event_is_described_with_its_fields(event: type[TurnEvent]) -> None:
    described = set(re.findall(r"`(\w+)`", ROWS[event.type]))
    assert {field.name for field in fields(event)} - HEADER <= described


@pytest.mark.parametrize("card", CARD_TYPES, ids=lambda card: card.kind)
def test_every_card_is_described_with_its_fields(card: type[AnyCard]) -> None:
    described = set(re.findall(r"`(\w+)`", ROWS[card.kind]))
    own = {field.name for field in fields(card)} - {field.name for field in fields(Card)}
    assert own <= described


def test_the_header_is_described() -> None:
    assert HEADER | {"type"} <= set(ROWS)


def test_the_examples_are_events() -> None:
    examples = re.findall(r"^\{.*\}$", TEXT, re.MULTILINE)
    assert [from_line(line).type for line in examples] == ["TurnStarted", "TextDelta", "TurnFailed"]
