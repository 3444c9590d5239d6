"""Where telemetry gets its events from: the streams of the runs, as every other consumer does."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from types import ModuleType
from typing import Protocol

from app.contracts.errors import Unavailable
from app.contracts.events import TurnEvent

INSTALL = "pip install prometheus-client opentelemetry-sdk opentelemetry-exporter-otlp-proto-http"


class RunSource(Protocol):
    """What tells about runs; `app.pipeline.engine.PipelineEngine` does."""

    def subscribe(self, listener: Callable[[TurnEvent], None]) -> Callable[[], None]:
        """Have every event of every run from now on given to a listener; returns what ends that."""
        ...


def extra(name: str) -> ModuleType:
    """A module of the extra.

    Raises:
        Unavailable: The extra is not installed.
    """
    try:
        return import_module(name)
    except ImportError as error:
        raise Unavailable(
            f"Telemetry needs {name.partition('.')[0]}, which is not installed.",
            code="no-telemetry",
            remedy=f"Run: {INSTALL}",
        ) from error
