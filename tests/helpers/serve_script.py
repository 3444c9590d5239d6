"""`sotto serve` over scripted pipelines, as a program: ``… DATA_DIR PORT [FLAG…]``."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from app.aio.clock import SystemClock
from app.cli.console import standard_console
from app.cli.serve import ServeRequest, serve
from app.pipeline.engine import PipelineEngine
from tests.helpers.pipelines import tools_over
from tests.helpers.service import Shelf, echo, forever


@dataclass(frozen=True)
class Scripted:
    """What is served."""

    engine: PipelineEngine
    library: Shelf


@asynccontextmanager
async def opened() -> AsyncIterator[Scripted]:
    """Scripted pipelines; says when it has been taken apart."""
    shelf = Shelf({"echo": echo, "forever": forever})
    engine = PipelineEngine(shelf, replace(tools_over(), clock=SystemClock()), shelf.processor)
    try:
        yield Scripted(engine, shelf)
    finally:
        await engine.aclose()
        sys.stderr.write("closed\n")
        sys.stderr.flush()


if __name__ == "__main__":
    folder, port, *flags = sys.argv[1:]
    request = ServeRequest(
        host="127.0.0.1",
        port=int(port),
        data_dir=Path(folder),
        as_json="--json" in flags,
        no_token="--no-token" in flags,
        metrics_port=0 if "--metrics" in flags else None,
        grace_s=30.0 if "--patient" in flags else 0.5,
    )
    sys.exit(serve(opened, standard_console(), request))
