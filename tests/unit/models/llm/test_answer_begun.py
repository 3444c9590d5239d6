"""What a model repeats of an answer it was to go on with."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.llm.answer_begun import RestOfAnswer


@pytest.mark.parametrize(
    ("begun", "said", "new"),
    [
        ("", ["In", " Paris"], "In Paris"),
        ("It is", [" in", " Paris"], " in Paris"),
        ("It is", ["It", " is", " in Paris"], " in Paris"),
        ("It is", [" It is in Paris"], " in Paris"),
        ("It is in", ["It was", " there"], "It was there"),
        ("It is", ["It"], ""),
    ],
)
def test_only_what_is_new_is_given(begun: str, said: list[str], new: str) -> None:
    rest = RestOfAnswer(begun)
    assert "".join(rest.push(text) for text in said) == new


@given(st.text(min_size=1), st.text(min_size=1), st.integers(1, 5))
def test_however_it_is_cut_a_repetition_is_dropped(begun: str, new: str, step: int) -> None:
    rest = RestOfAnswer(begun)
    whole = begun.strip() + new
    given_ = "".join(rest.push(whole[at : at + step]) for at in range(0, len(whole), step))
    assert given_ == new
