"""Reads pipeline files: from YAML to definitions that are complete and fit together.

Everything that is wrong with a file is told at once, each with file, line, column, key and what to write instead. A
pipeline with a mistake in it is left out; the others of its file can still be used.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.contracts.errors import InvalidInput
from app.pipeline.definition import PipelineDefinition, PipelineOptions, StageDefinition
from app.pipeline.reading_fields import (
    Field,
    MisfitError,
    Told,
    duration,
    filled,
    flag,
    identifier,
    number,
    or_none,
    read_into,
    record,
    some_words,
    whole,
    words,
)
from app.pipeline.reading_links import check_links
from app.pipeline.reading_stage import known_customs, read_stage
from app.settings.located import Node, located, read_located

MOST_STAGES = 200
_DAY_S = 86_400.0

OPTIONS = (
    Field("enable_streaming", flag),
    Field("preserve_context", flag),
    Field("collect_metrics", flag),
    Field("parallel_stages", flag),
    Field("cache", flag),
    Field("cache_ttl", duration(0, 366 * _DAY_S), "cache_ttl_s"),
    Field("max_input_characters", whole(1, 10_000_000)),
    Field("max_tokens", whole(1, 131_072)),
    Field("max_output_characters", whole(1, 1_000_000)),
    Field("timeout", or_none(duration(0.001, 7 * _DAY_S)), "timeout_s"),
    Field("joules_per_run", or_none(number(0, 1e9))),
    Field("joules_per_hour", or_none(number(0, 1e9))),
)
"""The keys of ``options``."""


def _listed_already(node: Node, _told: Told) -> Node:
    """Left for the reader of stages."""
    return node


PIPELINE = (
    Field("id", identifier, "pipeline_id", required=True),
    Field("name", some_words),
    Field("description", words),
    Field("stages", _listed_already, required=True),
    Field("options", record(PipelineOptions, OPTIONS, "'options'")),
    Field("output", identifier),
)
"""The keys of a pipeline."""
_TOP = (Field("pipelines", _listed_already, required=True),)


@dataclass(frozen=True, slots=True)
class Reading:
    """What a file came to.

    Attributes:
        definitions: The pipelines that are right, in the order of the file.
        problems: Everything that is wrong, in the order of the file.
        broken: Ids of pipelines that are there and wrong, as far as they could be read.
    """

    definitions: tuple[PipelineDefinition, ...] = ()
    problems: tuple[InvalidInput, ...] = ()
    broken: tuple[str, ...] = field(default=())


def read_file(
    path: Path, *, shown_as: Path | None = None, builtin: bool = False, customs: Collection[str] | None = None
) -> Reading:
    """Read a pipeline file.

    Args:
        path: The file.
        shown_as: Its name in sentences, None for the path.
        builtin: It ships with Sotto.
        customs: Names of custom stages; None for those that are installed.

    Raises:
        StorageError: It cannot be read at all.
    """
    try:
        content = read_located(path, shown_as)
    except InvalidInput as error:
        return Reading(problems=(error,))
    return _Reader(path, shown_as or path, builtin, customs).read(content)


def read_text(
    text: str, shown_as: Path = Path("pipelines.yaml"), *, builtin: bool = False, customs: Collection[str] | None = None
) -> Reading:
    """Read what a pipeline file would hold."""
    try:
        content = located(text, shown_as)
    except InvalidInput as error:
        return Reading(problems=(error,))
    return _Reader(shown_as, shown_as, builtin, customs).read(content)


def pipelines_in(path: Path, *, builtin: bool = False) -> tuple[PipelineDefinition, ...]:
    """The pipelines of a file that is right.

    Raises:
        InvalidInput: The first thing that is wrong with it.
        StorageError: It cannot be read.
    """
    reading = read_file(path, builtin=builtin)
    if reading.problems:
        raise reading.problems[0]
    return reading.definitions


class _Reader:
    """Reads one file."""

    def __init__(self, path: Path, shown_as: Path, builtin: bool, customs: Collection[str] | None) -> None:
        self._path = path
        self._builtin = builtin
        self._customs = known_customs() if customs is None else customs
        self._told = Told(shown_as)

    def read(self, content: Node) -> Reading:
        definitions: list[PipelineDefinition] = []
        broken: list[str] = []
        seen: dict[str, Node] = {}
        pipelines = filled(content, _TOP, self._told, "a pipeline file").get("pipelines")
        for node in self._entries(pipelines, "pipelines") if pipelines else ():
            before = len(self._told.problems)
            content_of = self._pipeline(node)
            pipeline_id = content_of.get("pipeline_id")
            if isinstance(pipeline_id, str):
                self._unique(pipeline_id, node, seen, "pipeline")
            if len(self._told.problems) == before:
                content_of.setdefault("name", pipeline_id)
                definitions.append(PipelineDefinition(**content_of, origin=self._path, builtin=self._builtin))
            elif isinstance(pipeline_id, str):
                broken.append(pipeline_id)
        problems = sorted(self._told.problems, key=lambda problem: problem[:2])
        return Reading(tuple(definitions), tuple(problem for _, _, problem in problems), tuple(broken))

    def _pipeline(self, node: Node) -> dict[str, Any]:
        """One pipeline by attribute; what is wrong in it is told and left out."""
        if node.entries is None:
            self._told.add(
                node, f"'pipelines' holds {node.shown}; a pipeline is a mapping such as {{id: …, stages: …}}."
            )
            return {}
        content = filled(node, PIPELINE, self._told, "a pipeline")
        if "stages" not in content:
            return content
        stages, ids = self._stages(content["stages"])
        content["stages"] = stages
        output = content.get("output")
        if output and ids and output not in ids:
            entry = node.entries["output"]
            self._told.add(entry, f"'output' names no stage: {output!r}.", f"There are {', '.join(ids)}.")
        return content

    def _stages(self, node: Node) -> tuple[tuple[StageDefinition, ...], tuple[str, ...]]:
        """The stages that could be read, and the ids of all that have one."""
        stages: list[StageDefinition] = []
        nodes: dict[str, Node] = {}
        before = ""
        entries = self._entries(node, "stages")
        if len(entries) > MOST_STAGES:
            self._told.add(node, f"'stages' has {len(entries)} stages; {MOST_STAGES} are the most.")
            return (), ()
        for entry in entries:
            stage = read_stage(entry, self._told, before, self._customs)
            written = (entry.entries or {}).get("id")
            stage_id = written.scalar if written and isinstance(written.scalar, str) else ""
            if stage_id and self._unique(stage_id, entry, nodes, "stage") and stage:
                stages.append(stage)
            before = stage_id or before
        check_links(stages, nodes, tuple(nodes), self._told)
        return tuple(stages), tuple(nodes)

    def _entries(self, node: Node, key: str) -> tuple[Node, ...]:
        """The members of a list that must not be empty."""
        content: dict[str, Any] = {}
        item = Field(key, _some)
        read_into(content, item, node, self._told)
        members: tuple[Node, ...] = content.get(key, ())
        return members

    def _unique(self, name: str, node: Node, seen: dict[str, Node], what: str) -> bool:
        """Whether nothing in the list has this id yet."""
        entry = (node.entries or {}).get("id", node)
        first = seen.setdefault(name, node)
        if first is node:
            return True
        line = (first.entries or {}).get("id", first).line
        self._told.add(entry, f"'id' is taken: {name!r} names the {what} of line {line}.", "Give it another.")
        return False


def _some(node: Node, _told: Told) -> tuple[Node, ...]:
    """A list with something in it, its members unread."""
    if node.items is None:
        raise MisfitError(f"must be a list (- …), not {node.shown}", node)
    if not node.items:
        raise MisfitError("must not be empty", node)
    return node.items
