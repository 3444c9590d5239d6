"""How much thought a request needs."""

from __future__ import annotations

import pytest

from app.assistant.understanding.complexity import complexity
from app.assistant.understanding.meaning import Complexity


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("What is the capital of France?", "simple"),
        ("Who wrote Hamlet", "simple"),
        ("thank you", "simple"),
        ("Why is the sky blue?", "medium"),
        ("How do I remove red wine from a carpet?", "medium"),
        ("Write a short poem about autumn", "medium"),
        ("Tell me about Vienna. And when was it founded? And who lives there?", "complex"),
        ("Explain step by step how a heat pump works", "complex"),
        ("Compare electric and diesel cars for long trips when it is cold", "complex"),
        ("What are the pros and cons of remote work, and why do some companies forbid it?", "complex"),
    ],
)
def test_it_is_told_from_the_form(text: str, expected: str) -> None:
    assert complexity(text) == expected


def test_what_a_skill_does_is_simple() -> None:
    assert complexity("explain why my alarm rings", opens=False) is Complexity.SIMPLE
    assert complexity("add " + "milk and " * 30 + "bread to my list", opens=False) is Complexity.MEDIUM
