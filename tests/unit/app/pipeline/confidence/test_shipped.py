"""The calibrations that ship."""

from __future__ import annotations

import pytest

from app.contracts.capabilities import ConfidenceSource
from app.contracts.devices import Tier
from app.pipeline.confidence.calibrated import CalibratedConfidence
from app.pipeline.confidence.calibration import read_calibration
from app.settings.paths import asset
from models.embedded import SMOLLM2, EmbeddedModels

TIER = Tier("llama-cpu", SMOLLM2)


def test_every_file_is_named_after_its_model_and_beats_the_base_rate() -> None:
    paths = sorted(asset("calibration").glob("*.json"))
    assert paths
    for path in paths:
        calibration = read_calibration(path.read_text(encoding="utf-8"), path.name)
        assert calibration.model == path.stem
        assert calibration.fitted.n >= 120
        assert calibration.fitted.auroc is not None
        assert calibration.fitted.auroc > 0.5
        assert calibration.fitted.brier < calibration.fitted.base_brier


def test_the_starter_model_is_calibrated_as_it_is_installed() -> None:
    models = EmbeddedModels()
    if models.find(SMOLLM2) is None:
        pytest.skip("the weights are not installed")
    confidence = CalibratedConfidence.from_folder(asset("calibration"), lambda backend_id: models.revision(SMOLLM2))
    assert confidence.of(TIER, [-0.1, -0.2], "Paris.").source is ConfidenceSource.CALIBRATED
    assert confidence.of_vote(TIER, 1.0, 5, [-0.1], "Paris.").source is ConfidenceSource.CALIBRATED


def test_surer_tokens_and_a_larger_share_never_lower_the_confidence() -> None:
    confidence = CalibratedConfidence.from_folder(asset("calibration"))
    alone = [confidence.of(TIER, [-step / 5] * 8, "Paris.").confidence or 0.0 for step in range(12)]
    assert alone == sorted(alone, reverse=True)
    votes = [confidence.of_vote(TIER, share / 5, 5, [-0.2] * 8, "Paris.").confidence or 0.0 for share in range(1, 6)]
    assert votes == sorted(votes)
