"""Changes a definition for one run: ``max_tokens=50``, ``process-text.forwarding_policy.min_confidence=0.9``.

Values are checked by the very readers a file is read with, so that both say the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from types import MappingProxyType
from typing import Any

from app.contracts.errors import InvalidInput
from app.pipeline.definition import Merge, OptionValue, PipelineDefinition, StageDefinition
from app.pipeline.reading import OPTIONS
from app.pipeline.reading_fields import Field, MisfitError, Told, plain
from app.pipeline.reading_links import check_links
from app.pipeline.reading_stage import BUILT_IN_CUSTOM, NESTED, READERS, SAMPLING, fields_of
from app.settings.files import suggestion
from app.settings.located import Node, unplaced

CODE = "bad-override"
_FIXED = frozenset({"id", "type", "needs", "use"})
"""Keys of a stage that make it what it is."""
_SAMPLING = frozenset(item.key for item in SAMPLING)


def overridden(definition: PipelineDefinition, overrides: Mapping[str, OptionValue]) -> PipelineDefinition:
    """The definition with some of its values replaced.

    Args:
        definition: As written.
        overrides: By key: the name of an option, or ``STAGE.KEY``, with ``STAGE.KEY.KEY`` for what is a mapping and
            ``STAGE.with.KEY`` for a custom stage. Times may be numbers in seconds or words such as ``"10s"``.
            ``max_tokens`` bounds the stages whose file names more as well.

    Raises:
        InvalidInput: A key or value cannot be used; the sentence names the key and what may be written.
    """
    options = definition.options
    stages = {stage.stage_id: stage for stage in definition.stages}
    for key, value in overrides.items():
        head, _, rest = key.partition(".")
        if rest:
            stages[head] = _stage(key, rest, _known_stage(key, head, stages), value)
        else:
            item = _find(key, key, OPTIONS, "no option of a pipeline", stages)
            options = replace(options, **{item.name: _read(key, item, value)})
    if "max_tokens" in overrides:
        left = [name for name in stages if f"{name}.max_tokens" not in overrides]
        stages.update({name: _at_most(options.max_tokens, stages[name]) for name in left})
    changed = replace(definition, options=options, stages=tuple(stages.values()))
    if any("." in key for key in overrides):
        _check(changed)
    return changed


def _at_most(tokens: int, stage: StageDefinition) -> StageDefinition:
    """The stage, its answers no longer than what was asked for this run."""
    own = stage.sampling.max_tokens
    if own is None or own <= tokens:
        return stage
    return replace(stage, sampling=replace(stage.sampling, max_tokens=tokens))


def _stage(key: str, rest: str, stage: StageDefinition, value: OptionValue) -> StageDefinition:
    """The stage with one value replaced."""
    name, _, inner = rest.partition(".")
    if name in _FIXED:
        raise InvalidInput(f"The override {key!r} cannot be: {name!r} makes the stage what it is.", code=CODE)
    item = _find(key, name, fields_of(stage.type), f"no key of a stage of type {stage.type}", ())
    if name == "with":
        return replace(stage, settings=_settings(key, inner, stage, value))
    if inner:
        if name not in NESTED:
            raise InvalidInput(f"The override {key!r} cannot be: {name!r} has no keys of its own.", code=CODE)
        part = _find(key, inner, NESTED[name], f"no key of {name!r}", ())
        return replace(stage, **{item.name: _with(key, name, getattr(stage, item.name), part, value)})
    read = _read(key, item, value)
    if name in _SAMPLING:
        return replace(stage, sampling=replace(stage.sampling, **{name: read}))
    return replace(stage, **{item.name: read})


def _with(key: str, name: str, current: Any, part: Field, written: OptionValue) -> Any:
    """A mapping with one entry replaced; its defaults where the stage has none."""
    if is_dataclass(current) and not isinstance(current, type):
        kept = {item.name: getattr(current, item.name) for item in fields(current)}
        value = _read(key, part, written)
        return type(current)(**{**kept, part.name: Merge(value) if part.key == "merge" else value})
    _read(key, part, written)
    missing = next((item.key for item in NESTED[name] if item.required and item.key != part.key), "")
    if missing:
        hint = f"Give {key.rpartition('.')[0]}.{missing} first."
        raise InvalidInput(f"The override {key!r} cannot be: the stage has no {name!r}.", code=CODE, remedy=hint)
    return READERS[name](unplaced({part.key: written}), Told(None))


def _settings(key: str, inner: str, stage: StageDefinition, value: OptionValue) -> Mapping[str, OptionValue]:
    """What stands under ``with`` with one key, or all of it, replaced."""
    known = BUILT_IN_CUSTOM.get(stage.use)
    given = {inner: value} if inner else value
    if not isinstance(given, dict):
        raise InvalidInput(f"The override {key!r} must be a mapping.", code=CODE)
    for name in given:
        if known is not None and name not in known:
            hint = suggestion(name, known) or f"There are {', '.join(known)}."
            raise InvalidInput(f"The override {key!r} names no key of {stage.use!r}: {name!r}.", code=CODE, remedy=hint)
    checked = {name: _read(key, Field(name, plain), item) for name, item in given.items()}
    return MappingProxyType({**stage.settings, **checked} if inner else checked)


def _known_stage(key: str, stage_id: str, stages: Mapping[str, StageDefinition]) -> StageDefinition:
    if stage_id not in stages:
        hint = suggestion(stage_id, stages) or f"There are {', '.join(stages)}."
        raise InvalidInput(f"The override {key!r} names no stage: {stage_id!r}.", code=CODE, remedy=hint)
    return stages[stage_id]


def _find(key: str, name: str, known: tuple[Field, ...], what: str, stages: Any) -> Field:
    """The key by its name in files or in code."""
    for item in known:
        if name in (item.key, item.name):
            return item
    names = [item.key for item in known if item.key not in _FIXED]
    hint = suggestion(name, names) or f"There are {', '.join(names)}."
    if name in stages:
        hint = f"Write {name}.KEY for a key of the stage."
    raise InvalidInput(f"The override {key!r} is {what}.", code=CODE, remedy=hint)


def _read(key: str, item: Field, value: OptionValue) -> Any:
    """The value, checked."""
    told = Told(None)
    node = unplaced(value)
    try:
        read = item.read(node, told)
    except MisfitError as error:
        if told.problems:
            raise InvalidInput(f"The override {key!r}: {told.problems[0][2].message}", code=CODE,
                               remedy=told.problems[0][2].remedy) from error  # fmt: skip
        raise InvalidInput(f"The override {key!r} {error.what}.", code=CODE, remedy=error.hint) from error
    return read


def _check(definition: PipelineDefinition) -> None:
    """Templates that were replaced may name stages that are not there."""
    told = Told(None)
    nodes = {stage.stage_id: Node() for stage in definition.stages}
    check_links(definition.stages, nodes, tuple(nodes), told)
    for _, _, problem in told.problems:
        raise InvalidInput(f"The overrides do not fit: {problem.message}", code=CODE, remedy=problem.remedy)
