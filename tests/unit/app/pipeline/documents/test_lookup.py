"""Fusing two lists: by rank, without repeats, in an order that chance has no part in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.memory.documents_schema import Hit
from app.pipeline.documents.lookup import Fusion, chosen, fused


def hit(key: int, path: str = "", text: str = "") -> Hit:
    return Hit(key, "docs", path or f"{key}.txt", "", text or f"words of number {key}", 0.0)


def test_scores_are_those_of_the_formula() -> None:
    ranked = fused([hit(1), hit(2)], [hit(2), hit(3)], Fusion(words=1.0, vectors=0.5))
    most = 1.5 / 61
    assert [(item.passage_id, pytest.approx(item.score)) for item in ranked] == [
        (2, (1 / 62 + 0.5 / 61) / most),
        (1, 1 / 61 / most),
        (3, 0.5 / 62 / most),
    ]


def test_the_first_of_the_only_list_scores_one() -> None:
    assert [item.score for item in fused([hit(7)], [], Fusion())] == [1.0]
    assert fused([], [], Fusion()) == []
    assert fused([hit(1)], [hit(2)], Fusion(vectors=0.0)) == [
        hit(1).__class__(1, "docs", "1.txt", "", hit(1).text, 1.0)
    ]


@given(st.permutations([hit(key) for key in range(8)]), st.permutations([hit(key) for key in range(8)]))
def test_the_order_follows_from_the_ranks_alone(words: list[Hit], vectors: list[Hit]) -> None:
    ranked = fused(words, vectors, Fusion(vectors=1.0))
    ranks = [{item.passage_id: rank for rank, item in enumerate(found, 1)} for found in (words, vectors)]
    expected = sorted(range(8), key=lambda key: (-sum(1 / (60 + rank[key]) for rank in ranks), key))
    scores = [item.score for item in ranked]
    assert scores == sorted(scores, reverse=True)
    assert [item.passage_id for item in ranked] == expected
    assert fused(words, vectors, Fusion(vectors=1.0)) == ranked


def test_what_says_the_same_again_is_left_out() -> None:
    ranked = [hit(1, text="The pump is red."), hit(2, text="the pump is RED!"), hit(3, text="The lamp is green.")]
    assert [item.passage_id for item in chosen(ranked, 3, Fusion())] == [1, 3]


def test_one_document_does_not_take_every_place() -> None:
    ranked = [hit(key, "big.txt") for key in range(4)] + [hit(9, "small.txt")]
    fusion = Fusion(per_document=2)
    assert [item.passage_id for item in chosen(ranked, 3, fusion)] == [0, 1, 9]
    assert [item.passage_id for item in chosen(ranked, 4, fusion)] == [0, 1, 9, 2]
    assert [item.passage_id for item in chosen(ranked[:4], 4, fusion)] == [0, 1, 2, 3]
