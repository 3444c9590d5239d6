"""What a stage and a turn took. Times are monotonic milliseconds; energy says where it came from."""

from __future__ import annotations

from dataclasses import dataclass

from app.contracts.devices import Device
from app.contracts.energy import Energy


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
class TurnMetrics:
    """A whole turn, in milliseconds from the end of the person's input (key up plus release tail, or Enter).

    Attributes:
        stages: In the order in which they ended.
        tail_ms: The release tail after key up; 0 for typed turns.
        final_transcript_ms: End of input to final transcript, None for typed turns.
        first_token_ms: End of input to the first text of the answer, None when there was none.
        first_audio_ms: End of input to the first audible sample at the device, None when nothing was spoken.
        total_ms: From the start of the turn to its end.
        energy: The whole turn.
    """

    stages: tuple[StageMetrics, ...] = ()
    tail_ms: float = 0.0
    final_transcript_ms: float | None = None
    first_token_ms: float | None = None
    first_audio_ms: float | None = None
    total_ms: float = 0.0
    energy: Energy | None = None
