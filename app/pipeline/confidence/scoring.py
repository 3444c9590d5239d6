"""How good confidences are: whether they rank right answers first, and whether they mean what they say.

AUROC is the probability that a right answer has a higher confidence than a wrong one, ties counting half (Hanley and
McNeil 1982). The Brier score is the mean square of confidence minus truth (Brier 1950). Both need labels.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bin:
    """One row of a reliability table.

    Attributes:
        low: Lower end of the confidences in it.
        high: Upper end; belongs to this row only in the last one.
        count: How many answers fell in here.
        confidence: Their mean confidence, 0 when there are none.
        right: Share of them that is right, 0 when there are none.
    """

    low: float
    high: float
    count: int
    confidence: float
    right: float


def auroc(confidences: Sequence[float], right: Sequence[bool]) -> float | None:
    """Area under the receiver operating characteristic, in [0, 1]; 0.5 is chance.

    Returns:
        None where all answers are right or all are wrong: there is nothing to tell apart.

    Raises:
        ValueError: The two differ in length.
    """
    pairs = sorted(zip(confidences, right, strict=True))
    positives = sum(truth for _, truth in pairs)
    negatives = len(pairs) - positives
    if not positives or not negatives:
        return None
    ranks, at = 0.0, 0
    while at < len(pairs):
        end = at
        while end < len(pairs) and pairs[end][0] == pairs[at][0]:
            end += 1
        ranks += (at + end + 1) / 2.0 * sum(truth for _, truth in pairs[at:end])
        at = end
    return (ranks - positives * (positives + 1) / 2.0) / (positives * negatives)


def auroc_error(area: float, positives: int, negatives: int) -> float:
    """Standard error of an area from so many right and wrong answers (Hanley and McNeil 1982).

    Raises:
        ValueError: There are none of one kind.
    """
    if positives < 1 or negatives < 1:
        raise ValueError("an area needs right and wrong answers")
    both_right, both_wrong = area / (2.0 - area), 2.0 * area**2 / (1.0 + area)
    spread = area * (1.0 - area)
    spread += (positives - 1) * (both_right - area**2) + (negatives - 1) * (both_wrong - area**2)
    return math.sqrt(max(0.0, spread) / (positives * negatives))


def brier(confidences: Sequence[float], right: Sequence[bool]) -> float:
    """Mean square of confidence minus truth, in [0, 1]; lower is better.

    Raises:
        ValueError: There are none, or the two differ in length.
    """
    pairs = list(zip(confidences, right, strict=True))
    if not pairs:
        raise ValueError("there is no Brier score of nothing")
    return sum((confidence - float(truth)) ** 2 for confidence, truth in pairs) / len(pairs)


def reliability(confidences: Sequence[float], right: Sequence[bool], bins: int = 10) -> tuple[Bin, ...]:
    """Answers sorted into rows of equal width by their confidence: in a calibrated model both means agree in each row.

    Raises:
        ValueError: The two differ in length, or ``bins`` is less than 1.
    """
    if bins < 1:
        raise ValueError("a table has at least one row")
    rows: list[list[tuple[float, bool]]] = [[] for _ in range(bins)]
    for confidence, truth in zip(confidences, right, strict=True):
        rows[min(bins - 1, max(0, int(confidence * bins)))].append((confidence, truth))
    return tuple(_bin(at / bins, (at + 1) / bins, row) for at, row in enumerate(rows))


def _bin(low: float, high: float, row: Sequence[tuple[float, bool]]) -> Bin:
    if not row:
        return Bin(low, high, 0, 0.0, 0.0)
    return Bin(
        low,
        high,
        len(row),
        sum(confidence for confidence, _ in row) / len(row),
        sum(truth for _, truth in row) / len(row),
    )
