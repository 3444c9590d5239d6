"""How things are put to people."""

from __future__ import annotations

import pytest

from app.assistant.skills.wording import inside, second_person


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


def test_words_inside_a_sentence() -> None:
    assert (inside("The plumber comes"), inside("Anna comes")) == ("the plumber comes", "Anna comes")
