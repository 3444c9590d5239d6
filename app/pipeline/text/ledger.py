"""What texts have cost and how fast they came, kept for as long as the engine lives.

Why it exists: an energy budget of an hour reaches over many runs, and what the next text will cost can be told only
from what the last ones did. Nothing of it is written to disk: after a restart the hour begins anew.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from app.contracts.devices import Tier

HOUR_S = 3600.0
_LEAST_TOKENS = 4
"""Fewer say nothing about speed: the prompt took most of the time."""
_NEWEST_SHARE = 0.3
"""Weight of the newest measurement; the ones before fade."""
_RUNS_KEPT = 1000


@dataclass(slots=True)
class _Spending:
    """Joules of one pipeline with the seconds since the epoch at which they were spent, the oldest first."""

    entries: deque[tuple[float, float]] = field(default_factory=deque)


class EnergyLedger:
    """Joules by pipeline and run, tokens a second and joules a token by tier."""

    def __init__(self) -> None:
        self._by_pipeline: dict[str, _Spending] = {}
        self._by_run: dict[str, float] = {}
        self._speeds: dict[Tier, float] = {}
        self._costs: dict[Tier, float] = {}

    def spend(self, pipeline_id: str, run_id: str, joules: float, at_s: float) -> None:
        """Write down what an attempt cost.

        Args:
            pipeline_id: Whose budget it comes from.
            run_id: Likewise; empty for none.
            joules: At least 0.
            at_s: When, on a clock of the caller's that never goes back.
        """
        if joules <= 0.0:
            return
        self._by_pipeline.setdefault(pipeline_id, _Spending()).entries.append((at_s, joules))
        if run_id:
            self._by_run[run_id] = self._by_run.pop(run_id, 0.0) + joules
            while len(self._by_run) > _RUNS_KEPT:
                del self._by_run[next(iter(self._by_run))]

    def spent_in_run(self, run_id: str) -> float:
        """Joules of one run so far."""
        return self._by_run.get(run_id, 0.0)

    def spent_in_hour(self, pipeline_id: str, now_s: float) -> float:
        """Joules of all runs of a pipeline in the hour before ``now_s``."""
        spending = self._by_pipeline.get(pipeline_id)
        if spending is None:
            return 0.0
        while spending.entries and spending.entries[0][0] <= now_s - HOUR_S:
            spending.entries.popleft()
        return sum(joules for _, joules in spending.entries)

    def room_in_s(self, pipeline_id: str, now_s: float, limit: float) -> float:
        """Seconds until less than ``limit`` joules of the last hour are left in the book; 0 when that is so now."""
        left = self.spent_in_hour(pipeline_id, now_s)
        spending = self._by_pipeline.get(pipeline_id)
        for at_s, joules in spending.entries if spending else ():
            if left < limit:
                break
            left -= joules
            if left < limit:
                return at_s + HOUR_S - now_s
        return 0.0

    def measured(self, tier: Tier, tokens: int, seconds: float, joules: float = 0.0) -> None:
        """Write down how fast a tier was, and what it took where that was counted, prompt included."""
        if tokens < _LEAST_TOKENS or seconds <= 0.0:
            return
        _faded(self._speeds, tier, tokens / seconds)
        if joules > 0.0:
            _faded(self._costs, tier, joules / tokens)

    def tokens_per_s(self, tier: Tier) -> float | None:
        """How fast a tier has been lately, None when it has not run yet."""
        return self._speeds.get(tier)

    def joules_per_token(self, tier: Tier) -> float | None:
        """What a token of a tier has taken lately, None when that was not counted yet."""
        return self._costs.get(tier)


def _faded(figures: dict[Tier, float], tier: Tier, newest: float) -> None:
    before = figures.get(tier)
    figures[tier] = newest if before is None else before + _NEWEST_SHARE * (newest - before)
