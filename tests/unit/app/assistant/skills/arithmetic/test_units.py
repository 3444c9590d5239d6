"""Measures are converted exactly, and a name with several meanings says which was taken."""

# ruff: noqa: RUF001 - typographic signs are what people read here
from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.assistant.skills.arithmetic.skill import CALCULATE, CONVERT, ArithmeticSkill
from app.assistant.skills.arithmetic.unit_names import NAMES, USUAL_TARGETS
from app.assistant.skills.arithmetic.unit_words import conversion, split, unit_of
from app.assistant.skills.arithmetic.units import Units, _load, sentence
from app.contracts.errors import InvalidInput
from tests.helpers.skills import asked, fetched, parts, planned, question, said

US_GALLON = "I took the US gallon; the imperial one is 1.2 times as much."
ANSWERS = {
    "5 miles in kilometers": "5 miles = 8.04672 kilometers.",
    "how many cups in a gallon": "1 gallon = 16 cups. I took US measures.",
    "a gallon to liters": f"1 gallon is about 3.785 liters. {US_GALLON}",
    "an imperial gallon in liters": "1 imperial gallon = 4.54609 liters.",
    "what is 100 degrees fahrenheit in celsius": "100 degrees Fahrenheit is about 37.78 degrees Celsius.",
    "98.6 f to c": "98.6 degrees Fahrenheit = 37 degrees Celsius.",
    "minus forty celsius in fahrenheit": "−40 degrees Celsius = −40 degrees Fahrenheit.",
    "20 degrees in fahrenheit": "20 degrees Celsius = 68 degrees Fahrenheit. I took degrees Celsius.",
    "90 degrees in radians": "90 degrees is about 1.571 radians.",
    "5 feet 11 in cm": "5 feet 11 inches = 180.34 centimeters.",
    "5'11\" in cm": "5 feet 11 inches = 180.34 centimeters.",
    "convert 10 kg": "10 kilograms is about 22.05 pounds.",
    "how many ounces in a pound": "1 pound = 16 ounces.",
    "how many ounces in a cup": "1 cup = 8 fluid ounces. I took US measures.",
    "how many megabytes are in two gigabytes": "2 gigabytes = 2,000 megabytes.",
    "1 gib in mb": "1 gibibyte is about 1,073.74 megabytes.",
    "60 miles per hour in kilometers per hour": "60 miles per hour = 96.56064 kilometers per hour.",
    "30 mpg in l/100km": "30 miles per gallon is about 7.84 liters per 100 kilometers. I took the US gallon.",
    "how many square feet in an acre": "1 acre = 43,560 square feet.",
    "convert half a cup to tablespoons": "0.5 cups = 8 tablespoons. I took the US cup of 237 ml; others are 250 ml.",
    "12 stone 4 in pounds": "12 stone 4 pounds = 172 pounds.",
    "how tall is six feet in meters": "6 feet = 1.8288 meters.",
    "what's 170 centimetres in feet and inches": "170 centimeters is about 5 feet 6.9 inches.",
    "5.9999 feet in feet and inches": "5.9999 feet is about 6 feet 0 inches.",
    "200 minutes in hours and minutes": "200 minutes = 3 hours 20 minutes.",
    "I weigh 180 pounds, what is that in kilos": "180 pounds is about 81.65 kilograms.",
    "6 liters per 100 km in mpg": "6 liters per 100 kilometers is about 39.2 miles per gallon. I took the US gallon.",
    "how many seconds are there in a day": "1 day = 86,400 seconds.",
}
IMPOSSIBLE = {
    "5 kilograms in miles": "Kilograms cannot be turned into miles: they measure different things.",
    "5 miles in kilometers and seconds": "Kilometers cannot be turned into seconds: they measure different things.",
    "-500 celsius in kelvin": "Nothing is colder than −273.15 degrees Celsius.",
}
NO_MEASURES = (
    "how many people live in paris",
    "3 km",
    "3/0 miles in km",
    "what is the time in london",
    "how long is a marathon in kilometers",
)


async def test_answers() -> None:
    units = Units()
    found = {}
    for text in ANSWERS:
        words = split(text)
        assert words is not None, text
        wanted = conversion(*words)
        assert wanted is not None, text
        assert wanted.target is not None, text
        found[text] = sentence(wanted, await units.convert(wanted, wanted.target))
    assert found == ANSWERS


async def test_impossible_conversions_say_why() -> None:
    units = Units()
    for text, why in IMPOSSIBLE.items():
        wanted = conversion(*(split(text) or ("", "")))
        assert wanted is not None
        assert wanted.target is not None
        with pytest.raises(InvalidInput) as failure:
            await units.convert(wanted, wanted.target)
        assert failure.value.message == why


@pytest.mark.parametrize("text", NO_MEASURES)
def test_other_texts_are_no_conversions(text: str) -> None:
    assert split(text) is None


async def test_every_unit_is_known_to_the_library_and_every_usual_target_fits() -> None:
    units = Units()
    for unit in {unit.factors: unit for unit in NAMES.values()}.values():
        wanted = conversion(f"2 {unit.many}", unit.many)
        assert wanted is not None, unit.many
        assert wanted.target is not None
        assert (await units.convert(wanted, wanted.target)).value == 2, unit.many
    for name in USUAL_TARGETS:
        unit = next(one for one in NAMES.values() if one.name == name)
        usual = conversion(f"300 {unit.many}", "")
        assert usual is not None
        assert usual.target is not None
        assert (await units.convert(usual, usual.target)).value > 0


_WORDS = st.sampled_from(
    (
        *("how", "many", "in", "to", "a", "half", "5", "3/0", "1 1/2", "-40", "feet", "and", "inches", "square", "per"),
        *("miles", "celsius", "c", "gallon", "l/100km", "what", "is", "that", "convert", "'", "{", "1e9", "²", "dozen"),
    )
)


@settings(max_examples=150, deadline=None)
@given(st.lists(_WORDS, max_size=9).map(" ".join))
def test_any_words_are_a_conversion_or_not(text: str) -> None:
    words = split(text)
    if words is not None:
        assert conversion(*words) is not None


def test_the_person_who_says_which_is_not_told() -> None:
    assert [NAMES[name].taken != "" for name in ("gallon", "us gallon", "imperial gallon")] == [True, False, False]
    assert unit_of("cubic meters") is not None
    assert unit_of("cubic anything") is None


async def test_the_library_loads_at_the_first_use_off_the_loop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = 0

    async def ticking() -> None:
        nonlocal ticks
        while True:
            await asyncio.sleep(0.005)
            ticks += 1

    _load.cache_clear()
    skill = ArithmeticSkill(parts(tmp_path))
    request = asked(skill, CONVERT, "5 miles in kilometers")
    assert request.values == {"quantity": "5 miles", "unit": "kilometers"}
    beside = asyncio.create_task(ticking())
    data = await fetched(skill, request)
    plan = await skill.plan(request, data)
    beside.cancel()
    assert plan.speech == "5 miles = 8.04672 kilometers."
    assert "pint" in sys.modules
    assert ticks > 3


async def test_the_skill_answers_calculates_asks_and_hands_on(tmp_path: Path) -> None:
    skill = ArithmeticSkill(parts(tmp_path))
    assert await said(skill, CALCULATE, "what is 6 times 7") == "6 × 7 = 42."
    assert await said(skill, CALCULATE, "what is 5 divided by zero") == "Nothing can be divided by zero."
    assert await said(skill, CALCULATE, "10 km in miles") == "10 kilometers is about 6.214 miles."
    assert await said(skill, CONVERT, "what is 100 plus 5") == "100 + 5 = 105."
    assert "Exchange rates" in await said(skill, CONVERT, "convert 100 dollars to euros")
    handed_on = await planned(skill, CALCULATE, "calculate the meaning of life")
    assert handed_on.ask is not None
    assert handed_on.ask.question == "calculate the meaning of life"
    into = await question(skill, CONVERT, "convert 3 furlongs")
    assert into is not None
    request = asked(skill, CONVERT, "convert 3 furlongs")
    assert skill.read_answer(request, into.slot, "Into meters.") == "meters"
    assert skill.read_answer(request, into.slot, "bananas") is None
    plan = await skill.plan(request.having({into.slot: "meters"}), await fetched(skill, request))
    assert plan.speech == "3 furlongs = 603.504 meters."
