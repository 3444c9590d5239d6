"""The fitted mapping of one model, as it is kept in a file and applied.

A logistic mapping weighs the features of `app.pipeline.confidence.features` (Platt 1999); an isotonic one looks up a
step function of the logistic score. A second mapping is for the winner of a vote, whose share is one more feature.
"""

from __future__ import annotations

import json
import math
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path

from app.contracts.errors import InvalidInput, StorageError
from app.pipeline.confidence.features import NAMES, VOTE_NAMES

_WIDEST = 30.0
"""Logistic scores beyond this are 0 and 1 to every digit that matters."""


class Method(StrEnum):
    """How scores become probabilities."""

    LOGISTIC = "logistic"
    ISOTONIC = "isotonic"


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """From a row of numbers to a probability.

    Attributes:
        columns: What the numbers are.
        weights: One for each, for numbers as they come.
        bias: Added to the weighted sum.
        method: What is made of the sum.
        edges: Scores at which the steps of an isotonic mapping begin, rising.
        steps: Their probabilities, one more than edges, rising.
    """

    columns: tuple[str, ...]
    weights: tuple[float, ...]
    bias: float
    method: Method = Method.LOGISTIC
    edges: tuple[float, ...] = ()
    steps: tuple[float, ...] = ()

    def score(self, row: Sequence[float]) -> float:
        """The logarithm of the odds the logistic part gives."""
        return self.bias + math.fsum(weight * value for weight, value in zip(self.weights, row, strict=True))

    def probability(self, row: Sequence[float]) -> float:
        """In [0, 1]."""
        score = self.score(row)
        if self.method is Method.ISOTONIC:
            return self.steps[bisect_right(self.edges, score)]
        return logistic(score)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """What a cross-validation on the calibration set came to: each answer judged by a mapping that had not seen it.

    Attributes:
        n: Answers.
        right: Share of right ones.
        auroc: None when it could not be said.
        brier: Brier score.
        base_brier: Brier score of always saying the share of right ones, to compare with.
    """

    n: int
    right: float
    auroc: float | None
    brier: float
    base_brier: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """Everything known about one model's confidence.

    Attributes:
        model: Name of the model, as in `app.contracts.devices.Tier`.
        revision: Of the weights and runtime it was fitted on.
        date: Day of the fit, ISO 8601.
        answers: From an answer's features.
        fitted: How well that does.
        vote: From the features of a vote's winner, None where none was fitted.
        vote_samples: Answers in that vote.
        vote_fitted: How well that does.
        recommended_bar: ``min_confidence`` that pays on the ladder of the benchmark, None where nobody looked.
        tried: AUROC of every signal that was tried, in cross-validation.
    """

    model: str
    revision: str
    date: str
    answers: Curve
    fitted: Fitted
    vote: Curve | None = None
    vote_samples: int = 0
    vote_fitted: Fitted | None = None
    recommended_bar: float | None = None
    tried: Mapping[str, float] = field(default_factory=dict)

    def as_json(self) -> str:
        """The file's content."""
        return json.dumps(asdict(self), indent=2, ensure_ascii=False) + "\n"


def logistic(score: float) -> float:
    """The probability of a score in logarithms of odds."""
    return 1.0 / (1.0 + math.exp(-min(_WIDEST, max(-_WIDEST, score))))


def read_calibration(text: str, name: str) -> Calibration:
    """A calibration out of a file's content.

    Args:
        text: JSON.
        name: The file, for the message.

    Raises:
        InvalidInput: It is damaged or was made for other features.
    """
    try:
        said = json.loads(text)
        answers, vote = _mapping(said["answers"]), said.get("vote")
        calibration = Calibration(
            model=str(said["model"]),
            revision=str(said["revision"]),
            date=str(said["date"]),
            answers=answers,
            fitted=Fitted(**said["fitted"]),
            vote=None if vote is None else _mapping(vote),
            vote_samples=int(said.get("vote_samples", 0)),
            vote_fitted=None if said.get("vote_fitted") is None else Fitted(**said["vote_fitted"]),
            recommended_bar=None if said.get("recommended_bar") is None else _number(said["recommended_bar"]),
            tried={str(key): float(value) for key, value in said.get("tried", {}).items()},
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _damaged(name) from error
    if not set(answers.columns) <= set(NAMES):
        raise _damaged(name)
    if calibration.vote is not None and not set(calibration.vote.columns) <= set(VOTE_NAMES):
        raise _damaged(name)
    return calibration


def write_calibration(calibration: Calibration, path: Path) -> None:
    """Keep it.

    Raises:
        StorageError: The file cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(calibration.as_json(), encoding="utf-8", newline="\n")
    except OSError as error:
        raise StorageError(f"{path} could not be written: {error.strerror}.") from error


def _mapping(said: Mapping[str, object]) -> Curve:
    mapping = Curve(
        columns=tuple(map(str, _list(said, "columns"))),
        weights=_numbers(said, "weights"),
        bias=_number(said["bias"]),
        method=Method(str(said["method"])),
        edges=_numbers(said, "edges"),
        steps=_numbers(said, "steps"),
    )
    if len(mapping.columns) != len(mapping.weights) or not mapping.columns:
        raise ValueError("weights and columns differ")
    if mapping.method is Method.ISOTONIC and len(mapping.steps) != len(mapping.edges) + 1:
        raise ValueError("steps and edges differ")
    if any(not 0.0 <= step <= 1.0 for step in mapping.steps):
        raise ValueError("a step is no probability")
    return mapping


def _list(said: Mapping[str, object], key: str) -> list[object]:
    value = said[key]
    if not isinstance(value, list):
        raise TypeError(key)
    return value


def _numbers(said: Mapping[str, object], key: str) -> tuple[float, ...]:
    return tuple(_number(value) for value in _list(said, key))


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise TypeError("not a number")
    return float(value)


def _damaged(name: str) -> InvalidInput:
    return InvalidInput(
        f"The calibration in {name} cannot be used.",
        code="bad-calibration",
        remedy="Make it again with: sotto bench escalation --calibrate FILE",
    )
