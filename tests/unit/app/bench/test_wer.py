from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.bench.wer import WordErrors, normalized, word_errors

words = st.lists(st.sampled_from(["what", "is", "the", "of", "twenty", "5", "it's", "France"]), max_size=8).map(
    " ".join
)


@pytest.mark.parametrize(
    ("said", "heard"),
    [
        ("What is the capital of France?", "what's the capital of france"),
        ("It costs twenty-five dollars.", "It costs $25"),
        ("In nineteen ninety-nine", "in 1999"),
        ("In nineteen oh five", "in 1905"),
        ("two hundred and five", "205"),
        ("One million, two hundred thousand and three", "1,200,003"),
        ("pi is three point one four", "Pi is 3.14."),
        ("the second one", "the 2nd one"),
        ("twenty percent", "20 per cent"),
        ("I can't, I won't, I don't.", "i can not i will not i do not"),
        ("cannot", "can't"),
        ("Let\u2019s go tonight", "let us go to-night"),
        ("They're here, I'm there, we'll see", "they are here i am there we will see"),
        ("you & me, OK?", "you and me okay"),
        ("The colour", "the color"),
        ("Tom's cat", "toms cat"),
    ],
)
def test_what_sounds_the_same_counts_as_the_same(said: str, heard: str) -> None:
    assert normalized(said) == normalized(heard)
    assert word_errors(said, heard).errors == 0


def test_numbers_become_digits_one_by_one() -> None:
    assert normalized("one two three, twenty one, seven hundred") == ("1", "2", "3", "21", "700")


@pytest.mark.parametrize(
    ("said", "heard", "errors"),
    [
        ("a b c d", "a b c d", WordErrors(4, 0, 0, 0)),
        ("a b c d", "a x c d", WordErrors(4, 1, 0, 0)),
        ("a b c d", "a c d", WordErrors(4, 0, 1, 0)),
        ("a b c d", "a b x c d", WordErrors(4, 0, 0, 1)),
        ("a b c d", "", WordErrors(4, 0, 4, 0)),
        ("", "a", WordErrors(0, 0, 0, 1)),
        ("How long should I boil an egg?", "How long should I boil, Enig?", WordErrors(7, 1, 1, 0)),
    ],
)
def test_counts_of_the_best_alignment(said: str, heard: str, errors: WordErrors) -> None:
    assert word_errors(said, heard) == errors


def test_rates() -> None:
    assert WordErrors(4, 1, 1, 0).rate == 0.5
    assert WordErrors().rate == 0.0
    assert WordErrors(insertions=2).rate == 1.0
    assert WordErrors(4, 1, 0, 0) + WordErrors(6, 0, 1, 2) == WordErrors(10, 1, 1, 2)


@settings(deadline=None)
@given(said=words, heard=words)
def test_counts_add_up(said: str, heard: str) -> None:
    errors = word_errors(said, heard)
    mirrored = word_errors(heard, said)
    assert errors.words == len(normalized(said))
    assert errors.words - errors.deletions + errors.insertions == len(normalized(heard))
    assert errors.errors == mirrored.errors
    assert max(errors.words, mirrored.words) >= errors.errors >= abs(errors.words - mirrored.words)


@settings(deadline=None)
@given(text=st.text(max_size=80))
def test_any_text_is_no_different_from_itself(text: str) -> None:
    assert word_errors(text, text).errors == 0
