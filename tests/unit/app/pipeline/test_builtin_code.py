"""The built-in ``code-generation``: the review is asked only when the check fails, and then it is the answer."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from app.contracts.devices import Device
from app.pipeline.definition import OptionValue, StageDefinition
from app.pipeline.engine import PipelineEngine
from app.pipeline.library import PipelineLibrary
from app.pipeline.outlet import Outlet
from app.pipeline.run import StageStatus
from app.pipeline.stages.processor import Done, Processor, StageCall
from app.pipeline.stages.registry import processor_for
from app.pipeline.templates.rendering import render as render_in_child
from app.pipeline.values import Text, Verdict, in_words
from app.settings.paths import asset
from tests.helpers.pipelines import NoSandbox, tools_over, writer
from tests.helpers.virtual_time import in_virtual_time

DRAFT = "def add(a, b):\n    return a - b\n"
REVIEW = "def add(a, b):\n    return a + b\n"


class TemplatesHere(NoSandbox):
    async def call(
        self, operation: str, arguments: Mapping[str, OptionValue], *, timeout_s: float = 5.0
    ) -> OptionValue:
        source, variables = arguments["source"], arguments["variables"]
        assert isinstance(source, str)
        assert isinstance(variables, dict)
        return render_in_child(source, variables)


class Check:
    """Says what it is told to."""

    def __init__(self, passed: bool) -> None:
        self.passed = passed

    async def run(self, call: StageCall, outlet: Outlet) -> Done:
        text = in_words(await call.value())
        return Done(Verdict(self.passed, text, () if self.passed else ("Its examples fail.",), 0.9))


@pytest.mark.parametrize("passed", [True, False])
@in_virtual_time
async def test_the_review_is_asked_only_when_the_check_fails(passed: bool) -> None:
    def processors(definition: StageDefinition) -> Processor:
        return Check(passed) if definition.use == "quality-check" else processor_for(definition)

    small, large = writer("llama-igpu", DRAFT, device=Device.IGPU), writer("llama-gpu", REVIEW, device=Device.GPU)
    tools = tools_over(small, large, sandbox=TemplatesHere(), confidence={"llama-igpu": 0.9, "llama-gpu": 0.4})
    engine = PipelineEngine(PipelineLibrary(asset("pipelines"), None), tools, processors)
    result = await engine.start("code-generation", Text("Add two numbers.")).result()
    await engine.aclose()
    stages = {stage.stage_id: stage.status for stage in result.stages}
    assert result.success, result.error
    assert stages["review"] is (StageStatus.SKIPPED if passed else StageStatus.FINISHED)
    assert in_words(result.output or Text("")).strip() == (DRAFT if passed else REVIEW).strip()
    asked = [DRAFT.strip() in request.messages[-1].content for request in large.requests]
    assert asked == ([] if passed else [True])
