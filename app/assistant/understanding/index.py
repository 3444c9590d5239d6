"""Which examples a text is like: a linear classifier over hashed n-grams, made from a few hundred examples in one step.

It is kernel ridge regression with the inner product of `features` as its kernel: the weights of the examples solve one
system of linear equations, and are then folded into one vector for each intent, so that asking costs one product. Each
intent counts the same, however many examples it has.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from app.assistant.understanding.features import Vector, rarity, vector, weighted

RIDGE = 0.4
"""How far the fit may stay away from the examples; found on the development set."""


class Index:
    """The examples of all intents.

    Args:
        examples: Text and intent of each, at least one.
    """

    def __init__(self, examples: Sequence[tuple[str, str]]) -> None:
        labels = [intent for _text, intent in examples]
        self.intents = tuple(dict.fromkeys(labels))
        counts = np.stack([vector(text) for text, _intent in examples])
        self._rarity = rarity(counts)
        rows = weighted(counts, self._rarity)
        self._weights = _fitted(rows, np.array([self.intents.index(label) for label in labels]))

    def scores(self, text: str) -> Vector:
        """What a text is like: a score for each of `intents`, about 1 for its own examples and about 0 for others."""
        asked = weighted(vector(text), self._rarity)
        used = np.flatnonzero(asked)
        found: Vector = asked[used] @ self._weights[used]
        return found


def _fitted(examples: Vector, labels: NDArray[np.int64]) -> Vector:
    """A column of weights for each intent."""
    share = 1.0 / np.bincount(labels)[labels]
    share /= share.mean()
    wanted = np.eye(labels.max() + 1)[labels]
    kernel = (examples @ examples.T).astype(np.float64)
    per_example = np.linalg.solve(kernel + RIDGE * np.diag(1.0 / share), wanted)
    weights: Vector = (examples.T @ per_example.astype(np.float32)).astype(np.float32)
    return weights
