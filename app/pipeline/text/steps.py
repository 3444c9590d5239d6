"""The steps in which a text comes, whichever way it is got: the one language of monitor, ladder, experts and guard."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from typing import Protocol

from app.contracts.capabilities import ConfidenceSource
from app.contracts.devices import Device, Tier
from app.contracts.energy import Energy
from app.contracts.events import TurnEvent
from app.contracts.metrics import Attempt
from app.contracts.text import FinishReason, GenerationRequest
from app.pipeline.definition import PipelineOptions
from app.pipeline.plan import PlannedStage
from app.pipeline.tools import Tools


@dataclass(frozen=True, slots=True)
class Piece:
    """New text at the end. ``confidence`` in [0, 1] is the token's own probability, None where there is none."""

    text: str
    confidence: float | None
    tier: Tier


@dataclass(frozen=True, slots=True)
class Replace:
    """Everything behind the first ``kept`` characters is taken back."""

    kept: int
    reason: str


@dataclass(frozen=True, slots=True)
class Commit:
    """Everything so far stands: it may be spoken and handed to the next stage."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The last step: how the text came about. ``notes`` and ``figures`` as in `StageMetadata`."""

    tier: Tier
    ran: Device
    confidence: float | None
    source: ConfidenceSource
    attempts: tuple[Attempt, ...]
    finish: FinishReason
    tokens: int
    notes: tuple[str, ...] = ()
    figures: tuple[tuple[str, float], ...] = ()
    fusion_ms: float = 0.0


Step = Piece | Replace | Commit | Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What a text stage asks of a strategy.

    Attributes:
        request: The prompt and the sampling.
        stage: The stage with its tiers.
        options: Of the run.
        tools: What may be used.
        report: Takes `Escalated`, `FailedOver`, `Retrying`, `DeviceUsed` and `Status`.
        pipeline_id: Whose budget is spent.
        run_id: Likewise.
        joules: What may be spent on this text, None for no bound.
        on_spent: Gets what each attempt took when it ends, however it ends.
    """

    request: GenerationRequest
    stage: PlannedStage
    options: PipelineOptions
    tools: Tools
    report: Callable[[TurnEvent], None]
    pipeline_id: str = ""
    run_id: str = ""
    joules: float | None = None
    on_spent: Callable[[Energy], None] = lambda _energy: None


class Strategy(Protocol):
    """A way to get a text. Ends with exactly one `Outcome`, before which everything left is committed."""

    def steps(self, ask: Ask) -> AsyncGenerator[Step, None]:
        """Get the text.

        Closing the generator stops the engines.

        Raises:
            SottoError: No tier could give an answer.
        """
        ...
