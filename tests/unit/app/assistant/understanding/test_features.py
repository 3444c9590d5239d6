"""What texts are compared by."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.assistant.understanding.concepts import concepts_of
from app.assistant.understanding.features import FAMILIES, SIZE, bare, classed, rarity, vector, weighted


@pytest.mark.parametrize(
    ("text", "core"),
    [
        ("Hey Sotto, could you please set a timer?", "set a timer"),
        ("set a timer for me, please", "set a timer"),
        ("Please", "please"),
        ("I'd like you to stop the alarm thanks", "stop the alarm"),
        ("what\u2019s the time", "what's the time"),
    ],
)
def test_politeness_does_not_count(text: str, core: str) -> None:
    assert bare(text) == core


@pytest.mark.parametrize(
    ("text", "classes"),
    [
        ("timer for ten minutes", "timer for @duration"),
        ("wake me at seven tomorrow", "wake me @clock @day"),
        ("twelve times 15", "@number times @number"),
    ],
)
def test_values_become_classes(text: str, classes: str) -> None:
    assert " ".join(classed(text).split()) == classes


def test_words_stand_for_concepts() -> None:
    assert concepts_of("erase the groceries") == [("remove",), ("list",)]


def likeness(one: str, other: str) -> float:
    counts = np.stack([vector(text) for text in (one, other, "who wrote Hamlet", "add milk to my list")])
    rows = weighted(counts, rarity(counts))
    return float(rows[0] @ rows[1])


def test_what_was_heard_wrong_still_sounds_alike() -> None:
    assert likeness("set a time or for ten minutes", "set a timer for 5 minutes") > 0.4
    assert likeness("what's the thyme", "what's the time") > likeness("what's the thyme", "who wrote Faust")


def test_the_same_with_other_values_is_almost_the_same() -> None:
    assert likeness("set a timer for ten minutes", "please set a timer for 2 hours") == pytest.approx(1.0, abs=0.01)


@given(st.text(max_size=60))
def test_vectors_have_length_one_or_less(text: str) -> None:
    counts = vector(text)
    assert counts.shape == (SIZE,)
    assert float(np.linalg.norm(weighted(counts, np.ones(SIZE, np.float32)))) <= 1.0 + 1e-5
    assert sum(family.share for family in FAMILIES) == pytest.approx(1.0)
