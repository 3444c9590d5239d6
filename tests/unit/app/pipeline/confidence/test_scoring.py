"""AUROC, Brier score and reliability against values worked out by hand, and what must hold for all."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.pipeline.confidence.scoring import Bin, auroc, auroc_error, brier, reliability

# Steps of a thousandth: a monotone map must not make two of them equal.
LABELLED = st.lists(st.tuples(st.integers(0, 1000).map(lambda n: n / 1000), st.booleans()), min_size=1, max_size=60)


def split(pairs: list[tuple[float, bool]]) -> tuple[list[float], list[bool]]:
    return [score for score, _ in pairs], [truth for _, truth in pairs]


def test_auroc_by_hand() -> None:
    # right 0.9 and 0.4, wrong 0.5 and 0.1: of four pairs three are in order
    assert auroc([0.9, 0.4, 0.5, 0.1], [True, True, False, False]) == 0.75
    assert auroc([0.9, 0.8, 0.2], [True, True, False]) == 1.0
    assert auroc([0.1, 0.9], [True, False]) == 0.0
    # one tie of two pairs counts half
    assert auroc([0.5, 0.5, 0.2], [True, False, False]) == 0.75
    assert auroc([0.3] * 5, [True, False, True, False, False]) == 0.5


def test_auroc_says_nothing_where_there_is_nothing_to_tell_apart() -> None:
    assert auroc([0.1, 0.9], [True, True]) is None
    assert auroc([], []) is None
    with pytest.raises(ValueError, match=r"shorter|longer"):
        auroc([0.1], [])


def test_the_error_of_an_area_by_hand() -> None:
    spread = 0.75 * 0.25 + (0.75 / 1.25 - 0.5625) + (1.125 / 1.75 - 0.5625)
    assert auroc_error(0.75, 2, 2) == pytest.approx(math.sqrt(spread / 4))
    assert auroc_error(1.0, 5, 5) == 0.0
    with pytest.raises(ValueError, match="right and wrong"):
        auroc_error(0.5, 0, 3)


def test_brier_by_hand() -> None:
    assert brier([1.0, 0.0], [True, False]) == 0.0
    assert brier([0.8, 0.3], [True, False]) == pytest.approx((0.04 + 0.09) / 2)
    assert brier([0.5] * 4, [True, False, True, True]) == 0.25
    with pytest.raises(ValueError, match="nothing"):
        brier([], [])


def test_reliability_by_hand() -> None:
    rows = reliability([0.05, 0.15, 0.95, 1.0, 0.9], [False, True, True, True, False], bins=2)
    assert rows == (
        Bin(0.0, 0.5, 2, pytest.approx(0.1), 0.5),
        Bin(0.5, 1.0, 3, pytest.approx(0.95), pytest.approx(2 / 3)),
    )
    assert reliability([], [], bins=1) == (Bin(0.0, 1.0, 0, 0.0, 0.0),)
    with pytest.raises(ValueError, match="at least one"):
        reliability([0.5], [True], bins=0)


@given(LABELLED)
def test_auroc_depends_on_the_order_alone(pairs: list[tuple[float, bool]]) -> None:
    scores, right = split(pairs)
    area = auroc(scores, right)
    assert auroc([math.exp(3 * score) - 7 for score in scores], right) == area
    turned = auroc([-score for score in scores], right)
    assert (area is None) == (turned is None)
    if area is not None:
        assert 0.0 <= area <= 1.0
        assert turned == pytest.approx(1.0 - area)


@given(LABELLED)
def test_auroc_is_the_share_of_pairs_in_order(pairs: list[tuple[float, bool]]) -> None:
    scores, right = split(pairs)
    goods = [score for score, truth in pairs if truth]
    bads = [score for score, truth in pairs if not truth]
    won = sum((good > bad) + (good == bad) / 2 for good in goods for bad in bads)
    expected = won / (len(goods) * len(bads)) if goods and bads else None
    assert auroc(scores, right) == (None if expected is None else pytest.approx(expected))


@given(LABELLED)
def test_no_constant_has_a_better_brier_score_than_the_share_of_right_answers(pairs: list[tuple[float, bool]]) -> None:
    scores, right = split(pairs)
    base = brier([sum(right) / len(right)] * len(right), right)
    assert base <= brier([scores[0]] * len(right), right) + 1e-12
    assert 0.0 <= brier(scores, right) <= 1.0


@given(LABELLED, st.integers(1, 12))
def test_every_answer_is_in_one_row(pairs: list[tuple[float, bool]], bins: int) -> None:
    scores, right = split(pairs)
    rows = reliability(scores, right, bins)
    assert len(rows) == bins
    assert sum(row.count for row in rows) == len(pairs)
    assert sum(row.right * row.count for row in rows) == pytest.approx(sum(right))
