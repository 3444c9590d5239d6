"""Templates of pipelines: what they may say, how they are checked, and how their places are filled in."""

from __future__ import annotations

from collections.abc import Mapping

from app.contracts.errors import InvalidInput, RuntimeFault, TimedOut
from app.pipeline.definition import OptionValue, Template
from app.pipeline.templates.checking import compile_check
from app.pipeline.templates.known import CODE
from app.pipeline.templates.plain import filled_in
from app.pipeline.templates.translation import GoActionError, translated
from app.pipeline.tools import Sandbox

OPERATION = "app.pipeline.templates.rendering:render"
"""What the sandbox is asked for."""
FAULT = "sandbox-fault"
"""Code of the sandbox's error when what it ran failed: it took too much memory, for instance."""

__all__ = ["OPERATION", "GoActionError", "compile_check", "render", "translated"]


async def render(
    sandbox: Sandbox, template: Template | str, variables: Mapping[str, OptionValue], *, timeout_s: float = 5.0
) -> str:
    """The template with its places filled in.

    Text with nothing but dotted names in it is filled in at once; anything more goes to the sandbox.

    Args:
        sandbox: Renders what is more than that.
        template: In Jinja's form; Go's three forms are taken as well.
        variables: ``input``: text; ``stages``: id to ``{output, passed, confidence}``; ``context``: key to text.
        timeout_s: Seconds the sandbox may take.

    Raises:
        InvalidInput: It asks for something that is not there, or cannot be rendered; the sentence says where it stands.
        TimedOut: It took too long.
    """
    source = template.source if isinstance(template, Template) else template
    place = template.place if isinstance(template, Template) else None
    where = f"{place}: " if place else ""
    try:
        source = translated(source)
        plain = filled_in(source, variables)
        if plain is not None:
            return plain
        rendered = await sandbox.call(OPERATION, {"source": source, "variables": dict(variables)}, timeout_s=timeout_s)
    except (GoActionError, InvalidInput) as error:
        raise InvalidInput(f"{where}{error}", code=CODE) from error
    except TimedOut as error:
        what = f"{where}The template took longer than {timeout_s:g} s."
        raise TimedOut(what, code=error.code, remedy="Make it simpler.") from error
    except RuntimeFault as error:
        if error.code != FAULT:
            raise
        reason = error.message.partition(" failed: ")[2] or error.message
        raise InvalidInput(f"{where}The template cannot be rendered: {reason}", code=CODE) from error
    return str(rendered)
