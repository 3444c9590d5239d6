"""What a plan and an input are known by: SHA-256 over everything that changes the output, and over nothing else.

Why it exists: a cached answer may only be given again when the same question meets the same plan. What is left out
(times, retries, budgets, descriptions) may change without losing what is kept.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from app.contracts.audio import AudioChunk
from app.pipeline.definition import PipelineOptions
from app.pipeline.plan import PlannedStage
from app.pipeline.values import Parts, SoundSource, Value

_VERSION = 1
_NOT_OUTPUT = frozenset({"description", "timeout_s", "retry", "cache", "place", "note"})
"""Fields of a stage, and of what it is made of, that do not change what it makes."""
OUTPUT_OPTIONS = ("preserve_context", "max_tokens", "max_output_characters")
"""Options of a pipeline that change what it makes."""


def stage_identity(stage: PlannedStage) -> str:
    """What one planned stage is known by."""
    return digest(
        {
            "definition": plain(stage.definition),
            "asked": stage.asked.value,
            "ladder": plain(stage.ladder),
            "fallbacks": plain(stage.fallbacks),
            "experts": plain(stage.experts),
            "helper": plain(stage.helper),
            "rotation": plain(stage.rotation),
            "revisions": list(stage.revisions),
        }
    )


def options_identity(options: PipelineOptions) -> dict[str, object]:
    """The options that change the output."""
    return {name: getattr(options, name) for name in OUTPUT_OPTIONS}


def plan_identity(stages: Sequence[str], options: PipelineOptions, output: str) -> str:
    """The ``plan_id`` of a plan.

    Args:
        stages: Identities of its stages, in their order.
        options: Of the run.
        output: Id of the stage whose output is the run's.
    """
    return digest({"version": _VERSION, "stages": list(stages), "options": options_identity(options), "output": output})


def plain(value: object) -> Any:
    """A value as what JSON can say; fields that do not change the output are left out."""
    if isinstance(value, Enum):
        return value.value
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, AudioChunk):
        return {"pcm": hashlib.sha256(value.pcm).hexdigest(), "rate": value.sample_rate_hz}
    if is_dataclass(value):
        named = {field.name: plain(getattr(value, field.name)) for field in fields(value) if _counts(field.name)}
        return {"kind": type(value).__name__, **named}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, Sequence):
        return [plain(item) for item in value]
    if isinstance(value, Path):
        return value.as_posix()
    raise TypeError(f"{type(value).__name__} has no canonical form")


def of_value(value: Value) -> object | None:
    """What an input is known by, as JSON; None for an endless source, which nothing can be known by."""
    if isinstance(value, SoundSource):
        return None
    if isinstance(value, Parts):
        inner = [of_value(item) for item in value.items]
        return None if None in inner else {"parts": inner}
    return plain(value)  # type: ignore[no-any-return]


def digest(value: object) -> str:
    """SHA-256 over canonical JSON, hexadecimal."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _counts(name: str) -> bool:
    return name not in _NOT_OUTPUT
