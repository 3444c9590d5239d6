"""What was promised, by benchmark and figure: the one place where these numbers stand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from app.assistant.staged.stage import TARGET_MS


@dataclass(frozen=True, slots=True)
class Promise:
    """A bound on a figure.

    Attributes:
        p50: Upper bound of the median, None for figures that are a single value.
        p95: Upper bound of the 95th percentile, likewise.
        value: Bound of a single value.
        at_least: The value is a lower bound; otherwise it is an upper one.
    """

    p50: float | None = None
    p95: float | None = None
    value: float | None = None
    at_least: bool = False

    def __str__(self) -> str:
        if self.value is not None:
            return f"{'at least' if self.at_least else 'at most'} {self.value:g}"
        return f"{self.p50:g} / {self.p95:g}" if self.p95 is not None else f"{self.p50:g}"

    def as_json(self) -> float | dict[str, float]:
        """A number for a single value, else the bounds by name."""
        if self.value is not None:
            return self.value
        return {name: bound for name, bound in (("p50", self.p50), ("p95", self.p95)) if bound is not None}

    def kept(self, *, p50: float | None, p95: float | None, value: float | None) -> bool:
        """Whether figures keep it; one that could not be measured does not."""
        if self.value is not None:
            if value is None:
                return False
            return value >= self.value if self.at_least else value <= self.value
        pairs = ((self.p50, p50), (self.p95, p95))
        return all(bound is None or (figure is not None and figure <= bound) for bound, figure in pairs)


PROMISES: Mapping[str, Mapping[str, Promise]] = {
    "voice": {
        "feedback_ms": Promise(16, 50),
        "final_transcript_ms": Promise(150, 400),
        "first_token_ms": Promise(200, 400),
        "first_audio_ms": Promise(250, 500),
        "stop_silence_ms": Promise(50, 100),
        "stop_idle_ms": Promise(200, 500),
    },
    "overhead": {"turn_ratio": Promise(value=1.05)},
    "ui": {
        "loop_hold_p99_ms": Promise(value=16),
        "window_visible_ms": Promise(value=1000),
        "ready_ms": Promise(value=3000),
        "window_rss_mb": Promise(value=350),
    },
    "pipeline": {
        "cached_per_minute": Promise(value=1000, at_least=True),
        "trivial_per_minute": Promise(value=1000, at_least=True),
        "cancel_ms": Promise(200, 500),
        "cache_hit_rate": Promise(value=0.6, at_least=True),
    },
    "power": {"sampler_cpu_percent": Promise(value=0.5)},
    "soak": {
        "answered_share": Promise(value=0.999, at_least=True),
        "lost_turns": Promise(value=0),
        "leaked_tasks": Promise(value=0),
        "leaked_processes": Promise(value=0),
        "leaked_files": Promise(value=0),
        "rss_growth_percent": Promise(value=10),
    },
    "staged": {
        "feedback_ms": Promise(16, 50),
        "clarification_ms": Promise(300),
        "proceed_ms": Promise(200, 500),
        "background_hit_rate": Promise(value=0.8, at_least=True),
        "cache_hit_rate": Promise(value=0.6, at_least=True),
        "spinner_over_500ms": Promise(value=0),
        **{f"stage_ms_{stage.replace('-', '_')}": Promise(target, target) for stage, target in TARGET_MS.items()},
    },
}
