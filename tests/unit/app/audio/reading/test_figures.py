# ruff: noqa: RUF001 - typographic marks are what is tested
from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.audio.reading.figures import read_figures


@pytest.mark.parametrize(
    ("shown", "said"),
    [
        ("$3.50", "3 dollars and 50 cents"),
        ("$1.01", "1 dollar and 1 cent"),
        ("$0.99", "99 cents"),
        ("$5", "5 dollars"),
        ("$5.00", "5 dollars"),
        ("-$5", "minus 5 dollars"),
        ("$1,234.56", "1234 dollars and 56 cents"),
        ("$2.5 million", "2.5 million dollars"),
        ("$3k", "3 thousand dollars"),
        ("$10–20", "10 to 20 dollars"),
        ("€5", "5 euros"),
        ("5 €", "5 euros"),
        ("£3.01", "3 pounds and 1 penny"),
        ("¥500", "500 yen"),
        ("20 EUR", "20 euros"),
        ("$5/hour", "5 dollars per hour"),
    ],
)
def test_money(shown: str, said: str) -> None:
    assert read_figures(shown) == said


@pytest.mark.parametrize(
    ("shown", "said"),
    [
        ("25 °C", "25 degrees Celsius"),
        ("-5°F", "minus 5 degrees Fahrenheit"),
        ("1 °C", "1 degree Celsius"),
        ("10 km/h", "10 kilometers per hour"),
        ("9.8 m/s²", "9.8 meters per second squared"),
        ("5 m²", "5 square meters"),
        ("3 GB", "3 gigabytes"),
        ("1 km", "1 kilometer"),
        ("0.5s", "0.5 seconds"),
        ("100Mbps", "100 megabits per second"),
        ("a 5-km run", "a 5 kilometer run"),
        ("10-20 km", "10 to 20 kilometers"),
        ("5'10\" tall", "5 feet 10 inches tall"),
        ("3 ft. 2 in. long", "3 feet 2 inches long"),
        ("4K and 5G", "4K and 5G"),
        ("in seat 3A", "in seat 3A"),
        ("5 in the morning", "5 in the morning"),
    ],
)
def test_units(shown: str, said: str) -> None:
    assert read_figures(shown) == said


@pytest.mark.parametrize(
    ("shown", "said"),
    [
        ("1,234,567", "1234567"),
        ("384,400 km", "384400 kilometers"),
        ("22,1", "22.1"),
        ("1, 2, 3", "1, 2, 3"),
        ("options 1,2,3", "options 1,2,3"),
        (".5", "0.5"),
        ("3.14 and 42", "3.14 and 42"),
        ("2nd", "2nd"),
        ("1/2", "one half"),
        ("3/4 cup", "3 quarters cup"),
        ("1 1/2", "1 and a half"),
        ("2¾", "2 and 3 quarters"),
        ("8/10", "8 out of 10"),
        ("22/7", "22 over 7"),
        ("24/7", "24 7"),
        ("10–20", "10 to 20"),
        ("5-3", "5 3"),
        ("5 - 3", "5 minus 3"),
        ("-5", "minus 5"),
        ("3x4", "3 by 4"),
        ("2x faster", "2 times faster"),
        ("#5", "number 5"),
        ("~5", "about 5"),
        ("1e-9", "1 times 10 to the power of minus 9"),
        ("v1.2.3", "version 1 point 2 point 3"),
        ("555-1234", "5 5 5, 1 2 3 4"),
        ("(555) 123-4567", "5 5 5, 1 2 3, 4 5 6 7"),
        ("no figures here", "no figures here"),
    ],
)
def test_numbers(shown: str, said: str) -> None:
    assert read_figures(shown) == said


@settings(deadline=None)
@given(text=st.text(alphabet="0123456789.,:/-–$€%°CkmhaspT \n½'\"", max_size=60))
def test_never_raises(text: str) -> None:
    assert isinstance(read_figures(text), str)


def test_huge_numbers_are_left_alone() -> None:
    assert read_figures("9" * 5000) == "9" * 5000
