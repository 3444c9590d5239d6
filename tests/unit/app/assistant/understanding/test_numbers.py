"""Numbers as they are said and typed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.assistant.understanding.numbers import folded, number, numbers_in
from app.assistant.understanding.projecting import projected

TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
ONES = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip


def in_english(value: int) -> str:
    """A whole number in words, as it is said in England."""
    for size, name in ((1_000_000, "million"), (1_000, "thousand")):
        if value >= size:
            rest = value % size
            tail = f"{' and' if rest < 100 else ''} {in_english(rest)}" if rest else ""
            return f"{in_english(value // size)} {name}{tail}"
    if value >= 100:
        rest = value % 100
        return f"{ONES[value // 100]} hundred" + (f" and {in_english(rest)}" if rest else "")
    if value < 20:
        return ONES[value]
    return TENS[value // 10] + (f"-{ONES[value % 10]}" if value % 10 else "")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("twenty-five", 25), ("2,500", 2500), ("a dozen", 12), ("one and a half", 1.5), ("minus three", -3),
        ("3.5", 3.5), ("-3.5", -3.5), ("half", 0.5), ("a quarter", 0.25), ("three quarters", 0.75),
        ("nineteen ninety nine", 1999), ("twenty twenty six", 2026), ("nineteen oh five", 1905), ("a hundred", 100),
        ("a thousand and one", 1001), ("two and a half million", 2_500_000), ("2.5 million", 2_500_000),
        ("half a dozen", 6), ("three dozen", 36), ("a couple of", 2), ("three point one four", 3.14),
        ("zero point five", 0.5), ("point five", 0.5), ("1 1/2", 1.5), ("½", 0.5), ("2½", 2.5), ("3/4", 0.75),
        ("twelve hundred", 1200), ("5 million three hundred thousand", 5_300_000), ("Twenty Five.", 25),
        ("1e3", 1000), ("two thirds", 2 / 3),
    ],
)  # fmt: skip
def test_a_whole_text_that_is_a_number(text: str, value: float) -> None:
    assert number(text) == pytest.approx(value)


@pytest.mark.parametrize("text", ["", "apples", "5 apples", "two and two", "7:30", "3rd", "mp3", "no one", "1.2.3"])
def test_a_whole_text_that_is_none(text: str) -> None:
    assert number(text) is None


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("3 sets of 10-15 squats at 7:30 on the 3rd", [3, 10, 15]),
        ("the first one of the two", [2]),
        ("five minus three", [5, 3]),
        ("10 - 3", [10, 3]),
        ("-4 degrees", [-4]),
        ("half past six", [6]),
        ("a quarter to nine", [9]),
        ("ten, fifteen and twenty", [10, 15, 20]),
        ("a 30-minute six-pack", [30, 6]),
        ("a third of 90", [1 / 3, 90]),
        ("one of them", []),
        ("twenty percent of 80", [20, 80]),
    ],
)
def test_numbers_in_a_text(text: str, values: list[float]) -> None:
    assert [found.value for found in numbers_in(text)] == pytest.approx(values)


def test_a_number_has_the_place_of_its_words() -> None:
    text = "Add twenty-five and minus two and a half."
    assert [text[found.start : found.end] for found in numbers_in(text)] == ["twenty-five", "minus two and a half"]


@given(st.integers(0, 999_999_999))
def test_every_whole_number_is_read_in_words_and_digits(value: int) -> None:
    assert number(in_english(value)) == value
    assert number(f"{value:,}") == value
    assert number(f"minus {in_english(value)}") == -value


@given(st.text(max_size=60))
def test_no_text_is_too_strange(text: str) -> None:
    for found in numbers_in(text):
        assert 0 <= found.start < found.end <= len(text)
    assert len(folded(text)) == len(text)


@given(st.text(alphabet="one twhundr adfiv-7.,/½minus£É", max_size=50))
def test_a_projection_leads_back_to_the_words(text: str) -> None:
    there = projected(text)
    assert len(there.starts) == len(there.ends) == len(there.text)
    for at in range(len(there.text)):
        start, end = there.back(at, at + 1)
        assert 0 <= start < end <= len(text)


def test_words_become_digits() -> None:
    there = projected("At half past seven on the twenty-third of May, one second")
    assert there.text == "at half past 7 on the 23rd of may, 1 second"
