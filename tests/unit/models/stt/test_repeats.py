"""Loops are told by their structure."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.stt.repeats import SQUEEZES, loop_in, loops_at_its_end, squeezes, without_loops


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("", ""),
        ("Set a timer.", "Set a timer."),
        ("No, no, no, stop it.", "No, no, no, stop it."),
        ("Fail again. Fail better.", "Fail again. Fail better."),
        ("One two three one two three.", "One two three one two three."),
        ("Thank you. Thank you. Thank you. Thank you. Thank you.", "Thank you."),
        ("It is late. and then and then and then and then and then we left", "It is late. and then we left"),
        ("so " * 40, "so"),
        ("謝謝謝謝" * 12, "謝"),
        ("你好嗎" * 12, "你好嗎"),
    ],
)
def test_a_loop_is_said_once_and_what_people_repeat_stays(text: str, kept: str) -> None:
    assert without_loops(text) == kept


def test_a_text_that_goes_round_without_an_exact_loop_is_dropped() -> None:
    text = " ".join(f"the sea and the sky and the sea {at}" for at in range(30))
    assert squeezes(text) > SQUEEZES
    assert without_loops(text) == ""


def test_two_loops_are_both_found() -> None:
    assert without_loops("a b " * 5 + "then " + "c d e " * 6) == "a b then c d e"


def test_a_loop_has_a_place_a_length_and_a_count() -> None:
    assert loop_in([9, 1, 2, 1, 2, 1, 2, 1, 2, 7]) == (1, 2, 4)
    assert loop_in([1, 2, 3]) is None


def test_a_loop_is_seen_while_it_is_written() -> None:
    assert not loops_at_its_end([])
    assert not loops_at_its_end([5, 1, 2, 1, 2, 1, 2])
    assert loops_at_its_end([5, 1, 2, 1, 2, 1, 2, 1, 2])
    assert not loops_at_its_end([1, 2, 1, 2, 1, 2, 1, 2, 8])
    assert loops_at_its_end([4] * 7)


@given(st.lists(st.sampled_from(["a", "b", "c"]), max_size=40))
def test_nothing_is_left_to_find(words: list[str]) -> None:
    kept = without_loops(" ".join(words))
    assert without_loops(kept) == kept
    assert set(kept.split()) <= set(words)


@given(st.lists(st.integers(0, 2), max_size=30))
def test_a_loop_at_the_end_is_a_loop(tokens: list[int]) -> None:
    if loops_at_its_end(tokens):
        assert loop_in(tokens) is not None
