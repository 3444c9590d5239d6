"""A run from outside: its events, its result, its cancel button."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from app.contracts.errors import SottoError
from app.contracts.events import TurnEvent
from app.contracts.metrics import RunMetrics, StageMetadata, StageMetrics
from app.pipeline.outlet import Outlet
from app.pipeline.values import Value


class StageStatus(StrEnum):
    """How a stage ended."""

    FINISHED = "finished"
    SKIPPED = "skipped"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class StageResult:
    """One stage of a run that is over.

    Attributes:
        stage_id: Which.
        status: How it ended.
        value: Its output, None unless it finished.
        metrics: What it took, None when it never began.
        metadata: How its output came about, None unless it finished.
        error: Why it failed.
        reason: Why it was skipped.
    """

    stage_id: str
    status: StageStatus
    value: Value | None = None
    metrics: StageMetrics | None = None
    metadata: StageMetadata | None = None
    error: SottoError | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResult:
    """A run that is over. ``success`` is False for failed and for cancelled ones."""

    run_id: str
    pipeline_id: str
    success: bool
    cancelled: bool
    output: Value | None
    error: SottoError | None
    stages: tuple[StageResult, ...]
    metrics: RunMetrics


class Run(Protocol):
    """One execution of a pipeline, from its start on."""

    @property
    def run_id(self) -> str:
        """Unique for ever."""
        ...

    @property
    def pipeline_id(self) -> str:
        """What is run."""
        ...

    @property
    def output(self) -> Outlet:
        """The output of the last stage while it is made."""
        ...

    def subscribe(self, listener: Callable[[TurnEvent], None]) -> Callable[[], None]:
        """Get every event from the first on, those of the past at once; returns what ends it. Never blocks the run."""
        ...

    async def result(self) -> RunResult:
        """Wait for the end. A failed or cancelled run is a result, not an exception."""
        ...

    def cancel(self, reason: str = "") -> None:
        """End it: nothing is shown or heard of it from now on; engines are idle soon after."""
        ...
