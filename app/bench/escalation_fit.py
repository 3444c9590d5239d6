"""Fits the confidence of a model to labelled answers, and finds the bar under which asking higher pays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from app.bench.escalation_rungs import SAMPLES, Answered
from app.pipeline.confidence.calibration import Calibration, Curve, Method
from app.pipeline.confidence.features import NAMES, VOTE_NAMES, features, vote_features
from app.pipeline.confidence.fitting import Fit, fit_isotonic, fit_logistic, fitted, held_out
from app.pipeline.confidence.scoring import auroc, brier

CANDIDATES: tuple[tuple[str, ...], ...] = (
    ("mean",),
    ("least",),
    ("head",),
    ("tail",),
    ("mean", "head"),
    ("mean", "least", "head"),
    ("mean", "least", "head", "tail", "unsure"),
    ("mean", "least", "head", "tail", "unsure", "digits"),
    NAMES,
)
"""Sets of features that are tried; the one with the best Brier score on answers it has not seen is taken."""
VOTE_CANDIDATES: tuple[tuple[str, ...], ...] = (
    ("share",),
    ("share", "mean"),
    ("share", "head"),
    ("share", "mean", "head"),
)
"""The same for the winner of a vote."""
STEPS_WIN_BY = 0.005
"""A step function has more freedom than a curve: on few answers it is taken only when it is better by this much."""
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
    tried: dict[str, float] = {}
    rows = [features(answer.log_probs, answer.text) for answer in answers]
    right = [answer.right for answer in answers]
    best = _best(rows, right, NAMES, CANDIDATES, tried)
    vote_rows = [vote_features(vote.share or 0.0, vote.log_probs, vote.text) for vote in votes]
    vote_right = [vote.right for vote in votes]
    voted = _best(vote_rows, vote_right, VOTE_NAMES, VOTE_CANDIDATES, tried)
    points = sweep(_judged(answers, best.seen), _judged(votes, voted.seen), largest)
    return Calibration(
        model=model,
        revision=revision,
        date=date,
        answers=best.curve,
        fitted=fitted(best.seen, right),
        vote=voted.curve,
        vote_samples=SAMPLES,
        vote_fitted=fitted(voted.seen, vote_right),
        recommended_bar=recommended(points, sum(answer.right for answer in largest) / len(largest)),
        tried=tried,
    )


@dataclass(frozen=True, slots=True)
class _Best:
    """The best mapping, and what it says to answers it has not seen."""

    curve: Curve
    seen: list[float]


def _best(
    rows: Sequence[Sequence[float]],
    right: Sequence[bool],
    names: tuple[str, ...],
    candidates: Sequence[tuple[str, ...]],
    tried: dict[str, float],
) -> _Best:
    """Try every set of columns with every method; ``tried`` gets the AUROC of each."""
    ranked: list[tuple[float, _Best]] = []
    for columns in candidates:
        chosen = [[row[names.index(name)] for name in columns] for row in rows]
        for method, fit in _fits(columns).items():
            seen = held_out(chosen, right, fit)
            tried[f"{'+'.join(columns)} {method}"] = round(auroc(seen, right) or 0.0, 4)
            lead = STEPS_WIN_BY if method is Method.ISOTONIC else 0.0
            ranked.append((brier(seen, right) + lead, _Best(fit(chosen, right), seen)))
    return min(ranked, key=lambda pair: pair[0])[1]


def _judged(answers: Sequence[Answered], confidences: Sequence[float]) -> list[Answered]:
    return [replace(answer, confidence=new) for answer, new in zip(answers, confidences, strict=True)]


def _fits(columns: tuple[str, ...]) -> Mapping[Method, Fit]:
    def logistic(rows: Sequence[Sequence[float]], right: Sequence[bool]) -> Curve:
        return fit_logistic(rows, right, columns)

    def isotonic(rows: Sequence[Sequence[float]], right: Sequence[bool]) -> Curve:
        return fit_isotonic(rows, right, columns)

    return {Method.LOGISTIC: logistic, Method.ISOTONIC: isotonic}


def sweep(*ladder: Sequence[Answered], bars: Sequence[float] = BARS) -> list[Point]:
    """What each bar comes to on answers that are there already: the rungs are asked in turn until one reaches it.

    Args:
        ladder: Each rung's answers to the same questions, the lowest first.
        bars: To be tried.
    """
    points = []
    for bar in bars:
        taken = [_climbed(rungs, bar) for rungs in zip(*ladder, strict=True)]
        count = len(taken)
        points.append(
            Point(
                bar,
                sum(answer.right for answer in taken) / count,
                sum(answer.joules for answer in taken) / count,
                sum(answer.seconds for answer in taken) / count,
                sum(answer.by == top.by for answer, top in zip(taken, ladder[-1], strict=True)) / count,
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
