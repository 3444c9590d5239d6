"""Text stages for tests: a plan in a line, confidence that follows the tokens, and the shape of what was done."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace

from app.contracts.capabilities import ConfidenceSource
from app.contracts.devices import Device, Tier
from app.contracts.energy import GovernorVerdict, Rest
from app.contracts.events import DeviceUsed, Escalated, FailedOver, TurnEvent
from app.contracts.ports import Runtime
from app.contracts.text import ChatMessage, GenerationRequest, Role
from app.pipeline.definition import Forwarding, PipelineOptions, StageDefinition, StageType
from app.pipeline.plan import PlannedStage
from app.pipeline.text.steps import Ask, Commit, Outcome, Piece, Replace, Step, Strategy
from app.pipeline.tools import Judged, Tools
from tests.helpers.pipelines import tools_over


class SureByToken:
    """Confidence as the mean probability of the tokens; None without any."""

    def of(self, tier: Tier, log_probs: Sequence[float], text: str) -> Judged:
        if not log_probs:
            return Judged(None, ConfidenceSource.NONE)
        mean = sum(math.exp(log_prob) for log_prob in log_probs) / len(log_probs)
        return Judged(round(mean, 3), ConfidenceSource.CALIBRATED)


class Thermostat:
    """A governor that is told what may run."""

    def __init__(self) -> None:
        self.resting: dict[Device, str] = {}
        self.max_tokens: int | None = None
        self.joules: float | None = None
        self.patience = 0.0

    def verdict(self) -> GovernorVerdict:
        return GovernorVerdict(
            frozenset(Device) - self.resting.keys(),
            " ".join(self.resting.values()),
            self.max_tokens,
            tuple(Rest(device, reason) for device, reason in self.resting.items()),
            self.joules,
            self.patience,
        )

    async def ready(self) -> None:
        """It always is."""


def tier_of(runtime: Runtime) -> Tier:
    return Tier(runtime.backend.backend_id, runtime.backend.model)


def stage_over(
    *ladder: Runtime,
    fallbacks: Sequence[Runtime] = (),
    bar: float | None = None,
    early_tokens: int = 16,
    **definition: object,
) -> PlannedStage:
    """A text stage on a ladder, with a confidence check when there is a bar."""
    forwarding = None if bar is None else Forwarding(min_confidence=bar, early_tokens=early_tokens)
    made = StageDefinition(stage_id="answer", type=StageType.TEXT_GENERATION, forwarding=forwarding)
    return PlannedStage(
        definition=replace(made, **definition),
        ladder=tuple(map(tier_of, ladder)),
        asked=ladder[0].backend.device if ladder else Device.CPU,
        fallbacks=tuple(map(tier_of, fallbacks)),
    )


def ask_for(
    stage: PlannedStage,
    *runtimes: Runtime,
    tools: Tools | None = None,
    confidence: Mapping[str, float | None] | None = None,
    report: Callable[[TurnEvent], None] = lambda event: None,
    max_tokens: int = 200,
    joules: float | None = None,
) -> Ask:
    """A question to a stage."""
    return Ask(
        request=GenerationRequest((ChatMessage(Role.USER, "Where is it?"),), max_tokens=max_tokens),
        stage=stage,
        options=PipelineOptions(),
        tools=tools or tools_over(*runtimes, confidence=confidence),
        report=report,
        joules=joules,
    )


async def story(strategy: Strategy, ask: Ask) -> tuple[list[str], Outcome]:
    """Every step and every event in the order in which they came, a line each; and the outcome."""
    lines: list[str] = []
    outcome: Outcome | None = None
    ask = replace(ask, report=lambda event: lines.append(line_of_event(event)))
    async with aclosing(strategy.steps(ask)) as steps:
        async for step in steps:
            assert outcome is None, "nothing comes behind the outcome"
            if isinstance(step, Outcome):
                outcome = step
            else:
                lines.append(line_of(step))
    assert outcome is not None
    return lines, outcome


def line_of(step: Step) -> str:
    match step:
        case Piece(text=text, tier=tier):
            return f"{tier.backend_id}: {text!r}"
        case Replace(kept=kept):
            return f"replace from {kept}"
        case Commit():
            return "commit"
        case Outcome(tier=tier):
            return f"outcome of {tier.backend_id}"


def line_of_event(event: TurnEvent) -> str:
    match event:
        case DeviceUsed(backend=backend, asked=asked, ran=ran):
            return f"[{backend} runs on {ran}, asked {asked}]"
        case Escalated(from_tier=low, to_tier=high, confidence=confidence):
            return f"[escalated {low.backend_id} to {high.backend_id} at {confidence:g}]"
        case FailedOver(from_backend=source, to_backend=target, at_token=at_token):
            return f"[failed over {source} to {target} at {at_token}]"
        case _:
            return f"[{event.type}]"


def text_of(lines: Sequence[Step]) -> str:
    """What steps add up to."""
    text = ""
    for step in lines:
        match step:
            case Piece(text=new):
                text += new
            case Replace(kept=kept):
                text = text[:kept]
            case _:
                pass
    return text


def decisions(outcome: Outcome) -> list[tuple[str, str]]:
    return [(attempt.backend, attempt.decision) for attempt in outcome.attempts]
