"""Custom stage ``condition``: lets its input through with a yes or a no that later stages can ask for in ``when``.

Under ``with``: ``if``, a template that comes to a truth (``false``, ``no``, ``0``, ``none`` and nothing are false).
"""

from __future__ import annotations

from app.contracts.errors import InvalidInput
from app.contracts.metrics import StageMetadata
from app.pipeline.inputs import is_true
from app.pipeline.outlet import Outlet
from app.pipeline.stages.processor import Done, StageCall
from app.pipeline.stages.variables import variables
from app.pipeline.templates import render
from app.pipeline.values import Verdict, in_words

HOLDS = "The condition holds."
DOES_NOT = "The condition does not hold."


class ConditionProcessor:
    """Implements `app.pipeline.stages.processor.Processor`."""

    pure = True

    async def run(self, call: StageCall, outlet: Outlet) -> Done:  # noqa: ARG002 - a verdict is nothing to show
        """Ask.

        Raises:
            InvalidInput: There is no condition, or it cannot be rendered.
        """
        settings = call.stage.definition.settings
        template = settings.get("if")
        if set(settings) != {"if"} or not isinstance(template, str) or not template.strip():
            raise InvalidInput("A condition stage needs exactly one setting, `if`: a template.", code="bad-setting")
        value = await call.value()
        passed = is_true(await render(call.tools.sandbox, template, await variables(call, value)))
        reasons = () if passed else (DOES_NOT,)
        return Done(
            Verdict(passed, in_words(value), reasons),
            StageMetadata(notes=(HOLDS if passed else DOES_NOT,), figures=(("passed", float(passed)),)),
        )
