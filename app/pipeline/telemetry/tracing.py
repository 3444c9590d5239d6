"""A trace of each run: one span for the run, a child for each stage, made from the run's own events.

No attribute holds words of the person: only names, numbers and stable codes.
"""

from __future__ import annotations

import time
from typing import Any

from app.contracts.events import (
    RUN_ENDS,
    CacheHit,
    Escalated,
    FailedOver,
    PlanMade,
    Retrying,
    RunCancelled,
    RunFailed,
    RunFinished,
    RunStarted,
    StageCancelled,
    StageFailed,
    StageFinished,
    StageSkipped,
    StageStarted,
    Substituted,
    TurnEvent,
)
from app.contracts.metrics import StageMetadata, StageMetrics
from app.pipeline.telemetry.source import extra

Attributes = dict[str, str | bool | int | float]


class RunTelemetry:
    """Makes spans. A listener of runs; all events of one run come on one thread.

    Args:
        tracer: Of opentelemetry.

    Raises:
        Unavailable: The extra is not installed.
    """

    def __init__(self, tracer: Any) -> None:
        self._trace = extra("opentelemetry.trace")
        self._tracer = tracer
        self._runs: dict[str, _Spans] = {}

    def __call__(self, event: TurnEvent) -> None:
        """Take an event of a run."""
        if isinstance(event, RunStarted):
            self._runs[event.run_id] = _Spans(self._trace, self._tracer, event)
        elif (spans := self._runs.get(event.run_id)) is not None:
            spans.take(event)
            if isinstance(event, RUN_ENDS):
                del self._runs[event.run_id]

    def close(self) -> None:
        """End the spans of runs whose end was not seen."""
        while self._runs:
            self._runs.popitem()[1].abandon()


class _Spans:
    """The spans of one run."""

    def __init__(self, trace: Any, tracer: Any, started: RunStarted) -> None:
        self._trace = trace
        self._tracer = tracer
        self._zero_ns = time.time_ns() - int(started.t_ms * 1e6)
        attributes = {"sotto.pipeline": started.pipeline_id, "sotto.run_id": started.run_id}
        self._run = tracer.start_span(
            f"run {started.pipeline_id}", attributes=attributes, start_time=self._at(started), context=_nobody(trace)
        )
        self._inside = trace.set_span_in_context(self._run)
        self._stages: dict[str, Any] = {}

    def take(self, event: TurnEvent) -> None:
        """Take an event of this run."""
        match event:
            case PlanMade(plan_id=plan_id):
                self._run.set_attribute("sotto.plan_id", plan_id)
            case StageStarted(stage=stage, backend=backend):
                self._stages[stage] = self._tracer.start_span(
                    f"stage {stage}",
                    context=self._inside,
                    attributes={"sotto.stage": stage, "sotto.backend": backend},
                    start_time=self._at(event),
                )
            case StageFinished(metrics=metrics, metadata=metadata):
                self._end_stage(metrics.stage, event, _stage_attributes(metrics, metadata))
            case StageFailed(stage=stage, code=code):
                self._end_stage(stage, event, {"sotto.code": code}, failed=code)
            case StageCancelled(stage=stage):
                self._end_stage(stage, event, {"sotto.end": "cancelled"})
            case StageSkipped(stage=stage):
                self._note("skipped", event, {"sotto.stage": stage})
            case Escalated(from_tier=lower, to_tier=higher, confidence=confidence):
                told: Attributes = {"from": lower.backend_id, "to": higher.backend_id, "confidence": confidence}
                self._note("escalated", event, told)
            case FailedOver(from_backend=left, to_backend=taken, at_token=at_token):
                self._note("failed over", event, {"from": left, "to": taken, "at_token": at_token})
            case Retrying(attempt=attempt, of=of, delay_ms=delay_ms, code=code):
                self._note("retrying", event, {"attempt": attempt, "of": of, "delay_ms": delay_ms, "code": code})
            case Substituted(stage=stage, asked=asked, got=got):
                self._note("substituted", event, {"sotto.stage": stage, "asked": asked, "got": got})
            case CacheHit(stage=stage):
                self._note("cache hit", event, {"sotto.stage": stage})
            case RunFinished() | RunFailed() | RunCancelled():
                self._end(event)
            case _:
                pass

    def abandon(self) -> None:
        """End everything without knowing how it went."""
        for span in (*self._stages.values(), self._run):
            span.end()

    def _end(self, event: RunFinished | RunFailed | RunCancelled) -> None:
        for stage in list(self._stages):
            self._end_stage(stage, event, {"sotto.end": "cancelled"})
        ends = {RunFinished: "finished", RunFailed: "failed", RunCancelled: "cancelled"}
        self._run.set_attribute("sotto.end", ends[type(event)])
        if isinstance(event, RunFailed):
            self._run.set_attribute("sotto.code", event.code)
            self._run.set_status(self._trace.Status(self._trace.StatusCode.ERROR, event.code))
        metrics = None if isinstance(event, RunCancelled) else event.metrics
        if metrics is not None:
            for name in ("validation_ms", "routing_ms", "execution_ms", "fusion_ms", "guard_ms", "cache_ms"):
                self._run.set_attribute(f"sotto.{name}", getattr(metrics, name))
            if metrics.energy is not None:
                self._run.set_attribute("sotto.joules", metrics.energy.joules)
        self._run.end(end_time=self._at(event))

    def _end_stage(self, stage: str, event: TurnEvent, attributes: Attributes, failed: str = "") -> None:
        span = self._stages.pop(stage, None)
        if span is None:
            return
        span.set_attributes(attributes)
        if failed:
            span.set_status(self._trace.Status(self._trace.StatusCode.ERROR, failed))
        span.end(end_time=self._at(event))

    def _note(self, name: str, event: TurnEvent, attributes: Attributes) -> None:
        self._run.add_event(name, attributes, timestamp=self._at(event))

    def _at(self, event: TurnEvent) -> int:
        """Nanoseconds since the epoch: the wall clock at the start plus the run's own monotonic time."""
        return self._zero_ns + int(event.t_ms * 1e6)


def _stage_attributes(metrics: StageMetrics, metadata: StageMetadata | None) -> Attributes:
    told: Attributes = {
        "sotto.backend": metrics.backend,
        "sotto.device": metrics.device.value,
        "sotto.tokens": metrics.tokens,
        "sotto.end": "finished",
    }
    if metrics.first_output_ms is not None:
        told["sotto.first_output_ms"] = metrics.first_output_ms
    if metrics.energy is not None:
        told["sotto.joules"] = metrics.energy.joules
        told["sotto.joules_provenance"] = metrics.energy.provenance.value
    if metadata is not None:
        told["sotto.forwarded"] = metadata.forwarded
        told["sotto.attempt_count"] = metadata.attempt_count
        told["sotto.cached"] = metadata.cached
        told["sotto.model"] = metadata.model
        if metadata.confidence is not None:
            told["sotto.confidence"] = metadata.confidence
    return told


def _nobody(trace: Any) -> Any:
    """A context without a span: a run is the root of its trace, whatever else is being traced."""
    return trace.set_span_in_context(trace.INVALID_SPAN)
