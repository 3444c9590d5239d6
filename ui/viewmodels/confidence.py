"""The three classes of confidence a reader can tell apart, and their borders.

Why it exists: the painter, the tooltips and the tests must agree on where one class ends and the next begins.
"""

from __future__ import annotations

from enum import IntEnum

SURE_FROM = 0.9
"""At least this is shown plain."""
UNSURE_FROM = 0.7
"""At least this, and less than `SURE_FROM`, is shown as unsure; anything lower as doubtful."""


class Shade(IntEnum):
    """How a stretch of an answer is shown: each class has its colour and its underline."""

    PLAIN = 0
    UNSURE = 1
    DOUBTFUL = 2


def shade_of(confidence: float | None) -> Shade:
    """The class of a confidence in [0, 1]. Text of a backend that gives none is plain: nothing is claimed about it."""
    if confidence is None or confidence >= SURE_FROM:
        return Shade.PLAIN
    return Shade.UNSURE if confidence >= UNSURE_FROM else Shade.DOUBTFUL
