"""Fits how sure understanding is to the calibration set: ``python -m app.bench.intents_fit OUT.json``.

Run it again when the skills' examples have changed. It prints what the development set comes to with the fit that is
shipped. The utterances that understanding is measured on are not read.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from app.assistant.understanding.calibration import COLUMNS
from app.assistant.understanding.matcher import Able, Matcher
from app.bench.intents import CALIBRATION, DEVELOPMENT, Utterance, built_in, judgeable, measure, utterances
from app.pipeline.confidence.calibration import Curve
from app.pipeline.confidence.fitting import fit_logistic, held_out
from app.pipeline.confidence.scoring import brier

UNFITTED = Curve(columns=COLUMNS, weights=(0.0,) * len(COLUMNS), bias=0.0)
"""Stands in while the scores are read that the fit is made from."""


def fitted(skills: Iterable[Able], said: Sequence[Utterance] | None = None) -> str:
    """The fit as JSON: weights by column, how many utterances, and its Brier score on utterances it had not seen.

    Args:
        skills: With their examples.
        said: What it is fitted to; the calibration set when None.
    """
    able = tuple(skills)
    matcher = Matcher(able, UNFITTED)
    apt = judgeable(able, utterances(CALIBRATION) if said is None else said)
    weighed = [matcher.weigh(each.text) for each in apt]
    rows = [each.evidence.row() for each in weighed]
    right = [each.ranking[0][0] == utterance.intent for each, utterance in zip(weighed, apt, strict=True)]
    curve = fit_logistic(rows, right, COLUMNS)
    unseen = held_out(rows, right, lambda some, truth: fit_logistic(some, truth, COLUMNS))
    said_of = {
        "weights": {name: round(weight, 4) for name, weight in zip(COLUMNS, curve.weights, strict=True)},
        "bias": round(curve.bias, 4),
        "utterances": len(apt),
        "right": round(sum(right) / len(right), 4),
        "brier_held_out": round(brier(unseen, right), 4),
    }
    return json.dumps(said_of, indent=2) + "\n"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(fitted(built_in()), encoding="utf-8")
    print(measure(built_in(), utterances(DEVELOPMENT)).table())
