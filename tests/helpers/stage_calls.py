"""Stages run by themselves: a call as the runner makes it, and what was reported."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field

from app.contracts.devices import Device, Tier
from app.contracts.events import TurnEvent
from app.contracts.ports import Runtime
from app.pipeline.definition import OptionValue, PipelineOptions, Retry, Segmenting, StageDefinition, StageType
from app.pipeline.outlet import Outlet
from app.pipeline.plan import PlannedStage
from app.pipeline.stages.processor import Done, Processor, StageCall
from app.pipeline.tools import Sandbox, Tools
from app.pipeline.values import Value, in_words
from tests.helpers.pipelines import tools_over


@dataclass
class Stage:
    """One stage under test; `run` it once.

    Attributes:
        events: What it reported and showed, in order.
        outlet: Where its output went.
    """

    processor: Processor
    type: StageType
    use: str = ""
    runtimes: Sequence[Runtime] = ()
    settings: Mapping[str, OptionValue] = field(default_factory=dict)
    segmenting: Segmenting | None = None
    retry: Retry = field(default_factory=lambda: Retry(attempts=2, base_ms=10.0))
    others: Sequence[Runtime] = ()
    sandbox: Sandbox | None = None
    tools: Tools | None = None
    context: Mapping[str, str] = field(default_factory=dict)
    inputs: Mapping[str, Outlet] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.events: list[TurnEvent] = []
        self.outlet = Outlet("stage", self.events.append)

    def seen(self, *kinds: type[TurnEvent]) -> list[TurnEvent]:
        """Events of these kinds."""
        return [event for event in self.events if isinstance(event, kinds)]

    def call(self, given: Value, texts: AsyncIterator[str] | None = None) -> StageCall:
        """The call; ``texts`` is the input while it comes."""
        tiers = tuple(Tier(port.backend.backend_id, port.backend.model) for port in self.runtimes)
        definition = StageDefinition(
            stage_id="stage",
            type=self.type,
            use=self.use,
            settings=self.settings,
            segmenting=self.segmenting,
            retry=self.retry,
            needs=tuple(self.inputs),
        )

        async def value() -> Value:
            return given

        async def stream() -> AsyncIterator[str]:
            if texts is None:
                yield in_words(given)
                return
            async for text in texts:
                yield text

        return StageCall(
            stage=PlannedStage(definition=definition, ladder=tiers[:1], fallbacks=tiers[1:], asked=Device.CPU),
            options=PipelineOptions(),
            tools=self.tools or tools_over(*self.runtimes, *self.others, sandbox=self.sandbox),
            value=value,
            stream=stream,
            inputs=self.inputs,
            context=self.context,
            messages=(),
            report=self.events.append,
        )

    async def run(self, given: Value, texts: AsyncIterator[str] | None = None) -> Done:
        """Run it to its end."""
        return await self.processor.run(self.call(given, texts), self.outlet)
