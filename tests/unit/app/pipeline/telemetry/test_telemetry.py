from __future__ import annotations

import asyncio
import json
import re
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client.parser import text_string_to_metric_families

from app.contracts.devices import Device, Tier
from app.contracts.energy import Energy, Provenance
from app.contracts.errors import AlreadyRunning, InvalidInput, Unavailable
from app.contracts.events import (
    CacheHit,
    Caption,
    Escalated,
    FailedOver,
    PlanMade,
    Retrying,
    RunCancelled,
    RunFailed,
    RunFinished,
    RunStarted,
    SegmentLate,
    StageFailed,
    StageFinished,
    StageStarted,
    TextDelta,
    TurnEvent,
)
from app.contracts.metrics import RunMetrics, StageMetadata, StageMetrics
from app.pipeline.telemetry import figures
from app.pipeline.telemetry.counting import RunFigures
from app.pipeline.telemetry.exporting import TelemetryOptions, exporting
from app.pipeline.telemetry.tracing import RunTelemetry

SMALL, LARGE = Tier("llama-cpu", "small"), Tier("llama-gpu", "large")
SECRET = "the words of the person"
DASHBOARD = Path(__file__).parents[5] / "packaging" / "grafana" / "sotto.json"


class Runs:
    """A source of runs."""

    def __init__(self) -> None:
        self.listeners: list[Callable[[TurnEvent], None]] = []

    def subscribe(self, listener: Callable[[TurnEvent], None]) -> Callable[[], None]:
        self.listeners.append(listener)
        return lambda: self.listeners.remove(listener)

    def tell(self, events: Iterator[TurnEvent]) -> None:
        for event in events:
            for listener in self.listeners:
                listener(event)


def a_run(run_id: str = "r1", cached: bool = False) -> Iterator[TurnEvent]:
    stage = StageMetrics(
        stage="answer",
        backend="llama-gpu",
        device=Device.GPU,
        elapsed_ms=2000,
        first_output_ms=300,
        tokens=40,
        energy=Energy(6.5, Provenance.ESTIMATE),
    )
    how = StageMetadata(forwarded=True, confidence=0.9, attempt_count=2, backend="llama-gpu", notes=(SECRET,))
    yield RunStarted(pipeline_id="adaptive-text", run_id=run_id)
    yield PlanMade(plan_id="abc", stages=("answer",), run_id=run_id, t_ms=1)
    yield StageStarted(stage="answer", backend="llama-cpu", run_id=run_id, t_ms=10)
    yield TextDelta(text=SECRET, confidence=0.1, tier=SMALL, stage="answer", run_id=run_id)
    yield Escalated(from_tier=SMALL, to_tier=LARGE, reason=SECRET, confidence=0.1, run_id=run_id, t_ms=200)
    yield Retrying(attempt=1, of=2, delay_ms=10, code="busy", run_id=run_id)
    yield StageFinished(metrics=stage, metadata=how, run_id=run_id, t_ms=2010)
    if cached:
        yield CacheHit(stage="answer", run_id=run_id)
    metrics = RunMetrics(total_ms=2020, stages=(stage,), energy=stage.energy, cache_lookups=2, cache_hits=1)
    yield RunFinished(pipeline_id="adaptive-text", text=SECRET, metrics=metrics, run_id=run_id, t_ms=2020)


def a_failed_run(run_id: str = "r2") -> Iterator[TurnEvent]:
    yield RunStarted(pipeline_id="rag", run_id=run_id)
    yield StageStarted(stage="find", backend="", run_id=run_id, t_ms=5)
    yield FailedOver(from_backend="a", to_backend="b", reason=SECRET, at_token=3, run_id=run_id)
    yield SegmentLate(stage="find", segment=1, start_s=0, end_s=1, waiting=1, dropped=True, run_id=run_id)
    yield Caption(stage="find", segment=2, text=SECRET, start_s=1, end_s=2, lag_s=0.4, run_id=run_id)
    yield StageFailed(stage="find", code="bad-model", message=SECRET, run_id=run_id, t_ms=15)
    yield RunFailed(pipeline_id="rag", code="bad-model", message=SECRET, run_id=run_id, t_ms=20)


def a_cancelled_run(run_id: str = "r3") -> Iterator[TurnEvent]:
    yield RunStarted(pipeline_id="rag", run_id=run_id)
    yield StageStarted(stage="find", backend="", run_id=run_id, t_ms=5)
    yield RunCancelled(pipeline_id="rag", after_ms=30, run_id=run_id, t_ms=30)


def samples(text: str) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if not sample.name.endswith("_created")
    }


async def test_figures_are_found_at_the_port() -> None:
    runs = Runs()
    async with exporting(runs, TelemetryOptions(metrics_port=0)) as exporter:
        runs.tell(a_run(cached=True))
        runs.tell(a_failed_run())
        runs.tell(a_cancelled_run())
        runs.tell(iter([RunStarted(pipeline_id="rag", run_id="r4")]))
        text = await asyncio.to_thread(fetched, f"http://127.0.0.1:{exporter.metrics_port}/metrics")
        with pytest.raises(urllib.error.HTTPError) as caught:
            await asyncio.to_thread(fetched, f"http://127.0.0.1:{exporter.metrics_port}/else")
        caught.value.close()
        with pytest.raises(AlreadyRunning):
            async with exporting(runs, TelemetryOptions(metrics_port=exporter.metrics_port)):
                pass
    assert not runs.listeners
    assert SECRET not in text
    found = samples(text)

    def value(name: str, **labels: str) -> float:
        return found[name, tuple(sorted(labels.items()))]

    assert value("sotto_runs_total", pipeline="adaptive-text", end="finished") == 1
    assert value("sotto_runs_total", pipeline="rag", end="failed") == 1
    assert value("sotto_runs_total", pipeline="rag", end="cancelled") == 1
    assert value("sotto_runs_running", pipeline="adaptive-text") == 0
    assert value("sotto_runs_running", pipeline="rag") == 1
    stage = {"pipeline": "adaptive-text", "stage": "answer", "backend": "llama-gpu"}
    assert value("sotto_stage_seconds_sum", **stage) == 2.0
    assert value("sotto_stage_first_output_seconds_bucket", le="0.25", **stage) == 0
    assert value("sotto_stage_first_output_seconds_bucket", le="0.5", **stage) == 1
    assert value("sotto_tokens_total", backend="llama-gpu") == 40
    assert value("sotto_tokens_per_second_sum", backend="llama-gpu") == 20.0
    assert value("sotto_joules_total", device="gpu", provenance="estimate") == 6.5
    assert value("sotto_escalations_total", **{"from": "llama-cpu", "to": "llama-gpu"}) == 1
    assert value("sotto_failovers_total", **{"from": "a", "to": "b"}) == 1
    assert value("sotto_retries_total", code="busy") == 1
    assert value("sotto_stage_failures_total", pipeline="rag", stage="find", code="bad-model") == 1
    assert value("sotto_cache_hits_total", pipeline="adaptive-text") == 1
    assert value("sotto_cache_lookups_total", pipeline="adaptive-text") == 2
    assert value("sotto_segments_dropped_total", pipeline="rag") == 1
    assert value("sotto_caption_lag_seconds_sum", pipeline="rag") == 0.4


def test_the_exporter_has_every_figure_of_the_table_and_no_other() -> None:
    counted = RunFigures()
    for event in (*a_run(cached=True), *a_failed_run()):
        counted(event)
    names = {name for name, _labels in samples(counted.text().decode())}
    assert names == {name for figure in figures.FIGURES for name in figures.series_names(figure)}


def test_the_dashboard_asks_for_nothing_that_is_not_there() -> None:
    board = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    assert board["title"]
    assert board["uid"]
    assert board["schemaVersion"] >= 36
    variables = {variable["name"] for variable in board["templating"]["list"]}
    known = {name for figure in figures.FIGURES for name in figures.series_names(figure)}
    labels = {label for figure in figures.FIGURES for label in figure.labels} | {"le"}
    asked: set[str] = set()
    ids = [panel["id"] for panel in board["panels"]]
    assert len(set(ids)) == len(ids)
    for panel in board["panels"]:
        assert panel["title"]
        assert panel["type"] in {"stat", "timeseries"}
        assert set(panel["gridPos"]) == {"h", "w", "x", "y"}
        assert panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24
        assert panel["datasource"]["uid"] == "${datasource}"
        assert panel["targets"]
        for target in panel["targets"]:
            names = set(re.findall(r"sotto_\w+", target["expr"]))
            assert names
            assert names <= known, names - known
            asked |= names
            groups = ",".join(re.findall(r"by \(([^)]*)\)", target["expr"]))
            grouped = {name.strip() for name in groups.split(",") if name.strip()}
            filtered = set(re.findall(r"(\w+)=~?\"", target["expr"]))
            assert grouped | filtered <= labels
            assert set(re.findall(r"\$(\w+)", target["expr"])) <= variables
            assert set(re.findall(r"{{(\w+)}}", target["legendFormat"])) <= grouped
            assert target["expr"].count("(") == target["expr"].count(")")
    families = {figure.name for figure in figures.FIGURES if asked & set(figures.series_names(figure))}
    assert families == {figure.name for figure in figures.FIGURES}


def test_a_run_is_a_trace_with_a_span_for_each_stage() -> None:
    memory = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(memory))
    telemetry = RunTelemetry(provider.get_tracer("test"))
    with provider.get_tracer("other").start_as_current_span("something else"):
        for event in (*a_run(), *a_failed_run(), *a_cancelled_run()):
            telemetry(event)
    telemetry.close()
    spans: dict[str, list[Any]] = {}
    for span in memory.get_finished_spans():
        spans.setdefault(span.name, []).append(span)
    [run], [stage] = spans["run adaptive-text"], spans["stage answer"]
    assert run.parent is None
    assert stage.parent.span_id == run.context.span_id
    assert stage.context.trace_id == run.context.trace_id
    assert (stage.end_time - stage.start_time) / 1e6 == pytest.approx(2000, abs=0.01)
    assert (run.end_time - run.start_time) / 1e6 == pytest.approx(2020, abs=0.01)
    assert run.start_time <= stage.start_time <= stage.end_time <= run.end_time
    assert stage.attributes["sotto.forwarded"] is True
    assert stage.attributes["sotto.joules"] == 6.5
    assert run.attributes["sotto.plan_id"] == "abc"
    assert [event.name for event in run.events] == ["escalated", "retrying"]
    failed, cancelled = spans["run rag"]
    assert failed.status.status_code.name == "ERROR"
    assert failed.attributes["sotto.code"] == "bad-model"
    assert cancelled.attributes["sotto.end"] == "cancelled"
    assert len(spans["stage find"]) == 2
    assert all(SECRET not in span.to_json() for group in spans.values() for span in group)
    provider.shutdown()


async def test_traces_go_to_the_address_that_was_given() -> None:
    with Receiver() as (address, bodies):
        runs = Runs()
        async with exporting(runs, TelemetryOptions(otlp=address)) as exporter:
            assert exporter.metrics_port is None
            runs.tell(a_run())
    [(path, body)] = bodies
    assert path == "/v1/traces"
    assert SECRET.encode() not in body
    request = ExportTraceServiceRequest.FromString(body)
    [resource] = request.resource_spans
    assert {item.key: item.value.string_value for item in resource.resource.attributes} == {"service.name": "sotto"}
    names = sorted(span.name for scope in resource.scope_spans for span in scope.spans)
    assert names == ["run adaptive-text", "stage answer"]


@pytest.mark.parametrize(
    "address", ["localhost:4318", "ftp://x", "http://", "nonsense", "http://[::1", "http://a\nb", "http://a:x"]
)
async def test_an_address_that_is_none(address: str) -> None:
    with pytest.raises(InvalidInput, match="no address of an OTLP receiver"):
        async with exporting(Runs(), TelemetryOptions(otlp=address)):
            pass


async def test_without_the_extra_there_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr("app.pipeline.telemetry.source.import_module", gone)
    with pytest.raises(Unavailable) as caught:
        async with exporting(Runs(), TelemetryOptions(metrics_port=0)):
            pass
    assert str(caught.value) == (
        "Telemetry needs prometheus_client, which is not installed. "
        "Run: pip install prometheus-client opentelemetry-sdk opentelemetry-exporter-otlp-proto-http"
    )
    async with exporting(Runs(), TelemetryOptions()) as exporter:
        assert exporter.metrics_port is None


def fetched(address: str) -> str:
    with urllib.request.urlopen(address, timeout=10) as answer:
        assert answer.headers["Content-Type"].startswith("text/plain")
        content: str = answer.read().decode()
        return content


class Receiver:
    """An OTLP receiver on loopback that keeps what it is sent."""

    def __enter__(self) -> tuple[str, list[tuple[str, bytes]]]:
        bodies: list[tuple[str, bytes]] = []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                bodies.append((self.path, self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_arguments: object) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,))
        self.thread.start()
        return f"http://127.0.0.1:{self.server.server_address[1]}", bodies

    def __exit__(self, *_error: object) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()
