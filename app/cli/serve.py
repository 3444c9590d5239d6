"""`sotto serve`: pipelines over gRPC until somebody ends it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from app.cli.console import Console, report
from app.cli.jobs import open_jobs
from app.cli.session import interrupts_call
from app.contracts.errors import InvalidInput, SottoError, TurnCancelledError
from app.pipeline.telemetry.exporting import TelemetryOptions, exporting
from app.pipeline.telemetry.source import RunSource
from app.service.security import check_exposure, read_token
from app.service.server import ComputeServer, ServeOptions
from app.service.servicer import Engine, Library

LONGEST_GRACE_S = 3600.0


class ServedEngine(Engine, RunSource, Protocol):
    """An engine that can be served and watched."""


class Served(Protocol):
    """What was put together, as far as it is served."""

    @property
    def engine(self) -> ServedEngine:
        """Runs pipelines."""
        ...

    @property
    def library(self) -> Library:
        """Names them."""
        ...


Opener = Callable[[], AbstractAsyncContextManager[Served]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServeRequest:
    """What was asked for on the command line.

    Attributes:
        host: Address to listen at.
        port: 0 for any that is free.
        no_token: Let everybody in; on loopback only.
        tls_cert: PEM file.
        tls_key: PEM file.
        metrics_port: Where Prometheus finds figures, None for nowhere.
        otlp: Address that takes traces, empty for none.
        data_dir: Where the token lies.
        as_json: Say that it is ready as JSON.
        grace_s: Seconds that runs get to finish.
        notebook: Where jobs are kept, None to serve none.
    """

    host: str
    port: int
    data_dir: Path
    no_token: bool = False
    tls_cert: Path | None = None
    tls_key: Path | None = None
    metrics_port: int | None = None
    otlp: str = ""
    as_json: bool = False
    grace_s: float = 10.0
    notebook: Path | None = None


def serve(open_pipelines: Opener, console: Console, request: ServeRequest) -> int:
    """Serve until an interrupt or a request to end; returns the exit code.

    The first one lets runs that go on finish within their grace, the second one ends them.
    """
    try:
        asyncio.run(_serve(open_pipelines, console, request))
        code = 0
    except SottoError as error:
        code = report(console, error)
    except (KeyboardInterrupt, asyncio.CancelledError):
        code = TurnCancelledError.exit_code
    return console.settle() or code


async def _serve(open_pipelines: Opener, console: Console, request: ServeRequest) -> None:
    if not 0 <= request.grace_s <= LONGEST_GRACE_S:
        raise InvalidInput(f"--grace lies between 0 and {LONGEST_GRACE_S:.0f} seconds.", code="bad-grace")
    host = request.host.strip().removeprefix("[").removesuffix("]")
    check_exposure(host, with_token=not request.no_token, tls_cert=request.tls_cert, tls_key=request.tls_key)
    token, token_file = ("", None) if request.no_token else read_token(request.data_dir)
    options = ServeOptions(
        host=host,
        port=request.port,
        token=token,
        tls_cert=request.tls_cert,
        tls_key=request.tls_key,
        grace_s=request.grace_s,
    )
    telemetry = TelemetryOptions(metrics_port=request.metrics_port, otlp=request.otlp)
    ending = asyncio.Event()
    task = asyncio.current_task()
    assert task is not None

    def interrupt() -> None:
        """End in order; a second time, at once."""
        (task.cancel if ending.is_set() else ending.set)()

    console.on_failure = ending.set
    with interrupts_call(interrupt):
        async with AsyncExitStack() as stack:
            served = await stack.enter_async_context(open_pipelines())
            exporter = await stack.enter_async_context(exporting(served.engine, telemetry))
            jobs = None if request.notebook is None else await stack.enter_async_context(open_jobs(request.notebook))
            if jobs is not None:
                await jobs.open()
            server = ComputeServer(served.engine, served.library, options, jobs)
            stack.push_async_callback(server.aclose)
            await server.start()
            ready: dict[str, object] = {"event": "ready", "address": server.address, "port": server.port}
            if token_file is not None:
                ready["token_file"] = str(token_file)
            if exporter.metrics_port is not None:
                ready["metrics_port"] = exporter.metrics_port
            _say_ready(console, ready, as_json=request.as_json)
            await ending.wait()
            if server.running:
                console.say(f"Ending: {_runs(server.running)} may take up to {options.grace_s:.0f} s to finish.")
            ended = await server.drain()
            if ended:
                console.say(f"{_runs(ended)} had to be ended.")


def _say_ready(console: Console, ready: dict[str, object], *, as_json: bool) -> None:
    if as_json:
        console.write(json.dumps(ready) + "\n")
        return
    console.write(f"Serving pipelines at {ready['address']}.\n")
    if "token_file" in ready:
        console.say(f"Calls need the header `authorization: Bearer TOKEN`; the token is in {ready['token_file']}.")
    if "metrics_port" in ready:
        console.say(f"Figures for Prometheus are at http://127.0.0.1:{ready['metrics_port']}/metrics.")


def _runs(count: int) -> str:
    return "1 run" if count == 1 else f"{count} runs"
