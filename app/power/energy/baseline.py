"""What each counter does in a second while we do nothing: a low percentile of the rates it showed then.

Why it exists: energy above idle is what the work cost, and how much a machine takes idle depends on its screen, its
memory and what else the person runs; no table knows that. A low percentile rather than the mean, since now and then
somebody else works. What runs all the time is in it, so how busy devices are meanwhile is learnt in the same way.
"""

from __future__ import annotations

from collections import deque

_KEPT = 60
"""Looks that are remembered of each counter. Few, for when a program of the person has ended its watts are idling no
more, and there may be no more looks than the quarter of a minute after each turn."""
_LEAST = 10
"""Fewer say nothing yet."""
_PERCENTILE = 0.1


class Baseline:
    """Learns what counters do while we do nothing: watts of meters, shares of time of devices."""

    def __init__(self) -> None:
        self._seen: dict[str, deque[float]] = {}
        self._known: dict[str, float] = {}

    def learn(self, counter: str, rate: float) -> None:
        """A counter's mean rate between two looks between which nothing of ours ran; at least 0."""
        seen = self._seen.setdefault(counter, deque(maxlen=_KEPT))
        seen.append(max(0.0, rate))
        if len(seen) >= _LEAST:
            ordered = sorted(seen)
            self._known[counter] = ordered[int(_PERCENTILE * (len(ordered) - 1))]

    def rate(self, counter: str, otherwise: float) -> float:
        """A counter's rate while we do nothing; ``otherwise`` until that has been learnt."""
        return self._known.get(counter, otherwise)
