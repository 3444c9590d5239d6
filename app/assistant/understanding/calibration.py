"""From scores to shares: how often a guess with such scores is right.

A logistic fit over a few figures of a guess, made by ``python -m app.bench.intents_fit`` on utterances that are neither
examples of the skills nor those that understanding is measured on, and that nothing else is tuned on.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from app.contracts.errors import Unavailable
from app.pipeline.confidence.calibration import Curve
from app.settings.paths import asset

FILE = "understanding/calibration.json"
COLUMNS = ("score", "margin", "pattern", "opens")


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for a guess.

    Attributes:
        score: Of the best intent, patterns included.
        margin: How far the second is behind.
        pattern: A sure sign of the intent was found.
        opens: The guess is the open question.
    """

    score: float
    margin: float
    pattern: bool
    opens: bool

    def row(self) -> tuple[float, ...]:
        """What the fit weighs, in the order of `COLUMNS`."""
        return (self.score, min(1.0, self.margin), float(self.pattern), float(self.opens))


def shipped() -> Curve:
    """The fit that comes with the program.

    Raises:
        Unavailable: It is missing or damaged.
    """
    try:
        said = json.loads(asset(FILE).read_text(encoding="utf-8"))
        weights = tuple(float(said["weights"][column]) for column in COLUMNS)
        return Curve(columns=COLUMNS, weights=weights, bias=float(said["bias"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Unavailable(
            f"The part {FILE!r} of Sotto is damaged.", code="asset", remedy="Install Sotto again."
        ) from error
