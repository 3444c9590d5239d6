"""Writes down what each stage of a turn took: time, first output, energy, and where it ran."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from app.assistant.parts import Parts
from app.assistant.stream import TurnStream
from app.contracts.devices import Backend
from app.contracts.energy import Energy, Provenance
from app.contracts.events import StageFinished, StageStarted
from app.contracts.metrics import StageMetrics, TurnMetrics


@dataclass(slots=True)
class Entry:
    """One stage while it runs; times in monotonic seconds. ``busy_s`` is None when it was busy throughout."""

    name: str
    backend: Backend
    started: float
    first_output: float | None = None
    tokens: int = 0
    busy_s: float | None = None


class Ledger:
    """The stages of one turn, in the order in which they end."""

    def __init__(self, parts: Parts, stream: TurnStream) -> None:
        self._parts = parts
        self._stream = stream
        self._stages: list[StageMetrics] = []
        self.ended_at: float | None = None
        self._tail_ms = 0.0
        self._transcribed_at: float | None = None
        self.first_token: float | None = None
        self.first_audio: float | None = None

    @contextmanager
    def stage(self, name: str, backend: Backend) -> Iterator[Entry]:
        """Report a stage's start and, unless it fails, its end with its figures."""
        entry = self.begin(name, backend)
        yield entry
        self.finish(entry)

    def begin(self, name: str, backend: Backend) -> Entry:
        """Report a stage's start."""
        self._stream.emit(StageStarted(stage=name, backend=backend.backend_id))
        return Entry(name, backend, self._parts.clock.monotonic())

    def finish(self, entry: Entry) -> None:
        """Report a stage's end with its figures."""
        elapsed_s = self._parts.clock.monotonic() - entry.started
        busy_s = elapsed_s if entry.busy_s is None else entry.busy_s
        metrics = StageMetrics(
            stage=entry.name,
            backend=entry.backend.backend_id,
            device=entry.backend.device,
            elapsed_ms=elapsed_s * 1000.0,
            first_output_ms=_ms_between(entry.started, entry.first_output),
            tokens=entry.tokens,
            energy=self._parts.power.energy(entry.backend.device, busy_s),
        )
        self._stages.append(metrics)
        self._stream.emit(StageFinished(metrics=metrics))

    def input_ended(self, at: float, tail_ms: float, transcribed_at: float | None) -> None:
        """The person's input ended at ``at``; the promises count from here."""
        self.ended_at = at
        self._tail_ms = tail_ms
        self._transcribed_at = transcribed_at

    def turn_metrics(self) -> TurnMetrics:
        """The whole turn."""
        energies = [stage.energy for stage in self._stages if stage.energy is not None]
        worst = max((energy.provenance for energy in energies), key=_trust, default=Provenance.UNAVAILABLE)
        return TurnMetrics(
            stages=tuple(self._stages),
            tail_ms=self._tail_ms,
            final_transcript_ms=_ms_between(self.ended_at, self._transcribed_at),
            first_token_ms=_ms_between(self.ended_at, self.first_token),
            first_audio_ms=_ms_between(self.ended_at, self.first_audio),
            total_ms=self._stream.elapsed_ms(),
            energy=Energy(sum(energy.joules for energy in energies), worst) if energies else None,
        )


def _ms_between(start: float | None, end: float | None) -> float | None:
    return None if start is None or end is None else (end - start) * 1000.0


def _trust(provenance: Provenance) -> int:
    """A sum is as trustworthy as its least trustworthy part."""
    return (Provenance.MEASURED, Provenance.ESTIMATE, Provenance.UNAVAILABLE).index(provenance)
