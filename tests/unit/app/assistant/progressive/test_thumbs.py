"""Which words say something of the answer before them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.assistant.progressive.thumbs import Verdict, verdict


@pytest.mark.parametrize(
    "text",
    ["No, that's wrong.", "that is not correct", "You're wrong.", "Wrong answer", "no, that was not what I asked",
     "That\u2019s wrong!", "thumbs down", "nope. it isn't true", "you got that wrong", "That did not help."],
)  # fmt: skip
def test_these_say_it_was_wrong(text: str) -> None:
    assert verdict(text) == Verdict(-1)


def test_a_correction_brings_what_it_should_have_been() -> None:
    assert verdict("No, that's wrong, it is Canberra.") == Verdict(-1, "it is canberra")


@pytest.mark.parametrize("text", ["That's right.", "good answer", "Thumbs up!", "that was helpful, thank you"])
def test_these_say_it_was_right(text: str) -> None:
    assert verdict(text) == Verdict(1)


@pytest.mark.parametrize(
    "text",
    ["Is it wrong to lie?", "That was wrong of him to do.", "no", "yes", "what is right",
     "what went wrong in 1912", "is that right", "you are not helpful to him why", ""],
)  # fmt: skip
def test_these_say_nothing_of_it(text: str) -> None:
    assert verdict(text) is None


@given(st.text(max_size=60))
def test_any_text_has_a_verdict_or_none(text: str) -> None:
    found = verdict(text)
    assert found is None or found.rated in (1, -1)
