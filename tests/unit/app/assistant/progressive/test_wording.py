"""What a refined answer changes, and what the voice goes on with."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.assistant.progressive.wording import CORRECTION, kept_characters, left_to_say, made_one, says_same, sentences

WORDS = st.lists(
    st.sampled_from(["Sydney", "is", "not", "big", "the", "capital", "3", "towns"]), min_size=1, max_size=5
)
TEXTS = st.lists(WORDS.map(lambda words: " ".join(words).capitalize() + "."), min_size=1, max_size=4).map(" ".join)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Canberra is the capital of Australia.", "The capital of Australia is Canberra.", True),
        ("It's 384,400 km away.", "It is 384400 km away!", True),
        ("It is poisonous.", "It is not poisonous.", False),
        ("A whale is bigger than a shark.", "A shark is bigger than a whale.", False),
        ("The dog bites the man.", "The man bites the dog.", False),
        ("The capital is Sydney.", "The capital is Canberra.", False),
        ("There are 7 bridges.", "There are 8 bridges.", False),
    ],
)
def test_two_sentences_say_the_same_only_where_that_is_sure(one: str, other: str, same: bool) -> None:
    assert says_same(one, other) is same
    assert says_same(other, one) is same


@pytest.mark.parametrize(
    ("said", "refined", "left"),
    [
        ("", "It is red. It is big.", ["It is red. ", "It is big."]),
        ("It is red. ", "It is red. It is big.", ["It is big."]),
        ("It is red. It is big.", "It is red. It is big.", []),
        ("It is red. It is big.", "It is big.", []),
        ("Bonn is the seat.", "Berlin is the seat. It is big.", [f"{CORRECTION}Berlin is the seat. ", "It is big."]),
        ("It is red. It is big.", "It is blue. It is big. It flies.", [f"{CORRECTION}It is blue. ", "It flies."]),
        ("Owls hunt.", "Owls hunt at night, by ear.", ["Owls hunt at night, by ear."]),
    ],
)  # fmt: skip
def test_the_voice_says_what_is_new_and_corrects_what_no_longer_holds(said: str, refined: str, left: list[str]) -> None:
    assert [text.removeprefix(" ") for text in left_to_say(said, refined).sentences] == left


@given(TEXTS, TEXTS)
def test_nothing_that_was_said_is_said_again(said: str, refined: str) -> None:
    before = [sentence.text for sentence in sentences(said)]
    for text in left_to_say(said, refined).sentences:
        assert not any(says_same(text.strip().removeprefix(CORRECTION), old) for old in before)


def test_what_has_been_corrected_is_not_corrected_again() -> None:
    first = left_to_say("It is red.", "It is blue.")
    assert first.sentences == (f" {CORRECTION}It is blue.",)
    heard = "It is red." + "".join(first.sentences)
    assert left_to_say(heard, "It is blue. It flies.", first.taken_back).sentences == (" It flies.",)
    back = left_to_say(heard, "It is red.", first.taken_back)
    assert (back.sentences, back.taken_back) == ((f" {CORRECTION}It is red.",), ("It is blue.",))


@given(TEXTS, TEXTS)
def test_what_is_kept_is_the_beginning_of_both_and_ends_with_a_sentence(shown: str, refined: str) -> None:
    kept = kept_characters(shown, refined)
    assert shown[:kept] == refined[:kept]
    assert kept == 0 or shown[:kept].rstrip().endswith(".")


@pytest.mark.parametrize(
    ("best", "other", "whole"),
    [
        ("Tea wakes.", "Tea wakes. Green tea is steeped cooler.", "Tea wakes. Green tea is steeped cooler."),
        ("Tea has caffeine.", "Tea has no caffeine.", "Tea has caffeine."),
        ("The moon is 384,400 km away.", "The moon is 100 km away.", "The moon is 384,400 km away."),
        ("Tea has caffeine.", "Cats sleep a lot.", "Tea has caffeine."),
        ("Tea has caffeine.", "Green tea is steeped cooler and then it", "Tea has caffeine."),
    ],
)  # fmt: skip
def test_one_answer_takes_from_the_other_only_what_it_does_not_speak_of(best: str, other: str, whole: str) -> None:
    assert made_one(best, other) == whole


def test_the_correction_stands_in_front_of_what_it_puts_right() -> None:
    left = left_to_say("Gold is a metal. It melts at 500 degrees.", "Gold is a metal. Kings wore it. It melts at 1064.")
    assert [text.strip() for text in left.sentences] == ["Kings wore it.", "Correction: It melts at 1064."]
    assert left.taken_back == ("It melts at 500 degrees.",)
    (again,) = left_to_say("It is red.", "Correction: It is blue.").sentences
    assert again.strip() == "Correction: It is blue."
