"""Vectors on their way out of an engine."""

from __future__ import annotations

import math

import numpy as np
import pytest

from app.contracts.errors import RuntimeFault
from models.embed.vectors import asks, packed, unit, whole


def test_a_vector_is_one_long() -> None:
    assert unit([3.0, 4.0], "m") == pytest.approx([0.6, 0.8])
    assert unit([0.0, 0.0], "m") == pytest.approx([1.0, 0.0])


@pytest.mark.parametrize("wrong", [math.nan, math.inf])
def test_what_is_no_number_is_told(wrong: float) -> None:
    with pytest.raises(RuntimeFault, match=r"m gives no numbers.*sotto models verify"):
        unit([1.0, wrong], "m")


def test_rows_are_packed_text_by_text() -> None:
    reply = packed([unit([3.0, 4.0], "m"), unit([1.0, 0.0], "m")], 2)
    assert reply.fields == {"dimensions": 2}
    assert np.frombuffer(reply.payload, "<f4") == pytest.approx([0.6, 0.8, 1.0, 0.0])
    assert packed([], 2).payload == b""


def test_half_characters_become_question_marks() -> None:
    assert whole("a\ud800b") == "a?b"


def test_only_true_asks() -> None:
    assert asks({"query": True})
    assert not asks({})
    assert not asks({"query": 1})
