"""A server over the real engine and scripted backends, and a client that knows nothing but what reflection tells it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from app.aio.clock import SystemClock
from app.assistant.jobs.book import JobBook
from app.contracts.audio import AudioChunk
from app.contracts.devices import Tier
from app.contracts.errors import InvalidInput
from app.contracts.events import Caption
from app.contracts.metrics import StageMetadata
from app.pipeline.definition import PipelineDefinition, StageDefinition, StageType
from app.pipeline.engine import PipelineEngine
from app.pipeline.outlet import Outlet
from app.pipeline.stages.processor import Done, Processor, StageCall
from app.pipeline.values import Sound, SoundSource, Text, in_words
from app.service.server import ComputeServer, ServeOptions
from tests.helpers.pipelines import tools_over

SERVICE = "compute.v1.ComputeService"
TOKEN = "a-token-that-is-long-enough"

Work = Callable[[StageCall, Outlet], Any]
SCRIPTED = Tier("scripted-cpu", "script")


class Scripted:
    """A custom stage whose code is a coroutine function of the test."""

    streams = False

    def __init__(self, work: Work) -> None:
        self._work = work

    async def run(self, call: StageCall, outlet: Outlet) -> Done:
        return await self._work(call, outlet)


class Shelf:
    """Pipelines of one custom stage each."""

    def __init__(self, works: Mapping[str, Work]) -> None:
        self.works = dict(works)

    def ids(self) -> tuple[str, ...]:
        return tuple(sorted(self.works))

    def get(self, pipeline_id: str) -> PipelineDefinition:
        if pipeline_id not in self.works:
            raise InvalidInput(f"There is no pipeline {pipeline_id!r}.", code="no-pipeline", remedy="Choose another.")
        stage = StageDefinition(stage_id="work", type=StageType.CUSTOM, use=pipeline_id)
        return PipelineDefinition(pipeline_id=pipeline_id, name=pipeline_id.title(), stages=(stage,))

    def processor(self, stage: StageDefinition) -> Processor:
        return Scripted(self.works[stage.use])


async def echo(call: StageCall, outlet: Outlet) -> Done:
    """Says what it was given, word by word."""
    words = in_words(await call.value())
    for word in words.split(" "):
        outlet.show(word + " ", 0.5, SCRIPTED)
        await asyncio.sleep(0)
    outlet.commit()
    how = StageMetadata(forwarded=True, confidence=0.75, attempt_count=2, backend="scripted-cpu")
    return Done(Text(words, 0.75), how)


async def forever(call: StageCall, outlet: Outlet) -> Done:
    """Says one word and never ends."""
    outlet.show("begun", None, SCRIPTED)
    await asyncio.Event().wait()
    raise AssertionError


async def hum(call: StageCall, outlet: Outlet) -> Done:
    """Gives back the sound it was given, in two pieces."""
    value = await call.value()
    assert isinstance(value, Sound)
    half = value.chunk.samples // 2 * 4
    for pcm in (value.chunk.pcm[:half], value.chunk.pcm[half:]):
        outlet.sound(AudioChunk(pcm))
    return Done(value)


async def caption(call: StageCall, outlet: Outlet) -> Done:
    """Tells the length of each piece of an endless source."""
    source = await call.value()
    assert isinstance(source, SoundSource)
    total = 0
    segment = 0
    async for chunk in source.chunks:
        begin, total = total, total + chunk.samples
        call.report(
            Caption(
                stage="work",
                segment=segment,
                text=f"{chunk.samples} samples",
                start_s=begin / 16000,
                end_s=total / 16000,
                lag_s=0.0,
            )
        )
        segment += 1
    return Done(Text(f"{total} samples"))


@asynccontextmanager
async def served(
    works: Mapping[str, Work] | None = None, options: ServeOptions | None = None, jobs: JobBook | None = None
) -> AsyncIterator[tuple[ComputeServer, PipelineEngine]]:
    """A server at a free port; it and the engine are closed at the end."""
    shelf = Shelf(works or {"echo": echo, "forever": forever, "hum": hum, "caption": caption})
    tools = replace(tools_over(), clock=SystemClock())
    engine = PipelineEngine(shelf, tools, shelf.processor)
    server = ComputeServer(engine, shelf, options or ServeOptions(port=0), jobs)
    await server.start()
    try:
        yield server, engine
    finally:
        await server.aclose()
        await engine.aclose()


class Client:
    """A client that learns the service through reflection, as grpcurl does."""

    def __init__(self, channel: grpc.aio.Channel, token: str = "") -> None:
        self.channel = channel
        self.metadata = (("authorization", f"Bearer {token}"),) if token else ()
        self._pool = descriptor_pool.DescriptorPool()
        self.names: list[str] = []

    async def discover(self) -> None:
        """Learn what is there."""
        stub = reflection_pb2_grpc.ServerReflectionStub(self.channel)
        listing, by_symbol = [
            answer
            async for answer in stub.ServerReflectionInfo(
                iter(
                    [
                        reflection_pb2.ServerReflectionRequest(list_services=""),
                        reflection_pb2.ServerReflectionRequest(file_containing_symbol=SERVICE),
                    ]
                ),
                metadata=self.metadata,
            )
        ]
        self.names = [service.name for service in listing.list_services_response.service]
        files = [
            descriptor_pb2.FileDescriptorProto.FromString(raw)
            for raw in by_symbol.file_descriptor_response.file_descriptor_proto
        ]
        waiting = {file.name: file for file in files}
        while waiting:
            ready = [name for name, file in waiting.items() if not set(file.dependency) & set(waiting)]
            for name in ready:
                self._pool.Add(waiting.pop(name))
            assert ready, "the files need each other in a circle"

    def request(self, name: str, content: Mapping[str, Any]) -> Any:
        """A message from JSON."""
        return json_format.ParseDict(dict(content), self.message(name)())

    def message(self, name: str) -> Any:
        """A message's class."""
        return message_factory.GetMessageClass(self._pool.FindMessageTypeByName(f"compute.v1.{name}"))

    def method(self, name: str) -> Any:
        """A call."""
        service = self._pool.FindServiceByName(SERVICE)
        method = service.FindMethodByName(name)
        kind = {
            (False, False): self.channel.unary_unary,
            (False, True): self.channel.unary_stream,
            (True, False): self.channel.stream_unary,
            (True, True): self.channel.stream_stream,
        }[method.client_streaming, method.server_streaming]
        request = message_factory.GetMessageClass(method.input_type)
        response = message_factory.GetMessageClass(method.output_type)
        call = kind(
            f"/{SERVICE}/{name}",
            request_serializer=request.SerializeToString,
            response_deserializer=response.FromString,
        )

        def begin(content: Any = None, **more: Any) -> Any:
            if isinstance(content, Mapping):
                content = json_format.ParseDict(dict(content), request())
            return call(content, metadata=self.metadata, **more)

        return begin

    async def json(self, name: str, content: Mapping[str, Any], **more: Any) -> dict[str, Any]:
        """The JSON that answers JSON, as grpcurl prints it."""
        answer: dict[str, Any] = json_format.MessageToDict(await self.method(name)(content, **more))
        return answer

    async def stream(self, name: str, content: Any, **more: Any) -> list[dict[str, Any]]:
        """Every message of a stream, as JSON."""
        return [json_format.MessageToDict(message) async for message in self.method(name)(content, **more)]


@asynccontextmanager
async def client_of(
    address: str, token: str = "", credentials: Any = None, options: Any = None
) -> AsyncIterator[Client]:
    """A client that has discovered the service."""
    open_channel = (
        grpc.aio.insecure_channel(address, options=options)
        if credentials is None
        else grpc.aio.secure_channel(address, credentials, options=options)
    )
    async with open_channel as channel:
        client = Client(channel, token)
        await client.discover()
        yield client


def token_in(told: Mapping[str, Any]) -> str:
    """The token in the file that a server names when it is ready; nobody else may read that."""
    path = Path(told["token_file"])
    assert path.stat().st_mode & 0o777 == 0o600
    return path.read_text(encoding="ascii").strip()


def free_port() -> int:
    """A port nobody listens at, a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
