"""The part of a pipeline that lies between the words of a question and the words of its answer.

Why it exists: in a turn the person is heard and the answer spoken by the turn itself, which overlaps both with the
person and the speaker. The same pipeline, run from the terminal or over gRPC, does all of it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import replace

from app.contracts.devices import Tier
from app.contracts.errors import InvalidInput
from app.contracts.text import GenerationRequest
from app.pipeline.definition import Forwarding, PipelineDefinition, Sampling, StageDefinition, StageType, TierWish
from app.pipeline.engine import PipelineEngine
from app.pipeline.run import Run
from app.pipeline.selection import same_model
from app.pipeline.values import Text

_LAYOUT = "\n\t"


class PipelineAnswers:
    """Begins the answering part of a pipeline for a turn.

    Args:
        engine: Runs it.
        tiers: The language models of the profile, the first to ask first, read at every answer. A text stage that names
            no backend of its own uses these, and climbs them if it checks its confidence: the profile says where, the
            pipeline how.
    """

    def __init__(self, engine: PipelineEngine, tiers: Callable[[], Sequence[Tier]]) -> None:
        self._engine = engine
        self._tiers = tiers

    def answer(self, pipeline_id: str, request: GenerationRequest, turn_id: str) -> Run:
        """Begin; the question is the last message of the request.

        Raises:
            InvalidInput: There is no such pipeline, or it makes no words.
        """
        definition = answering_part(self._engine.definition(pipeline_id))
        tiers = tuple(self._tiers())
        stages = tuple(_in_this_turn(stage, request, tiers) for stage in definition.stages)
        return self._engine.start_definition(
            replace(definition, stages=stages),
            Text(usable(request.messages[-1].content)),
            messages=request.messages[:-1],
            turn_id=turn_id,
        )


def usable(text: str) -> str:
    """A question without control characters and half characters, which a terminal or a clipboard can bring along."""
    return "".join(char for char in text if char in _LAYOUT or unicodedata.category(char) not in {"Cc", "Cs"})


def answering_part(definition: PipelineDefinition) -> PipelineDefinition:
    """The pipeline without the stages that hear the question and those that speak the answer.

    Raises:
        InvalidInput: Nothing is left that makes words.
    """
    gone = {stage.stage_id for stage in definition.stages if stage.type is StageType.AUDIO_TO_TEXT}
    gone |= _speaking(definition)
    stages = tuple(
        replace(stage, needs=tuple(need for need in stage.needs if need not in gone))
        for stage in definition.stages
        if stage.stage_id not in gone
    )
    if not stages:
        raise InvalidInput(
            f"The pipeline {definition.pipeline_id!r} has no stage that answers a question.",
            code="no-answering-stage",
            remedy="Choose another pipeline in the profile.",
        )
    output = definition.output_stage
    while output in gone:
        needs = next(stage.needs for stage in definition.stages if stage.stage_id == output)
        output = needs[-1] if needs else stages[-1].stage_id
    return replace(definition, stages=stages, output=output)


def _speaking(definition: PipelineDefinition) -> set[str]:
    """Stages that make sound, and those that only work on sound."""
    gone: set[str] = set()
    for stage in definition.stages:
        if stage.type is StageType.TEXT_TO_AUDIO or (stage.needs and gone.issuperset(stage.needs)):
            gone.add(stage.stage_id)
    return gone


def _in_this_turn(stage: StageDefinition, request: GenerationRequest, tiers: tuple[Tier, ...]) -> StageDefinition:
    """A text stage with the person's limits and, unless it names its own, the tiers of the profile."""
    if stage.type is not StageType.TEXT_GENERATION:
        return stage
    own = stage.sampling
    sampling = Sampling(
        max_tokens=min(own.max_tokens or request.max_tokens, request.max_tokens),
        temperature=request.temperature if own.temperature is None else own.temperature,
        top_p=request.top_p if own.top_p is None else own.top_p,
        seed=request.seed if own.seed is None else own.seed,
    )
    if stage.backend or not tiers:
        return replace(stage, sampling=sampling)
    first = tiers[0]
    return replace(
        stage,
        sampling=sampling,
        backend=first.backend_id,
        model=first.model,
        hardware=None,
        forwarding=_upwards(stage.forwarding, tiers),
    )


def _upwards(forwarding: Forwarding | None, tiers: tuple[Tier, ...]) -> Forwarding | None:
    """The profile's higher tiers before those of the pipeline; the same model elsewhere would know no better."""
    if forwarding is None:
        return None
    higher = tuple(
        TierWish(tier.backend_id, tier.model) for tier in tiers[1:] if not same_model(tier.model, tiers[0].model)
    )
    return replace(forwarding, path=(*higher, *forwarding.path))
