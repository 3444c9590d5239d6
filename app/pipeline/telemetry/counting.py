"""Figures of runs in the form of Prometheus, counted from the runs' own events."""

from __future__ import annotations

import threading
from typing import Any

from app.contracts.events import (
    CacheHit,
    Caption,
    Escalated,
    FailedOver,
    Retrying,
    RunCancelled,
    RunFailed,
    RunFinished,
    RunStarted,
    SegmentLate,
    StageFailed,
    StageFinished,
    TurnEvent,
)
from app.contracts.metrics import RunMetrics, StageMetadata, StageMetrics
from app.pipeline.telemetry import figures
from app.pipeline.telemetry.figures import Figure, Kind
from app.pipeline.telemetry.source import extra


class RunFigures:
    """Counts. A listener of runs; events may be given on any thread.

    Raises:
        Unavailable: The extra is not installed.
    """

    def __init__(self) -> None:
        client = extra("prometheus_client")
        self.registry: Any = client.CollectorRegistry()
        self._client = client
        self._pipelines: dict[str, str] = {}
        self._lock = threading.Lock()
        self._metrics = {figure.name: self._made(figure) for figure in figures.FIGURES}

    def text(self) -> bytes:
        """Everything in the text form of Prometheus."""
        made: bytes = self._client.generate_latest(self.registry)
        return made

    def __call__(self, event: TurnEvent) -> None:
        """Count an event of a run."""
        with self._lock:
            self._count(event)

    def _made(self, figure: Figure) -> Any:
        kinds = {Kind.COUNTER: "Counter", Kind.GAUGE: "Gauge", Kind.HISTOGRAM: "Histogram"}
        more = {"buckets": figure.buckets} if figure.kind is Kind.HISTOGRAM else {}
        make = getattr(self._client, kinds[figure.kind])
        return make(figure.name, figure.help, figure.labels, registry=self.registry, **more)

    def _of(self, figure: Figure, *labels: str) -> Any:
        return self._metrics[figure.name].labels(*labels)

    def _count(self, event: TurnEvent) -> None:
        pipeline = self._pipelines.get(event.run_id, "")
        match event:
            case RunStarted(pipeline_id=pipeline_id):
                self._pipelines[event.run_id] = pipeline_id
                self._of(figures.RUNNING, pipeline_id).inc()
            case RunFinished(metrics=metrics):
                self._end(event, "finished", metrics)
            case RunFailed(metrics=metrics):
                self._end(event, "failed", metrics)
            case RunCancelled():
                self._end(event, "cancelled", None)
            case StageFinished(metrics=metrics, metadata=metadata):
                self._stage(pipeline, metrics, metadata)
            case StageFailed(stage=stage, code=code):
                self._of(figures.STAGE_FAILURES, pipeline, stage, code).inc()
            case Escalated(from_tier=lower, to_tier=higher):
                self._of(figures.ESCALATIONS, lower.backend_id, higher.backend_id).inc()
            case FailedOver(from_backend=left, to_backend=taken):
                self._of(figures.FAILOVERS, left, taken).inc()
            case Retrying(code=code):
                self._of(figures.RETRIES, code).inc()
            case CacheHit():
                self._of(figures.CACHE_HITS, pipeline).inc()
            case SegmentLate(dropped=True):
                self._of(figures.SEGMENTS_DROPPED, pipeline).inc()
            case Caption(lag_s=lag_s):
                self._of(figures.CAPTION_LAG, pipeline).observe(lag_s)
            case _:
                pass

    def _end(self, event: RunFinished | RunFailed | RunCancelled, end: str, metrics: RunMetrics | None) -> None:
        pipeline = event.pipeline_id
        if self._pipelines.pop(event.run_id, None) is not None:
            self._of(figures.RUNNING, pipeline).dec()
        self._of(figures.RUNS, pipeline, end).inc()
        total_ms = metrics.total_ms if metrics is not None else event.t_ms
        self._of(figures.RUN_SECONDS, pipeline, end).observe(total_ms / 1000.0)
        if metrics is not None and metrics.cache_lookups:
            self._of(figures.CACHE_LOOKUPS, pipeline).inc(metrics.cache_lookups)

    def _stage(self, pipeline: str, metrics: StageMetrics, metadata: StageMetadata | None) -> None:
        where = (pipeline, metrics.stage, metrics.backend)
        self._of(figures.STAGE_SECONDS, *where).observe(metrics.elapsed_ms / 1000.0)
        if metrics.first_output_ms is not None:
            self._of(figures.FIRST_OUTPUT, *where).observe(metrics.first_output_ms / 1000.0)
        if metrics.tokens:
            self._of(figures.TOKENS, metrics.backend).inc(metrics.tokens)
            if metrics.elapsed_ms > 0 and not (metadata is not None and metadata.cached):
                rate = metrics.tokens / (metrics.elapsed_ms / 1000.0)
                self._of(figures.TOKENS_PER_SECOND, metrics.backend).observe(rate)
        if metrics.energy is not None and metrics.energy.joules > 0:
            device, source = metrics.device.value, metrics.energy.provenance.value
            self._of(figures.JOULES, device, source).inc(metrics.energy.joules)
