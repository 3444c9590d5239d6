from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.bench.number_words import digits_for_words


@pytest.mark.parametrize(
    ("words", "digits"),
    [
        ("zero", "0"),
        ("twenty", "20"),
        ("twenty five", "25"),
        ("twenty fifteen", "2015"),
        ("three hundred and sixty five", "365"),
        ("three hundred and", "300 and"),
        ("two thousand", "2000"),
        ("two thousand and one", "2001"),
        ("two thousand and more", "2000 and more"),
        ("one million two hundred thirty four thousand five hundred sixty seven", "1234567"),
        ("seven point", "7 point"),
        ("zero point five", "0.5"),
        ("in eighteen oh five we", "in 1805 we"),
        ("hundred", "hundred"),
        ("3rd place", "third place"),
        ("", ""),
    ],
)
def test_examples(words: str, digits: str) -> None:
    assert " ".join(digits_for_words(words.split())) == digits


WORDS = ("one", "ten", "twenty", "hundred", "thousand", "million", "and", "oh", "point", "two", "a", "2nd")


@settings(deadline=None)
@given(words=st.lists(st.sampled_from(WORDS)))
def test_never_raises_and_never_grows(words: list[str]) -> None:
    assert len(digits_for_words(words)) <= len(words)
