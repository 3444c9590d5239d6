"""What an answer shows of itself while it is written, as a short row of numbers.

Why it exists: the mean probability of a token says little about whether an answer is right. Where the doubt lies says
more: on the first token, on the least sure one, at the end. All of it can be had from an answer that is not whole yet.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

NAMES = ("mean", "least", "head", "tail", "unsure", "length", "digits")
"""The columns, in order: see `features`."""
VOTE_NAMES = ("share", *NAMES)
"""Those of the winner of a vote."""
HEAD_TOKENS = 4
TAIL_TOKENS = 4
FLOOR = -12.0
"""A token less probable than this counts as this one: a single rounding to zero must not decide everything."""
_UNSURE = math.log(0.5)


def features(log_probs: Sequence[float], text: str) -> tuple[float, ...]:
    """The row of an answer, in the order of `NAMES`.

    ``mean``, ``least``, ``head`` and ``tail`` are natural logarithms of probabilities in [`FLOOR`, 0]: of all tokens,
    of the least probable, of the first `HEAD_TOKENS` and of the last `TAIL_TOKENS`. ``unsure`` is the share of tokens
    under one half, ``length`` the logarithm of 1 + the number of tokens, ``digits`` 1 where the text has a digit.

    Args:
        log_probs: At least one, natural logarithms; what is not a number counts as `FLOOR`.
        text: What was written.

    Raises:
        ValueError: There are no probabilities.
    """
    if not log_probs:
        raise ValueError("an answer without probabilities has no features")
    bounded = [_bounded(value) for value in log_probs]
    head, tail = bounded[:HEAD_TOKENS], bounded[-TAIL_TOKENS:]
    return (
        math.fsum(bounded) / len(bounded),
        min(bounded),
        math.fsum(head) / len(head),
        math.fsum(tail) / len(tail),
        sum(value < _UNSURE for value in bounded) / len(bounded),
        math.log1p(len(bounded)),
        1.0 if any(character.isdigit() for character in text) else 0.0,
    )


def vote_features(share: float, log_probs: Sequence[float], text: str) -> tuple[float, ...]:
    """The row of a vote's winner, in the order of `VOTE_NAMES`: the share of the vote, and what `features` gives.

    Raises:
        ValueError: There are no probabilities.
    """
    return (share, *features(log_probs, text))


def mean_probability(log_probs: Sequence[float]) -> float:
    """Geometric mean of the probabilities, in [0, 1].

    Raises:
        ValueError: There are none.
    """
    if not log_probs:
        raise ValueError("there is no mean of nothing")
    return math.exp(math.fsum(_bounded(value) for value in log_probs) / len(log_probs))


def _bounded(value: float) -> float:
    return FLOOR if math.isnan(value) else min(0.0, max(FLOOR, value))
