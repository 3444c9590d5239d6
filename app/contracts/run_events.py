"""Events of one execution of a pipeline; `app.contracts.events` has them all in one union."""

from __future__ import annotations

from dataclasses import dataclass

from app.contracts.event import Event
from app.contracts.metrics import RunMetrics


@dataclass(frozen=True, slots=True, kw_only=True)
class StageSkipped(Event):
    """A stage did not run: its ``when`` was false, or a stage it needs was skipped or had failed."""

    stage: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StageFailed(Event):
    """A stage ended in an error. Whether the run goes on depends on who needs it."""

    stage: str
    code: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StageCancelled(Event):
    """A stage was ended from outside before it was done."""

    stage: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TextReplaced(Event):
    """Text shown before gives way: everything behind the first ``kept`` characters. What replaces it follows."""

    kept: int
    reason: str
    stage: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioMade(Event):
    """A stage made so much more sound; the samples themselves are in the run's output."""

    stage: str
    samples: int
    sample_rate_hz: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Caption(Event):
    """A stretch of an endless source in words.

    Attributes:
        stage: The stage that recognised it.
        segment: Counts up from 0; a number that is missing was reported by `SegmentLate`.
        text: The words.
        start_s: Where it begins in the source, seconds.
        end_s: Where it ends.
        lag_s: From the pause behind it to this event, seconds.
        confidence: In [0, 1] or None.
    """

    stage: str
    segment: int
    text: str
    start_s: float
    end_s: float
    lag_s: float
    confidence: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentLate(Event):
    """A stretch of an endless source waits or was given up because the work does not keep up.

    Attributes:
        segment: Its number.
        waiting: How many stretches wait now.
        dropped: It was given up: there will be no `Caption` of it.
    """

    stage: str
    segment: int
    start_s: float
    end_s: float
    waiting: int
    dropped: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanMade(Event):
    """A pipeline was turned into a plan. ``plan_id`` changes with everything that changes the output."""

    plan_id: str
    stages: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Substituted(Event):
    """What a stage asks for is not there; the nearest that is takes its place."""

    stage: str
    asked: str
    got: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheHit(Event):
    """A stage was answered from the cache; ``stage`` is empty when the whole run was."""

    stage: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarted(Event):
    """One execution of a pipeline began."""

    pipeline_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFinished(Event):
    """The execution ended well. ``text`` is its final output in words, empty when it made none."""

    pipeline_id: str
    text: str = ""
    metrics: RunMetrics | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFailed(Event):
    """The execution ended in an error: its stable code, the sentence and the remedy.

    Attributes:
        stage: The stage it came from, empty when it came from none.
        exit_code: What a terminal command that ends with this error returns, as in `app.contracts.errors`.
    """

    pipeline_id: str
    code: str
    message: str
    remedy: str = ""
    stage: str = ""
    exit_code: int = 1
    metrics: RunMetrics | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunCancelled(Event):
    """The execution was cancelled."""

    pipeline_id: str
    after_ms: float
