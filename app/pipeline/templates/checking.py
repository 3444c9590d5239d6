"""Looks at a template without running any of it, when a file is read.

Why it exists: Jinja computes constant parts while it compiles, so a template of others is only parsed here; compiling
and rendering are the sandbox's. What the parse shows is enough to say what is wrong and where.
"""

from __future__ import annotations

import difflib
import functools
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from jinja2 import TemplateSyntaxError, meta, nodes

from app.contracts.errors import InvalidInput
from app.pipeline.templates.environment import Environment
from app.pipeline.templates.known import CODE, LONGEST_TEMPLATE, NAMES, OF_A_STAGE
from app.pipeline.templates.translation import GoActionError, translated

_LOADING = (nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends, nodes.Block)


@dataclass(frozen=True, slots=True)
class Checked:
    """A template that can be rendered.

    Attributes:
        source: In Jinja's form.
        stages: Ids of the stages it asks for by name.
        line_of: The line of the template, from 1, in which each is asked for first.
    """

    source: str
    stages: tuple[str, ...]
    line_of: dict[str, int]


def compile_check(source: str, known: Collection[str] = NAMES) -> Checked:
    """See that a template can be rendered.

    Args:
        source: In Jinja's form or with Go's three forms.
        known: Names it may use.

    Raises:
        InvalidInput: It cannot; the sentence names the line of the template and what to write instead.
    """
    if len(source) > LONGEST_TEMPLATE:
        raise _wrong(1, f"it has {len(source)} characters; {LONGEST_TEMPLATE} are the most")
    try:
        jinja = translated(source)
        tree = _environment().parse(jinja)
    except GoActionError as error:
        raise _wrong(error.line, str(error)) from error
    except TemplateSyntaxError as error:
        raise _wrong(error.lineno, (error.message or "it cannot be read").rstrip(".")) from error
    except RecursionError as error:
        raise _wrong(1, "it is nested too deeply") from error
    for line, what in _faults(tree, known):
        raise _wrong(line, what)
    line_of: dict[str, int] = {}
    for stage_id, line in _stages(tree):
        line_of.setdefault(stage_id, line)
    return Checked(jinja, tuple(line_of), line_of)


def _faults(tree: nodes.Template, known: Collection[str]) -> Iterator[tuple[int, str]]:
    """What the template cannot have, with its line."""
    environment = _environment()
    for filtering in tree.find_all(nodes.Filter):
        if filtering.name not in environment.filters:
            yield (
                filtering.lineno,
                f"there is no filter {filtering.name!r}{_close(filtering.name, environment.filters)}",
            )
    for test in tree.find_all(nodes.Test):
        if test.name not in environment.tests:
            yield test.lineno, f"there is no test {test.name!r}{_close(test.name, environment.tests)}"
    for attribute in tree.find_all(nodes.Getattr):
        if attribute.attr.startswith("_"):
            yield attribute.lineno, f"{attribute.attr!r} cannot be reached from a template"
    for loading in tree.find_all(_LOADING):
        yield loading.lineno, "a template cannot use another"
    free = meta.find_undeclared_variables(tree) - set(environment.globals)
    for name in sorted(free - set(known)):
        line = next((node.lineno for node in tree.find_all(nodes.Name) if node.name == name), 1)
        yield line, f"{name!r} is not known; known: {', '.join(known)}{_close(name, known)}"
    for stage_id, line, attribute_name in _stage_parts(tree):
        if attribute_name not in OF_A_STAGE:
            of = f"stages[{stage_id!r}]"
            yield (
                line,
                f"{of} has no {attribute_name!r}; it has {', '.join(OF_A_STAGE)}{_close(attribute_name, OF_A_STAGE)}",
            )


def _stages(tree: nodes.Template) -> Iterator[tuple[str, int]]:
    for node in tree.find_all((nodes.Getattr, nodes.Getitem)):
        if stage_id := _stage_of(node):
            yield stage_id, node.lineno


def _stage_parts(tree: nodes.Template) -> Iterator[tuple[str, int, str]]:
    """Every ``stages.ID.NAME``."""
    reached: list[nodes.Getattr | nodes.Getitem] = [*tree.find_all(nodes.Getattr), *tree.find_all(nodes.Getitem)]
    for node in reached:
        stage_id, name = _stage_of(node.node), _key(node)
        if stage_id and name:
            yield stage_id, node.lineno, name


def _stage_of(node: nodes.Node) -> str:
    """The id when the node is ``stages.ID`` or ``stages['ID']``."""
    if isinstance(node, nodes.Getattr | nodes.Getitem):
        holder = node.node
        if isinstance(holder, nodes.Name) and holder.name == "stages":
            return _key(node)
    return ""


def _key(node: nodes.Node) -> str:
    if isinstance(node, nodes.Getattr):
        return node.attr
    if isinstance(node, nodes.Getitem) and isinstance(node.arg, nodes.Const) and isinstance(node.arg.value, str):
        return node.arg.value
    return ""


def _close(name: str, known: Collection[str]) -> str:
    """Ends a sentence without its stop."""
    close = difflib.get_close_matches(name, list(known), 1)
    return f"; did you mean {close[0]!r}" if close else ""


def _wrong(line: int, what: str) -> InvalidInput:
    return InvalidInput(f"Line {line} of the template: {what}.", code=CODE)


@functools.cache
def _environment() -> Environment:
    return Environment()
