"""A real OpenAI-compatible server as the top tier: asked, and lost in every way one can lose it.

The server is llama-cpp-python's own with the starter model, on the loopback; the local tier is the starter model.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from app.aio.clock import SystemClock
from app.aio.lease import CpuLease
from app.assistant.assistant import Assistant
from app.assistant.parts import Parts, TurnOptions
from app.assistant.recordings import Recordings
from app.assistant.records import Recorder
from app.assistant.stream import BackendRelay
from app.bootstrap.pipelines import engine_over
from app.contracts.cards import AnswerCard
from app.contracts.devices import Backend, Device
from app.contracts.errors import ConnectionFailed, Unavailable
from app.contracts.events import CardUpserted, DeviceUsed, Escalated, FailedOver, TextDelta, TurnEvent, TurnFinished
from app.contracts.text import ChatMessage, FinishReason, GenerationRequest, Role, TextPiece
from app.pipeline.definition import Forwarding, PipelineDefinition, Sampling, StageDefinition, StageType, TierWish
from app.pipeline.run import RunResult
from app.pipeline.values import Text, in_words
from models.backends import Backends
from models.llm.openai_compatible import RemoteTextGenerator, Server
from models.retrying import RetryingTextGenerator
from tests.helpers.assistants import Watched, cast
from tests.helpers.real_server import KEY, MODEL, RealServer, free_port, real_server

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGSTOP")

LOCAL, REMOTE = "llama-cpu", "lan"
STORY = "Tell me a story about the sea."
SCHEMA = json.dumps(
    {
        "type": "object",
        "properties": {"yes": {"type": "boolean"}, "sure": {"type": "boolean"}},
        "required": ["yes", "sure"],
    }
)


class LlamaAlone(Backends):
    """A machine on which the starter model runs through llama.cpp once, and nothing else is there for text."""

    def serving(self, kind: str) -> tuple[Backend, ...]:
        return tuple(backend for backend in super().serving(kind) if backend.backend_id in (LOCAL, REMOTE))


def tier(
    url: str, *, key: str = KEY, model: str = MODEL, silence_s: float = 30.0, log_probs: bool = True
) -> RemoteTextGenerator:
    return RemoteTextGenerator(
        Server(
            base_url=url, model=model, key=key, backend_id=REMOTE, silence_s=silence_s, look_s=5.0, log_probs=log_probs
        )
    )


@asynccontextmanager
async def backends_with(remote: RemoteTextGenerator) -> AsyncIterator[Backends]:
    backends = LlamaAlone(CpuLease(1))
    backends.add(remote, "its own")
    try:
        if reason := backends.why_not(LOCAL):
            pytest.skip(reason)
        yield backends
    finally:
        await backends.aclose()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RealServer]:
    """One that a test may end."""
    with real_server(tmp_path) as started:
        yield started


@pytest.fixture(scope="module")
def lasting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealServer]:
    """One for all the tests that leave it alone."""
    with real_server(tmp_path_factory.mktemp("server")) as started:
        yield started


class Escalating:
    """A run of one stage: the local model first, the server above it, and a bar that the local one cannot reach."""

    def __init__(self) -> None:
        self.events: list[TurnEvent] = []
        self.on_remote_text = lambda: None
        self._heard = 0

    def __call__(self, event: TurnEvent) -> None:
        self.events.append(event)
        if isinstance(event, TextDelta) and event.tier is not None and REMOTE in str(event.tier):
            self._heard += 1
            if self._heard == 6:
                self.on_remote_text()

    async def run(self, backends: Backends) -> RunResult:
        stage = StageDefinition(
            stage_id="answer",
            type=StageType.TEXT_GENERATION,
            backend=LOCAL,
            sampling=Sampling(max_tokens=24, temperature=0.0),
            forwarding=Forwarding(min_confidence=0.999, path=(TierWish(REMOTE),)),
        )
        definition = PipelineDefinition(pipeline_id="escalation", name="escalation", stages=(stage,))
        async with engine_over(backends, SystemClock()) as engine:
            run = engine.start_definition(definition, Text(STORY))
            run.subscribe(self)
            return await run.result()

    @property
    def ran(self) -> list[tuple[str, Device]]:
        return [(event.backend, event.ran) for event in self.events if isinstance(event, DeviceUsed)]

    @property
    def failed_over(self) -> list[FailedOver]:
        return [event for event in self.events if isinstance(event, FailedOver)]


def decisions(result: RunResult) -> list[tuple[str, str]]:
    metadata = result.stages[-1].metadata
    assert metadata is not None
    return [(attempt.backend, attempt.decision) for attempt in metadata.attempts]


def words_of(result: RunResult) -> str:
    assert result.error is None
    assert result.success
    assert result.output is not None
    return in_words(result.output)


async def test_a_doubtful_answer_is_asked_again_of_the_server(lasting: RealServer) -> None:
    escalating = Escalating()
    async with backends_with(tier(lasting.url)) as backends:
        result = await escalating.run(backends)
    assert len(words_of(result).split()) > 6
    (escalated,) = [event for event in escalating.events if isinstance(event, Escalated)]
    assert (escalated.from_tier.backend_id, escalated.to_tier.backend_id) == (LOCAL, REMOTE)
    assert escalating.ran == [(LOCAL, Device.CPU), (REMOTE, Device.REMOTE)]
    assert escalating.failed_over == []
    assert [decision for decision in decisions(result) if decision[0] == REMOTE] == [(REMOTE, "best")]


@pytest.mark.parametrize("how", ["kill", "freeze"])
async def test_a_server_lost_in_the_middle_leaves_the_local_tier(server: RealServer, how: str) -> None:
    escalating = Escalating()
    escalating.on_remote_text = getattr(server, how)
    async with backends_with(tier(server.url, silence_s=4.0 if how == "freeze" else 30.0)) as backends:
        await backends.text_port(REMOTE).warm_up()
        result = await escalating.run(backends)
    begun = "".join(_of_the_server(escalating.events))
    assert len(begun.split()) >= 3
    assert words_of(result).startswith(begun)
    assert len(words_of(result)) > len(begun)
    (over,) = escalating.failed_over
    assert (over.from_backend, over.to_backend) == (REMOTE, LOCAL)
    assert over.at_token >= 6
    assert ("went away" if how == "kill" else "fell silent") in over.reason
    assert decisions(result)[0] == (LOCAL, "escalated")
    assert decisions(result)[1] in ((REMOTE, "failed"), (REMOTE, "failed-over"))
    assert decisions(result)[-1][0] == LOCAL
    assert escalating.ran[-1] == (LOCAL, Device.CPU)


def _of_the_server(events: Sequence[TurnEvent]) -> list[str]:
    return [event.text for event in events if isinstance(event, TextDelta) and REMOTE in str(event.tier)]


@pytest.mark.parametrize("trouble", ["wrong key", "wrong model", "nobody there"])
async def test_a_server_that_cannot_be_asked_leaves_the_local_tier(lasting: RealServer, trouble: str) -> None:
    remote, words = {
        "wrong key": (tier(lasting.url, key="open"), "refused the key (401)"),
        "wrong model": (tier(lasting.url, model="huge"), "has no model 'huge'"),
        "nobody there": (tier(f"http://127.0.0.1:{free_port()}/v1"), "cannot be reached"),
    }[trouble]
    escalating = Escalating()
    async with backends_with(remote) as backends:
        with pytest.raises(ConnectionFailed if trouble == "nobody there" else Unavailable) as caught:
            await backends.text_port(REMOTE).warm_up()
        assert words in str(caught.value)
        result = await escalating.run(backends)
    assert words_of(result)
    assert words in escalating.failed_over[-1].reason
    assert escalating.ran == [(LOCAL, Device.CPU)] * len(escalating.ran)
    assert (REMOTE, Device.REMOTE) not in escalating.ran


async def test_a_turn_ends_on_the_local_tier_when_the_server_dies(server: RealServer, tmp_path: Path) -> None:
    async with backends_with(tier(server.url)) as backends:
        relay, watched = BackendRelay(), Watched()
        text = RetryingTextGenerator([backends.text_port(REMOTE), backends.text_port(LOCAL)], SystemClock())
        text.observer = relay
        fakes = cast()
        parts = Parts(
            *(fakes.microphone, fakes.speaker, fakes.speech_to_text, text, fakes.text_to_speech),
            *(fakes.voice_activity, fakes.parts.power, fakes.parts.governor, SystemClock()),
        )
        problems: list[object] = []
        assistant = Assistant(
            parts,
            relay,
            options=lambda: TurnOptions(speak=False, max_tokens=24, temperature=0.0),
            recordings=Recordings(tmp_path / "recordings", on_problem=problems.append),
            recorder=Recorder(SystemClock(), None, keep=lambda: False, on_problem=problems.append),
        )
        assistant.subscribe(watched)
        try:
            turn_id = assistant.ask(STORY)
            async with asyncio.timeout(60):
                await watched.saw(TextDelta, number=6)
                begun = "".join(event.text for event in watched.of(turn_id) if isinstance(event, TextDelta))
                server.kill()
                await watched.ended()
        finally:
            await assistant.aclose()
    watched.check()
    end = watched.of(turn_id)[-1]
    assert isinstance(end, TurnFinished)
    assert [(stage.backend, stage.device) for stage in end.metrics.stages] == [(LOCAL, Device.CPU)]
    (over,) = [event for event in watched.of(turn_id) if isinstance(event, FailedOver)]
    assert (over.from_backend, over.to_backend) == (REMOTE, LOCAL)
    assert over.at_token >= 6
    cards = [event.card for event in watched.of(turn_id) if isinstance(event, CardUpserted)]
    answer = [card for card in cards if isinstance(card, AnswerCard)][-1]
    assert answer.text.startswith(begun.strip())
    assert len(answer.text) > len(begun)
    used = [event for event in watched.of(turn_id) if isinstance(event, DeviceUsed) and event.stage == "answer"]
    assert (used[0].backend, used[0].ran) == (REMOTE, Device.REMOTE)
    assert (used[-1].backend, used[-1].ran) == (LOCAL, Device.CPU)


async def written(runtime: RemoteTextGenerator, question: str, **more: object) -> list[TextPiece]:
    request = GenerationRequest(
        (ChatMessage(Role.USER, question),),
        **{"max_tokens": 8, "temperature": 0.0, **more},  # type: ignore[arg-type]
    )
    return [piece async for piece in runtime.generate(request)]


async def test_the_server_gives_probabilities_token_by_token(lasting: RealServer) -> None:
    runtime = tier(lasting.url)
    pieces = await written(runtime, "What is the capital of France?")
    await runtime.aclose()
    assert len(pieces) == 9
    log_probs = [piece.log_prob for piece in pieces[:-1]]
    assert all(value is not None and -20.0 < value <= 0.0 for value in log_probs)
    assert len(set(log_probs)) > 4
    assert pieces[-1].finish is FinishReason.LENGTH


async def test_json_by_a_schema_from_a_server_that_knows_one_of_the_two_ways(lasting: RealServer) -> None:
    runtime = tier(lasting.url, log_probs=False)
    pieces = await written(runtime, "Is Paris in France?", json_schema=SCHEMA, max_tokens=24)
    answer = json.loads("".join(piece.text for piece in pieces))
    assert set(answer) == {"sure", "yes"}
    assert all(isinstance(value, bool) for value in answer.values())
    assert pieces[-1].finish is FinishReason.STOP
    plain = await written(runtime, "Is Paris in France?")
    assert not "".join(piece.text for piece in plain).startswith("{")
    await runtime.aclose()
