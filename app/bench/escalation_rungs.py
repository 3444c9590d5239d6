"""The ladder of the escalation benchmark, asked through the engine: the starter model, its vote, a played server."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from app.aio.lease import CpuLease
from app.bench.escalation_set import Question, is_right
from app.bench.key_server import MODEL, KeyServer, Stated
from app.bench.pipeline_stages import NoLibrary
from app.bootstrap.pipelines import put_together
from app.contracts.capabilities import ConfidenceSource
from app.contracts.devices import Device, Tier
from app.contracts.energy import Energy, Provenance
from app.contracts.metrics import StageMetadata
from app.pipeline.confidence.calibrated import CalibratedConfidence
from app.pipeline.definition import (
    Experts,
    Forwarding,
    Merge,
    PipelineDefinition,
    Sampling,
    StageDefinition,
    StageType,
    TierWish,
)
from app.pipeline.engine import PipelineEngine
from app.pipeline.stages.registry import processor_for
from app.pipeline.tools import Judged
from app.pipeline.values import Text, in_words
from app.power.energy.estimate import EstimatedPowerMonitor
from app.settings.paths import Paths
from app.settings.store import SettingsStore
from models.backends import Backends
from models.llm.openai_compatible import RemoteTextGenerator, Server

SMALLEST = "llama-cpu"
LARGEST = "key-remote"
SAMPLES = 5
TEMPERATURE = 0.7
MAX_TOKENS = 24
SEED = 1


@dataclass(frozen=True, slots=True)
class Answered:
    """One question answered by one rung.

    Attributes:
        question: Which.
        text: The answer.
        right: As the key has it.
        confidence: Of the answer, None where nobody could tell.
        log_probs: Of its tokens, natural logarithms; of a vote those of the winner.
        share: Of the vote, None where there was none.
        joules: Above idle; stated ones for the played server.
        seconds: From the request to the end.
        by: Backend whose answer it was.
    """

    question: Question
    text: str
    right: bool
    confidence: float | None
    log_probs: tuple[float, ...]
    share: float | None
    joules: float
    seconds: float
    by: str


class StatedPower(EstimatedPowerMonitor):
    """The estimates of this machine's devices, and the stated watts of the played server."""

    def __init__(self, watts: float) -> None:
        super().__init__()
        self._watts = watts

    def energy(self, device: Device, busy_s: float) -> Energy:
        """As stated for the server."""
        if device is Device.REMOTE:
            return Energy(self._watts * max(0.0, busy_s), Provenance.ESTIMATE)
        return super().energy(device, busy_s)


class Overhearing:
    """A confidence that remembers what it was last asked about, so that raw probabilities can be compared."""

    def __init__(self, inner: CalibratedConfidence) -> None:
        self.inner = inner
        self.log_probs: tuple[float, ...] = ()

    def of(self, tier: Tier, log_probs: Sequence[float], text: str) -> Judged:
        """The inner one's."""
        self.log_probs = tuple(log_probs)
        return self.inner.of(tier, log_probs, text)

    def of_vote(self, tier: Tier, share: float, samples: int, log_probs: Sequence[float], text: str) -> Judged:
        """The inner one's."""
        self.log_probs = tuple(log_probs)
        return self.inner.of_vote(tier, share, samples, log_probs, text)


class Ladder:
    """Asks questions of the rungs.

    Args:
        engine: Over the backends.
        heard: What the engine's confidence was asked.
        tier: The smallest rung.
        revision: Of its weights and runtime.
    """

    def __init__(self, engine: PipelineEngine, heard: Overhearing, tier: Tier, revision: str) -> None:
        self._engine = engine
        self._heard = heard
        self.tier = tier
        self.revision = revision

    async def smallest(self, questions: Iterable[Question]) -> list[Answered]:
        """The starter model once, greedily."""
        return [await self._ask(_stage(SMALLEST), question) for question in questions]

    async def vote(self, questions: Iterable[Question]) -> list[Answered]:
        """The starter model's vote, ended as soon as it is decided."""
        return [await self._ask(replace(_stage(SMALLEST), experts=_VOTE), question) for question in questions]

    async def largest(self, questions: Iterable[Question]) -> list[Answered]:
        """The played server."""
        return [await self._ask(_stage(LARGEST), question) for question in questions]

    async def escalating(self, questions: Iterable[Question], bar: float) -> list[Answered]:
        """Smallest, vote and server, each only when the one before is under the bar."""
        higher = Forwarding(min_confidence=bar, path=(TierWish(LARGEST),))
        answers = []
        for question in questions:
            first = await self._ask(_stage(SMALLEST), question)
            if first.confidence is not None and first.confidence < bar:
                then = await self._ask(replace(_stage(SMALLEST), experts=_VOTE, forwarding=higher), question)
                first = replace(then, joules=first.joules + then.joules, seconds=first.seconds + then.seconds)
            answers.append(first)
        return answers

    async def _ask(self, stage: StageDefinition, question: Question) -> Answered:
        """One question to one stage.

        Raises:
            SottoError: It could not be answered.
        """
        pipeline = PipelineDefinition(pipeline_id="escalation", name="escalation", stages=(stage,))
        result = await self._engine.start_definition(pipeline, Text(question.question)).result()
        if result.error is not None:
            raise result.error
        assert result.output is not None
        how = result.stages[-1].metadata or StageMetadata()
        text = in_words(result.output)
        spent = [attempt.energy.joules for attempt in how.attempts if attempt.energy is not None]
        return Answered(
            question=question,
            text=text,
            right=is_right(text, question),
            confidence=None if how.confidence_source is ConfidenceSource.NONE else how.confidence,
            log_probs=self._heard.log_probs,
            share=dict(how.figures).get("vote_share"),
            joules=sum(spent),
            seconds=result.metrics.total_ms / 1000.0,
            by=how.backend,
        )


_VOTE = Experts(samples=SAMPLES, merge=Merge.VOTE, temperature=TEMPERATURE)


def _stage(backend_id: str) -> StageDefinition:
    return StageDefinition(
        stage_id="answer",
        type=StageType.TEXT_GENERATION,
        backend=backend_id,
        sampling=Sampling(max_tokens=MAX_TOKENS, temperature=0.0, seed=SEED),
    )


@asynccontextmanager
async def ladder(known: Sequence[Question], stated: Stated, confidence: CalibratedConfidence) -> AsyncIterator[Ladder]:
    """The rungs, warm: the embedded default, and a server started here that knows these questions."""
    async with AsyncExitStack() as stack:
        paths = Paths.under(Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sotto-bench-"))))
        paths.ensure()
        url = await stack.enter_async_context(KeyServer(known, stated).serving())
        backends = Backends(CpuLease(), cache_dir=paths.cache_dir)
        stack.push_async_callback(backends.aclose)
        server = Server(base_url=url, model=MODEL, backend_id=LARGEST, simulated=True)
        backends.add(RemoteTextGenerator(server), "stated")
        services = put_together(paths, SettingsStore(paths.settings_file), backends, stack)
        heard = Overhearing(confidence)
        tools = replace(services.tools, confidence=heard, power=StatedPower(stated.watts))
        engine = PipelineEngine(NoLibrary(), tools, processor_for)
        stack.push_async_callback(engine.aclose)
        for backend_id in (SMALLEST, LARGEST):
            await backends.text_port(backend_id).warm_up()
        smallest = backends.text_port(SMALLEST).backend
        yield Ladder(engine, heard, Tier(smallest.backend_id, smallest.model), backends.revision(SMALLEST))
