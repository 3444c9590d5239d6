"""The calls of `compute.v1.ComputeService`: a request becomes a run, its events and its end become messages."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any, Protocol

import grpc
import grpc.aio

from app.assistant.jobs.book import JobBook
from app.contracts.audio import AudioChunk
from app.contracts.errors import InvalidInput, SottoError
from app.contracts.events import RUN_ENDS, TurnEvent
from app.pipeline.definition import OptionValue, PipelineDefinition
from app.pipeline.run import Run
from app.pipeline.values import SoundSource, Text, Value
from app.service import mapping, sound
from app.service.generated.compute.v1 import compute_pb2 as pb
from app.service.jobs import JobCalls
from app.service.limits import Admission, Limits
from app.service.outbox import Outbox
from app.service.refusing import refused

SERVICE = "compute.v1.ComputeService"
_LONGEST_ID = 128
_CLIENT_LEFT = "The client left."
_TOO_SLOW = SottoError(
    "The client did not read what was sent to it, so its run was ended.",
    code="client-too-slow",
    remedy="Read the stream while it comes, or call ExecutePipeline.",
)


class Engine(Protocol):
    """What the service needs of `app.pipeline.engine.PipelineEngine`."""

    def start(
        self,
        pipeline_id: str,
        given: Value,
        *,
        overrides: Mapping[str, OptionValue] = ...,
        context: Mapping[str, str] = ...,
        run_id: str = ...,
    ) -> Run:
        """Begin a run."""
        ...

    def cancel(self, run_id: str, reason: str = "") -> bool:
        """End a run."""
        ...

    async def cancel_all(self) -> int:
        """End every run; returns when engines are idle."""
        ...


class Library(Protocol):
    """The pipelines there are."""

    def ids(self) -> tuple[str, ...]:
        """Their names."""
        ...

    def get(self, pipeline_id: str) -> PipelineDefinition:
        """One of them; raises `InvalidInput`."""
        ...


class ComputeService(JobCalls):
    """Runs pipelines for clients, at once or as jobs.

    Args:
        engine: Runs them.
        library: Names them.
        limits: What clients may ask for.
        admission: Counts who runs what.
        jobs: The jobs of this person, None for a server that keeps none.
    """

    def __init__(
        self, engine: Engine, library: Library, limits: Limits, admission: Admission, jobs: JobBook | None = None
    ) -> None:
        super().__init__(jobs, admission)
        self._engine = engine
        self._library = library
        self._limits = limits
        self._admission = admission

    async def ExecutePipeline(  # noqa: N802 - the name is the proto's
        self, request: pb.ExecutePipelineRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> pb.ExecutePipelineResponse:
        """Run a pipeline and answer when it has ended. A client that leaves ends its run."""
        async with refused(context):
            give_back = self._admission.admit(context.peer())
            try:
                run = self.start(request, await self.given(request))
                try:
                    result = await run.result()
                finally:
                    run.cancel(_CLIENT_LEFT)
            finally:
                give_back()
            made = sound.sound_made(result) if result.success else None
            audio = None if made is None else await asyncio.to_thread(sound.encoded, made, request.audio_format)
            return mapping.result_message(result, audio)

    async def ExecutePipelineStream(  # noqa: N802 - the name is the proto's
        self, request: pb.ExecutePipelineRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> None:
        """Run a pipeline and send everything that happens."""
        async with refused(context):
            give_back = self._admission.admit(context.peer())
            try:
                run = self.start(request, await self.given(request))
                await self._send(run, context, request.audio_format, give_back)
            finally:
                give_back()

    async def ExecutePipelineDuplex(  # noqa: N802 - the name is the proto's
        self,
        requests: AsyncIterator[pb.PipelineAudioRequest],
        context: grpc.aio.ServicerContext[Any, Any],
    ) -> None:
        """Run a pipeline on sound that the client streams."""
        async with refused(context):
            start = await _first(requests, self._limits.stalled_s)  # who says nothing takes no place
            give_back = self._admission.admit(context.peer())
            try:
                chunks = sound.ClientSound(
                    aiter(requests),
                    start.input_format or pb.AUDIO_FORMAT_PCM_S16LE,
                    sound.checked_rate(start.sample_rate_hz),
                )
                run = self.start(start, SoundSource(chunks, "client"))
                await self._send(run, context, start.audio_format, give_back)
            finally:
                give_back()

    async def ListPipelines(  # noqa: N802 - the name is the proto's
        self, _request: pb.ListPipelinesRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> pb.ListPipelinesResponse:
        """The pipelines there are."""
        async with refused(context):
            return await asyncio.to_thread(self._listed)

    async def CancelRun(  # noqa: N802 - the name is the proto's
        self, request: pb.CancelRunRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> pb.CancelRunResponse:
        """End a run."""
        async with refused(context):
            if not request.run_id:
                raise InvalidInput("run_id is missing.", code="no-run-id")
            return pb.CancelRunResponse(cancelled=self._engine.cancel(request.run_id, "Cancelled by a client."))

    def _listed(self) -> pb.ListPipelinesResponse:
        response = pb.ListPipelinesResponse()
        for pipeline_id in self._library.ids():
            with contextlib.suppress(InvalidInput):  # its file may have changed meanwhile
                response.pipelines.append(mapping.pipeline_message(self._library.get(pipeline_id)))
        return response

    def start(self, request: pb.ExecutePipelineRequest | pb.StartAudio, given: Value) -> Run:
        """Begin the run of a request.

        Raises:
            InvalidInput: Its pipeline, its options or its id cannot be used.
            Busy: As many runs as are allowed are going on.
        """
        if len(request.run_id) > _LONGEST_ID or not request.run_id.isprintable():
            raise InvalidInput(
                f"run_id has at most {_LONGEST_ID} characters, and none that cannot be seen.", code="bad-run-id"
            )
        return self._engine.start(
            request.pipeline_id,
            given,
            overrides=mapping.overrides(request.options),
            context=dict(request.context),
            run_id=request.run_id,
        )

    async def given(self, request: pb.ExecutePipelineRequest) -> Value:
        """What the run works on.

        Raises:
            InvalidInput: The pipeline is not there, or the input is missing, too long or no sound.
        """
        if not request.pipeline_id:
            raise InvalidInput("pipeline_id is missing.", code="no-pipeline-id")
        await asyncio.to_thread(self._library.get, request.pipeline_id)
        match request.input.WhichOneof("kind"):
            case "text":
                longest = self._limits.text_characters
                if len(request.input.text) > longest:
                    raise InvalidInput(
                        f"input.text has {len(request.input.text)} characters; this server takes {longest}.",
                        code="input-too-long",
                        remedy="Shorten it.",
                    )
                return Text(request.input.text)
            case "audio":
                return await sound.decoded(request.input.audio, self._limits.audio_s)
            case _:
                raise InvalidInput(
                    "input is missing.", code="no-input", remedy='Give {"text": …} or {"audio": {"data": …}}.'
                )

    async def _send(
        self,
        run: Run,
        context: grpc.aio.ServicerContext[Any, Any],
        audio_format: pb.AudioFormat,
        give_back: Callable[[], None],
    ) -> None:
        """Send the events of a run to its end; whoever stops reading or leaves ends it."""
        loop = asyncio.get_running_loop()
        too_slow = False

        def give_up() -> None:
            nonlocal too_slow
            too_slow = True
            loop.call_soon(run.cancel, _TOO_SLOW.message)  # not in the middle of an event being told

        outbox = Outbox(self._limits, give_up)

        def listen(event: TurnEvent) -> None:
            outbox.put(event)
            if isinstance(event, RUN_ENDS):
                give_back()

        leave = run.subscribe(listen)
        sounds = loop.create_task(_sounds(run, outbox), name=f"sounds of run {run.run_id}")
        try:
            sounded = False
            while (item := await outbox.get()) is not None:
                sounded = sounded or isinstance(item, AudioChunk)
                stalled = loop.call_later(self._limits.stalled_s, give_up)
                try:
                    await context.write(_message(run, item, audio_format))
                finally:
                    stalled.cancel()
            result = await run.result()
            if result.success and not sounded and (made := sound.sound_made(result)) is not None:
                for piece in sound.pieces(made):  # of a stage whose output is not the run's
                    await context.write(_message(run, piece, audio_format))
            response = mapping.result_message(result, cancel_reason=_TOO_SLOW if too_slow else None)
            kind = "RunFinished" if result.success else "RunCancelled" if result.cancelled else "RunFailed"
            await context.write(
                pb.PipelineStreamResponse(
                    run_id=run.run_id, seq=outbox.last_seq, t_ms=result.metrics.total_ms, type=kind, response=response
                )
            )
        finally:
            leave()
            run.cancel(_CLIENT_LEFT)
            sounds.cancel()
            await asyncio.wait([sounds])


async def _sounds(run: Run, outbox: Outbox) -> None:
    """Hand the sound of a run on; that it failed is told by its end."""
    try:
        with contextlib.suppress(SottoError):
            async with contextlib.aclosing(run.output.sounds()) as chunks:  # type: ignore[type-var]
                async for chunk in chunks:
                    await outbox.put_sound(chunk)
    finally:
        outbox.no_more_sound()


def _message(run: Run, item: TurnEvent | AudioChunk, audio_format: pb.AudioFormat) -> pb.PipelineStreamResponse:
    if isinstance(item, AudioChunk):
        return pb.PipelineStreamResponse(
            run_id=run.run_id, type="Audio", seq=-1, audio=sound.streamed(item, audio_format)
        )
    return mapping.event_message(item)


async def _first(requests: AsyncIterator[pb.PipelineAudioRequest], within_s: float) -> pb.StartAudio:
    """The start of a stream of sound.

    Raises:
        InvalidInput: Nothing came in time, something else came first, or it names no pipeline.
    """
    try:
        async with asyncio.timeout(within_s):
            request = await anext(aiter(requests), None)
    except TimeoutError as error:
        raise InvalidInput(f"No `start` came within {within_s:g} s.", code="start-expected") from error
    if request is not None and request.WhichOneof("kind") == "start":
        if not request.start.pipeline_id:
            raise InvalidInput("start.pipeline_id is missing.", code="no-pipeline-id")
        start: pb.StartAudio = request.start
        return start
    raise InvalidInput("The first message of the stream has to be `start`.", code="start-expected")
