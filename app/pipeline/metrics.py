"""What a run and its stages took: times, joules, cache, and which stages made it long."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from app.contracts.devices import Device
from app.contracts.energy import Energy, added
from app.contracts.metrics import RunMetrics, StageMetadata, StageMetrics
from app.contracts.ports import Clock, PowerMonitor
from app.pipeline.plan import PlannedStage
from app.pipeline.stages.processor import Timings

NOTABLE_SHARE = 0.2
"""A stage that takes this share of the longest path is one of its bottlenecks."""


@dataclass(slots=True)
class StageTimes:
    """What the runner measures of one stage, monotonic seconds.

    Attributes:
        started: When it began.
        waited_s: How long it waited for its input.
        first_output_at: When its first output came, None before.
        tries: What it wrote down in each of its tries.
        tried_s: How long each of them took, waiting for input aside.
    """

    started: float = 0.0
    waited_s: float = 0.0
    first_output_at: float | None = None
    tries: list[Timings] = field(default_factory=list)
    tried_s: list[float] = field(default_factory=list)

    def note_output(self, at: float | None) -> None:
        """Something came out; only the first counts."""
        if at is not None and (self.first_output_at is None or at < self.first_output_at):
            self.first_output_at = at

    @property
    def tokens(self) -> int:
        """Of all tries: they were all paid for."""
        return sum(timings.tokens for timings in self.tries)

    def busy_s(self) -> float:
        """Seconds its device worked, as far as it says so; else all of its time but the waiting."""
        return sum(
            taken if timings.busy_s is None else timings.busy_s
            for timings, taken in zip(self.tries, self.tried_s, strict=True)
        )


class RunLedger:
    """Adds up one run.

    Args:
        clock: Time.
        power: Joules.
        collect: Joules are written down; without, only times are.
    """

    def __init__(self, clock: Clock, power: PowerMonitor, *, collect: bool = True) -> None:
        self._clock = clock
        self._power = power
        self.collect = collect
        self.validation_s = 0.0
        self.routing_s = 0.0
        self.cache_s = 0.0
        self.fusion_s = 0.0
        self.guard_s = 0.0
        self.cache_hits = 0
        self.cache_lookups = 0
        self.first_start: float | None = None
        self.last_end: float | None = None
        self._stages: list[StageMetrics] = []
        self._worked_ms: dict[str, float] = {}

    def now(self) -> float:
        """Monotonic seconds."""
        return self._clock.monotonic()

    def stage_started(self) -> StageTimes:
        """A stage begins now."""
        now = self.now()
        if self.first_start is None:
            self.first_start = now
        return StageTimes(started=now)

    def stage_ended(self, stage: PlannedStage, times: StageTimes, metadata: StageMetadata | None) -> StageMetrics:
        """A stage ends now; returns what it took."""
        now = self.last_end = self.now()
        for timings in times.tries:
            self.validation_s += timings.validation_s
            self.fusion_s += timings.fusion_s
            self.guard_s += timings.guard_s
            times.note_output(timings.first_output_at)
        backend, device = _where(stage, metadata)
        first = times.first_output_at
        metrics = StageMetrics(
            stage=stage.definition.stage_id,
            backend=backend,
            device=device,
            elapsed_ms=(now - times.started) * 1000.0,
            first_output_ms=None if first is None else (first - times.started) * 1000.0,
            tokens=times.tokens,
            energy=self._energy(stage, times, metadata) if self.collect else None,
        )
        self._stages.append(metrics)
        self._worked_ms[metrics.stage] = max(0.0, metrics.elapsed_ms - times.waited_s * 1000.0)
        return metrics

    def run_metrics(self, total_ms: float, needs: Mapping[str, Sequence[str]]) -> RunMetrics:
        """The whole run.

        Args:
            total_ms: From the request to now.
            needs: What each stage of the plan needs, in the order of the plan; empty when there is no plan.
        """
        spent = [metrics.energy for metrics in self._stages if metrics.energy is not None]
        began, ended = self.first_start, self.last_end
        return RunMetrics(
            total_ms=total_ms,
            validation_ms=self.validation_s * 1000.0,
            routing_ms=self.routing_s * 1000.0,
            execution_ms=0.0 if began is None or ended is None else (ended - began) * 1000.0,
            fusion_ms=self.fusion_s * 1000.0,
            guard_ms=self.guard_s * 1000.0,
            cache_ms=self.cache_s * 1000.0,
            stages=tuple(self._stages),
            energy=added(spent) if spent else None,
            bottlenecks=bottlenecks(needs, self._worked_ms),
            cache_hits=self.cache_hits,
            cache_lookups=self.cache_lookups,
        )

    def _energy(self, stage: PlannedStage, times: StageTimes, metadata: StageMetadata | None) -> Energy | None:
        """What its work took where that was counted, else its attempts, else its time on the device that ran."""
        counted = [timings.spent for timings in times.tries if timings.spent is not None]
        if counted:
            return added(counted)
        attempts = metadata.attempts if metadata else ()
        spent = [attempt.energy for attempt in attempts if attempt.energy is not None]
        if spent and len(spent) == len(attempts):
            return added(spent)
        if metadata is not None and metadata.cached:
            return None
        if not stage.ladder and not any(timings.busy_s for timings in times.tries):
            return None
        return self._power.energy(_where(stage, metadata)[1], times.busy_s())


def bottlenecks(needs: Mapping[str, Sequence[str]], worked_ms: Mapping[str, float]) -> tuple[str, ...]:
    """The stages of the longest path that take a notable share of it, the slowest first; at least one if any worked.

    Args:
        needs: What each stage needs; each stage comes after everything it needs.
        worked_ms: Milliseconds of each that ran, waiting for input aside.
    """
    paths: dict[str, tuple[float, tuple[str, ...]]] = {}
    for name, needed in needs.items():
        before = max((paths[other] for other in needed), key=lambda path: path[0], default=(0.0, ()))
        own = worked_ms.get(name)
        paths[name] = before if own is None else (before[0] + own, (*before[1], name))
    length, path = max(paths.values(), key=lambda path: path[0], default=(0.0, ()))
    slowest = sorted(path, key=lambda name: -worked_ms[name])
    notable = [name for name in slowest if length > 0.0 and worked_ms[name] >= NOTABLE_SHARE * length]
    return tuple(notable or slowest[:1])


def _where(stage: PlannedStage, metadata: StageMetadata | None) -> tuple[str, Device]:
    """The backend and the device that gave the answer, or else those that would have been tried first."""
    if metadata is not None and metadata.backend:
        return metadata.backend, metadata.ran
    return (stage.ladder[0].backend_id if stage.ladder else ""), stage.asked
