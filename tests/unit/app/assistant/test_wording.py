"""Words in a row, counted, singular, as sentences."""

from __future__ import annotations

import pytest

from app.assistant.wording import capital, counted, joined, sentence, singular


def test_words_in_a_row() -> None:
    assert [joined(words) for words in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == ["", "a", "a and b", "a, b and c"]
    assert joined(("a", "b", "c"), "or") == "a, b or c"


def test_sentences() -> None:
    assert (sentence("it rains "), sentence("Really?"), capital("tea")) == ("It rains.", "Really?", "Tea")


def test_counts() -> None:
    assert [counted(count, "step") for count in (0, 1, 2, 2500)] == ["0 steps", "1 step", "2 steps", "2,500 steps"]


@pytest.mark.parametrize(
    ("many", "one"),
    [
        ("eggs", "egg"), ("berries", "berry"), ("boxes", "box"), ("tomatoes", "tomato"), ("glasses", "glass"),
        ("glass", "glass"), ("bus", "bus"), ("iris", "iris"), ("gas", "gas"), ("pies", "pie"), ("milk", "milk"),
    ],
)  # fmt: skip
def test_one_of_many(many: str, one: str) -> None:
    assert singular(many) == one
