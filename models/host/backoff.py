"""How long to wait before a host that keeps ending is started again."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BackoffLimits:
    """Seconds. The first restart is immediate, the second waits ``first_s``, each further one twice as long.

    Attributes:
        first_s: Wait before the second restart.
        longest_s: No wait is longer.
        healthy_s: A host that was warm for so long has a clean slate.
    """

    first_s: float = 0.25
    longest_s: float = 8.0
    healthy_s: float = 60.0


class Backoff:
    """Counts deaths in a row."""

    def __init__(self, limits: BackoffLimits) -> None:
        self._limits = limits
        self._ready_at = 0.0
        self.deaths = 0

    def died(self, now: float, lived_s: float) -> None:
        """A process ended that should not have.

        Args:
            now: Monotonic seconds.
            lived_s: How long it had been warm.
        """
        if lived_s >= self._limits.healthy_s:
            self.deaths = 0
        self.deaths += 1
        if self.deaths == 1:
            self._ready_at = now
        else:
            doubled = self._limits.first_s * 2.0 ** min(self.deaths - 2, 32)
            self._ready_at = now + min(self._limits.longest_s, doubled)

    def wait_s(self, now: float) -> float:
        """Seconds until the next start may be tried, 0 when it may be tried now."""
        return max(0.0, self._ready_at - now)
