"""Scripted stages: processors that do what a test says, in virtual time, and the shape of what a run told."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.contracts.audio import AudioChunk
from app.contracts.devices import Tier
from app.contracts.errors import InvalidInput, SottoError
from app.contracts.events import (
    CacheHit,
    PlanMade,
    Retrying,
    RunCancelled,
    RunFailed,
    RunFinished,
    StageCancelled,
    StageFailed,
    StageFinished,
    StageSkipped,
    StageStarted,
    Substituted,
    TextDelta,
    TextReplaced,
    TurnEvent,
)
from app.contracts.metrics import StageMetadata
from app.pipeline.definition import (
    PipelineDefinition,
    PipelineOptions,
    StageDefinition,
    StageType,
    Template,
)
from app.pipeline.engine import PipelineEngine
from app.pipeline.outlet import Outlet
from app.pipeline.stages.processor import Done, Processor, StageCall
from app.pipeline.tools import Kept, Tools
from app.pipeline.values import Sound, Text, Value, in_words
from tests.helpers.pipelines import tools_over

TIER = Tier("script", "script")


@dataclass
class Scripted(Processor):
    """Waits, shows text piece by piece, fails on cue, and gives what it was told to.

    Attributes:
        says: Shown in pieces; None answers ``ID(INPUT)`` in one go, without showing it.
        makes: Its output, when it is not the text.
        takes_s: Before the first piece.
        between_s: Before each further piece.
        errors: Its first runs fail with these; None lets one pass.
        fails_at: Which piece a failing run does not get to; 0 fails before any.
        commits: Each piece stands at once.
        pure: As `app.pipeline.keeping` reads it.
        streams: As `app.pipeline.runner` reads it.
    """

    says: Sequence[str] | None = None
    makes: Value | None = None
    takes_s: float = 0.0
    between_s: float = 0.0
    errors: list[BaseException | None] = field(default_factory=list)
    fails_at: int = 0
    commits: bool = False
    pure: bool = True
    streams: bool = False
    metadata: StageMetadata = field(default_factory=StageMetadata)
    calls: list[StageCall] = field(default_factory=list)
    inputs: list[Value] = field(default_factory=list)
    wound_down_s: float = 0.0
    ended: int = 0

    async def run(self, call: StageCall, outlet: Outlet) -> Done:
        self.calls.append(call)
        try:
            return await self._run(call, outlet)
        finally:
            if self.wound_down_s:
                await asyncio.sleep(self.wound_down_s)
            self.ended += 1

    async def _run(self, call: StageCall, outlet: Outlet) -> Done:
        value = await call.value()
        self.inputs.append(value)
        error = self.errors.pop(0) if self.errors else None
        if self.takes_s:
            await call.tools.clock.sleep(self.takes_s)
        for at, piece in enumerate(self.says or ()):
            if at and self.between_s:
                await call.tools.clock.sleep(self.between_s)
            if error is not None and at == self.fails_at:
                raise error
            outlet.show(piece, None, TIER)
            if self.commits:
                outlet.commit()
        if error is not None:
            raise error
        if self.makes is not None:
            return Done(self.makes, self.metadata)
        text = outlet.shown if self.says is not None else f"{call.stage.definition.stage_id}({in_words(value)})"
        return Done(Text(text), self.metadata)


@dataclass
class Reader(Processor):
    """Reads a stream and sounds once for every stretch of text."""

    heard: list[str] = field(default_factory=list)
    streams: bool = True

    async def run(self, call: StageCall, outlet: Outlet) -> Done:
        async for text in call.stream():
            self.heard.append(text)
            outlet.sound(AudioChunk(b"\0" * 4 * len(text)))
        return Done(Sound(AudioChunk(b"\0" * 4 * len("".join(self.heard)))))


@dataclass
class Shelf:
    """A cache in a dict; every key asked for is noted."""

    kept: dict[str, Kept] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    lifetimes: dict[str, float] = field(default_factory=dict)
    broken: SottoError | None = None

    async def get(self, key: str) -> Kept | None:
        self.asked.append(key)
        await asyncio.sleep(0)
        if self.broken is not None:
            raise self.broken
        return self.kept.get(key)

    async def put(self, key: str, kept: Kept, ttl_s: float) -> None:
        if self.broken is not None:
            raise self.broken
        self.kept[key] = kept
        self.lifetimes[key] = ttl_s


class OneOf:
    """Definitions of one pipeline, or of some."""

    def __init__(self, *definitions: PipelineDefinition) -> None:
        self._definitions = {one.pipeline_id: one for one in definitions}

    def get(self, pipeline_id: str) -> PipelineDefinition:
        if pipeline_id not in self._definitions:
            raise InvalidInput(f"There is no pipeline {pipeline_id!r}.", code="no-pipeline")
        return self._definitions[pipeline_id]

    def ids(self) -> tuple[str, ...]:
        return tuple(self._definitions)


def custom(stage_id: str, *needs: str, **fields: Any) -> StageDefinition:
    """A stage of type custom; ``when`` and the transforms may be given as text."""
    return stage(stage_id, StageType.CUSTOM, *needs, use=stage_id, **fields)


def stage(stage_id: str, type_: StageType, *needs: str, **fields: Any) -> StageDefinition:
    for name in ("when", "input_transform", "output_transform"):
        if isinstance(fields.get(name), str):
            fields[name] = Template(fields[name])
    return StageDefinition(stage_id=stage_id, type=type_, needs=needs, **fields)


def pipeline(*stages: StageDefinition, output: str = "", **options: Any) -> PipelineDefinition:
    return PipelineDefinition(
        pipeline_id="test", name="Test", stages=stages, output=output, options=PipelineOptions(**options)
    )


def engine_of(
    definition: PipelineDefinition, scripts: Mapping[str, Processor], tools: Tools | None = None, **more: Any
) -> PipelineEngine:
    """An engine for one pipeline whose stages follow scripts, by stage id."""
    return PipelineEngine(
        OneOf(definition), tools or tools_over(), lambda one: scripts[one.stage_id], **{"chance": _highest, **more}
    )


def _highest(_lowest: float, highest: float) -> float:
    return highest


def told(events: Sequence[TurnEvent]) -> list[str]:
    """Events in short, with the second at which they came when that is not the first."""
    return [_at(event) + short for event in events if (short := _short(event))]


def _at(event: TurnEvent) -> str:
    return f"{event.t_ms / 1000.0:g}s " if event.t_ms >= 1.0 else ""


def _short(event: TurnEvent) -> str:
    match event:
        case PlanMade(stages=stages):
            return f"PlanMade {' '.join(stages)}"
        case Substituted(stage=stage_id, asked=asked, got=got):
            return f"Substituted {stage_id}: {asked} -> {got}"
        case StageFinished(metrics=metrics, metadata=how):
            return f"StageFinished {metrics.stage}" + (" (cached)" if how and how.cached else "")
        case StageSkipped(stage=stage_id, reason=reason):
            return f"StageSkipped {stage_id}: {reason}"
        case StageFailed(stage=stage_id, code=code):
            return f"StageFailed {stage_id}: {code}"
        case StageStarted(stage=stage_id) | StageCancelled(stage=stage_id) | CacheHit(stage=stage_id):
            return f"{event.type} {stage_id}".strip()
        case TextDelta(stage=stage_id, text=text):
            return f"TextDelta {stage_id}: {text}"
        case TextReplaced(stage=stage_id, kept=kept, reason=reason):
            return f"TextReplaced {stage_id}: {kept} {reason}"
        case Retrying(attempt=attempt, of=of, delay_ms=delay, code=code):
            return f"Retrying {attempt}/{of} in {delay:g} ms: {code}"
        case RunFinished(text=text):
            return f"RunFinished: {text}"
        case RunFailed(code=code, stage=stage_id, exit_code=exit_code):
            return f"RunFailed: {code} {stage_id} {exit_code}".replace("  ", " ")
        case RunCancelled():
            return "RunCancelled"
        case _:
            return event.type


async def ran(engine: PipelineEngine, given: str | Value = "hi", **how: Any) -> list[str]:
    """Run the pipeline ``test`` to its end; returns what it told, in short."""
    events: list[TurnEvent] = []
    run = engine.start("test", Text(given) if isinstance(given, str) else given, **how)
    run.subscribe(events.append)
    await run.result()
    return told(events)
