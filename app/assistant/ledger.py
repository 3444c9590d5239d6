"""Writes down what each stage of a turn took: time, first output, energy, and where it ran.

Energy is counted by spans (`app.contracts.ports.EnergySpan`), and a stage's is the sum of its spans. It may have one
that began before it: a recogniser works while the person still talks, the voice speaks while the answer is still being
written. It may have none: what a pipeline does is counted by the pipeline, tier by tier, and a second span around it
would count the same work twice; such a stage is told what the run took.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from app.assistant.parts import Parts
from app.assistant.stream import TurnStream
from app.contracts.devices import Backend
from app.contracts.energy import Energy, added
from app.contracts.events import StageFinished, StageStarted
from app.contracts.metrics import StageMetadata, StageMetrics, TurnMetrics
from app.contracts.ports import EnergySpan, TurnEnergy


@dataclass(slots=True)
class Entry:
    """One stage while it runs; times in monotonic seconds.

    Attributes:
        name: Of the stage.
        backend: Who works for it.
        started: When it began.
        first_output: When its first output came, None before.
        tokens: It has generated.
        spans: That count its energy.
        counted: Energy others have counted for it.
        how: How its answer came about, tier by tier, where a pipeline tells.
    """

    name: str
    backend: Backend
    started: float
    first_output: float | None = None
    tokens: int = 0
    spans: list[EnergySpan] = field(default_factory=list)
    counted: list[Energy] = field(default_factory=list)
    how: StageMetadata | None = None


class Ledger:
    """The stages of one turn, in the order in which they end."""

    def __init__(self, parts: Parts, stream: TurnStream) -> None:
        self._parts = parts
        self._stream = stream
        self._stages: list[StageMetrics] = []
        self._energy: TurnEnergy | None = None
        self._spans: list[EnergySpan] = []
        self._ahead: dict[str, list[EnergySpan]] = {}
        self.ended_at: float | None = None
        self._tail_ms = 0.0
        self._transcribed_at: float | None = None
        self.first_token: float | None = None
        self.first_audio: float | None = None

    @contextmanager
    def counting(self) -> Iterator[None]:
        """Count the energy of the whole turn, which is the block; nothing of it is counted any more behind it."""
        self._energy = self._parts.power.turn(self._stream.turn_id)
        try:
            yield
        finally:
            for span in self._spans:
                span.end()
            self._energy.end()

    def ahead(self, name: str, backend: Backend, busy: Callable[[], float]) -> EnergySpan:
        """Count work for a stage that has not begun yet; it becomes a part of that stage.

        Args:
            name: Of the stage.
            backend: Who works.
            busy: Seconds it has worked so far.
        """
        span = self._span(name, backend, busy)
        self._ahead.setdefault(name, []).append(span)
        return span

    @contextmanager
    def stage(self, name: str, backend: Backend, *, counted: bool = False) -> Iterator[Entry]:
        """Report a stage's start and, unless it fails, its end with its figures. See `begin`."""
        entry = self.begin(name, backend, counted=counted)
        try:
            yield entry
        except BaseException:
            for span in entry.spans:
                span.end()
            raise
        self.finish(entry)

    def begin(self, name: str, backend: Backend, *, counted: bool = False) -> Entry:
        """Report a stage's start.

        Args:
            name: Of the stage.
            backend: Who works for it.
            counted: Its energy is counted elsewhere: by what was begun `ahead`, or by a pipeline.
        """
        self._stream.emit(StageStarted(stage=name, backend=backend.backend_id))
        clock = self._parts.clock
        entry = Entry(name, backend, clock.monotonic(), spans=self._ahead.pop(name, []))
        if not counted:
            began = entry.started
            entry.spans.append(self._span(name, backend, lambda: clock.monotonic() - began))
        return entry

    def finish(self, entry: Entry) -> None:
        """Report a stage's end with its figures."""
        spent = [span.end() for span in entry.spans] + entry.counted
        elapsed_s = self._parts.clock.monotonic() - entry.started
        metrics = StageMetrics(
            stage=entry.name,
            backend=entry.backend.backend_id,
            device=entry.backend.device,
            elapsed_ms=elapsed_s * 1000.0,
            first_output_ms=_ms_between(entry.started, entry.first_output),
            tokens=entry.tokens,
            energy=added(spent) if spent else None,
        )
        self._stages.append(metrics)
        self._stream.emit(StageFinished(metrics=metrics, metadata=entry.how))

    def input_ended(self, at: float, tail_ms: float, transcribed_at: float | None) -> None:
        """The person's input ended at ``at``; the promises count from here."""
        self.ended_at = at
        self._tail_ms = tail_ms
        self._transcribed_at = transcribed_at

    def turn_metrics(self) -> TurnMetrics:
        """The whole turn, which ends with this."""
        energies = [stage.energy for stage in self._stages if stage.energy is not None]
        account, compared = (None, ()) if self._energy is None else self._energy.end()
        return TurnMetrics(
            stages=tuple(self._stages),
            tail_ms=self._tail_ms,
            final_transcript_ms=_ms_between(self.ended_at, self._transcribed_at),
            first_token_ms=_ms_between(self.ended_at, self.first_token),
            first_audio_ms=_ms_between(self.ended_at, self.first_audio),
            total_ms=self._stream.elapsed_ms(),
            energy=added(energies) if energies else None,
            account=account if account is not None and account.seconds > 0.0 else None,
            compared=compared,
        )

    def _span(self, name: str, backend: Backend, busy: Callable[[], float]) -> EnergySpan:
        span = self._parts.power.span(name, backend.backend_id, backend.device, busy)
        self._spans.append(span)
        return span


def _ms_between(start: float | None, end: float | None) -> float | None:
    return None if start is None or end is None else (end - start) * 1000.0
