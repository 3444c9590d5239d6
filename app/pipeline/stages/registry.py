"""Finds the code of a stage: by its type, and for custom stages by what they use.

Why it exists: stages are loaded when a pipeline needs them, and other packages may bring their own as entry points of
the group ``sotto.stages``: the name is what ``use`` says, the object is a class or function without arguments that
makes a `Processor`. A package that is broken costs the pipelines that use it one clear sentence, and others nothing.
"""

from __future__ import annotations

import importlib
import logging
from collections.abc import Mapping
from importlib.metadata import EntryPoint, entry_points
from types import MappingProxyType
from typing import cast

from app.contracts.errors import InvalidInput, SottoError, Unavailable
from app.pipeline.definition import StageDefinition, StageType
from app.pipeline.stages.processor import Processor

log = logging.getLogger(__name__)

GROUP = "sotto.stages"
"""Entry points under which custom stages of others are found."""
BY_TYPE: Mapping[StageType, str] = MappingProxyType(
    {
        StageType.AUDIO_TO_TEXT: "app.pipeline.stages.audio_to_text:AudioToTextProcessor",
        StageType.TEXT_GENERATION: "app.pipeline.stages.text_generation:TextGenerationProcessor",
        StageType.TEXT_TO_AUDIO: "app.pipeline.stages.text_to_audio:TextToAudioProcessor",
        StageType.EMBEDDING: "app.pipeline.stages.embedding:EmbeddingProcessor",
    }
)
BY_USE: Mapping[str, str] = MappingProxyType(
    {
        "cite": "app.pipeline.stages.cite:CiteProcessor",
        "condition": "app.pipeline.stages.condition:ConditionProcessor",
        "merge": "app.pipeline.stages.merge:MergeProcessor",
        "quality-check": "app.pipeline.stages.quality_check:QualityCheckProcessor",
        "split": "app.pipeline.stages.split:SplitProcessor",
        "vector-lookup": "app.pipeline.stages.vector_lookup:VectorLookupProcessor",
    }
)
"""The custom stages that ship with Sotto; no other package can take their names."""


def processor_for(definition: StageDefinition) -> Processor:
    """The code of a stage, made anew.

    Raises:
        InvalidInput: A custom stage uses something nobody brings (``no-such-stage``).
        Unavailable: The package that brings it is broken (``broken-stage``).
    """
    known = BY_TYPE.get(definition.type) or BY_USE.get(definition.use)
    if known is None:
        return _brought(definition)
    module, _, name = known.partition(":")
    return cast("Processor", getattr(importlib.import_module(module), name)())


def _brought(definition: StageDefinition) -> Processor:
    """A custom stage of another package."""
    where = f"{definition.place}: " if definition.place else ""
    found = [point for point in entry_points(group=GROUP) if point.name == definition.use]
    if not found:
        raise InvalidInput(
            f"{where}The stage {definition.stage_id} uses {definition.use!r}, which nothing here brings.",
            code="no-such-stage",
            remedy=f"There are {', '.join(sorted(BY_USE))}; others come with packages.",
        )
    try:
        processor = found[0].load()()
    except SottoError:
        raise
    except Exception as error:
        log.warning("the custom stage %s of %s failed to load", definition.use, found[0].value, exc_info=True)
        raise _broken(definition, found[0], f"{type(error).__name__}: {error}") from error
    if not callable(getattr(processor, "run", None)):
        raise _broken(definition, found[0], "it has no method `run`")
    return cast("Processor", processor)


def _broken(definition: StageDefinition, point: EntryPoint, reason: str) -> Unavailable:
    package = f"{point.dist.name} {point.dist.version}" if point.dist else point.value
    reason = " ".join(reason.split())[:200]
    return Unavailable(
        f"The stage {definition.stage_id} cannot run: {definition.use!r} of {package} is broken ({reason}).",
        code="broken-stage",
        remedy="Update or remove that package.",
    )
