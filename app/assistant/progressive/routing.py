"""Which stages a question goes through: by how much thought it needs, and by what the person was satisfied with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.assistant.parts import Depth
from app.assistant.understanding.meaning import Complexity
from app.contracts.errors import InvalidInput
from app.settings.answer_stages import DEEP, SYNTHESIS, AnswerStage
from app.settings.files import suggestion

SUFFICES = 0.9
"""Confidence from which no further stage is asked, before the person has said anything."""
REACH = 0.15
"""How far the person's ratings may move it, either way."""
WIDER_FROM = 0.1
"""Moved up so far, a question of this kind goes through the stages of the next harder kind."""
IN_ONE_GO = "Where the answer goes, nothing can be taken back."
_LEVELS = tuple(Complexity)


@dataclass(frozen=True, slots=True)
class Route:
    """The stages of one answer.

    Attributes:
        stages: Those it may go through, in order.
        forced: The person named them: none is skipped.
        passed_over: Names of the stages of the profile that it does not go through.
        reason: Why not.
    """

    stages: tuple[AnswerStage, ...]
    forced: bool = False
    passed_over: tuple[str, ...] = ()
    reason: str = ""


def route(stages: Sequence[AnswerStage], depth: Depth, complexity: Complexity, threshold: float) -> Route:
    """The way of one question.

    Simple ones get the first stage, medium ones the first and the last, complex ones all.

    Args:
        stages: Of the profile; at least one.
        depth: What the person asked for.
        complexity: Of the question.
        threshold: What counts as sure enough for it, see `SUFFICES`.

    Raises:
        InvalidInput: A stage was named that the profile does not have.
    """
    if depth.hybrid:
        return Route((stages[0], *_chain(depth.hybrid)), forced=True)
    if depth.stages:
        return Route(tuple(_named(stages, name) for name in depth.stages), forced=True)
    taken = _by_complexity(stages, complexity, threshold)
    if depth.single:
        taken = taken[:1]
    names = {stage.name for stage in taken}
    passed_over = tuple(stage.name for stage in stages if stage.name not in names)
    return Route(taken, passed_over=passed_over, reason=IN_ONE_GO if depth.single else f"The question is {complexity}.")


def check(stages: Sequence[AnswerStage], depth: Depth) -> None:
    """Make sure that every stage the person named is there, before anything is loaded for it.

    Raises:
        InvalidInput: One is not.
    """
    for name in depth.stages:
        _named(stages, name)


def _by_complexity(stages: Sequence[AnswerStage], complexity: Complexity, threshold: float) -> tuple[AnswerStage, ...]:
    level = _LEVELS.index(complexity) + (threshold >= SUFFICES + WIDER_FROM - 1e-9)
    match _LEVELS[min(level, len(_LEVELS) - 1)]:
        case Complexity.SIMPLE:
            return tuple(stages[:1])
        case Complexity.MEDIUM:
            return (stages[0], stages[-1]) if len(stages) > 1 else tuple(stages)
        case _:
            return tuple(stages)


def _named(stages: Sequence[AnswerStage], name: str) -> AnswerStage:
    found = next((stage for stage in stages if stage.name == name), None)
    if found is None:
        names = [stage.name for stage in stages]
        hint = suggestion(name, names) or f"There are {', '.join(names)}."
        raise InvalidInput(f"The profile has no stage {name!r}.", code="no-answer-stage", remedy=hint)
    return found


def _chain(tiers: Sequence[str]) -> tuple[AnswerStage, ...]:
    """One stage on each tier; the last one writes the answer out of all."""
    last = len(tiers) - 1
    return tuple(
        AnswerStage(
            name=f"hybrid-{number + 1}",
            tier=tier,
            system=(SYNTHESIS if number == last else DEEP).system,
            temperature=(SYNTHESIS if number == last else DEEP).temperature,
            prior=(SYNTHESIS if number == last else DEEP).prior,
            timeout_s=SYNTHESIS.timeout_s,
        )
        for number, tier in enumerate(tiers)
    )
