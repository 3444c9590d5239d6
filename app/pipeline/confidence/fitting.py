"""Fits the mapping from features to probabilities, and says how well it does on answers it has not seen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from app.pipeline.confidence.calibration import Curve, Fitted, Method
from app.pipeline.confidence.scoring import auroc, brier

_Floats = npt.NDArray[np.floating[Any]]
Fit = Callable[[Sequence[Sequence[float]], Sequence[bool]], Curve]

FOLDS = 5
_STEPS = 50
_CLOSE = 1e-9


def fit_logistic(
    rows: Sequence[Sequence[float]], right: Sequence[bool], columns: tuple[str, ...], ridge: float = 1.0
) -> Curve:
    """Logistic regression by Newton's method on standardised columns, its weights held small by a ridge.

    Labels are drawn towards the middle as Platt (1999) does, so that a small set cannot give certainty.

    Args:
        rows: One per answer, ``columns`` wide.
        right: Whether it is right.
        columns: What the numbers are.
        ridge: Strength of the penalty on the weights; the bias has none.

    Raises:
        ValueError: There are no rows.
    """
    if not rows:
        raise ValueError("nothing can be fitted to nothing")
    x: _Floats = np.asarray(rows, dtype=np.float64).reshape(len(rows), len(columns))
    truth = np.asarray(right, dtype=bool)
    middle, deviation = x.mean(axis=0), x.std(axis=0)
    spread = np.where(deviation > _CLOSE, deviation, 1.0)
    design: _Floats = np.column_stack([(x - middle) / spread, np.ones(len(rows))])
    positives, negatives = int(truth.sum()), int((~truth).sum())
    target = np.where(truth, (positives + 1.0) / (positives + 2.0), 1.0 / (negatives + 2.0))
    penalty = np.diag([ridge] * len(columns) + [_CLOSE])
    weights: _Floats = np.zeros(len(columns) + 1)
    for _ in range(_STEPS):
        p = 1.0 / (1.0 + np.exp(-np.clip(design @ weights, -30.0, 30.0)))
        gradient = design.T @ (p - target) + penalty @ weights
        hessian = (design.T * (p * (1.0 - p) + _CLOSE)) @ design + penalty
        step: _Floats = np.linalg.solve(hessian, gradient)
        weights -= step
        if float(np.abs(step).max()) < _CLOSE:
            break
    scaled = weights[:-1] / spread
    return Curve(
        columns=columns,
        weights=tuple(float(value) for value in scaled),
        bias=float(weights[-1] - scaled @ middle),
    )


def fit_isotonic(
    rows: Sequence[Sequence[float]], right: Sequence[bool], columns: tuple[str, ...], ridge: float = 1.0
) -> Curve:
    """A rising step function over the score of `fit_logistic`, by pooling adjacent violators."""
    curve = fit_logistic(rows, right, columns, ridge)
    edges, steps = pooled([curve.score(row) for row in rows], right)
    return replace(curve, method=Method.ISOTONIC, edges=edges, steps=steps)


def pooled(scores: Sequence[float], right: Sequence[bool]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """The rising step function closest to the labels (least squares).

    Returns:
        Scores at which a new step begins, halfway between neighbours, and the steps, one more.

    Raises:
        ValueError: There are none, or the two differ in length.
    """
    pairs = sorted(zip(scores, right, strict=True))
    if not pairs:
        raise ValueError("nothing can be fitted to nothing")
    blocks: list[list[float]] = []  # lowest score, highest score, sum of labels, count
    for score, truth in pairs:
        if blocks and blocks[-1][1] == score:
            blocks[-1][2] += truth
            blocks[-1][3] += 1
        else:
            blocks.append([score, score, float(truth), 1.0])
    merged: list[list[float]] = []
    for block in blocks:
        merged.append(block)
        while len(merged) > 1 and merged[-2][2] / merged[-2][3] >= merged[-1][2] / merged[-1][3]:
            _, high, total, count = merged.pop()
            merged[-1][1] = high
            merged[-1][2] += total
            merged[-1][3] += count
    edges = tuple((lower[1] + upper[0]) / 2.0 for lower, upper in pairwise(merged))
    return edges, tuple(total / count for _, _, total, count in merged)


def folds(count: int, of: int = FOLDS, seed: int = 7) -> list[list[int]]:
    """Numbers 0 to ``count`` - 1 dealt out at random, the same way every time."""
    order = np.random.default_rng(seed).permutation(count)
    return [[int(at) for at in order[start::of]] for start in range(min(of, count))]


def held_out(rows: Sequence[Sequence[float]], right: Sequence[bool], fit: Fit) -> list[float]:
    """The probability of each answer by a mapping fitted on the other folds."""
    probabilities = [0.0] * len(rows)
    for fold in folds(len(rows)):
        inside = set(fold)
        others = [at for at in range(len(rows)) if at not in inside]
        curve = fit([rows[at] for at in others], [right[at] for at in others])
        for at in fold:
            probabilities[at] = curve.probability(rows[at])
    return probabilities


def fitted(probabilities: Sequence[float], right: Sequence[bool]) -> Fitted:
    """What probabilities are worth, beside always saying the share of right answers."""
    share = sum(right) / len(right)
    return Fitted(
        n=len(right),
        right=share,
        auroc=auroc(probabilities, right),
        brier=brier(probabilities, right),
        base_brier=brier([share] * len(right), right),
    )
