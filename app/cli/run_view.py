"""Shows a run of a pipeline in a terminal: what it makes while it is made, then a table of what each stage took."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from app.cli.console import Console, printable
from app.cli.wording import energy, milliseconds
from app.contracts.energy import Provenance
from app.contracts.events import (
    CacheHit,
    Caption,
    Escalated,
    FailedOver,
    Retrying,
    RunCancelled,
    RunFailed,
    SegmentLate,
    StageSkipped,
    StageStarted,
    Status,
    Substituted,
    TextDelta,
    TextReplaced,
    TurnEvent,
)
from app.contracts.metrics import StageMetadata, StageMetrics
from app.pipeline.run import RunResult, StageResult, StageStatus

_HEADER = ("stage", "backend", "ran on", "time", "first", "tokens/s", "energy", "confidence", "how")


class RunView:
    """For people: the output on standard output, everything about it on standard error.

    Args:
        console: Where to write.
        output_stage: The stage whose text is the run's; the text of the others is not shown.
    """

    def __init__(self, console: Console, output_stage: str) -> None:
        self._console = console
        self._output_stage = output_stage
        self._shown = ""
        self._captions = False

    def __call__(self, event: TurnEvent) -> None:
        """Show one event."""
        match event:
            case TextDelta(stage=stage, text=text) if stage == self._output_stage:
                self._write(text)
            case TextReplaced(stage=stage, kept=kept, reason=reason) if stage == self._output_stage:
                self._console.say(printable(f"Taken back from here on: {reason}"))
                self._shown = self._shown[:kept]
                self._console.write(printable(self._shown))
            case Caption(text=text, start_s=start_s, lag_s=lag_s):
                self._captions = True
                self._console.write(f"[{start_s:7.1f} s] {printable(text)}\n")
                self._console.live(f"{lag_s * 1000:.0f} ms behind")
            case StageStarted(stage=stage, backend=backend):
                self._console.live(f"{stage} on {backend}…" if backend else f"{stage}…")
            case Status(message=message):
                self._console.live(printable(message))
            case _:
                if line := _detour(event):
                    self._console.say(printable(line))

    def finish(self, result: RunResult, text: str) -> None:
        """Show what has not been shown yet: the output, if it is not what stands there already, and the table."""
        if result.success and text and not self._captions and text.strip() != self._shown.strip():
            self._console.end_line()
            self._console.write(printable(text))
        self._console.end_line()
        for line in table(result.stages):
            self._console.say(line)
        for stage in result.stages:
            for note in stage.metadata.notes if stage.metadata else ():
                self._console.say(printable(f"{stage.stage_id}: {note}"))
        self._console.say(_summary(result))

    def _write(self, text: str) -> None:
        self._shown += text
        self._console.write(printable(text))


def _detour(event: TurnEvent) -> str:
    """A line for what did not go straight on; empty for what a person has no use for."""
    match event:
        case Substituted(stage=stage, asked=asked, got=got, reason=reason):
            return f"{stage}: {got} instead of {asked}. {reason.partition('. ')[0].rstrip('.')}."
        case Retrying(attempt=attempt, of=of, delay_ms=delay_ms, code=code):
            return f"Retry {attempt}/{of} in {delay_ms:.0f} ms… ({code})"
        case Escalated(to_tier=tier, reason=reason):
            return f"Asking {tier.backend_id}: {reason}"
        case FailedOver(from_backend=before, to_backend=after, reason=reason):
            return f"Going on with {after} instead of {before}: {reason}"
        case StageSkipped(stage=stage, reason=reason):
            return f"{stage} is skipped: {reason}"
        case CacheHit(stage=stage):
            return f"{stage or 'The whole run'} comes from the cache."
        case SegmentLate(start_s=start_s, end_s=end_s, waiting=waiting, dropped=dropped):
            what = "was given up" if dropped else f"is late; {waiting} wait"
            return f"The speech from {start_s:.1f} to {end_s:.1f} s {what}."
        case RunFailed(message=message, remedy=remedy, stage=stage):
            return f"sotto: {stage + ': ' if stage else ''}{message} {remedy}".rstrip()
        case RunCancelled():
            return "Stopped."
        case _:
            return ""


def table(stages: Sequence[StageResult]) -> list[str]:
    """The stages as aligned lines, the header first; nothing for a run that came to none."""
    if not stages:
        return []
    rows = [_HEADER, *(_row(stage) for stage in stages)]
    used = [any(row[at] for row in rows[1:]) for at in range(len(_HEADER))]
    widths = [max(len(row[at]) for row in rows) for at in range(len(_HEADER))]
    return [
        "  ".join(cell.ljust(width) for cell, width, shown in zip(row, widths, used, strict=True) if shown).rstrip()
        for row in rows
    ]


def _row(stage: StageResult) -> tuple[str, ...]:
    metrics, metadata = stage.metrics, stage.metadata
    if metrics is None:
        return (stage.stage_id, "", "", "", "", "", "", "", _how(stage))
    first = "" if metrics.first_output_ms is None else milliseconds(metrics.first_output_ms)
    spent = metrics.energy
    joules = "" if spent is None or spent.provenance is Provenance.UNAVAILABLE else energy(spent)
    confidence = "" if metadata is None or metadata.confidence is None else f"{metadata.confidence:.2f}"
    return (
        stage.stage_id,
        metrics.backend,
        _device(metrics, metadata),
        milliseconds(metrics.elapsed_ms),
        first,
        _speed(metrics, metadata),
        joules if metrics.backend else "",
        confidence,
        _how(stage),
    )


def _device(metrics: StageMetrics, metadata: StageMetadata | None) -> str:
    """Where it ran, and where it was asked to when that is another place."""
    if not metrics.backend:
        return ""
    asked = metadata.asked if metadata is not None else metrics.device
    return metrics.device.value if asked is metrics.device else f"{metrics.device} (asked: {asked})"


def _speed(metrics: StageMetrics, metadata: StageMetadata | None) -> str:
    """How fast one tier wrote; of several there is no one speed."""
    if metadata is not None and len(metadata.attempts) > 1:
        return ""
    writing_ms = metrics.elapsed_ms - (metrics.first_output_ms or 0.0)
    return f"{(metrics.tokens - 1) / writing_ms * 1000:.0f}" if metrics.tokens > 1 and writing_ms > 0 else ""


def _how(stage: StageResult) -> str:
    """How the stage ended, or how its answer came about when that took more than one try."""
    if stage.status is not StageStatus.FINISHED:
        return f"{stage.status}: {stage.reason or stage.error or ''}".rstrip(": ")
    metadata = stage.metadata
    if metadata is None:
        return ""
    if metadata.cached:
        return "from the cache"
    counted = Counter(f"{attempt.backend} {attempt.decision}" for attempt in metadata.attempts)
    tries = [f"{what} ×{count}" if count > 1 else what for what, count in counted.items()]  # noqa: RUF001
    simulated = " (simulated)" if any(attempt.simulated for attempt in metadata.attempts) else ""
    return (", ".join(tries) if len(metadata.attempts) > 1 else "") + simulated


def _summary(result: RunResult) -> str:
    metrics = result.metrics
    parts = [milliseconds(metrics.total_ms)]
    if metrics.energy is not None:
        parts.append(energy(metrics.energy))
    if metrics.bottlenecks:
        parts.append(f"slowest: {', '.join(metrics.bottlenecks)}")
    return " · ".join(part for part in parts if part)
