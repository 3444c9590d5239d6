"""The pipelines and the scripted hosts of the soak, and the questions that call the faults."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from app.aio.lease import CpuLease
from app.contracts.capabilities import CancelGranularity, Capabilities, ConfidenceSource
from app.contracts.devices import Backend, Device
from app.pipeline.definition import (
    Experts,
    Forwarding,
    Merge,
    PipelineDefinition,
    PipelineOptions,
    Retry,
    Sampling,
    StageCache,
    StageDefinition,
    StageType,
    TierWish,
)
from models.fakes.catalogue import FakeCatalogue
from models.host.backoff import BackoffLimits
from models.host.supervisor import Host, HostLimits
from models.hosted.llm import HostedTextGenerator

ENGINE = "models.fakes.soaking:SoakingEngine"
LIMITS = HostLimits(request_s=1.0, load_s=30.0, backoff=BackoffLimits(first_s=0.01, longest_s=0.2))
_CAPABILITIES = Capabilities(
    streaming=True,
    confidence=ConfidenceSource.TOKEN_LOG_PROB,
    cancel=CancelGranularity.TOKEN,
    context_tokens=2048,
)
_RETRY = Retry(attempts=2, base_ms=5.0, longest_ms=50.0)


@dataclass(frozen=True, slots=True)
class Order:
    """One run to be made.

    Attributes:
        pipeline: What is run.
        text: The input.
        fault: What is to go wrong; ``none`` for nothing.
        cancel_after_s: The run is cancelled then, None for never.
    """

    pipeline: PipelineDefinition
    text: str
    fault: str
    cancel_after_s: float | None = None


@asynccontextmanager
async def scripted_hosts(folder: Path) -> AsyncIterator[FakeCatalogue]:
    """Three backends in three processes: a sure one, an unsure one, and one behind them both."""
    ports = [
        _port("soak-npu", Device.NPU, folder, unsure=True),
        _port("soak-igpu", Device.IGPU, folder),
        _port("soak-cpu", Device.CPU, folder),
    ]
    try:
        yield FakeCatalogue(*ports)
    finally:
        for port in ports:
            await port.aclose()


def _port(backend_id: str, device: Device, folder: Path, *, unsure: bool = False) -> HostedTextGenerator:
    own = folder / backend_id
    own.mkdir()
    host = Host(backend_id, ENGINE, {"folder": str(own), "unsure": unsure}, limits=LIMITS)
    return HostedTextGenerator(host, Backend(backend_id, "soak", device, "script"), _CAPABILITIES, CpuLease(1))


def scripted_orders(count: int, seed: int = 1) -> list[Order]:
    """So many runs, a tenth of them with a fault; the same for the same seed."""
    chance = random.Random(seed)  # noqa: S311 - a script, not a secret
    return [_scripted(number, chance) for number in range(count)]


def _scripted(number: int, chance: random.Random) -> Order:
    pipeline = chance.choice(SCRIPTED)
    draw = chance.random()
    question = f"Question {number}: what is six times seven?"
    if draw < 0.01:
        return Order(pipeline, f"{question} [die:{number}]", "die")
    if draw < 0.012:
        return Order(pipeline, f"{question} [hang:{number}]", "hang")
    for bound, fault in ((0.03, "fault"), (0.045, "loop"), (0.06, "garbage"), (0.075, "unsure")):
        if draw < bound:
            return Order(pipeline, f"{question} [{fault}]", fault)
    if draw < 0.085:
        return Order(pipeline, chance.choice(("", "   ", "\x00\x01", "x" * 200_000)), "bad input")
    if draw < 0.125:
        return Order(pipeline, f"{question} [slow]", "cancel", chance.uniform(0.0, 0.15))
    if draw < 0.2:
        return Order(pipeline, "Asked again and again.", "again")
    return Order(pipeline, question, "none")


def real_orders(count: int, seed: int = 2) -> list[Order]:
    """So many runs on the embedded default, with answers of a few words."""
    chance = random.Random(seed)  # noqa: S311
    orders = []
    for number in range(count):
        pipeline = chance.choice(REAL)
        draw = chance.random()
        if draw < 0.02:
            orders.append(Order(pipeline, "\x00", "bad input"))
        elif draw < 0.07:
            orders.append(Order(pipeline, f"Tell me about the number {number}.", "cancel", chance.uniform(0.0, 0.2)))
        elif draw < 0.27:
            orders.append(Order(pipeline, "What is the capital of France?", "again"))
        else:
            orders.append(Order(pipeline, f"Say the number {number}.", "none"))
    return orders


def _text(stage_id: str, **fields: object) -> StageDefinition:
    return StageDefinition(stage_id=stage_id, type=StageType.TEXT_GENERATION, retry=_RETRY, **fields)  # type: ignore[arg-type]


def _pipeline(pipeline_id: str, *stages: StageDefinition, **options: object) -> PipelineDefinition:
    return PipelineDefinition(
        pipeline_id=pipeline_id,
        name=pipeline_id,
        stages=stages,
        options=PipelineOptions(max_tokens=48, **options),  # type: ignore[arg-type]
    )


_LADDER = Forwarding(min_confidence=0.5, path=(TierWish("soak-igpu"), TierWish("soak-cpu")))
_MERGE = StageDefinition(
    stage_id="merged",
    type=StageType.CUSTOM,
    use="merge",
    needs=("left", "right"),
    settings={"how": "concatenate", "separator": " "},
)
SCRIPTED: tuple[PipelineDefinition, ...] = (
    _pipeline("soak-linear", _text("answer", backend="soak-igpu"), cache=True),
    _pipeline("soak-ladder", _text("answer", backend="soak-npu", forwarding=_LADDER)),
    _pipeline(
        "soak-diamond",
        _text("first", backend="soak-cpu"),
        _text("left", backend="soak-igpu", needs=("first",)),
        _text("right", backend="soak-cpu", needs=("first",)),
        _MERGE,
        parallel_stages=True,
    ),
    _pipeline(
        "soak-vote",
        _text("answer", backend="soak-cpu", experts=Experts(samples=3, merge=Merge.VOTE)),
    ),
)
"""What the scripted hosts run."""

_SHORT = Sampling(max_tokens=6, temperature=0.0)
REAL: tuple[PipelineDefinition, ...] = (
    _pipeline("soak-real", _text("answer", sampling=_SHORT), cache=True),
    _pipeline(
        "soak-real-twice",
        _text("draft", sampling=_SHORT),
        _text("answer", sampling=_SHORT, needs=("draft",), cache=StageCache(enabled=False)),
    ),
)
"""What the embedded default runs."""
