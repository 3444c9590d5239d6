"""What a stage, a run and a turn took. Times are monotonic milliseconds; energy says where it came from."""

from __future__ import annotations

from dataclasses import dataclass

from app.contracts.capabilities import ConfidenceSource
from app.contracts.devices import Device
from app.contracts.energy import Comparison, Energy, EnergyAccount


@dataclass(frozen=True, slots=True, kw_only=True)
class StageMetrics:
    """One stage of one turn or run.

    Attributes:
        stage: Name of the stage: ``listen``, ``transcribe``, ``answer``, ``speak`` in the voice turn.
        backend: Id of the backend, empty for work of our own.
        device: Where it ran.
        elapsed_ms: From its start to its end.
        first_output_ms: From its start to its first output, None when it had none.
        tokens: Generated tokens, 0 where that has no meaning.
        energy: What it cost above idle.
    """

    stage: str
    backend: str
    device: Device
    elapsed_ms: float
    first_output_ms: float | None = None
    tokens: int = 0
    energy: Energy | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One tier's try at a stage.

    Attributes:
        backend: Id of the backend.
        model: Its model.
        decision: ``accepted``, ``escalated``, ``failed-over``, ``failed``, ``stopped``, ``best`` (no tier
            reached the bar and this was the best), ``merged`` (one of several experts), ``draft`` or ``verified``.
        reason: Why, in words.
        confidence: In [0, 1] or None.
        elapsed_ms: From its start to its decision.
        tokens: Tokens it generated.
        energy: What it cost above idle.
        simulated: The tier pretends to be a model: its figures are stated, not measured.
    """

    backend: str
    model: str
    decision: str
    reason: str
    confidence: float | None = None
    elapsed_ms: float = 0.0
    tokens: int = 0
    energy: Energy | None = None
    simulated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StageMetadata:
    """How the output of a stage came about.

    Attributes:
        forwarded: A tier other than the first gave the answer.
        confidence: Of the answer that was taken, in [0, 1] or None.
        confidence_source: Where that number comes from.
        attempt_count: How many tiers and experts were tried; 0 for a cache hit.
        backend: Id of the backend whose answer was taken, empty for work of our own.
        model: Its model.
        asked: The device that was asked for.
        ran: The device that really ran.
        attempts: Each try with its decision and reason, in order.
        cached: The answer came from the cache.
        notes: What else is worth a sentence: shortened, replaced, guarded, unavailable.
        figures: Further numbers by name, for instance ``kept_share`` of a verified draft; pairs, sorted by name.
    """

    forwarded: bool = False
    confidence: float | None = None
    confidence_source: ConfidenceSource = ConfidenceSource.NONE
    attempt_count: int = 0
    backend: str = ""
    model: str = ""
    asked: Device = Device.CPU
    ran: Device = Device.CPU
    attempts: tuple[Attempt, ...] = ()
    cached: bool = False
    notes: tuple[str, ...] = ()
    figures: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RunMetrics:
    """One execution of a pipeline, in milliseconds.

    Attributes:
        total_ms: From the request to the end.
        validation_ms: Checking the input.
        routing_ms: Making the plan and choosing backends.
        execution_ms: Stages at work, from the first start to the last end.
        fusion_ms: Merging the answers of several experts.
        guard_ms: Checking the output.
        cache_ms: Looking things up and keeping them.
        stages: In the order in which they ended.
        energy: The whole run.
        bottlenecks: Names of the stages on the longest path that took most of the time, the slowest first.
        cache_hits: Stages (or the whole run, counted as one) answered from the cache.
        cache_lookups: How often the cache was asked.
    """

    total_ms: float = 0.0
    validation_ms: float = 0.0
    routing_ms: float = 0.0
    execution_ms: float = 0.0
    fusion_ms: float = 0.0
    guard_ms: float = 0.0
    cache_ms: float = 0.0
    stages: tuple[StageMetrics, ...] = ()
    energy: Energy | None = None
    bottlenecks: tuple[str, ...] = ()
    cache_hits: int = 0
    cache_lookups: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnMetrics:
    """A whole turn, in milliseconds from the end of the person's input (key up plus release tail, or Enter).

    Attributes:
        stages: In the order in which they ended.
        tail_ms: The release tail after key up; 0 for typed turns.
        final_transcript_ms: End of input to final transcript, None for typed turns.
        first_token_ms: End of input to the first text of the answer, None when there was none.
        first_audio_ms: End of input to the first audible sample at the device, None when nothing was spoken.
        total_ms: From the start of the turn to its end.
        energy: The whole turn: the sum of its stages.
        account: Where every joule of the turn went, None where nobody counted.
        compared: What the same stages would have taken on one device alone.
    """

    stages: tuple[StageMetrics, ...] = ()
    tail_ms: float = 0.0
    final_transcript_ms: float | None = None
    first_token_ms: float | None = None
    first_audio_ms: float | None = None
    total_ms: float = 0.0
    energy: Energy | None = None
    account: EnergyAccount | None = None
    compared: tuple[Comparison, ...] = ()
