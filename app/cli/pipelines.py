"""`sotto pipelines list|show|check|graph`: which pipelines there are, what they say, and what is wrong with them."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from app.cli.console import Console, printable
from app.contracts.errors import InvalidInput, SottoError, StorageError
from app.pipeline.definition import PipelineDefinition, StageDefinition, Template
from app.pipeline.graph import as_dot, as_mermaid, as_text, caption, levels_of
from app.pipeline.library import LibraryEntry, PipelineLibrary
from app.pipeline.plan import Plan, PlannedStage
from app.pipeline.reading import read_file

Planner = Callable[[PipelineDefinition], Plan]
"""Says what would run where on this machine; raises what makes that impossible."""
WRONG = 2
"""Exit code of a check that found something."""

_GRAPHS: dict[str, Callable[[PipelineDefinition], str]] = {"text": as_text, "mermaid": as_mermaid, "dot": as_dot}


def list_pipelines(console: Console, library: PipelineLibrary, *, as_json: bool) -> int:
    """List the pipelines with their stages. What is wrong in a file is said on standard error."""
    entries = [entry for _, entry in sorted(library.entries().items())]
    if as_json:
        content = {
            "pipelines": [_summary(entry) for entry in entries],
            "problems": list(library.problems()),
        }
        console.write(json.dumps(content) + "\n")
    else:
        widths = [
            max((len(text) for text in column), default=0) for column in zip(*map(_columns, entries), strict=True)
        ]
        for entry in entries:
            cells = (text.ljust(width) for text, width in zip(_columns(entry), widths, strict=True))
            console.write(f"{printable('  '.join(cells)).rstrip()}\n")
    for problem in library.problems():
        console.say(printable(f"sotto: {problem}"))
    return console.settle()


def show_pipeline(
    console: Console, library: PipelineLibrary, pipeline_id: str, *, as_json: bool, planner: Planner | None = None
) -> int:
    """Show one pipeline, with what would run where when there is a planner.

    Raises:
        InvalidInput: There is none of this id, or its file is wrong.
    """
    definition = library.get(pipeline_id)
    entry = library.entries()[pipeline_id]
    plan = planner(definition) if planner else None
    if as_json:
        content = {**_summary(entry), **_plain(definition)}
        if plan is not None:
            content["plan"] = plan_as_object(plan)
        console.write(json.dumps(content) + "\n")
        return console.settle()
    console.write(printable(f"{definition.name} ({definition.pipeline_id}), {entry.origin}\n"))
    if definition.description:
        console.write(printable(f"{definition.description}\n"))
    if definition.origin:
        console.write(printable(f"{definition.origin}\n"))
    console.write("\n" + printable(as_text(definition)))
    options = ", ".join(f"{key}: {_word(value)}" for key, value in asdict(definition.options).items())
    console.write(printable(f"options: {options}\n"))
    if plan is not None:
        console.write("\n" + printable(plan_as_text(plan)))
    return console.settle()


def graph_pipeline(console: Console, library: PipelineLibrary, pipeline_id: str, *, form: str = "text") -> int:
    """Draw one pipeline: ``text``, ``mermaid`` or ``dot``.

    Raises:
        InvalidInput: There is none of this id.
    """
    console.write(printable(_GRAPHS[form](library.get(pipeline_id))))
    return console.settle()


def check_pipelines(
    console: Console,
    library: PipelineLibrary,
    what: Sequence[str] = (),
    *,
    as_json: bool,
    planner: Planner | None = None,
) -> int:
    """Check files or pipelines; nothing named checks everything there is.

    Every problem is told, not only the first.

    Args:
        console: Where to.
        library: Finds pipelines by id.
        what: Files and ids.
        as_json: One JSON object instead of sentences.
        planner: Says what would run where.

    Returns:
        2 when something is wrong, otherwise 0.
    """
    definitions, problems = _checked(library, what)
    plans: list[Plan] = []
    for definition in definitions if planner else ():
        assert planner is not None
        try:
            plans.append(planner(definition))
        except SottoError as error:
            problems.append(f"{definition.pipeline_id}: {error}")
    if as_json:
        content = {
            "pipelines": [definition.pipeline_id for definition in definitions],
            "problems": problems,
            "plans": [plan_as_object(plan) for plan in plans],
        }
        console.write(json.dumps(content) + "\n")
    else:
        for problem in problems:
            console.write(printable(problem) + "\n")
        for plan in plans:
            console.write(printable(plan_as_text(plan)))
        if not problems:
            count = len(definitions)
            console.write(f"fine: {count} pipeline{'' if count == 1 else 's'}\n")
    return console.settle() or (WRONG if problems else 0)


def plan_as_text(plan: Plan) -> str:
    """What would run where, a line for each stage, and what had to be replaced."""
    width = max(len(stage.definition.stage_id) for stage in plan.stages)
    lines = [f"{plan.definition.pipeline_id}, plan {plan.plan_id[:12]}"]
    for stage in plan.stages:
        lines.append(f"  {stage.definition.stage_id.ljust(width)}  {_where(stage)}")
        lines.extend(
            f"  {' ' * width}  {change.asked} → {change.got}: {change.reason}" for change in stage.substitutions
        )
    return "".join(f"{line}\n" for line in lines)


def plan_as_object(plan: Plan) -> dict[str, Any]:
    """What would run where, as JSON."""
    return {
        "pipeline_id": plan.definition.pipeline_id,
        "plan_id": plan.plan_id,
        "stages": [
            {
                "stage_id": stage.definition.stage_id,
                "ladder": [{"backend": tier.backend_id, "model": tier.model} for tier in stage.ladder],
                "asked": stage.asked.value,
                "substitutions": [asdict(change) for change in stage.substitutions],
            }
            for stage in plan.stages
        ],
    }


def _checked(library: PipelineLibrary, what: Sequence[str]) -> tuple[list[PipelineDefinition], list[str]]:
    """What was asked for, as far as it is right, and what is wrong with it."""
    if not what:
        return [entry.definition for _, entry in sorted(library.entries().items())], list(library.problems())
    definitions: list[PipelineDefinition] = []
    problems: list[str] = []
    for name in what:
        if "/" in name or "\\" in name or name.endswith((".yaml", ".yml")):
            try:
                reading = read_file(Path(name).expanduser())
            except StorageError as error:
                problems.append(str(error))
                continue
            definitions.extend(reading.definitions)
            problems.extend(map(str, reading.problems))
        else:
            try:
                definitions.append(library.get(name))
            except InvalidInput as error:
                problems.append(str(error))
                continue
            problems.extend(library.problems_of(name))
    return definitions, problems


def _where(stage: PlannedStage) -> str:
    if not stage.ladder:
        return caption(stage.definition)
    return ", then ".join(f"{tier.model} on {tier.backend_id}" for tier in stage.ladder)


def _columns(entry: LibraryEntry) -> tuple[str, ...]:
    definition = entry.definition
    levels = (" + ".join(stage.stage_id for stage in level) for level in levels_of(definition))
    origin = f"{entry.origin} (last good version)" if entry.stale else entry.origin.value
    return definition.pipeline_id, definition.name, origin, " → ".join(levels)


def _summary(entry: LibraryEntry) -> dict[str, Any]:
    definition = entry.definition
    return {
        "id": definition.pipeline_id,
        "name": definition.name,
        "description": definition.description,
        "origin": entry.origin.value,
        "stale": entry.stale,
        "file": str(definition.origin) if definition.origin else "",
        "stages": [stage.stage_id for stage in definition.stages],
        "output": definition.output_stage,
    }


def _plain(definition: PipelineDefinition) -> dict[str, Any]:
    """The stages and options as JSON."""
    return {
        "stages": [_stage(stage) for stage in definition.stages],
        "options": asdict(definition.options),
    }


def _stage(stage: StageDefinition) -> dict[str, Any]:
    content: dict[str, Any] = {}
    for name in StageDefinition.__dataclass_fields__:
        value = getattr(stage, name)
        if name == "place":
            content[name] = str(value) if value else ""
        elif isinstance(value, Template):
            content[name] = value.source
        elif name == "settings":
            content[name] = dict(value)
        elif hasattr(value, "__dataclass_fields__"):
            content[name] = asdict(value)
        else:
            content[name] = list(value) if isinstance(value, tuple) else value
    return content


def _word(value: object) -> str:
    return {True: "on", False: "off", None: "none"}[value] if isinstance(value, bool | None) else f"{value}"
