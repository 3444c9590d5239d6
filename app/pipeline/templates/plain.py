"""Templates that are nothing but text and dotted names, filled in without Jinja.

Why it exists: nearly every template is of this kind, and a child process is a long way for it. The result is the same
as Jinja's, character by character.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from app.pipeline.definition import OptionValue
from app.pipeline.templates.known import MOST_OUTPUT, too_long, unknown_name

_NAME = re.compile(
    r"(?<!\{)\{\{(?P<left>-?)\s*"  # Jinja takes the first two of three braces
    r"(?P<path>input|(?:stages|context)(?:\.[A-Za-z_]\w*|\['[\w-]+'\]|\[\"[\w-]+\"\])+)"
    r"\s*(?P<right>-?)\}\}"
)
_STEP = re.compile(r"\.([A-Za-z_]\w*)|\[['\"]([\w-]+)['\"]\]")
_NEWLINE = re.compile(r"\r\n|\r")


def filled_in(source: str, variables: Mapping[str, OptionValue]) -> str | None:
    """The template with its names filled in.

    Args:
        source: In Jinja's form.
        variables: ``input``, ``stages`` and ``context``.

    Returns:
        None for a template that needs more than text and dotted names.

    Raises:
        InvalidInput: A name is not known, or the text becomes too long.
    """
    source = _NEWLINE.sub("\n", source)
    if _more_than_text(_NAME.sub("\0", source)):
        return None
    parts: list[str] = []
    taken = 0
    for match in _NAME.finditer(source):
        between = source[taken : match.start()]
        parts.append(between.rstrip() if match["left"] else between)
        parts.append(_value(match["path"], variables))
        taken = match.end()
        if match["right"]:
            taken += len(source[taken:]) - len(source[taken:].lstrip())
    return within_bounds("".join([*parts, source[taken:]]))


def within_bounds(text: str) -> str:
    """The text itself.

    Raises:
        InvalidInput: It is too long.
    """
    if len(text) > MOST_OUTPUT:
        raise too_long()
    return text


def _more_than_text(rest: str) -> bool:
    return any(mark in rest for mark in ("{{", "{%", "{#"))


def _value(path: str, variables: Mapping[str, OptionValue]) -> str:
    value: OptionValue = dict(variables)
    walked = ""
    for name in (path.split(".", 1)[0].split("[", 1)[0], *(step[1] or step[2] for step in _STEP.finditer(path))):
        if not isinstance(value, dict) or name not in value:
            raise unknown_name(name, walked, value)
        value = value[name]
        walked = f"{walked}.{name}" if walked else name
    return str(value)
