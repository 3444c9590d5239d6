"""Events and cards as JSON, and back.

Why it exists: `sotto ask --json`, the control socket, the gRPC stream and the history all write the same stream, so its
wire form is made in one place, from the dataclasses themselves: a new event or field needs no line here. Every field is
always written. Reading is strict about types and unknown names; only a field that has a default may be missing, so that
what an older Sotto stored can still be read. `app.contracts.schema` describes the form as a JSON Schema.
"""

from __future__ import annotations

import dataclasses
import json
import math
import types
import typing
from collections.abc import Mapping
from enum import Enum
from functools import cache
from typing import TypeVar, cast

from app.contracts.cards import CARD_TYPES, AnyCard, Card
from app.contracts.errors import InvalidInput
from app.contracts.events import SYSTEM_EVENTS, TURN_EVENTS, Event, SystemEvent, SystemEventBase, TurnEvent
from app.contracts.metrics import TurnMetrics

JsonValue = str | int | float | bool | None | list["JsonValue"] | dict[str, "JsonValue"]
JsonObject = dict[str, JsonValue]
_Tagged = TypeVar("_Tagged")
_Any = TypeVar("_Any")

TYPE_TAG = "type"
"""Field that names an event's class."""
KIND_TAG = "kind"
"""Field that names a card's kind."""

EVENT_TYPES: Mapping[str, type[TurnEvent | SystemEvent]] = {cls.type: cls for cls in (*TURN_EVENTS, *SYSTEM_EVENTS)}
"""Every event by its name on the wire."""
CARD_KINDS: Mapping[str, type[AnyCard]] = {cls.kind: cls for cls in CARD_TYPES}
"""Every card by its kind."""


def to_json(event: TurnEvent | SystemEvent) -> JsonObject:
    """An event as a JSON object: ``type`` first, then its header, then its own fields.

    Raises:
        InvalidInput: A number in it is infinite or not a number, which JSON cannot say.
    """
    return _object(event, event.type)


def to_line(event: TurnEvent | SystemEvent) -> str:
    """An event as one line of JSON, without the line's end. ASCII only, so that no pipe or terminal can garble it."""
    return json.dumps(to_json(event), separators=(",", ":"), allow_nan=False)


def from_json(data: object) -> TurnEvent | SystemEvent:
    """The event a JSON object stands for.

    Raises:
        InvalidInput: No such event, a field is missing, unknown or of the wrong type; the sentence names the field.
    """
    fields = _mapping(data, "event")
    cls = _tagged(fields, TYPE_TAG, EVENT_TYPES, "event")
    return cast("TurnEvent | SystemEvent", _dataclass(cls, fields, cls.__name__, TYPE_TAG))


def from_line(line: str) -> TurnEvent | SystemEvent:
    """The event one line of JSON stands for.

    Raises:
        InvalidInput: The line is not JSON, or not an event.
    """
    return from_json(_parsed(line))


def card_to_json(card: AnyCard) -> JsonObject:
    """A card as a JSON object with its ``kind``."""
    return _object(card, card.__class__.__name__)


def card_from_json(data: object) -> AnyCard:
    """The card a JSON object stands for.

    Raises:
        InvalidInput: No such kind, or a field is wrong.
    """
    fields = _mapping(data, "card")
    cls = _tagged(fields, KIND_TAG, CARD_KINDS, "card")
    return cast("AnyCard", _dataclass(cls, fields, cls.__name__, KIND_TAG))


def metrics_to_json(metrics: TurnMetrics) -> JsonObject:
    """A turn's metrics as a JSON object."""
    return fields_of(metrics, "TurnMetrics")


def metrics_from_json(data: object) -> TurnMetrics:
    """The metrics a JSON object stands for.

    Raises:
        InvalidInput: A field is wrong.
    """
    return read_fields(TurnMetrics, data, "TurnMetrics")


def fields_of(value: object, place: str) -> JsonObject:
    """Any frozen dataclass made of what events are made of, as a JSON object.

    Args:
        value: It.
        place: What it is called in an error.

    Raises:
        InvalidInput: A number in it is infinite or not a number.
    """
    return _object(value, place)


def read_fields(cls: type[_Any], data: object, place: str) -> _Any:
    """The dataclass that `fields_of` made a JSON object of.

    Raises:
        InvalidInput: A field is missing, unknown or of the wrong type; the sentence names it.
    """
    return cast("_Any", _dataclass(cls, _mapping(data, place), place))


@cache
def hints(cls: type) -> Mapping[str, object]:
    """The types of a dataclass' fields, by name, in order and resolved."""
    resolved = typing.get_type_hints(cls)
    return {field.name: resolved[field.name] for field in dataclasses.fields(cls)}


@cache
def required(cls: type) -> frozenset[str]:
    """Names of the fields of a dataclass that have no default."""
    missing = dataclasses.MISSING
    return frozenset(
        field.name for field in dataclasses.fields(cls) if field.default is missing and field.default_factory is missing
    )


def members(hint: object) -> tuple[object, ...]:
    """The members of a union, ``X | None`` included; empty for any other type."""
    return typing.get_args(hint) if isinstance(hint, types.UnionType) else ()


def _object(value: object, place: str) -> JsonObject:
    """A dataclass as a JSON object, with the tag that tells which one it is."""
    cls: type = type(value)
    tagged: JsonObject = {}
    if isinstance(value, Event | SystemEventBase):
        tagged[TYPE_TAG] = value.type
    elif isinstance(value, Card):
        tagged[KIND_TAG] = value.kind
    for name in hints(cls):
        tagged[name] = _plain(getattr(value, name), f"{place}.{name}")
    return tagged


def _plain(value: object, place: str) -> JsonValue:
    """A field's value as JSON."""
    if isinstance(value, Enum):
        return cast("str", value.value)
    if isinstance(value, float) and not math.isfinite(value):
        raise InvalidInput(f"{place} is {value}, which JSON cannot say.", code="event-not-finite")
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, tuple):
        return [_plain(item, f"{place}[{index}]") for index, item in enumerate(value)]
    return _object(value, place)


def _parsed(line: str) -> object:
    """One line of JSON, read strictly."""

    def refuse(word: str) -> object:
        raise ValueError(f"{word} is not JSON")

    try:
        return json.loads(line, parse_constant=refuse)
    except (ValueError, RecursionError) as error:
        raise InvalidInput(f"This line is not JSON: {error}.", code="event-not-json") from error


def _mapping(data: object, place: str) -> Mapping[str, object]:
    if not isinstance(data, dict):
        raise _wrong(place, "a JSON object", data)
    return data


def _tagged(fields: Mapping[str, object], tag: str, known: Mapping[str, type[_Tagged]], what: str) -> type[_Tagged]:
    """The class a tag names."""
    name = fields.get(tag)
    cls = known.get(name) if isinstance(name, str) else None
    if cls is None:
        raise InvalidInput(f"There is no {what} of {tag} {name!r}.", code=f"{what}-unknown")
    return cls


def _dataclass(cls: type, fields: Mapping[str, object], place: str, tag: str = "") -> object:
    """Build a dataclass from a JSON object."""
    known = hints(cls)
    for name in fields:
        if name not in known and name != tag:
            raise InvalidInput(f"{place} has no field {name!r}.", code="event-field-unknown")
    for name in required(cls):
        if name not in fields:
            raise InvalidInput(f"{place} lacks the field {name!r}.", code="event-field-missing")
    values = {name: _value(known[name], fields[name], f"{place}.{name}") for name in known if name in fields}
    try:
        return cls(**values)
    except ValueError as error:
        raise InvalidInput(f"{place}: {error}.", code="event-field-wrong") from error


def _value(hint: object, data: object, place: str) -> object:
    """Build one value of a type; the types are those that occur in events and cards."""
    union = members(hint)
    if union:
        return _member(union, data, place)
    if typing.get_origin(hint) is tuple:
        if not isinstance(data, list):
            raise _wrong(place, "a list", data)
        item = typing.get_args(hint)[0]
        return tuple(_value(item, entry, f"{place}[{index}]") for index, entry in enumerate(data))
    assert isinstance(hint, type), f"{place}: {hint} has no wire form"
    if issubclass(hint, Enum):
        try:
            return hint(data)
        except ValueError as error:
            raise _wrong(place, "one of " + ", ".join(str(member.value) for member in hint), data) from error
    if dataclasses.is_dataclass(hint):
        return _dataclass(hint, _mapping(data, place), place)
    return _scalar(hint, data, place)


def _member(union: tuple[object, ...], data: object, place: str) -> object:
    """A value of a union: something or None, or one of the cards."""
    if data is None and type(None) in union:
        return None
    others = tuple(member for member in union if member is not type(None))
    if len(others) == 1:
        return _value(others[0], data, place)
    fields = _mapping(data, place)
    kind = _tagged(fields, KIND_TAG, CARD_KINDS, "card")
    return _dataclass(kind, fields, place, KIND_TAG)


def _scalar(hint: type, data: object, place: str) -> object:
    """A number, a text or a truth. A whole number may stand for a float, a truth never for a number."""
    is_bool = isinstance(data, bool)
    if hint is bool and is_bool:
        return data
    if hint is str and isinstance(data, str):
        return data
    if hint is int and isinstance(data, int) and not is_bool:
        return data
    if hint is float and isinstance(data, int | float) and not is_bool:
        try:
            number = float(data)
        except OverflowError:
            number = math.inf
        if math.isfinite(number):
            return number
    raise _wrong(place, {bool: "true or false", str: "a text", int: "a whole number"}.get(hint, "a number"), data)


def _wrong(place: str, wanted: str, data: object) -> InvalidInput:
    """The error for a value of the wrong type; what was found is quoted, shortened."""
    found = repr(data)
    found = found if len(found) <= 60 else found[:57] + "..."
    return InvalidInput(f"{place} must be {wanted}, not {found}.", code="event-field-wrong")
