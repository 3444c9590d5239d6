"""What worked when in one turn, put together from the turn's events. No Qt is involved.

Why it exists: stages report when they began, and only afterwards where they really ran, how long it took and what it
cost; a stage that escalates or fails over is one stage on several backends. What a timeline shows is decided here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from app.contracts.devices import Device
from app.contracts.energy import Energy
from app.contracts.events import (
    DeviceUsed,
    Escalated,
    FailedOver,
    Retrying,
    SpeechFinished,
    SpeechStarted,
    StageCancelled,
    StageFailed,
    StageFinished,
    StageStarted,
    TurnCancelled,
    TurnEvent,
    TurnFailed,
    TurnFinished,
)
from app.contracts.metrics import Attempt, StageMetadata, StageMetrics, TurnMetrics
from app.pipeline.selection import device_named

SPEECH = "speech"
"""What is heard, beside the stages: it runs in the loudspeaker and on no device of ours."""


@dataclass(slots=True, eq=False)
class Bar:
    """One stage on one backend, or one sentence being heard. Times in milliseconds from the start of the turn.

    Attributes:
        stage: Its name, `SPEECH` for a sentence.
        backend: Id of the backend, empty for work of our own.
        start_ms: When it began.
        device: Where it runs, None while that is not known, and for work of our own.
        end_ms: When it ended, None while it runs.
        sure: The device was reported, not guessed from the backend's name.
        given_up: What it made was replaced by a higher tier.
        outcome: ``failed`` or ``stopped``, empty while it runs and where it ended well.
        waited: It began behind other stages of the same run, which its metrics cover as well.
        parts: So many bars share ``energy``; it stands at the last of them.
        tokens: Generated tokens.
        first_output_ms: From its start to its first output, None where it had none.
        energy: What it cost above idle, None while unknown.
        cached: The answer came from the cache.
    """

    stage: str
    backend: str
    start_ms: float
    device: Device | None = None
    end_ms: float | None = None
    sure: bool = False
    given_up: bool = False
    outcome: str = ""
    waited: bool = False
    parts: int = 1
    tokens: int = 0
    first_output_ms: float | None = None
    energy: Energy | None = None
    cached: bool = False


@dataclass(frozen=True, slots=True)
class Mark:
    """A moment at which the work did not go straight on.

    Attributes:
        kind: ``escalated``, ``failed over`` or ``tried again``.
        at_ms: When.
        source: The backend that was left.
        target: The backend that went on.
        reason: Why, in words.
        earlier: The bar that ended there, None where none is known.
        later: The bar that began there.
    """

    kind: str
    at_ms: float
    source: str
    target: str
    reason: str
    earlier: Bar | None = None
    later: Bar | None = None


class TurnRecord:
    """One turn. Give it every event in order; what it has no use for it leaves.

    Attributes:
        turn_id: Whose.
        bars: In the order in which they became known.
        marks: In the order of time.
        now_ms: Time of the newest event.
        over: The turn has ended.
        outcome: ``failed`` or ``stopped``, empty while it runs and where it ended well.
        metrics: Of the whole turn, None before its end and where it did not end well.
    """

    def __init__(self, turn_id: str) -> None:
        self.turn_id = turn_id
        self.bars: list[Bar] = []
        self.marks: list[Mark] = []
        self.now_ms = 0.0
        self.over = False
        self.outcome = ""
        self.metrics: TurnMetrics | None = None

    def take(self, event: TurnEvent) -> bool:
        """Take one event; returns whether anything is different now."""
        at_ms = event.t_ms
        match event:
            case StageStarted(stage=stage, backend=backend):
                self._started(stage, backend, at_ms)
            case DeviceUsed():
                self._ran(event)
            case Escalated(from_tier=before, to_tier=after, reason=reason):
                self._moved("escalated", at_ms, before.backend_id, after.backend_id, reason)
            case FailedOver(from_backend=source, to_backend=target, reason=reason):
                self._moved("failed over", at_ms, source, target, reason)
            case Retrying(attempt=attempt, of=of, code=code):
                self.marks.append(Mark("tried again", at_ms, "", "", f"{code}, attempt {attempt} of {of}"))
            case StageFinished(metrics=metrics, metadata=metadata):
                self._finished(metrics, metadata, at_ms)
            case StageFailed(stage=stage):
                _end(self._open(stage), at_ms, "failed")
            case StageCancelled(stage=stage):
                _end(self._open(stage), at_ms, "stopped")
            case SpeechStarted():
                self.bars.append(Bar(SPEECH, "", at_ms))
            case SpeechFinished():
                _end(self._open(SPEECH)[:1], at_ms)
            case TurnFinished() | TurnFailed() | TurnCancelled():
                self._over(event)
            case _:
                return False
        self.now_ms = max(self.now_ms, at_ms)
        return True

    def _open(self, stage: str) -> list[Bar]:
        return [bar for bar in self.bars if bar.stage == stage and bar.end_ms is None]

    def _started(self, stage: str, backend: str, at_ms: float) -> None:
        # The voice begins to work before its stage is announced: then its bar is there already.
        if not self._open(stage):
            self.bars.append(Bar(stage, backend, at_ms, device_named(backend)))

    def _ran(self, event: DeviceUsed) -> None:
        """A stage says where it runs: its bar until then was a guess. A second backend beside it has its own bar."""
        running = self._open(event.stage)
        bar = next((bar for bar in running if bar.backend == event.backend or not bar.sure), None)
        if bar is None:
            ended = any(bar.stage == event.stage for bar in self.bars)
            if ended and not running:
                return
            bar = Bar(event.stage, event.backend, event.t_ms)
            self.bars.append(bar)
        if not bar.sure and event.run_id:
            self._begin_behind_others(bar, event.t_ms)
        bar.backend, bar.device, bar.sure = event.backend, event.ran, True

    def _begin_behind_others(self, bar: Bar, at_ms: float) -> None:
        """The answer is announced with its pipeline; where other stages came first, it began when they were done."""
        others = [other for other in self.bars if other.stage not in (bar.stage, SPEECH)]
        before = [other for other in others if bar.start_ms < other.start_ms < at_ms]
        if before:
            ends = [at_ms if other.end_ms is None else other.end_ms for other in before]
            bar.start_ms, bar.waited = min(at_ms, max(ends)), True

    def _moved(self, kind: str, at_ms: float, source: str, target: str, reason: str) -> None:
        running = [bar for bar in self.bars if bar.end_ms is None and bar.stage != SPEECH and bar.backend]
        left = [bar for bar in running if bar.backend == source] or [bar for bar in running if not bar.sure]
        if not left:
            self.marks.append(Mark(kind, at_ms, source, target, reason))
            return
        earlier = left[-1]
        for bar in self._open(earlier.stage) if kind == "escalated" else [earlier]:
            bar.end_ms, bar.given_up = at_ms, kind == "escalated"
        later = Bar(earlier.stage, target, at_ms, device_named(target), waited=earlier.waited)
        self.bars.append(later)
        self.marks.append(Mark(kind, at_ms, source, target, reason, earlier, later))

    def _finished(self, metrics: StageMetrics, metadata: StageMetadata | None, at_ms: float) -> None:
        parts = [bar for bar in self.bars if bar.stage == metrics.stage]
        if not parts:
            parts = [Bar(metrics.stage, metrics.backend, at_ms - metrics.elapsed_ms, metrics.device)]
            self.bars.extend(parts)
        _end(parts, at_ms)
        if not parts[0].waited:
            parts[0].start_ms = min(max(0.0, at_ms - metrics.elapsed_ms), parts[0].end_ms or at_ms)
        last = parts[-1]
        last.cached = metadata is not None and metadata.cached
        if len(parts) == 1 and not last.sure and metrics.backend:
            last.backend, last.device = metrics.backend, metrics.device
        self._cost(parts, metrics, metadata.attempts if metadata is not None else ())

    def _cost(self, parts: list[Bar], metrics: StageMetrics, attempts: tuple[Attempt, ...]) -> None:
        """What the stage took: part by part where its attempts say so, else all of it at the last part."""
        told = [attempt for attempt in attempts if attempt.energy is not None and attempt.elapsed_ms > 0]
        if len(parts) > 1 and [attempt.backend for attempt in told] == [bar.backend for bar in parts]:
            for bar, attempt in zip(parts, told, strict=True):
                bar.energy, bar.tokens = attempt.energy, attempt.tokens
            return
        last = parts[-1]
        last.energy, last.tokens, last.parts = metrics.energy, metrics.tokens, len(parts)
        last.first_output_ms = metrics.first_output_ms if len(parts) == 1 and not last.waited else None

    def _over(self, event: TurnFinished | TurnFailed | TurnCancelled) -> None:
        self.over = True
        if not isinstance(event, TurnFinished):
            self.outcome = "failed" if isinstance(event, TurnFailed) else "stopped"
        _end(self.bars, event.t_ms, "stopped" if self.outcome else "")
        if isinstance(event, TurnFinished):
            self.metrics = event.metrics
            for stage in event.metrics.stages:
                parts = [bar for bar in self.bars if bar.stage == stage.stage]
                if parts and all(bar.energy is None for bar in parts):
                    self._cost(parts, stage, ())


def _end(bars: Iterable[Bar], at_ms: float, outcome: str = "") -> None:
    for bar in bars:
        if bar.end_ms is None:
            bar.end_ms, bar.outcome = max(at_ms, bar.start_ms), outcome
