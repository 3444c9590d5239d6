"""Lengths of time as they are said and typed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.assistant.understanding.durations import duration, durations_in, in_words


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("ten minutes", 600), ("an hour and a half", 5400), ("1h30", 5400), ("90 s", 90), ("half an hour", 1800),
        ("two and a half minutes", 150), ("1 hour, 5 minutes and 10 seconds", 3910), ("1h 30m", 5400), ("5m30s", 330),
        ("5m", 300), ("a 10-minute break", 600), ("a timer for an hour thirty", 5400), ("two hours fifteen", 8100),
        ("a quarter of an hour", 900), ("three quarters of an hour", 2700), ("a couple of minutes", 120),
        ("an hour and twenty minutes", 4800), ("30 second rest", 30), ("1:30 hours", 5400), ("2:30 minutes", 150),
        ("25mins", 1500), ("a week", 604_800), ("3 days", 259_200), ("half-hour", 1800), ("1.5 hours", 5400),
        ("one and a half hours", 5400), ("5 mins 30", 330), ("twenty-five-minute timer", 1500),
    ],
)  # fmt: skip
def test_the_first_length_of_time(text: str, seconds: float) -> None:
    assert duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "swim 5m", "the 90s", "the second one", "at seven", "7:30", "two hundred"])
def test_no_length_of_time(text: str) -> None:
    assert duration(text) is None


def test_several_with_their_places() -> None:
    text = "One for 5 minutes and one for an hour and 10 minutes"
    found = durations_in(text)
    assert [each.value for each in found] == [300, 4200]
    assert [text[each.start : each.end] for each in found] == ["5 minutes", "an hour and 10 minutes"]


def test_the_same_unit_twice_is_two_lengths() -> None:
    assert [each.value for each in durations_in("5 minutes and 10 minutes")] == [300, 600]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (5400, "1 hour 30 minutes"), (60, "1 minute"), (0, "0 seconds"), (0.4, "0 seconds"), (-3, "0 seconds"),
        (90061, "1 day 1 hour 1 minute 1 second"),
    ],
)  # fmt: skip
def test_in_words(seconds: float, words: str) -> None:
    assert in_words(seconds) == words


@given(st.integers(1, 10_000_000))
def test_what_is_said_is_read_again(seconds: int) -> None:
    assert duration(in_words(seconds)) == seconds


@given(st.text(alphabet="123 hm sa:.½nd1mintehour", max_size=40))
def test_no_text_is_too_strange(text: str) -> None:
    for found in durations_in(text):
        assert 0 <= found.start < found.end <= len(text)
        assert found.value >= 0
