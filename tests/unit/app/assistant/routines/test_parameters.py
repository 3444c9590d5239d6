"""Values are found in words and in standard input, and go to the parameters they fit."""

from __future__ import annotations

import pytest

from app.assistant.routines.parameters import discover, mapped, read_value
from app.assistant.routines.routine import Kind, Parameter, Routine, Step


def routine(*parameters: Parameter) -> Routine:
    return Routine("tea", "Tea", ("tea time",), (Step("step1", Kind.SAY, "x"),), parameters)


MINUTES = Parameter("minutes", "4", unit="min")
CITY = Parameter("city")


@pytest.mark.parametrize(
    ("text", "given", "parameters", "values"),
    [
        ("tea time", "", (MINUTES,), {"minutes": "4"}),
        ("tea time for 6 minutes", "", (MINUTES,), {"minutes": "6"}),
        ("tea time for half an hour", "", (MINUTES,), {"minutes": "30"}),
        ("tea time with minutes=9", "", (MINUTES,), {"minutes": "9"}),
        ("tea time with 5", "", (MINUTES,), {"minutes": "5"}),
        ("tea time", "minutes: 1 hour\n", (MINUTES,), {"minutes": "60"}),
        ("tea time", "minutes = 8\ncity = Oslo\n", (MINUTES, CITY), {"minutes": "8", "city": "Oslo"}),
        ('tea time in "New York"', "", (MINUTES, CITY), {"minutes": "4", "city": "New York"}),
        ("tea time for 3 minutes in Oslo", "", (MINUTES, CITY), {"minutes": "3", "city": "Oslo"}),
        ("tea time", "cities: [Oslo, Rome]\n", (Parameter("cities"),), {"cities": "Oslo, Rome"}),
    ],
)
def test_mapping(text: str, given: str, parameters: tuple[Parameter, ...], values: dict[str, str]) -> None:
    found = mapped(routine(*parameters), discover(text, given), text)
    assert dict(found.values) == values
    assert not found.missing


def test_what_nothing_gives_is_missing() -> None:
    assert mapped(routine(CITY), discover("tea time"), "tea time").missing == (CITY,)


def test_plain_text_on_standard_input_is_the_input() -> None:
    found = discover("shorten it", "Dear all,\nit rains.\n")
    assert (found.given, found.text) == ({}, "Dear all,\nit rains.")


@pytest.mark.parametrize(
    ("parameter", "answer", "value"),
    [(MINUTES, "ten minutes please", "10"), (CITY, "Oslo", "Oslo"), (MINUTES, "often", None)],
)
def test_answers(parameter: Parameter, answer: str, value: str | None) -> None:
    assert read_value(parameter, answer) == value
