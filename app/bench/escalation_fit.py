"""Fits the confidence of a model to labelled answers, and finds the bar under which asking higher pays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from app.bench.escalation_rungs import SAMPLES, Answered
from app.pipeline.confidence.calibration import Calibration, Curve
from app.pipeline.confidence.features import NAMES, features
from app.pipeline.confidence.fitting import Fit, fit_isotonic, fit_logistic, fitted, held_out
from app.pipeline.confidence.scoring import auroc

CANDIDATES: tuple[tuple[str, ...], ...] = (
    ("mean",),
    ("least",),
    ("head",),
    ("tail",),
    ("mean", "least", "head"),
    ("mean", "least", "head", "tail", "unsure"),
    ("mean", "least", "head", "tail", "unsure", "digits"),
    NAMES,
)
"""Sets of features that are tried; the one with the best Brier score on answers it has not seen is taken."""
BARS = tuple(at / 20 for at in range(21))
GIVEN_UP = 0.05
"""Share of right answers that may be lost against always asking the largest, for the bar that is recommended."""


@dataclass(frozen=True, slots=True)
class Point:
    """What a bar comes to.

    Attributes:
        bar: The lowest confidence that is accepted.
        right: Share of right answers.
        joules: Of a question, mean.
        seconds: Of a question, mean.
        asked_largest: Share of questions the largest tier was asked.
    """

    bar: float
    right: float
    joules: float
    seconds: float
    asked_largest: float


def calibrated(
    model: str,
    revision: str,
    date: str,
    answers: Sequence[Answered],
    votes: Sequence[Answered],
    largest: Sequence[Answered],
) -> Calibration:
    """The mapping for answers and the one for votes.

    Args:
        model: Name of the model.
        revision: Of its weights.
        date: Today, ISO 8601.
        answers: Of the model alone, on the calibration set.
        votes: Its votes on the same questions.
        largest: What the top of the ladder says to them, for the bar.

    Raises:
        ValueError: There are no answers, or one has no probabilities.
    """
    right = [answer.right for answer in answers]
    rows = [features(answer.log_probs, answer.text) for answer in answers]
    tried: dict[str, float] = {}
    best: tuple[float, Calibration, list[float]] | None = None
    for columns in CANDIDATES:
        chosen = [[row[NAMES.index(name)] for name in columns] for row in rows]
        for name, fit in _fits(columns).items():
            seen = held_out(chosen, right, fit)
            worth = fitted(seen, right)
            tried[f"{'+'.join(columns)} {name}"] = round(worth.auroc or 0.0, 4)
            if best is None or worth.brier < best[0]:
                curve = fit(chosen, right)
                made = Calibration(model=model, revision=revision, date=date, answers=curve, fitted=worth)
                best = worth.brier, made, seen
    assert best is not None
    by_share, agreed = [[vote.share or 0.0] for vote in votes], [vote.right for vote in votes]
    fit_vote = _fits(("share",))["logistic"]
    tried["vote share"] = round(auroc([row[0] for row in by_share], agreed) or 0.0, 4)
    vote_seen = held_out(by_share, agreed, fit_vote)
    points = sweep(_judged(answers, best[2]), _judged(votes, vote_seen), largest)
    return replace(
        best[1],
        vote=fit_vote(by_share, agreed),
        vote_samples=SAMPLES,
        vote_fitted=fitted(vote_seen, agreed),
        recommended_bar=recommended(points, sum(answer.right for answer in largest) / len(largest)),
        tried=tried,
    )


def _judged(answers: Sequence[Answered], confidences: Sequence[float]) -> list[Answered]:
    return [replace(answer, confidence=new) for answer, new in zip(answers, confidences, strict=True)]


def _fits(columns: tuple[str, ...]) -> Mapping[str, Fit]:
    def logistic(rows: Sequence[Sequence[float]], right: Sequence[bool]) -> Curve:
        return fit_logistic(rows, right, columns)

    def isotonic(rows: Sequence[Sequence[float]], right: Sequence[bool]) -> Curve:
        return fit_isotonic(rows, right, columns)

    return {"logistic": logistic, "isotonic": isotonic}


def sweep(
    smallest: Sequence[Answered], votes: Sequence[Answered], largest: Sequence[Answered], bars: Sequence[float] = BARS
) -> list[Point]:
    """What each bar comes to on answers that are there already: the rungs are asked in turn until one reaches it."""
    points = []
    for bar in bars:
        taken = [_climbed(rungs, bar) for rungs in zip(smallest, votes, largest, strict=True)]
        count = len(taken)
        points.append(
            Point(
                bar,
                sum(answer.right for answer in taken) / count,
                sum(answer.joules for answer in taken) / count,
                sum(answer.seconds for answer in taken) / count,
                sum(answer.by == top.by for answer, top in zip(taken, largest, strict=True)) / count,
            )
        )
    return points


def _climbed(rungs: Sequence[Answered], bar: float) -> Answered:
    """The first answer that reaches the bar, at the cost of all up to it; the last one otherwise."""
    joules = seconds = 0.0
    for answer in rungs:
        joules, seconds = joules + answer.joules, seconds + answer.seconds
        if answer is rungs[-1] or (answer.confidence is not None and answer.confidence >= bar):
            return replace(answer, joules=joules, seconds=seconds)
    raise ValueError("there are no rungs")


def recommended(points: Sequence[Point], right_largest: float) -> float:
    """The cheapest bar that gives up no more than `GIVEN_UP` of what always asking the largest has right."""
    enough = [point for point in points if point.right >= right_largest - GIVEN_UP]
    return min(enough or points[-1:], key=lambda point: (point.joules, point.bar)).bar
