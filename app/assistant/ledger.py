"""Writes down what each stage of a turn took: time, first output, energy, and where it ran.

Energy is counted by spans (`app.contracts.ports.EnergySpan`), and a stage's is the sum of its spans. It may have one
that began before it: a recogniser works while the person still talks, the voice speaks while the answer is still being
written. It may have none: what a pipeline does is counted by the pipeline, tier by tier, and a second span around it
would count the same work twice; such a stage is told what the run took. When another backend goes on with a stage, or
one turns out to run elsewhere, what it takes is counted there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from app.assistant.parts import Parts
from app.assistant.stream import TurnStream
from app.contracts.devices import Backend, Device
from app.contracts.energy import Energy, added
from app.contracts.events import DeviceUsed, StageFinished, StageStarted
from app.contracts.metrics import StageMetadata, StageMetrics, TurnMetrics
from app.contracts.ports import EnergySpan, PowerMonitor, TurnEnergy


class Work:
    """Work for a stage, counted wherever it goes on: by a span for each backend that had it.

    Args:
        power: Counts.
        stage: Its name.
        backend: Who is thought to work.
        busy: Seconds of work so far.
    """

    def __init__(self, power: PowerMonitor, stage: str, backend: Backend, busy: Callable[[], float]) -> None:
        self._power = power
        self._busy = busy
        self._spans: list[EnergySpan] = []
        self._ended = False
        self.stage = stage
        self._begin(backend.backend_id, backend.device)

    def goes_on(self, backend_id: str, device: Device) -> None:
        """A backend has it now, and runs there; nothing any more once the work has ended."""
        if self._ended:
            return
        if backend_id == self._backend_id:
            self._spans[-1].ran_on(device)
        else:
            self._spans[-1].end()
            self._begin(backend_id, device, self._busy())

    def end(self) -> Energy:
        """Joules above idle of all of it. Whoever asks again gets the same."""
        self._ended = True
        return added([span.end() for span in self._spans])

    def _begin(self, backend_id: str, device: Device, before_s: float = 0.0) -> None:
        self._backend_id = backend_id
        self._spans.append(self._power.span(self.stage, backend_id, device, lambda: self._busy() - before_s))


@dataclass(slots=True)
class Entry:
    """One stage while it runs; times in monotonic seconds.

    Attributes:
        name: Of the stage.
        backend: Who works for it.
        started: When it began.
        first_output: When its first output came, None before.
        tokens: It has generated.
        work: That is counted for it.
        counted: Energy others have counted for it.
        how: How its answer came about, tier by tier, where a pipeline tells.
    """

    name: str
    backend: Backend
    started: float
    first_output: float | None = None
    tokens: int = 0
    work: list[Work] = field(default_factory=list)
    counted: list[Energy] = field(default_factory=list)
    how: StageMetadata | None = None


class Ledger:
    """The stages of one turn, in the order in which they end."""

    def __init__(self, parts: Parts, stream: TurnStream) -> None:
        self._parts = parts
        self._stream = stream
        self._stages: list[StageMetrics] = []
        self._energy: TurnEnergy | None = None
        self._work: list[Work] = []
        self._ahead: dict[str, list[Work]] = {}
        self._open: list[Entry] = []
        self.ended_at: float | None = None
        self._tail_ms = 0.0
        self._transcribed_at: float | None = None
        self.first_token: float | None = None
        self.first_audio: float | None = None
        stream.on_device = self._ran

    @contextmanager
    def counting(self) -> Iterator[None]:
        """Count the energy of the whole turn, which is the block; nothing of it is counted any more behind it."""
        self._energy = self._parts.power.turn(self._stream.turn_id)
        try:
            yield
        finally:
            for work in self._work:
                work.end()
            self._energy.end()

    def ahead(self, name: str, backend: Backend, busy: Callable[[], float]) -> Work:
        """Count work for a stage that has not begun yet; it becomes a part of that stage.

        Args:
            name: Of the stage.
            backend: Who works.
            busy: Seconds it has worked so far.
        """
        work = self._begun(name, backend, busy)
        self._ahead.setdefault(name, []).append(work)
        return work

    @contextmanager
    def stage(self, name: str, backend: Backend, *, counted: bool = False) -> Iterator[Entry]:
        """Report a stage's start and, unless it fails, its end with its figures. See `begin`."""
        entry = self.begin(name, backend, counted=counted)
        try:
            yield entry
        except BaseException:
            for work in entry.work:
                work.end()
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
        entry = Entry(name, backend, clock.monotonic(), work=self._ahead.pop(name, []))
        if not counted:
            began = entry.started
            entry.work.append(self._begun(name, backend, lambda: clock.monotonic() - began))
        self._open.append(entry)
        return entry

    def finish(self, entry: Entry) -> None:
        """Report a stage's end with its figures."""
        self._open.remove(entry)
        spent = [work.end() for work in entry.work] + entry.counted
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

    def _begun(self, name: str, backend: Backend, busy: Callable[[], float]) -> Work:
        work = Work(self._parts.power, name, backend, busy)
        self._work.append(work)
        return work

    def _ran(self, event: DeviceUsed) -> None:
        """A backend works for a stage from now on, and says where it runs."""
        for work in self._work:
            if work.stage == event.stage:
                work.goes_on(event.backend, event.ran)
        for entry in self._open:
            if entry.name == event.stage:
                entry.backend = replace(entry.backend, backend_id=event.backend, device=event.ran)


def _ms_between(start: float | None, end: float | None) -> float | None:
    return None if start is None or end is None else (end - start) * 1000.0
