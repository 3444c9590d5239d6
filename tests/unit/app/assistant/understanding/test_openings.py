"""The form of a sentence: a question of the world, something told, what goes on from a request; and tidying."""

from __future__ import annotations

import pytest

from app.assistant.understanding.openings import asks, continued, is_of_the_world, is_refused, is_told
from app.assistant.understanding.tidying import tidied


@pytest.mark.parametrize(
    ("said", "rest"),
    [
        ("and tomorrow", "tomorrow"), ("what about berlin", "berlin"), ("and what about new york", "new york"),
        ("also bread and butter", "bread and butter"), ("or in feet", "in feet"), ("times three", "times three"),
        ("how about on friday", "on friday"), ("and why is the sky blue", ""), ("and set a timer", ""),
        ("android phones", ""), ("and", ""), ("what time is it", ""), ("order a pizza", ""),
        ("and the one that we talked about so long yesterday", ""),
    ],
)  # fmt: skip
def test_what_goes_on_from_a_request(said: str, rest: str) -> None:
    assert continued(said) == rest


def test_kinds_of_sentences() -> None:
    assert is_told("my watch is broken")
    assert is_told("i feel sad today")
    assert not is_told("i need a timer")
    assert not is_told("set a timer")
    assert is_refused("don't set an alarm")
    assert not is_refused("don't let me forget the milk")
    assert is_of_the_world("who invented the timer")
    assert not is_of_the_world("who is my doctor")
    assert asks("summarize the plot of hamlet")
    assert not asks("the garden list")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("um what is uh twelve times eleven", "what is twelve times eleven"),
        ("set a a timer for for ten minutes", "set a timer for ten minutes"),
        ("Whats the time", "What's the time"),
        ("dont let me forget mums birthday", "don't let me forget mums birthday"),
        ("my wifes birthday is in june", "my wife's birthday is in june"), ("lets train", "let's train"),
        ("12x15", "12 x 15"), ("rows 3x10", "rows 3x10"), ("um", "um"),
        ("hummus and umbrellas", "hummus and umbrellas"),
        ("that that is is", "that that is"), ("", ""),
    ],
)  # fmt: skip
def test_tidied(typed: str, meant: str) -> None:
    assert tidied(typed) == meant
