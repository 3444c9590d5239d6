"""What holds between the stages of a pipeline: who needs whom, circles, names in templates, kinds that cannot fit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from app.contracts.errors import InvalidInput
from app.pipeline.definition import StageDefinition, StageType, Template
from app.pipeline.reading_fields import Told
from app.pipeline.templates import compile_check
from app.settings.files import suggestion
from app.settings.located import Node

_MAKES: Mapping[StageType, str] = {
    StageType.AUDIO_TO_TEXT: "text",
    StageType.TEXT_GENERATION: "text",
    StageType.TEXT_TO_AUDIO: "sound",
    StageType.EMBEDDING: "vectors",
}
"""What a stage of a type gives; custom stages may give anything."""
_TAKES: Mapping[StageType, str] = {
    StageType.AUDIO_TO_TEXT: "sound",
    StageType.TEXT_GENERATION: "text",
    StageType.TEXT_TO_AUDIO: "text",
    StageType.EMBEDDING: "text",
}
_TEMPLATES = ("when", "input_transform", "output_transform")


def check_links(stages: Sequence[StageDefinition], nodes: Mapping[str, Node], every: Sequence[str], told: Told) -> None:
    """Tell what does not fit together.

    Args:
        stages: Those that could be read.
        nodes: Where each stands, by id.
        every: Ids of all stages of the file, also of those that could not be read.
        told: Takes what is wrong.
    """
    by_id = {stage.stage_id: stage for stage in stages}
    _check_needs(stages, nodes, every, told)
    circle = circle_in({stage.stage_id: stage.needs for stage in stages})
    if circle:
        told.add(
            _entry(nodes[circle[0]], "needs"),
            f"'needs' goes in a circle: {' → '.join((*circle, circle[0]))}.",
            "Take one of them out.",
        )
        return
    above = {stage.stage_id: ancestors(stage.stage_id, by_id) for stage in stages}
    for stage in stages:
        _check_kinds(stage, by_id, nodes[stage.stage_id], told)
        _check_names(stage, above[stage.stage_id], nodes[stage.stage_id], every, told)


def circle_in(needs: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """The ids of a circle, each needed by the one before; empty when there is none."""
    done: set[str] = set()
    for start in needs:
        path: list[str] = []
        waiting = [(start, iter(needs[start]))]
        path.append(start)
        while waiting:
            current, rest = waiting[-1]
            following = next((item for item in rest if item in needs and item not in done), None)
            if following is None:
                done.add(current)
                waiting.pop()
                path.pop()
            elif following in path:
                return tuple(path[path.index(following) :])
            else:
                path.append(following)
                waiting.append((following, iter(needs[following])))
    return ()


def ancestors(stage_id: str, stages: Mapping[str, StageDefinition]) -> frozenset[str]:
    """Every stage that has ended before this one begins. There must be no circle."""
    found: set[str] = set()
    waiting = [stage_id]
    while waiting:
        for need in stages[waiting.pop()].needs:
            if need not in found:
                found.add(need)
                if need in stages:
                    waiting.append(need)
    return frozenset(found)


def _check_needs(
    stages: Sequence[StageDefinition], nodes: Mapping[str, Node], every: Sequence[str], told: Told
) -> None:
    for stage in stages:
        for need in stage.needs:
            if need not in every:
                others = [name for name in every if name != stage.stage_id]
                hint = suggestion(need, others) or (f"There are {', '.join(others)}." if others else "")
                told.add(_entry(nodes[stage.stage_id], "needs"), f"'needs' names no stage: {need!r}.", hint)


def _check_kinds(stage: StageDefinition, stages: Mapping[str, StageDefinition], node: Node, told: Told) -> None:
    """Kinds that cannot fit, where that is certain."""
    takes = _TAKES.get(stage.type)
    if takes is None:
        return
    if stage.input_transform is not None:
        if takes != "text":
            told.add(_entry(node, "input_transform"), f"'input_transform' makes text, but {stage.type} takes {takes}.")
        return
    for need in stage.needs:
        giver = stages.get(need)
        makes = "text" if giver and giver.output_transform else _MAKES.get(giver.type) if giver else None
        if makes is not None and makes != takes:
            told.add(
                _entry(node, "needs"),
                f"'needs' gives {stage.stage_id!r} {makes} from {need!r}, but {stage.type} takes {takes}.",
                "Name another stage under 'needs'.",
            )


def _check_names(stage: StageDefinition, above: frozenset[str], node: Node, every: Sequence[str], told: Told) -> None:
    """Stages that are named in templates must have ended by then."""
    named: list[tuple[str, str]] = []
    for key in _TEMPLATES:
        template = getattr(stage, key)
        if isinstance(template, Template):
            named.append((key, template.source))
    if stage.use == "condition" and isinstance(condition := stage.settings.get("if"), str):
        named.append(("with", condition))
    for key, source in named:
        seen = frozenset(stage.needs) if key == "with" else above
        try:
            asked = compile_check(source).stages
        except InvalidInput:
            continue  # told where it was read
        for other in asked:
            if other not in every:
                hint = suggestion(other, every) or f"There are {', '.join(every)}."
                told.add(_entry(node, key), f"{key!r} names no stage: {other!r}.", hint)
            elif other not in seen:
                told.add(
                    _entry(node, key),
                    f"{key!r} asks for {other!r}, which {stage.stage_id!r} does not wait for.",
                    f"Add {other!r} to its 'needs'.",
                )


def _entry(node: Node, key: str) -> Node:
    """Where a key of a stage stands, the stage itself for one that is not written."""
    return (node.entries or {}).get(key, node)
