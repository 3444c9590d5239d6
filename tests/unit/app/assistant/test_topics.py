from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.assistant.topics import WORDS_EACH, topic, topic_line


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("What is the capital of France?", "capital France"),
        ("How do I boil an egg?", "boil egg"),
        ("Who wrote Romeo and Juliet in 1597?", "Romeo Juliet 1597"),
        ("Why?", ""),
        ("", ""),
        ("Photosynthesis, what is it?", "Photosynthesis"),
        ("Is the the river Nile longer than the river Amazon or the Danube?", "Nile Amazon Danube"),
    ],
)
def test_a_topic_is_its_telling_words(question: str, words: str) -> None:
    assert topic(question) == words


@settings(deadline=None)
@given(question=st.text(max_size=200))
def test_a_topic_is_short_and_on_one_line(question: str) -> None:
    assert len(topic(question).split()) <= WORDS_EACH
    assert topic(question) == topic(question)


def test_each_topic_is_named_once() -> None:
    assert topic_line(["boil egg", "", "France", "boil egg"]) == "boil egg; France"
