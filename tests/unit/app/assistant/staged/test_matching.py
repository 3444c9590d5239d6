"""What a person says is taken for one of the things that can be said, and for nothing else."""

from __future__ import annotations

import pytest

from app.assistant.staged.matching import Sayable, chosen, exactly, is_a_value, is_not_this, is_request, ruled_out

MINUTES = [Sayable("20", "20 minutes"), Sayable("30", "30 minutes", default=True), Sayable("45", "45 minutes")]
FOCUS = [Sayable("upper", "Upper body"), Sayable("lower", "Lower body", ("legs",)), Sayable("full", "Full body")]
PROCEED = [Sayable("proceed", "Proceed", default=True)]


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("30 minutes", "30"),
        ("45 minutes, please.", "45"),
        ("the first one", "20"),
        ("Number three", "45"),
        ("the last", "45"),
        ("whatever", "30"),
        ("Yes.", "30"),
        ("make it 20 minutes", "20"),
        ("how high is the Eiffel Tower", None),
        ("three", None),
        ("the last but one", "30"),
        ("the middle one", "30"),
        ("second to last", "30"),
        ("I don't know", "30"),
        ("whatever you like", "30"),
        ("for about 45", "45"),
        ("twenty five", None),
        ("25 minutes", None),
    ],
)
def test_a_choice(said: str, value: str | None) -> None:
    assert chosen(said, MINUTES) == value


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("upper body", "upper"),
        ("Legs!", "lower"),
        ("I'd like to do my legs today", "lower"),
        ("upper body or full body", None),
        ("body", None),
        ("yes", None),
        ("not legs", None),
        ("anything but full body", None),
    ],
)
def test_words_that_hold_a_choice(said: str, value: str | None) -> None:
    assert chosen(said, FOCUS) == value


@pytest.mark.parametrize(
    "said", ["Yes", "go ahead", "Yes, go ahead.", "yeah that's fine thanks", "OK, proceed", "sounds good", "Do it!"]
)
def test_many_ways_to_say_yes(said: str) -> None:
    assert chosen(said, PROCEED) == "proceed"


@pytest.mark.parametrize("said", ["no", "why", "proceed with what", "don't proceed", "do not proceed", "", "..."])
def test_what_is_not_yes(said: str) -> None:
    assert chosen(said, PROCEED) is None


def test_a_button_has_to_be_said_exactly() -> None:
    assert exactly("legs please", FOCUS) == "lower"
    assert exactly("I like legs", FOCUS) is None


@pytest.mark.parametrize(
    ("said", "is_one"),
    [("fifty", True), ("about half an hour", True), ("for ten", True), ("ten push-ups", False), ("hello", False)],
)
def test_a_bare_value(said: str, is_one: bool) -> None:
    assert is_a_value(said) is is_one


def test_what_is_ruled_out() -> None:
    assert ruled_out("not upper body", FOCUS) == {"upper"}
    assert ruled_out("anything but legs", FOCUS) == {"lower"}
    assert ruled_out("upper body", FOCUS) == frozenset()
    assert is_not_this("not that one")
    assert not is_not_this("not so hard")
    assert is_request("tell me a joke")
    assert not is_request("the blue one")
