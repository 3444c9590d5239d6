"""What a template under ``with`` may name: the input, the stages this one needs, and the context."""

from __future__ import annotations

from app.pipeline.definition import OptionValue
from app.pipeline.stages.processor import StageCall
from app.pipeline.values import Text, Value, Verdict, in_words


async def variables(call: StageCall, value: Value) -> dict[str, OptionValue]:
    """``input``, ``stages.ID.output``, ``.passed`` and ``.confidence``, and ``context.KEY``.

    Args:
        call: Whose.
        value: Its input.

    Raises:
        SottoError: A stage it needs failed.
    """
    stages: dict[str, OptionValue] = {
        name: described(await outlet.value()) for name, outlet in call.inputs.items() if outlet.closed
    }
    return {"input": in_words(value), "stages": stages, "context": dict(call.context)}


def described(value: Value) -> dict[str, OptionValue]:
    """One stage as templates see it."""
    confidence = value.confidence if isinstance(value, Text | Verdict) else None
    passed = value.passed if isinstance(value, Verdict) else True
    return {"output": in_words(value), "passed": passed, "confidence": confidence}
