from __future__ import annotations

import dataclasses
import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.contracts import events, wire
from app.contracts.cards import CARD_TYPES, AnswerCard, AnswerSpan, AnyCard, QuestionCard
from app.contracts.devices import Device, Tier
from app.contracts.energy import DeviceReading, Energy, Provenance, measured
from app.contracts.errors import InvalidInput
from app.contracts.metrics import StageMetrics, TurnMetrics

ALL_EVENTS = (*events.TURN_EVENTS, *events.SYSTEM_EVENTS)

FINITE = st.floats(allow_nan=False, allow_infinity=False)


def instances(cls: type) -> st.SearchStrategy:
    """Any instance, every field filled, defaults too."""
    return st.builds(cls, **{name: values(hint) for name, hint in wire.hints(cls).items()})


def values(hint: object) -> st.SearchStrategy:
    if hint == AnyCard:
        return st.one_of([instances(card) for card in CARD_TYPES])
    union = wire.members(hint)
    if union:
        return st.one_of([values(member) for member in union])
    if getattr(hint, "__origin__", None) is tuple:
        return st.lists(values(hint.__args__[0]), max_size=3).map(tuple)
    if dataclasses.is_dataclass(hint):
        return instances(hint)
    return FINITE if hint is float else st.from_type(hint)


@pytest.mark.parametrize("cls", ALL_EVENTS, ids=lambda cls: cls.__name__)
def test_every_event_comes_back_as_it_went(cls: type) -> None:
    @settings(max_examples=25, deadline=None)
    @given(instances(cls))
    def round_trip(event: events.TurnEvent | events.SystemEvent) -> None:
        line = wire.to_line(event)
        assert "\n" not in line
        assert line.isascii()
        assert wire.from_line(line) == event
        assert wire.from_json(wire.to_json(event)) == event

    round_trip()


@settings(max_examples=50, deadline=None)
@given(st.one_of([instances(card) for card in CARD_TYPES]))
def test_every_card_comes_back_as_it_went(card: AnyCard) -> None:
    assert wire.card_from_json(json.loads(json.dumps(wire.card_to_json(card)))) == card


@settings(max_examples=50, deadline=None)
@given(instances(TurnMetrics))
def test_metrics_come_back_as_they_went(metrics: TurnMetrics) -> None:
    assert wire.metrics_from_json(json.loads(json.dumps(wire.metrics_to_json(metrics)))) == metrics


def test_the_form_of_a_line() -> None:
    event = events.FinalTranscript(turn_id="t1", seq=4, t_ms=812.5, text="What time is it?")
    assert wire.to_line(event) == (
        '{"type":"FinalTranscript","turn_id":"t1","run_id":"","seq":4,"t_ms":812.5,'
        '"text":"What time is it?","confidence":null}'
    )


def test_cards_and_metrics_are_nested_with_their_kind_and_values() -> None:
    card = AnswerCard(card_id="c", spans=(AnswerSpan(text="Yes.", confidence=0.5, tier=Tier("llama-cpu", "m")),))
    stage = StageMetrics(
        stage="answer", backend="llama-cpu", device=Device.CPU, elapsed_ms=3.0, energy=Energy(1.5, Provenance.ESTIMATE)
    )
    shown = wire.to_json(events.CardUpserted(card=card))["card"]
    finished = wire.to_json(events.TurnFinished(metrics=TurnMetrics(stages=(stage,))))["metrics"]
    assert shown["kind"] == "answer"
    assert shown["spans"] == [{"text": "Yes.", "confidence": 0.5, "tier": {"backend_id": "llama-cpu", "model": "m"}}]
    assert finished["stages"][0]["device"] == "cpu"
    assert finished["stages"][0]["energy"] == {"joules": 1.5, "provenance": "estimate"}


def test_a_field_with_a_default_may_be_missing() -> None:
    assert wire.from_json({"type": "CacheHit", "stage": "answer"}) == events.CacheHit(stage="answer")


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({"type": "Unheard"}, "There is no event of type 'Unheard'."),
        ({"text": "no type"}, "There is no event of type None."),
        ({"type": ["PartialTranscript"]}, "There is no event of type ['PartialTranscript']."),
        ({"type": "PartialTranscript"}, "PartialTranscript lacks the field 'text'."),
        ({"type": "PartialTranscript", "text": "a", "txet": "b"}, "PartialTranscript has no field 'txet'."),
        ({"type": "PartialTranscript", "text": 3}, "PartialTranscript.text must be a text, not 3."),
        ({"type": "PartialTranscript", "text": None}, "PartialTranscript.text must be a text, not None."),
        ({"type": "Listening", "level": True}, "Listening.level must be a number, not True."),
        ({"type": "Listening", "level": 10**400}, "Listening.level must be a number, not 1000"),
        ({"type": "CacheHit", "stage": "a", "seq": 1.0}, "CacheHit.seq must be a whole number, not 1.0."),
        ({"type": "PlanMade", "plan_id": "p", "stages": "abc"}, "PlanMade.stages must be a list, not 'abc'."),
        ({"type": "CardUpserted", "card": {"kind": "poem"}}, "There is no card of kind 'poem'."),
        (
            {"type": "DeviceUsed", "stage": "s", "backend": "b", "asked": "npu", "ran": "tpu"},
            "DeviceUsed.ran must be one of npu, igpu, gpu, cpu, remote, not 'tpu'.",
        ),
        (
            {"type": "TextDelta", "text": "a", "confidence": None, "tier": {"backend_id": "x"}},
            "TextDelta.tier lacks the field 'model'.",
        ),
        ([], "event must be a JSON object, not []."),
    ],
)
def test_what_is_wrong_is_named(data: object, sentence: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        wire.from_json(data)
    assert caught.value.message.startswith(sentence)


@pytest.mark.parametrize("line", ["", "{", "NaN", '{"type":"Listening","level":NaN}', "[" * 100_000, "nonsense"])
def test_a_line_that_is_not_json_is_refused(line: str) -> None:
    with pytest.raises(InvalidInput, match="not JSON"):
        wire.from_line(line)


@pytest.mark.parametrize("level", [math.inf, -math.inf, math.nan])
def test_a_number_json_cannot_say_is_refused_rather_than_written(level: float) -> None:
    with pytest.raises(InvalidInput, match=r"Listening\.level"):
        wire.to_line(events.Listening(level=level))


@settings(max_examples=200, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | FINITE | st.text(),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["type", "card", "metrics", "text", "stages", "tier"]), inner, max_size=4)
        ),
    ),
    st.sampled_from(sorted(wire.EVENT_TYPES)),
)
def test_no_json_makes_reading_fail_in_another_way(data: object, name: str) -> None:
    if isinstance(data, dict):
        data = {**data, "type": name}
    try:
        event = wire.from_json(data)
    except InvalidInput:
        return
    assert wire.from_json(wire.to_json(event)) == event


def test_every_name_on_the_wire_is_told_apart() -> None:
    assert len(wire.EVENT_TYPES) == len(ALL_EVENTS)
    assert len(wire.CARD_KINDS) == len(CARD_TYPES)
    assert wire.CARD_KINDS["question"] is QuestionCard


def test_any_dataclass_of_the_contracts_can_travel_the_same_way() -> None:
    reading = DeviceReading(Device.NPU, watts=measured(2.5, "telemetry"), throttled=True)
    fields = json.loads(json.dumps(wire.fields_of(reading, "reading")))
    assert wire.read_fields(DeviceReading, fields, "reading") == reading
    with pytest.raises(InvalidInput, match=r"reading\.device must be one of npu"):
        wire.read_fields(DeviceReading, {"device": "toaster"}, "reading")
