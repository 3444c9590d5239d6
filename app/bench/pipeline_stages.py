"""Stages whose work is known exactly, so that what is left of a measurement is the engine's."""

from __future__ import annotations

import asyncio
from typing import Any

from app.contracts.devices import Tier
from app.contracts.errors import InvalidInput
from app.contracts.metrics import StageMetadata
from app.pipeline.definition import PipelineDefinition, PipelineOptions, StageDefinition, StageType
from app.pipeline.identity import digest, plain
from app.pipeline.outlet import Outlet
from app.pipeline.stages.processor import Done, Processor, StageCall
from app.pipeline.stages.registry import processor_for
from app.pipeline.values import Text, Value, in_words

TIER = Tier("sotto", "bench")


def handed_on(value: Value) -> Text:
    """The work of a stage that does next to nothing."""
    return Text(in_words(value) + ".")


class HandOn:
    """Does `handed_on`."""

    pure = True

    async def run(self, call: StageCall, outlet: Outlet) -> Done:
        """Show and hand on."""
        text = handed_on(await call.value())
        outlet.show(text.text, None, TIER)
        return Done(text)


class Wait:
    """Waits a second without needing the processor, like a stage on another device."""

    async def run(self, call: StageCall, outlet: Outlet) -> Done:  # noqa: ARG002 - nothing is shown
        """Wait."""
        value = await call.value()
        await asyncio.sleep(1.0)
        return Done(value)


class Told:
    """Says what it was given and told: its answer differs whenever something that changes the output does."""

    pure = True

    async def run(self, call: StageCall, outlet: Outlet) -> Done:
        """Answer."""
        text = answer_of(call.stage.definition, call.options, await call.value())
        outlet.show(text, None, TIER)
        return Done(Text(text), StageMetadata(attempt_count=1))


def answer_of(stage: StageDefinition, options: PipelineOptions, value: Value) -> str:
    """What `Told` answers."""
    said = [plain(stage.sampling), stage.prompt, stage.use, dict(stage.settings), options.max_tokens]
    return digest([said, in_words(value)])


def bench_processors(definition: StageDefinition) -> Processor:
    """The stages of the bench by their names, the real ones otherwise."""
    match definition.use:
        case "bench-hand-on":
            return HandOn()
        case "bench-wait":
            return Wait()
        case "bench-told":
            return Told()
        case _:
            return processor_for(definition)


def custom(stage_id: str, use: str, *needs: str, **fields: Any) -> StageDefinition:
    """A custom stage in short."""
    return StageDefinition(stage_id=stage_id, type=StageType.CUSTOM, use=use, needs=needs, **fields)


def pipeline(pipeline_id: str, *stages: StageDefinition, **options: Any) -> PipelineDefinition:
    """A pipeline in short."""
    return PipelineDefinition(
        pipeline_id=pipeline_id, name=pipeline_id, stages=stages, options=PipelineOptions(**options)
    )


class NoLibrary:
    """Every pipeline of the bench is given as a definition."""

    def get(self, pipeline_id: str) -> PipelineDefinition:
        """There is none.

        Raises:
            InvalidInput: Always.
        """
        raise InvalidInput(f"There is no pipeline {pipeline_id!r}.", code="no-pipeline")

    def ids(self) -> tuple[str, ...]:
        """There are none."""
        return ()
