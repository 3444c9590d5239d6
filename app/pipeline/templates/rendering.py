"""What the sandbox's child runs: compiles and renders one template of others.

The child bounds memory and time, hence loops; this module bounds what comes out.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping

from jinja2 import TemplateError, TemplateSyntaxError, UndefinedError

from app.contracts.errors import InvalidInput
from app.pipeline.definition import OptionValue
from app.pipeline.templates.environment import Environment, Names
from app.pipeline.templates.known import CODE, LONGEST_TEMPLATE, MOST_OUTPUT, too_long

_FROM_TEMPLATES = (TypeError, ValueError, ArithmeticError, LookupError, AttributeError, RecursionError)
"""What an expression of a template can raise besides the errors of its library."""


def render(source: str, variables: Mapping[str, OptionValue]) -> str:
    """The template with its places filled in.

    Args:
        source: In Jinja's form.
        variables: ``input``, ``stages`` and ``context``.

    Raises:
        InvalidInput: It cannot be rendered; the sentence says why.
    """
    if len(source) > LONGEST_TEMPLATE:
        raise InvalidInput(f"The template has more than {LONGEST_TEMPLATE} characters.", code=CODE)
    parts: list[str] = []
    length = 0
    try:
        for part in _environment().from_string(source).generate(**Names(variables)):
            length += len(part)
            if length > MOST_OUTPUT:
                raise too_long()
            parts.append(part)
    except TemplateSyntaxError as error:
        raise InvalidInput(f"Line {error.lineno} of the template: {error.message}.", code=CODE) from error
    except UndefinedError as error:
        known = ", ".join(sorted(variables))
        raise InvalidInput(f"The template: {error.message}; known: {known}.", code=CODE) from error
    except (TemplateError, *_FROM_TEMPLATES) as error:
        reason = str(error).rstrip(".") or type(error).__name__
        raise InvalidInput(f"The template cannot be rendered: {reason}.", code=CODE) from error
    return "".join(parts)


@functools.cache
def _environment() -> Environment:
    return Environment()
