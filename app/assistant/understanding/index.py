"""Which examples a text is like: a linear classifier over hashed n-grams, made from a few hundred examples in one step.

It is kernel ridge regression with the inner product of `features` as its kernel: the weights of the examples solve one
system of linear equations, and are then folded into one vector for each intent, so that asking costs one product. Each
intent counts the same, however many examples it has.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from app.assistant.understanding.features import SIZE, Vector, rarity, vector, weighted

RIDGE = 0.4
"""How far the fit may stay away from the examples; found on the development set."""


class Index:
    """The examples of all intents.

    Args:
        examples: Text and intent of each, at least one.

    Attributes:
        intents: Their names, in the order of the columns.
        rarity: How much each place of a vector tells, of `SIZE`.
        weights: What each place says for each intent, a row of intents for each of `SIZE` places.
    """

    def __init__(self, examples: Sequence[tuple[str, str]]) -> None:
        labels = [intent for _text, intent in examples]
        self.intents = tuple(dict.fromkeys(labels))
        counts = np.stack([vector(text) for text, _intent in examples])
        self.rarity = rarity(counts)
        rows = weighted(counts, self.rarity)
        self.weights = _fitted(rows, np.array([self.intents.index(label) for label in labels]))

    @classmethod
    def of(cls, intents: tuple[str, ...], rarity: Vector, weights: Vector) -> Index:
        """One that was made before.

        Raises:
            ValueError: The sizes do not fit together.
        """
        if rarity.shape != (SIZE,) or weights.shape != (SIZE, len(intents)):
            raise ValueError("the sizes of an index do not fit together")
        made = cls.__new__(cls)
        made.intents, made.rarity, made.weights = intents, rarity, weights
        return made

    def scores(self, text: str) -> Vector:
        """What a text is like: a score for each of `intents`, about 1 for its own examples and about 0 for others."""
        asked = weighted(vector(text), self.rarity)
        used = np.flatnonzero(asked)
        found: Vector = asked[used] @ self.weights[used]
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
