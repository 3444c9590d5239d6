"""What starts a routine and what it does are told apart, however it is said."""

from __future__ import annotations

import pytest

from app.assistant.routines.requirements import requirements_of
from app.assistant.routines.segmenting import segmented


@pytest.mark.parametrize(
    ("text", "phrases", "name", "body"),
    [
        ("when I say good morning, tell me the time", ("good morning",), "", "tell me the time"),
        ('Whenever I say "bedtime" set an alarm for 7', ("bedtime",), "", "set an alarm for 7"),
        ("if I say tea time set a timer for 4 minutes", ("tea time",), "", "set a timer for 4 minutes"),
        ("each time I say coding set a timer, tell me the date", ("coding",), "", "set a timer, tell me the date"),
        ("tell me the date every time I say status", ("status",), "", "tell me the date"),
        ("make a routine called focus that sets a timer", ("focus",), "focus", "set a timer"),
        ("Create a morning routine that tells me the time.", ("morning",), "morning", "tell me the time"),
        ("set up a gym routine for me: plan a workout", ("gym",), "gym", "plan a workout"),
        ("make a routine for me when I say go, show my list", ("go",), "", "show my list"),
        ("from now on, leaving means show my list", ("leaving",), "", "show my list"),
        ("teach yourself lunch: set a timer", ("lunch",), "", "set a timer"),
        ("teach yourself lunch set a timer, then tell me a joke", ("lunch",), "", "set a timer, then tell me a joke"),
        ("for am now on when I say meeting tell me the time", ("meeting",), "", "tell me the time"),
        ("for now on, leaving means show my list", ("leaving",), "", "show my list"),
        ("when I say hello or hi, say hello back", ("hello", "hi"), "", "say hello back"),
        ("please make me a new routine: tell me the date", (), "", "tell me the date"),
        ("what time is it", (), "", "what time is it"),
        ("create a routine", (), "", ""),
    ],
)
def test_words(text: str, phrases: tuple[str, ...], name: str, body: str) -> None:
    wanted = requirements_of(text)
    assert (wanted.phrases, wanted.name, wanted.body) == (phrases, name, body)


CLAIMED = ("the time", "the battery", "my list", "milk and eggs", "set a timer", "an alarm", "remind me")


def _sure(words: str) -> float:
    """Claims requests that a person would make by themselves."""
    begun = words.lower().startswith(("tell me", "read me", "set", "add", "remind", "show"))
    return 0.95 if begun and any(each in words for each in CLAIMED) else 0.1


@pytest.mark.parametrize(
    ("body", "pieces"),
    [
        (
            "tell me the time, the battery and my list",
            ["tell me the time", "tell me the battery", "tell me my list"],
        ),
        ("add milk and eggs to my list and read me my list", ["add milk and eggs to my list", "read me my list"]),
        ("tell me the time, then tell me a joke", ["tell me the time", "tell me a joke"]),
        ("sets a timer for 5 minutes and shows my list", ["set a timer for 5 minutes", "show my list"]),
        ('say "this, that and more" and tell me the time', ['say "this, that and more"', "tell me the time"]),
        ("remind me to call mum and give her the news", ["remind me to call mum and give her the news"]),
        ("tell me a story about a fox, a bear and an owl", ["tell me a story about a fox, a bear and an owl"]),
        ("", []),
    ],
)
def test_pieces(body: str, pieces: list[str]) -> None:
    assert [piece.words for piece in segmented(body, _sure)] == pieces
