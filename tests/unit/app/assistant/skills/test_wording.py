"""How things are put to people."""

from __future__ import annotations

import pytest

from app.assistant.skills.wording import capital, inside, joined, second_person, sentence


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("call my mum", "call your mum"),
        ("I am allergic to nuts", "you are allergic to nuts"),
        ("I was in Leeds, and it was cold", "you were in Leeds, and it was cold"),
        ("I\u2019m vegetarian", "you're vegetarian"),
        ("give me the keys, they are mine.", "give you the keys, they are yours."),
        ("the amber lamp", "the amber lamp"),
    ],
)
def test_what_was_said_of_oneself_is_turned_around(said: str, told: str) -> None:
    assert second_person(said) == told


def test_words_in_a_row() -> None:
    assert [joined(words) for words in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == ["", "a", "a and b", "a, b and c"]


def test_sentences() -> None:
    assert (sentence("it rains "), sentence("Really?"), capital("tea")) == ("It rains.", "Really?", "Tea")
    assert (inside("The plumber comes"), inside("Anna comes")) == ("the plumber comes", "Anna comes")
