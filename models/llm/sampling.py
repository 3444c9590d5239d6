"""From logits to one token and its log-probability.

Why it exists: the confidence of an answer is built from the model's own probabilities, before temperature and nucleus
bend them, and no library hands those out while it samples.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

_FAR_BELOW = 30.0
"""Logits this far (in units of the temperature) below the best have no weight that could ever be drawn."""


class Sampler:
    """Draws tokens by temperature and nucleus.

    With a seed, what is drawn depends on nothing but the seed, the probabilities and the token's place in the answer:
    an answer that goes on in another process is drawn as it would have been in the first.

    Args:
        temperature: 0 is greedy.
        top_p: Nucleus in (0, 1].
        seed: Fixes the draws; None leaves them free.
    """

    def __init__(self, temperature: float, top_p: float, seed: int | None) -> None:
        self._temperature = temperature
        self._top_p = top_p
        self._seed = None if seed is None or temperature <= 0 else abs(seed)
        self._random = np.random.default_rng(self._seed)

    def at(self, place: int) -> None:
        """The next token is that of this place in the answer, counted from 0."""
        if self._seed is not None:
            self._random = np.random.default_rng((self._seed, place))

    def pick(self, logits: npt.NDArray[np.float32]) -> tuple[int, float]:
        """One token and the natural logarithm of its probability in the model's own distribution, at most 0."""
        best = int(np.argmax(logits))
        token = best if self._temperature <= 0 else self._draw(logits, float(logits[best]))
        return token, log_prob(logits, token)

    def _draw(self, logits: npt.NDArray[np.float32], highest: float) -> int:
        candidates = np.flatnonzero(logits >= highest - _FAR_BELOW * self._temperature)
        scaled = (logits[candidates].astype(np.float64) - highest) / self._temperature
        order = np.argsort(-scaled, kind="stable")
        weights = np.exp(scaled[order])
        cumulative = np.cumsum(weights)
        total = float(cumulative[-1])
        kept = int(np.searchsorted(cumulative, self._top_p * total)) + 1
        draw = self._random.random() * float(cumulative[min(kept, len(cumulative)) - 1])
        return int(candidates[order[min(int(np.searchsorted(cumulative, draw, side="right")), len(order) - 1)]])


def log_prob(logits: npt.NDArray[np.float32], token: int) -> float:
    """Log-softmax of one entry, in nats."""
    shifted = logits - logits.max()
    total = np.exp(shifted).sum(dtype=np.float64)
    return min(0.0, float(shifted[token]) - float(np.log(total)))
