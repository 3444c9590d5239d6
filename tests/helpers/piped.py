"""An assistant whose answers come from a pipeline, over scripted language models, in virtual time."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from app.assistant.parts import Stages, TurnOptions
from app.contracts.devices import Device, Tier
from app.contracts.ports import PowerMonitor, Runtime
from app.pipeline.answering import PipelineAnswers
from app.pipeline.definition import PipelineDefinition, PipelineOptions, StageDefinition, StageType
from app.pipeline.engine import PipelineEngine
from app.pipeline.stages.text_generation import TextGenerationProcessor
from models.fakes.llm import FakeTextGenerator
from tests.helpers.assistants import ANSWER, Room, cast, room
from tests.helpers.pipelines import tools_over, writer

ANSWERING = StageDefinition(stage_id="process-text", type=StageType.TEXT_GENERATION, needs=("voice-to-text",))
VOICE = PipelineDefinition(
    pipeline_id="voice-assistant",
    name="Voice",
    stages=(
        StageDefinition(stage_id="voice-to-text", type=StageType.AUDIO_TO_TEXT),
        ANSWERING,
        StageDefinition(stage_id="text-to-voice", type=StageType.TEXT_TO_AUDIO, needs=("process-text",)),
    ),
    options=PipelineOptions(preserve_context=True),
)


class _Definitions:
    def __init__(self, definition: PipelineDefinition) -> None:
        self._definition = definition

    def get(self, pipeline_id: str) -> PipelineDefinition:
        return self._definition

    def ids(self) -> tuple[str, ...]:
        return (self._definition.pipeline_id,)


@asynccontextmanager
async def piped(
    folder: Path,
    *runtimes: Runtime,
    definition: PipelineDefinition = VOICE,
    confidence: dict[str, float | None] | None = None,
    options: TurnOptions | None = None,
    tiers: Callable[[], tuple[Tier, ...]] = tuple,
    power: PowerMonitor | None = None,
    stages: Stages | None = None,
) -> AsyncIterator[Room]:
    """A room whose assistant asks a pipeline; ``power`` counts the joules of both, ``stages`` go on from its answer."""
    tools = tools_over(*runtimes, confidence=confidence)
    if power is not None:
        tools = replace(tools, power=power)
    engine = PipelineEngine(_Definitions(definition), tools, lambda _stage: TextGenerationProcessor())
    players = cast()
    players.parts = replace(players.parts, pipelines=PipelineAnswers(engine, tiers), power=power or players.parts.power)
    players.parts = replace(players.parts, stages=stages)
    chosen = replace(options or TurnOptions(), pipeline=definition.pipeline_id)
    try:
        async with room(folder, players, chosen) as there:
            yield there
    finally:
        await engine.aclose()


def paced(backend_id: str, answer: str = ANSWER, device: Device = Device.CPU) -> FakeTextGenerator:
    """Fifty tokens a second."""
    model = writer(backend_id, answer, device=device)
    model.token_s = 0.02
    return model
