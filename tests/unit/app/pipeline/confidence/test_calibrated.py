"""From what a model shows of itself to a confidence: features, fitting, files, and what is said to be what."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.contracts.capabilities import ConfidenceSource
from app.contracts.devices import Tier
from app.contracts.errors import InvalidInput
from app.pipeline.confidence.calibrated import CalibratedConfidence, VoteConfidence
from app.pipeline.confidence.calibration import (
    Calibration,
    Curve,
    Fitted,
    Method,
    logistic,
    read_calibration,
    write_calibration,
)
from app.pipeline.confidence.features import FLOOR, NAMES, features
from app.pipeline.confidence.fitting import fit_isotonic, fit_logistic, fitted, folds, held_out, pooled
from app.pipeline.confidence.scoring import auroc

TIER = Tier("llama-cpu", "small")
LOG_PROBS = st.lists(st.floats(allow_nan=True, allow_infinity=True), min_size=1, max_size=40)


def calibration(**fields: object) -> Calibration:
    curve = Curve(columns=("mean", "least"), weights=(2.0, 0.5), bias=1.0)
    fit = Fitted(n=10, right=0.5, auroc=0.7, brier=0.2, base_brier=0.25)
    made = Calibration(model="small", revision="small 1 100", date="2026-11-21", answers=curve, fitted=fit)
    return replace(made, **fields)


def test_features_by_hand() -> None:
    log_probs = [-0.1, -0.2, -0.3, -0.4, -2.0]
    row = dict(zip(NAMES, features(log_probs, "It is 12."), strict=True))
    assert row == pytest.approx(
        {
            "mean": -0.6,
            "least": -2.0,
            "head": -0.25,
            "tail": -0.725,
            "unsure": 0.2,
            "length": math.log(6),
            "digits": 1.0,
        }
    )
    assert features([-math.inf], "")[1] == FLOOR
    with pytest.raises(ValueError, match="no features"):
        features([], "text")


@given(LOG_PROBS)
def test_whatever_a_runtime_says_confidence_is_a_probability(log_probs: list[float]) -> None:
    assert all(math.isfinite(value) for value in features(log_probs, "x"))
    for confidence in (CalibratedConfidence(), CalibratedConfidence([calibration()])):
        judged = confidence.of(TIER, log_probs, "x")
        assert judged.confidence is not None
        assert 0.0 <= judged.confidence <= 1.0


def test_the_source_is_told() -> None:
    confidence = CalibratedConfidence([calibration()])
    judged = confidence.of(TIER, [-0.5, -1.5], "x")
    assert judged.source is ConfidenceSource.CALIBRATED
    assert judged.confidence == pytest.approx(logistic(1.0 + 2.0 * -1.0 + 0.5 * -1.5))
    other = confidence.of(Tier("llama-cpu", "another"), [-0.5, -1.5], "x")
    assert (other.source, other.confidence) == (ConfidenceSource.TOKEN_LOG_PROB, pytest.approx(math.exp(-1.0)))
    nothing = confidence.of(TIER, [], "x")
    assert (nothing.source, nothing.confidence) == (ConfidenceSource.NONE, None)


def test_a_vote_is_calibrated_for_its_size_alone() -> None:
    curve = Curve(columns=("share", "mean"), weights=(4.0, 1.0), bias=-2.0)
    confidence = CalibratedConfidence([calibration(vote=curve, vote_samples=5)])
    assert isinstance(confidence, VoteConfidence)
    assert confidence.of_vote(TIER, 0.75, 5, [-0.5], "x").confidence == pytest.approx(logistic(0.5))
    assert confidence.of_vote(TIER, 0.75, 3, [-0.5], "x").source is ConfidenceSource.NONE
    assert confidence.of_vote(TIER, 0.75, 5, [], "x").source is ConfidenceSource.NONE
    assert CalibratedConfidence([calibration()]).of_vote(TIER, 1.0, 5, [-0.5], "x").confidence is None


def test_a_calibration_for_other_weights_does_not_count() -> None:
    same = CalibratedConfidence([calibration()], lambda backend_id: "llama-cpp-python 0.3, small 1 100")
    assert same.of(TIER, [-0.1], "x").source is ConfidenceSource.CALIBRATED
    other = CalibratedConfidence([calibration()], lambda backend_id: "llama-cpp-python 0.3, small 2 101")
    assert other.of(TIER, [-0.1], "x").source is ConfidenceSource.TOKEN_LOG_PROB


def test_files_come_back_as_they_went(tmp_path: Path) -> None:
    isotonic = Curve(
        columns=("mean",), weights=(1.0,), bias=0.0, method=Method.ISOTONIC, edges=(-1.0,), steps=(0.1, 0.9)
    )
    whole = calibration(answers=isotonic, vote=isotonic, vote_samples=5, tried={"mean": 0.6})
    write_calibration(whole, tmp_path / "sub" / "small.json")
    assert read_calibration((tmp_path / "sub" / "small.json").read_text(), "small.json") == whole
    judged = CalibratedConfidence.from_folder(tmp_path / "sub").of(TIER, [-0.5], "x")
    assert judged.confidence == 0.9


@pytest.mark.parametrize(
    "change",
    [
        {"answers": None},
        {"fitted": {"n": 1}},
        {"answers": {"columns": ["mean"], "weights": [], "bias": 0, "method": "logistic", "edges": [], "steps": []}},
        {"answers": {"columns": ["mood"], "weights": [1], "bias": 0, "method": "logistic", "edges": [], "steps": []}},
        {"answers": {"columns": ["mean"], "weights": [1], "bias": 0, "method": "isotonic", "edges": [], "steps": []}},
        {"answers": {"columns": ["mean"], "weights": ["1"], "bias": 0, "method": "logistic", "edges": [], "steps": []}},
        {"answers": {"columns": ["mean"], "weights": [1], "bias": 0, "method": "guess", "edges": [], "steps": []}},
    ],
)
def test_damaged_files_are_refused_and_left_out(change: dict[str, object], tmp_path: Path) -> None:
    damaged = json.dumps(json.loads(calibration().as_json()) | change)
    with pytest.raises(InvalidInput, match=r"small\.json cannot be used"):
        read_calibration(damaged, "small.json")
    (tmp_path / "small.json").write_text(damaged)
    (tmp_path / "other.json").write_text("{")
    assert CalibratedConfidence.from_folder(tmp_path).calibration(TIER) is None


def test_a_fit_finds_what_was_put_in() -> None:
    rows = [[at / 100.0, (at * 37) % 11] for at in range(200)]
    right = [at >= 100 for at in range(200)]
    curve = fit_logistic(rows, right, ("mean", "length"))
    assert curve.weights[0] > 0
    assert abs(curve.weights[1]) < 0.1 * abs(curve.weights[0])
    assert curve.probability([0.0, 5]) < 0.1 < 0.9 < curve.probability([2.0, 5])
    area = auroc(held_out(rows, right, lambda some, truth: fit_logistic(some, truth, ("mean", "length"))), right)
    assert area is not None
    assert area > 0.99


def test_a_fit_of_nothing_but_one_kind_is_not_certain() -> None:
    curve = fit_logistic([[0.5]] * 10, [True] * 10, ("mean",))
    assert 0.8 < curve.probability([0.5]) < 1.0
    with pytest.raises(ValueError, match="nothing"):
        fit_logistic([], [], ("mean",))


def test_pooling_by_hand() -> None:
    edges, steps = pooled([1.0, 2.0, 3.0, 4.0], [False, True, False, True])
    assert (edges, steps) == ((1.5, 3.5), (0.0, 0.5, 1.0))
    assert pooled([1.0, 1.0], [True, False]) == ((), (0.5,))


@given(st.lists(st.tuples(st.integers(-50, 50).map(float), st.booleans()), min_size=1, max_size=50))
def test_an_isotonic_fit_rises_and_keeps_the_sum(pairs: list[tuple[float, bool]]) -> None:
    right = [truth for _, truth in pairs]
    curve = fit_isotonic([[score] for score, _ in pairs], right, ("mean",))
    assert list(curve.steps) == sorted(curve.steps)
    assert list(curve.edges) == sorted(curve.edges)
    assert sum(curve.probability([score]) for score, _ in pairs) == pytest.approx(sum(right))


@given(st.integers(0, 60))
def test_folds_deal_everything_out_once(count: int) -> None:
    assert sorted(at for fold in folds(count) for at in fold) == list(range(count))


def test_what_a_fit_is_worth() -> None:
    assert fitted([0.9, 0.1], [True, False]) == Fitted(
        n=2, right=0.5, auroc=1.0, brier=pytest.approx(0.01), base_brier=0.25
    )
