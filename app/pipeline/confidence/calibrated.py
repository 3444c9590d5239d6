"""Confidence of answers and of votes, calibrated for the models that have been."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

from app.contracts.capabilities import ConfidenceSource
from app.contracts.devices import Tier
from app.contracts.errors import InvalidInput
from app.pipeline.confidence.calibration import Calibration, read_calibration
from app.pipeline.confidence.features import NAMES, VOTE_NAMES, features, mean_probability, vote_features
from app.pipeline.tools import Judged

log = logging.getLogger(__name__)

_AT = {name: at for at, name in enumerate(NAMES)}
_IN_VOTE = {name: at for at, name in enumerate(VOTE_NAMES)}


@runtime_checkable
class VoteConfidence(Protocol):
    """Says what the share of a vote is worth."""

    def of_vote(self, tier: Tier, share: float, samples: int, log_probs: Sequence[float], text: str) -> Judged:
        """Confidence that the answer that won a vote is right.

        Args:
            tier: Who gave the answers.
            share: Of the answers given that agree, in (0, 1]; a vote may have ended early.
            samples: Answers the vote was meant to have.
            log_probs: Of the winner's tokens, natural logarithms.
            text: The winner.

        Returns:
            Source `ConfidenceSource.NONE` where such a vote has not been calibrated.
        """
        ...


class CalibratedConfidence:
    """Implements `app.pipeline.tools.Confidence` and `VoteConfidence`.

    An uncalibrated model gets the geometric mean of its token probabilities, said to be just that.

    Args:
        calibrations: One for each calibrated model.
        revision_of: What a backend's weights and runtime are now, to tell a calibration that has become stale; without
            it every calibration counts.
    """

    def __init__(
        self, calibrations: Iterable[Calibration] = (), revision_of: Callable[[str], str] | None = None
    ) -> None:
        self._by_model = {calibration.model: calibration for calibration in calibrations}
        self._revision_of = revision_of
        self._fits: dict[Tier, Calibration | None] = {}

    @classmethod
    def from_folder(cls, folder: Path, revision_of: Callable[[str], str] | None = None) -> CalibratedConfidence:
        """All calibrations of a folder; one that cannot be used is logged and left out."""
        calibrations = []
        for path in sorted(folder.glob("*.json")):
            try:
                calibrations.append(read_calibration(path.read_text(encoding="utf-8"), path.name))
            except (OSError, InvalidInput) as error:
                log.warning("%s", error)
        return cls(calibrations, revision_of)

    def calibration(self, tier: Tier) -> Calibration | None:
        """The one for a tier, None where there is none that fits."""
        if tier not in self._fits:
            self._fits[tier] = self._fitting(tier)
        return self._fits[tier]

    def of(self, tier: Tier, log_probs: Sequence[float], text: str) -> Judged:
        """Confidence that the answer is right, as `app.pipeline.tools.Confidence.of`."""
        if not log_probs:
            return Judged(None, ConfidenceSource.NONE)
        calibration = self.calibration(tier)
        if calibration is None:
            return Judged(mean_probability(log_probs), ConfidenceSource.TOKEN_LOG_PROB)
        row = features(log_probs, text)
        curve = calibration.answers
        return Judged(curve.probability([row[_AT[name]] for name in curve.columns]), ConfidenceSource.CALIBRATED)

    def of_vote(self, tier: Tier, share: float, samples: int, log_probs: Sequence[float], text: str) -> Judged:
        """Confidence that the winner of a vote is right, as `VoteConfidence.of_vote`."""
        calibration = self.calibration(tier)
        if calibration is None or calibration.vote is None or samples != calibration.vote_samples or not log_probs:
            return Judged(None, ConfidenceSource.NONE)
        row = vote_features(share, log_probs, text)
        curve = calibration.vote
        return Judged(curve.probability([row[_IN_VOTE[name]] for name in curve.columns]), ConfidenceSource.CALIBRATED)

    def _fitting(self, tier: Tier) -> Calibration | None:
        calibration = self._by_model.get(tier.model)
        if calibration is None or self._revision_of is None:
            return calibration
        if calibration.revision in self._revision_of(tier.backend_id):
            return calibration
        log.warning("The calibration of %s is for other weights; its confidence is not calibrated.", tier.model)
        return None
