"""Pipelines for tests: definitions in a line, tools over scripted backends, and the shape of what a run reported."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from app.contracts.capabilities import ConfidenceSource
from app.contracts.devices import Device, Tier
from app.contracts.ports import Runtime
from app.pipeline.definition import OptionValue
from app.pipeline.tools import CacheStore, Documents, Judged, Sandbox, Tools
from app.power.energy.estimate import EstimatedPowerMonitor
from app.power.governor.permissive import PermissiveGovernor
from models.fakes.catalogue import FakeCatalogue
from models.fakes.llm import FakeTextGenerator
from tests.helpers.virtual_time import LoopClock


class SureOf:
    """Confidence by backend id; 0.9 for those not named."""

    def __init__(self, by_backend: Mapping[str, float | None] | None = None) -> None:
        self.by_backend = dict(by_backend or {})
        self.asked: list[tuple[Tier, tuple[float, ...], str]] = []

    def of(self, tier: Tier, log_probs: Sequence[float], text: str) -> Judged:
        self.asked.append((tier, tuple(log_probs), text))
        confidence = self.by_backend.get(tier.backend_id, 0.9)
        return Judged(confidence, ConfidenceSource.NONE if confidence is None else ConfidenceSource.CALIBRATED)


class NoSandbox:
    """Fails a test that reaches for a child process it should not need."""

    async def call(
        self, operation: str, arguments: Mapping[str, OptionValue], *, timeout_s: float = 5.0
    ) -> OptionValue:
        raise AssertionError(f"{operation} went to the sandbox")

    async def aclose(self) -> None:
        return


def writer(
    backend_id: str, *answers: str, device: Device = Device.CPU, log_probs: Sequence[float] = (-0.1,)
) -> FakeTextGenerator:
    """A scripted language model on the virtual clock."""
    return FakeTextGenerator(
        answers or ("Paris.",), backend_id, LoopClock(), device=device, model=f"{backend_id}-model", log_probs=log_probs
    )


def tools_over(
    *runtimes: Runtime,
    confidence: Mapping[str, float | None] | None = None,
    sandbox: Sandbox | None = None,
    cache: CacheStore | None = None,
    documents: Documents | None = None,
    missing: Mapping[str, str] | None = None,
) -> Tools:
    """Tools over scripted backends, in their order of preference."""
    return Tools(
        runtimes=FakeCatalogue(*runtimes, missing=missing),
        clock=LoopClock(),
        power=EstimatedPowerMonitor(),
        governor=PermissiveGovernor(),
        confidence=SureOf(confidence),
        sandbox=sandbox or NoSandbox(),
        cache=cache,
        documents=documents,
    )
