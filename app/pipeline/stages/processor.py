"""What every stage looks like to the runner, and what the runner gives it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from app.contracts.energy import Energy, added
from app.contracts.events import TurnEvent
from app.contracts.metrics import StageMetadata
from app.contracts.text import ChatMessage
from app.pipeline.definition import PipelineOptions
from app.pipeline.outlet import Outlet
from app.pipeline.plan import PlannedStage
from app.pipeline.tools import Tools
from app.pipeline.values import Value


@dataclass(slots=True)
class Timings:
    """What a stage writes down about itself while it runs; the runner measures the rest.

    Attributes:
        tokens: Generated tokens.
        first_output_at: Monotonic seconds of the first output, None before.
        busy_s: Seconds its device worked, None when it worked throughout.
        spent: What its work took, failed pieces of it included; None where nothing was counted.
        guard_s: Seconds the output guard took.
        fusion_s: Seconds merging took.
        validation_s: Seconds checking the input took.
    """

    tokens: int = 0
    first_output_at: float | None = None
    busy_s: float | None = None
    spent: Energy | None = None
    guard_s: float = 0.0
    fusion_s: float = 0.0
    validation_s: float = 0.0

    def took(self, energy: Energy) -> None:
        """A piece of its work has ended and took so much."""
        self.spent = energy if self.spent is None else added((self.spent, energy))


@dataclass(frozen=True, slots=True, kw_only=True)
class StageCall:
    """One stage being run once.

    Attributes:
        stage: The stage with its tiers.
        options: Of the run.
        tools: What may be used.
        value: Waits for the input: the output of what it needs (the run's input when it needs nothing; `Parts` in the
            order of ``needs`` when it needs several), through ``input_transform``.
        stream: The input as committed text while it comes; whole at once where a transform needs all of it.
        inputs: Outlets of the stages it needs, by id.
        context: ``Context`` of templates: what the caller gave and what stages put there.
        messages: The conversation before this run, and under ``preserve_context`` what earlier stages said.
        report: Takes events; the run's stream stamps them.
        timings: To be filled in.
        pipeline_id: What is run, for the budgets that are kept per pipeline.
        run_id: Which run of it.
    """

    stage: PlannedStage
    options: PipelineOptions
    tools: Tools
    value: Callable[[], Awaitable[Value]]
    stream: Callable[[], AsyncIterator[str]]
    inputs: Mapping[str, Outlet]
    context: Mapping[str, str]
    messages: tuple[ChatMessage, ...]
    report: Callable[[TurnEvent], None]
    timings: Timings = field(default_factory=Timings)
    pipeline_id: str = ""
    run_id: str = ""


@dataclass(frozen=True, slots=True)
class Done:
    """What a stage made, and how."""

    value: Value
    metadata: StageMetadata = field(default_factory=StageMetadata)


class Processor(Protocol):
    """The code of a stage. One object serves every run, so it keeps nothing between calls.

    A class may say two things about itself by attributes: ``streams = True``, it works on `StageCall.stream` while that
    comes, so it may begin before the stage it needs has ended; and, for custom stages, ``pure = True``, its output
    depends on nothing but the call, so it may be kept in the cache where the pipeline's options say so.
    """

    async def run(self, call: StageCall, outlet: Outlet) -> Done:
        """Do the work; show and commit through the outlet while it goes on, but leave its end to the runner.

        Raises:
            SottoError: It could not be done; a `TemporaryError` is tried again by the runner.
        """
        ...
