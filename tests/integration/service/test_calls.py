"""The service as a real client sees it, over the real engine."""

from __future__ import annotations

import asyncio
import base64
import io
import wave
from collections.abc import AsyncIterator

import grpc
import numpy as np
import pytest

from app.contracts.errors import AlreadyRunning, RuntimeFault
from app.pipeline.outlet import Outlet
from app.pipeline.stages.processor import Done, StageCall
from app.service.generated.compute.v1 import compute_pb2 as pb
from app.service.limits import Limits
from app.service.server import ServeOptions
from tests.helpers.service import SERVICE, TOKEN, client_of, echo, forever, served
from tests.helpers.waiting import until


async def broken(call: StageCall, outlet: Outlet) -> Done:
    raise RuntimeFault("The model could not be read.", code="bad-model", remedy="Fetch it again.")


async def test_a_client_that_knows_nothing_finds_everything() -> None:
    async with served() as (server, _engine), client_of(server.address) as client:
        assert SERVICE in client.names
        assert "grpc.health.v1.Health" in client.names
        answer = await client.json("ListPipelines", {})
        assert [entry["pipeline_id"] for entry in answer["pipelines"]] == ["caption", "echo", "forever", "hum"]
        assert answer["pipelines"][1]["stages"] == [{"stage_id": "work", "type": "custom"}]


async def test_the_json_of_an_answer() -> None:
    async with served() as (server, _engine), client_of(server.address) as client:
        answer = await client.json(
            "ExecutePipeline", {"pipeline_id": "echo", "input": {"text": "Explain quantum physics"}}
        )
    assert answer["pipeline_id"] == "echo"
    assert answer["success"] is True
    assert answer["final_output"] == {"text": "Explain quantum physics"}
    [stage] = answer["stage_results"]
    assert stage["stage_id"] == "work"
    assert stage["backend"] == "scripted-cpu"
    assert stage["success"] is True
    assert stage["metadata"]["forwarded"] is True
    assert stage["metadata"]["confidence"] == 0.75
    assert stage["metadata"]["attempt_count"] == 2
    assert answer["total_time_ms"] > 0
    assert answer["run_id"]


async def test_a_stream_tells_what_happens_in_order() -> None:
    async with served() as (server, _engine), client_of(server.address) as client:
        events = await client.stream("ExecutePipelineStream", {"pipeline_id": "echo", "input": {"text": "one two"}})
    assert [event["type"] for event in events] == [
        "RunStarted",
        "PlanMade",
        "StageStarted",
        "TextDelta",
        "TextDelta",
        "StageFinished",
        "RunFinished",
    ]
    assert [int(event.get("seq", 0)) for event in events] == list(range(7))
    assert "".join(event["text_delta"]["text"] for event in events if "text_delta" in event) == "one two "
    assert events[5]["stage_finished"]["metadata"]["attempt_count"] == 2
    assert events[-1]["response"]["final_output"]["text"] == "one two"
    assert len({event["run_id"] for event in events}) == 1


@pytest.mark.parametrize(
    ("content", "status", "sentence"),
    [
        ({"pipeline_id": "nothing", "input": {"text": "x"}}, grpc.StatusCode.NOT_FOUND, "no pipeline 'nothing'"),
        ({"pipeline_id": "echo"}, grpc.StatusCode.INVALID_ARGUMENT, "input is missing"),
        ({"input": {"text": "x"}}, grpc.StatusCode.INVALID_ARGUMENT, "pipeline_id is missing"),
        (
            {"pipeline_id": "echo", "input": {"text": "x" * 100_001}},
            grpc.StatusCode.INVALID_ARGUMENT,
            "100001 characters",
        ),
        (
            {"pipeline_id": "hum", "input": {"audio": {"data": base64.b64encode(b"no sound").decode()}}},
            grpc.StatusCode.INVALID_ARGUMENT,
            "the recording of the request is no sound file",
        ),
        (
            {"pipeline_id": "hum", "input": {"audio": {"data": "AAAA", "format": "AUDIO_FORMAT_PCM_S16LE"}}},
            grpc.StatusCode.INVALID_ARGUMENT,
            "no whole number of 2-byte samples",
        ),
        (
            {"pipeline_id": "echo", "input": {"text": "x"}, "options": {"no_such_option": 1}},
            grpc.StatusCode.INVALID_ARGUMENT,
            "no_such_option",
        ),
    ],
)
@pytest.mark.parametrize("method", ["ExecutePipeline", "ExecutePipelineStream"])
async def test_wrong_requests(method: str, content: dict[str, object], status: grpc.StatusCode, sentence: str) -> None:
    async with served() as (server, engine), client_of(server.address) as client:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await (client.json if method == "ExecutePipeline" else client.stream)(method, content)
        assert caught.value.code() is status
        assert sentence in (caught.value.details() or "")
        assert not engine.runs
        assert server.running == 0


@pytest.mark.parametrize("raw", [b"\xff\xfe\x00garbage", b"\x0a\x02\xff\xfe"], ids=["no message", "no text"])
@pytest.mark.parametrize("method", ["ExecutePipeline", "ExecutePipelineStream", "ExecutePipelineDuplex"])
async def test_bytes_that_are_no_message(method: str, raw: bytes) -> None:
    async with served() as (server, engine), grpc.aio.insecure_channel(server.address) as channel:
        path = f"/{SERVICE}/{method}"
        if method == "ExecutePipeline":
            call = channel.unary_unary(path)(raw)
        elif method == "ExecutePipelineStream":
            call = aiter(channel.unary_stream(path)(raw)).__anext__()
        else:
            call = aiter(channel.stream_stream(path)(iter([raw]))).__anext__()
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await call
        assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
        assert "cannot be read" in (caught.value.details() or "")
        assert not engine.runs
        assert server.running == 0


async def test_a_damaged_message_in_the_middle_fails_the_run() -> None:
    start = pb.PipelineAudioRequest(start=pb.StartAudio(pipeline_id="caption")).SerializeToString()
    sent = [start, pb.PipelineAudioRequest(audio=b"\0\0" * 1600).SerializeToString(), b"\xff\xff garbage"]
    async with served() as (server, engine), grpc.aio.insecure_channel(server.address) as channel:
        read = pb.PipelineStreamResponse.FromString
        call = channel.stream_stream(f"/{SERVICE}/ExecutePipelineDuplex", response_deserializer=read)(iter(sent))
        events = [event async for event in call]
        assert events[-1].type == "RunFailed"
        assert events[-1].response.error.code == "bad-message"
        assert not engine.runs


async def test_clients_that_never_begin_take_no_place() -> None:
    over = asyncio.Event()

    async def silent() -> AsyncIterator[bytes]:
        await over.wait()
        for nothing in ():
            yield nothing

    limits = Limits(runs=1, stalled_s=0.5)
    async with (
        served(options=ServeOptions(port=0, limits=limits)) as (server, _engine),
        client_of(server.address) as client,
    ):
        call = client.channel.stream_stream(f"/{SERVICE}/ExecutePipelineDuplex")(silent())
        answer = await client.json("ExecutePipeline", {"pipeline_id": "echo", "input": {"text": "x"}})
        assert answer["success"]
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await aiter(call).__anext__()
        assert "No `start` came within 0.5 s" in (caught.value.details() or "")
        over.set()


@pytest.mark.parametrize("option", ["x" * 100_000, "\N{SEE-NO-EVIL MONKEY}" * 50_000])
async def test_a_refusal_fits_into_a_status(option: str) -> None:
    content = {"pipeline_id": "echo", "input": {"text": "x"}, "options": {option: 1}}
    async with served() as (server, _engine), client_of(server.address) as client:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await client.json("ExecutePipeline", content)
        assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
        assert (caught.value.details() or "").endswith("…")


@pytest.mark.parametrize("run_id", ["x" * 129, "two\nlines", "back\u202ewards"])
async def test_a_run_id_can_be_shown(run_id: str) -> None:
    content = {"pipeline_id": "echo", "input": {"text": "x"}, "run_id": run_id}
    async with served() as (server, _engine), client_of(server.address) as client:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await client.json("ExecutePipeline", content)
        assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
        assert "run_id" in (caught.value.details() or "")


@pytest.mark.logs_errors
async def test_a_failed_run_is_an_answer() -> None:
    async with served({"broken": broken}) as (server, _engine), client_of(server.address) as client:
        request = {"pipeline_id": "broken", "input": {"text": "x"}}
        answer = await client.json("ExecutePipeline", request)
        events = await client.stream("ExecutePipelineStream", request)
    assert answer["success"] is False
    assert answer["error"] == {
        "code": "bad-model",
        "message": "The model could not be read.",
        "remedy": "Fetch it again.",
        "stage": "work",
    }
    assert answer["stage_results"][0]["status"] == "failed"
    assert events[-1]["type"] == "RunFailed"
    assert events[-1]["response"]["error"] == answer["error"]


async def test_sound_in_and_out() -> None:
    samples = (np.sin(np.arange(1600) / 10) * 20000).astype("<i2").tobytes()
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setparams((1, 2, 16000, 0, "NONE", ""))
        writer.writeframes(samples)
    audio = {"data": base64.b64encode(file.getvalue()).decode()}
    raw = {"data": base64.b64encode(samples).decode(), "format": "AUDIO_FORMAT_PCM_S16LE"}
    async with served() as (server, _engine), client_of(server.address) as client:
        for given in (audio, raw):
            request = {"pipeline_id": "hum", "input": {"audio": given}}
            answer = await client.json("ExecutePipeline", request)
            made = answer["final_output"]["audio"]
            with wave.open(io.BytesIO(base64.b64decode(made["data"]))) as reader:
                assert reader.getframerate() == 16000
                back = np.frombuffer(reader.readframes(10_000), dtype="<i2")
            assert np.abs(back - np.frombuffer(samples, dtype="<i2")).max() <= 1
            events = await client.stream("ExecutePipelineStream", request)
            pieces = [base64.b64decode(event["audio"]["data"]) for event in events if "audio" in event]
            assert [len(piece) for piece in pieces] == [1600, 1600]
            assert b"".join(pieces) == back.tobytes()
            assert events[-1]["type"] == "RunFinished"
            assert "audio" not in events[-1]["response"].get("final_output", {})


async def test_sound_without_an_end_goes_in_while_captions_come_out() -> None:
    async with served() as (server, _engine), client_of(server.address) as client:
        call = client.method("ExecutePipelineDuplex")()
        await call.write(client.request("PipelineAudioRequest", {"start": {"pipeline_id": "caption"}}))
        captions = []
        for length in (100, 250):
            piece = client.message("PipelineAudioRequest")(audio=bytes(2 * length))
            await call.write(piece)
            while not (message := await call.read()).HasField("caption"):
                pass
            captions.append(message.caption.text)
        await call.done_writing()
        while not (message := await call.read()).HasField("response"):
            pass
    assert captions == ["100 samples", "250 samples"]
    assert message.response.success
    assert message.response.final_output.text == "350 samples"


async def test_a_client_that_leaves_ends_its_run() -> None:
    async with served() as (server, engine), client_of(server.address) as client:
        request = {"pipeline_id": "forever", "input": {"text": "x"}}
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await client.json("ExecutePipeline", request, timeout=0.3)
        assert caught.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
        call = client.method("ExecutePipelineStream")(request)
        while (await call.read()).type != "TextDelta":
            pass
        call.cancel()
        await until(lambda: not engine.runs and server.running == 0)
        assert engine.counters.cancelled == 2


async def test_a_run_is_cancelled_by_its_id() -> None:
    async with served() as (server, _engine), client_of(server.address) as client:
        request = {"pipeline_id": "forever", "input": {"text": "x"}, "run_id": "mine"}
        waiting = asyncio.create_task(client.json("ExecutePipeline", request))
        while not (await client.json("CancelRun", {"run_id": "mine"})).get("cancelled"):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        answer = await waiting
        assert answer["error"]["code"] == "cancelled"
        assert answer["run_id"] == "mine"
        assert await client.json("CancelRun", {"run_id": "mine"}) == {}


async def test_only_so_many_runs_at_once() -> None:
    limits = Limits(runs=3, runs_per_client=2)
    async with (
        served(options=ServeOptions(port=0, limits=limits)) as (server, _engine),
        client_of(server.address) as first,
        client_of(server.address, options=[("grpc.use_local_subchannel_pool", 1)]) as second,
    ):
        request = {"pipeline_id": "forever", "input": {"text": "x"}}
        calls = [first.method("ExecutePipelineStream")(request) for _ in range(2)]
        for call in calls:
            await call.read()
        with pytest.raises(grpc.aio.AioRpcError, match="as many as one may have") as caught:
            await first.json("ExecutePipeline", request)
        assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        calls.append(second.method("ExecutePipelineStream")(request))
        await calls[-1].read()
        with pytest.raises(grpc.aio.AioRpcError, match="as many as this server takes"):
            await second.json("ExecutePipeline", request)
        for call in calls:
            call.cancel()
        await until(lambda: server.running == 0)
        answer = await first.json("ExecutePipeline", {"pipeline_id": "echo", "input": {"text": "again"}})
        assert answer["success"]


async def test_fifty_clients_at_once() -> None:
    async with served() as (server, engine):

        async def ask(number: int) -> str:
            async with client_of(server.address, options=[("grpc.use_local_subchannel_pool", 1)]) as client:
                events = await client.stream(
                    "ExecutePipelineStream", {"pipeline_id": "echo", "input": {"text": f"number {number}"}}
                )
                return str(events[-1]["response"]["final_output"]["text"])

        answers = await asyncio.gather(*(ask(number) for number in range(50)))
        assert answers == [f"number {number}" for number in range(50)]
        assert engine.counters.finished == 50
        assert server.running == 0


async def test_a_token_is_asked_for() -> None:
    async with served(options=ServeOptions(port=0, token=TOKEN)) as (server, engine):
        async with client_of(server.address, TOKEN) as client:
            answer = await client.json("ExecutePipeline", {"pipeline_id": "echo", "input": {"text": "hello"}})
            assert answer["success"]
            for metadata in ((), (("authorization", "Bearer wrong"),), (("authorization", TOKEN),)):
                client.metadata = metadata
                for name in ("ListPipelines", "ExecutePipeline", "CancelRun"):
                    with pytest.raises(grpc.aio.AioRpcError) as caught:
                        await client.json(name, {})
                    assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED
                    assert "authorization: Bearer" in (caught.value.details() or "")
                for name in ("ExecutePipelineStream", "ExecutePipelineDuplex"):
                    with pytest.raises(grpc.aio.AioRpcError) as caught:
                        await client.stream(name, {} if name == "ExecutePipelineStream" else None)
                    assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED
        assert engine.counters.started == 1


async def test_a_port_belongs_to_one_server() -> None:
    async with served() as (server, _engine):
        with pytest.raises(AlreadyRunning, match=rf"Something else listens at 127\.0\.0\.1:{server.port}\.") as caught:
            async with served(options=ServeOptions(port=server.port)):
                pass
        assert caught.value.exit_code == 3


async def test_a_drained_server_lets_runs_finish_and_ends_the_others() -> None:
    go_on = asyncio.Event()

    async def patient(call: StageCall, outlet: Outlet) -> Done:
        await go_on.wait()
        return await echo(call, outlet)

    options = ServeOptions(port=0, grace_s=0.5)
    async with (
        served({"patient": patient, "forever": forever, "echo": echo}, options) as (server, _engine),
        client_of(server.address) as client,
    ):
        ends = asyncio.create_task(
            client.json("ExecutePipeline", {"pipeline_id": "patient", "input": {"text": "done"}})
        )
        stays = asyncio.create_task(
            client.stream("ExecutePipelineStream", {"pipeline_id": "forever", "input": {"text": "x"}})
        )
        await until(lambda: server.running == 2)
        draining = asyncio.create_task(server.drain())
        await asyncio.sleep(0)
        with pytest.raises(grpc.aio.AioRpcError, match="closing") as caught:
            await client.json("ExecutePipeline", {"pipeline_id": "echo", "input": {"text": "late"}})
        assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
        assert await _health(client, "") == await _health(client, SERVICE) == "NOT_SERVING"
        assert await _health(client, "liveness") == "SERVING"
        go_on.set()
        assert (await ends)["success"]
        assert await draining == 1
        assert (await stays)[-1]["response"]["error"]["code"] == "cancelled"


async def test_health_is_open_to_those_without_a_token() -> None:
    options = ServeOptions(port=0, token=TOKEN)
    async with served(options=options) as (server, _engine), client_of(server.address, TOKEN) as client:
        client.metadata = ()
        assert await _health(client, SERVICE) == "SERVING"


async def _health(client: object, service: str) -> str:
    from grpc_health.v1 import health_pb2, health_pb2_grpc

    stub = health_pb2_grpc.HealthStub(client.channel)  # type: ignore[attr-defined]
    answer = await stub.Check(health_pb2.HealthCheckRequest(service=service))
    return health_pb2.HealthCheckResponse.ServingStatus.Name(answer.status)
