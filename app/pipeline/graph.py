"""A pipeline as a picture: for the terminal, for Mermaid and for Graphviz."""

from __future__ import annotations

from collections.abc import Sequence

from app.pipeline.definition import PipelineDefinition, StageDefinition

_MERMAID_QUOTES = str.maketrans({'"': "#quot;", "<": "#lt;", ">": "#gt;"})


def as_text(definition: PipelineDefinition) -> str:
    """Levels from top to bottom, the stages that run together side by side, and under each what it needs.

    Example:
        ::

            input
              │
              ├─ [left]  text_generation
              ├─ [right]  text_generation
              │
              └─ [join]  custom merge  ← left, right
              │
            output: join
    """
    lines = ["input"]
    levels = levels_of(definition)
    for level in levels:
        lines.append("  │")
        for at, stage in enumerate(level):
            corner = "└─" if at == len(level) - 1 else "├─"
            lines.append(f"  {corner} [{stage.stage_id}]  {caption(stage)}{_needs(stage, definition)}")
    lines.extend(("  │", f"output: {definition.output_stage}"))
    return "\n".join(lines) + "\n"


def as_mermaid(definition: PipelineDefinition) -> str:
    """A Mermaid flowchart."""
    names = {stage.stage_id: f"s{at}" for at, stage in enumerate(definition.stages)}
    lines = ["flowchart TD", '    input(["input"])', '    output(["output"])']
    for stage in definition.stages:
        text = f"{stage.stage_id}<br/>{caption(stage).translate(_MERMAID_QUOTES)}"
        lines.append(f'    {names[stage.stage_id]}["{text}"]')
    for giver, taker in edges_of(definition):
        arrow = "-.->" if _conditional(definition, taker) else "-->"
        lines.append(f"    {names.get(giver, 'input')} {arrow} {names.get(taker, 'output')}")
    return "\n".join(lines) + "\n"


def as_dot(definition: PipelineDefinition) -> str:
    """A Graphviz graph."""
    lines = [f"digraph {_quoted(definition.pipeline_id)} {{", "  rankdir=TB;", "  node [shape=box];"]
    lines.extend(('  " input" [label="input", shape=oval];', '  " output" [label="output", shape=oval];'))
    for stage in definition.stages:
        text = f"{stage.stage_id}\n{caption(stage)}"
        lines.append(f"  {_quoted(stage.stage_id)} [label={_quoted(text)}];")
    for giver, taker in edges_of(definition):
        style = " [style=dashed]" if _conditional(definition, taker) else ""
        lines.append(f"  {_quoted(giver or ' input')} -> {_quoted(taker or ' output')}{style};")
    return "\n".join([*lines, "}"]) + "\n"


def levels_of(definition: PipelineDefinition) -> tuple[tuple[StageDefinition, ...], ...]:
    """The stages by how many others have to end before them at least; those of a level do not need each other."""
    depth: dict[str, int] = {}
    waiting = list(definition.stages)
    while waiting:
        ready = [stage for stage in waiting if all(need in depth for need in stage.needs)]
        for stage in ready:
            depth[stage.stage_id] = max((depth[need] + 1 for need in stage.needs), default=0)
        waiting = [stage for stage in waiting if stage.stage_id not in depth]
    deepest = max(depth.values())
    return tuple(
        tuple(stage for stage in definition.stages if depth[stage.stage_id] == level) for level in range(deepest + 1)
    )


def edges_of(definition: PipelineDefinition) -> tuple[tuple[str, str], ...]:
    """Pairs of ids, giver and taker; an empty giver is the input, an empty taker the output."""
    edges = [(need, stage.stage_id) for stage in definition.stages for need in stage.needs or ("",)]
    return (*edges, (definition.output_stage, ""))


def caption(stage: StageDefinition) -> str:
    """What a stage is, in a few words: its type, what it asks for, and when it runs."""
    words = [f"custom {stage.use}" if stage.use else stage.type.value]
    if asked := _asked(stage):
        words.append(f"on {asked}")
    if stage.when is not None:
        words.append(f"when {' '.join(stage.when.source.split())}")
    if stage.optional:
        words.append("optional")
    return ", ".join(words)


def _asked(stage: StageDefinition) -> str:
    tiers: Sequence[str] = [stage.backend or (stage.hardware.asked if stage.hardware else "")]
    if stage.forwarding:
        tiers = [*tiers, *(tier.backend for tier in stage.forwarding.path)]
    return " → ".join(filter(None, tiers))


def _needs(stage: StageDefinition, definition: PipelineDefinition) -> str:
    """Named only where it is not simply the stage before."""
    ids = [item.stage_id for item in definition.stages]
    at = ids.index(stage.stage_id)
    before = (ids[at - 1],) if at else ()
    return "" if stage.needs == before else f"  ← {', '.join(stage.needs) or 'input'}"


def _conditional(definition: PipelineDefinition, taker: str) -> bool:
    return any(stage.stage_id == taker and stage.when is not None for stage in definition.stages)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
