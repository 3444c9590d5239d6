"""Switches telemetry on for an engine: figures at a port of this machine, traces to an address somebody gave."""

from __future__ import annotations

import asyncio
import errno
import logging
import threading
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from app.contracts.errors import AlreadyRunning, InvalidInput
from app.pipeline.telemetry.counting import RunFigures
from app.pipeline.telemetry.source import RunSource, extra
from app.pipeline.telemetry.tracing import RunTelemetry

log = logging.getLogger(__name__)

LOOPBACK = "127.0.0.1"
_TEXT = "text/plain; version=0.0.4; charset=utf-8"
_EXPORT_S = 5
_SLOWEST_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TelemetryOptions:
    """What is switched on.

    Attributes:
        metrics_port: Where Prometheus finds figures, on this machine alone; 0 for any free port, None for nowhere.
        otlp: Address of an OTLP/HTTP receiver of traces, such as ``http://localhost:4318``; empty for none.
    """

    metrics_port: int | None = None
    otlp: str = ""


@dataclass(frozen=True, slots=True)
class Exporter:
    """What is being exported."""

    metrics_port: int | None


@asynccontextmanager
async def exporting(source: RunSource, options: TelemetryOptions) -> AsyncIterator[Exporter]:
    """Export figures and traces of all runs that begin while inside.

    Raises:
        Unavailable: The extra is not installed.
        InvalidInput: The address of the receiver is none.
        AlreadyRunning: The port is taken.
    """
    async with AsyncExitStack() as stack:
        port = None
        if options.metrics_port is not None:
            figures = RunFigures()
            server = MetricsServer(figures, options.metrics_port)
            stack.push_async_callback(asyncio.to_thread, server.close)
            port = server.port
            stack.callback(source.subscribe(figures))
        if options.otlp:
            provider = _provider(options.otlp)
            stack.push_async_callback(asyncio.to_thread, provider.shutdown)
            tracing = RunTelemetry(provider.get_tracer("sotto"))
            stack.callback(tracing.close)
            stack.callback(source.subscribe(tracing))
        yield Exporter(port)


class MetricsServer:
    """Answers ``GET /metrics`` at a port of this machine, on a thread of its own.

    Args:
        figures: What it tells.
        port: 0 for any that is free.

    Raises:
        AlreadyRunning: The port is taken.
        InvalidInput: It may not be used.
    """

    def __init__(self, figures: RunFigures, port: int) -> None:
        class Handler(_Handler):
            source = figures

        try:
            self._server = _Server((LOOPBACK, port), Handler)
        except OverflowError as error:
            raise InvalidInput(f"Port {port} is out of range.", code="bad-port") from error
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise AlreadyRunning(
                    f"Something else listens at {LOOPBACK}:{port}.",
                    code="metrics-port-in-use",
                    remedy="Choose another port with --metrics-port.",
                ) from error
            raise InvalidInput(f"Port {port} cannot be used: {error.strerror or error}.", code="bad-port") from error
        self.port = int(self._server.server_address[1])
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.1,), name="metrics", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop answering."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, _request: Any, _client_address: Any) -> None:
        """A reader that goes away in the middle is no matter."""


class _Handler(BaseHTTPRequestHandler):
    source: RunFigures
    timeout = _SLOWEST_S
    server_version = "sotto"
    sys_version = ""

    def do_GET(self) -> None:
        """Give the figures."""
        if urlsplit(self.path).path != "/metrics":
            self.send_error(404)
            return
        text = self.source.text()
        self.send_response(200)
        self.send_header("Content-Type", _TEXT)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_arguments: object) -> None:
        """Scrapes are not worth a line."""


def _provider(address: str) -> Any:
    """Sends spans in batches from a thread of its own."""
    try:
        parts = urlsplit(address)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or not address.isprintable() or " " in address:
        raise InvalidInput(
            f"{address!r} is no address of an OTLP receiver.",
            code="bad-otlp",
            remedy="Give one such as http://localhost:4318.",
        )
    exporter = extra("opentelemetry.exporter.otlp.proto.http.trace_exporter")
    sdk = extra("opentelemetry.sdk.trace")
    batches = extra("opentelemetry.sdk.trace.export")
    resources = extra("opentelemetry.sdk.resources")
    endpoint = address if parts.path.strip("/") else f"{address.rstrip('/')}/v1/traces"
    log.info("traces of runs go to %s", parts.hostname)
    provider = sdk.TracerProvider(resource=resources.Resource({"service.name": "sotto"}), shutdown_on_exit=False)
    sender = exporter.OTLPSpanExporter(endpoint=endpoint, timeout=_EXPORT_S)
    provider.add_span_processor(batches.BatchSpanProcessor(sender, schedule_delay_millis=1000))
    return provider
