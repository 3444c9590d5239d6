"""The adapter for OpenAI-compatible servers against a real one on the loopback, in good and bad moods."""

from __future__ import annotations

import asyncio
import json
import math
import socket
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager, aclosing
from dataclasses import replace

import pytest

from app.contracts.devices import Device
from app.contracts.errors import Busy, ConnectionFailed, InvalidInput, RuntimeFault, SottoError, TimedOut, Unavailable
from app.contracts.ports import TextGenerator
from app.contracts.text import ChatMessage, FinishReason, GenerationRequest, Role, TextPiece
from models.llm.openai_compatible import GO_ON, RemoteTextGenerator, Server
from tests.helpers import openai_servers
from tests.helpers.http_server import Asked, Caller, Handler, Served, chunk, serving, usage
from tests.helpers.openai_servers import replying, saying

REQUEST = GenerationRequest(
    (ChatMessage(Role.SYSTEM, "Be short."), ChatMessage(Role.USER, "Where is it?")), max_tokens=20, temperature=0.5
)
MODELS = json.dumps({"object": "list", "data": [{"id": "large", "object": "model", "created": 0, "owned_by": "me"}]})


def remote(handler: Handler, **server: object) -> AbstractAsyncContextManager[tuple[RemoteTextGenerator, Served]]:
    """On a server that knows its models."""
    return openai_servers.remote(handler, replying("200 OK", MODELS), key="sesame", **server)


async def written(runtime: TextGenerator, request: GenerationRequest = REQUEST) -> list[TextPiece]:
    return [piece async for piece in runtime.generate(request)]


def text_of(pieces: Sequence[TextPiece]) -> str:
    return "".join(piece.text for piece in pieces)


async def test_an_answer_with_probabilities_and_usage() -> None:
    events = (
        chunk("In", log_probs=[("In", -0.1)]),
        chunk(" Paris.", log_probs=[(" Par", -0.2), ("is.", -0.3)]),
        chunk(finish="stop"),
        usage(17, 9),
    )
    async with remote(saying(*events)) as (runtime, served):
        assert isinstance(runtime, TextGenerator)
        assert (await runtime.warm_up()).ran is Device.REMOTE
        assert (await runtime.warm_up()).load_ms == 0
        assert await written(runtime) == [
            TextPiece("In", -0.1),
            TextPiece(" Par", -0.2),
            TextPiece("is.", -0.3),
            TextPiece("", finish=FinishReason.STOP, prompt_tokens=17, cached_tokens=9),
        ]
        asked = served.asked[-1]
        assert asked.path == "/v1/chat/completions"
        assert asked.headers["authorization"] == "Bearer sesame"
        assert {key: asked.body[key] for key in ("model", "max_tokens", "temperature", "stream", "logprobs")} == {
            "model": "large",
            "max_tokens": 20,
            "temperature": 0.5,
            "stream": True,
            "logprobs": True,
        }
        assert asked.body["messages"] == [
            {"role": "system", "content": "Be short."},
            {"role": "user", "content": "Where is it?"},
        ]
        assert "seed" not in asked.body


async def test_a_server_without_probabilities() -> None:
    async with remote(saying(chunk("In Paris."), chunk(finish="length"))) as (runtime, _):
        pieces = await written(runtime, replace(REQUEST, seed=7))
        assert pieces == [TextPiece("In Paris."), TextPiece("", finish=FinishReason.LENGTH)]


async def test_a_server_that_refuses_what_it_does_not_know_is_asked_plainly() -> None:
    async def strict(asked: Asked, caller: Caller) -> None:
        if "logprobs" in asked.body or "stream_options" in asked.body:
            await caller.reply("400 Bad Request", '{"error": {"message": "unknown field logprobs"}}')
        else:
            await saying(chunk("Yes."), chunk(finish="stop"))(asked, caller)

    async with remote(strict) as (runtime, served):
        assert text_of(await written(runtime)) == "Yes."
        before = len(served.asked)
        assert text_of(await written(runtime)) == "Yes."
        assert len(served.asked) == before + 1


async def test_what_leaves_the_machine_is_the_question_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "HTTP_PROXY": "http://127.0.0.1:1",
        "ALL_PROXY": "http://127.0.0.1:1",
        "OPENAI_BASE_URL": "http://127.0.0.1:1",
        "OPENAI_API_KEY": "other",
        "OPENAI_ORG_ID": "org",
        "OPENAI_PROJECT_ID": "project",
    }.items():
        monkeypatch.setenv(name, value)
    async with remote(saying(chunk("Yes."), chunk(finish="stop"))) as (runtime, served):
        assert text_of(await written(runtime)) == "Yes."
        for asked in served.asked:
            assert asked.headers["authorization"] == "Bearer sesame"
            assert asked.headers["user-agent"] == "sotto"
            told = {name for name in asked.headers if name.startswith(("openai-", "x-stainless-"))}
            assert told <= {"x-stainless-retry-count", "x-stainless-read-timeout"}


async def test_a_redirect_is_not_followed() -> None:
    async with serving(replying("200 OK", MODELS)) as elsewhere:

        async def away(asked: Asked, caller: Caller) -> None:
            await caller.raw(f"HTTP/1.1 307 Moved\r\nLocation: {elsewhere.url}\r\nContent-Length: 0\r\n\r\n".encode())

        async with remote(away) as (runtime, _):
            with pytest.raises(Unavailable, match="sends elsewhere"):
                await written(runtime)
        assert elsewhere.asked == []


@pytest.mark.parametrize(
    ("status", "error", "words"),
    [
        ("429 Too Many Requests", Busy, "too much to do"),
        ("503 Service Unavailable", Busy, "too much to do"),
        ("504 Gateway Timeout", TimedOut, "too long"),
        ("502 Bad Gateway", ConnectionFailed, "502"),
        ("401 Unauthorized", Unavailable, "refused the key"),
        ("403 Forbidden", Unavailable, "refused the key"),
        ("404 Not Found", Unavailable, "does not have 'large'"),
        ("400 Bad Request", Unavailable, "because"),
        ("413 Payload Too Large", Unavailable, "because"),
        ("500 Internal Server Error", RuntimeFault, "because"),
    ],
)
async def test_every_refusal_has_its_place_in_the_tree(status: str, error: type[SottoError], words: str) -> None:
    async with remote(replying(status)) as (runtime, served):
        await runtime.warm_up()
        with pytest.raises(error, match=words) as caught:
            await written(runtime)
        assert type(caught.value) is error
        assert caught.value.__cause__ is not None
        assert served.url in str(caught.value)
        tries = [asked for asked in served.asked if asked.path.endswith("/completions")]
        assert len(tries) == (2 if status.startswith("400") else 1)


async def test_nobody_listens() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    runtime = RemoteTextGenerator(Server(base_url=f"http://127.0.0.1:{port}/v1", model="large"))
    with pytest.raises(ConnectionFailed, match="cannot be reached"):
        await runtime.warm_up()
    await runtime.aclose()


async def test_another_model_is_named() -> None:
    async with serving(replying("200 OK", MODELS)) as served:
        runtime = RemoteTextGenerator(Server(base_url=served.url, model="huge"))
        with pytest.raises(Unavailable, match=r"no model 'huge'.*It has large"):
            await runtime.warm_up()


async def test_a_server_without_a_list_of_models_is_believed() -> None:
    async def handler(asked: Asked, caller: Caller) -> None:
        if asked.path.endswith("/models"):
            await caller.reply("404 Not Found", "{}")
        else:
            await saying(chunk("Yes."), chunk(finish="stop"))(asked, caller)

    async with serving(handler) as served:
        runtime = RemoteTextGenerator(Server(base_url=served.url, model="large"))
        assert text_of(await written(runtime)) == "Yes."
        await runtime.aclose()


async def test_the_connection_breaks_in_the_middle() -> None:
    async def handler(asked: Asked, caller: Caller) -> None:
        await caller.begin_stream()
        await caller.event(chunk("In"))
        await caller.drop()

    async with remote(handler) as (runtime, _):
        with pytest.raises(ConnectionFailed, match="went away"):
            await written(runtime)


async def test_an_end_without_a_reason_is_no_end() -> None:
    async with remote(saying(chunk("In"))) as (runtime, _):
        with pytest.raises(ConnectionFailed, match="in the middle"):
            await written(runtime)


@pytest.mark.parametrize("event", ["{not json", '{"choices": 7}', '{"error": {"message": "out of memory"}}', "[1, 2]"])
async def test_garbage_is_no_answer(event: str) -> None:
    async with remote(saying(event)) as (runtime, _):
        with pytest.raises(RuntimeFault, match="no answer"):
            await written(runtime)


async def test_a_proxys_page_is_no_answer() -> None:
    async with remote(replying("200 OK", "<html>Sign in</html>", "text/html")) as (runtime, _):
        with pytest.raises(SottoError):
            await written(runtime)


async def test_a_server_that_falls_silent() -> None:
    async def handler(asked: Asked, caller: Caller) -> None:
        await caller.begin_stream()
        await caller.event(chunk("In"))
        await caller.gone.wait()

    async with remote(handler, read_s=0.2) as (runtime, _):
        await runtime.warm_up()
        with pytest.raises(TimedOut, match="in time"):
            await written(runtime)


async def test_closing_hangs_up_and_the_next_question_is_answered() -> None:
    async def handler(asked: Asked, caller: Caller) -> None:
        await caller.begin_stream()
        while not caller.gone.is_set():
            await caller.event(chunk("word "))
            await asyncio.sleep(0.01)

    async with remote(handler) as (runtime, served):
        async with aclosing(runtime.generate(REQUEST)) as pieces:
            async for _piece in pieces:
                break
        await asyncio.wait_for(served.callers[-1].gone.wait(), 5)
        task = asyncio.create_task(written(runtime))
        while len(served.callers) < 3:  # noqa: ASYNC110 - the server has nobody to tell
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.wait_for(served.callers[-1].gone.wait(), 5)


async def test_it_goes_on_from_an_answer_and_repeats_none_of_it() -> None:
    async with remote(saying(chunk("It is"), chunk(" in Paris."), chunk(finish="stop"))) as (runtime, served):
        pieces = await written(runtime, replace(REQUEST, answer_so_far="It is"))
        assert text_of(pieces) == " in Paris."
        assert served.asked[-1].body["messages"][-2:] == [
            {"role": "assistant", "content": "It is"},
            {"role": "user", "content": GO_ON},
        ]


@pytest.mark.parametrize(
    "change", [{"messages": ()}, {"max_tokens": 0}, {"temperature": math.nan}, {"top_p": 0.0}, {"top_p": 1.5}]
)
async def test_what_cannot_be_asked_is_not_sent(change: dict[str, object]) -> None:
    async with remote(saying()) as (runtime, served):
        with pytest.raises(InvalidInput):
            await written(runtime, replace(REQUEST, **change))
        assert served.asked == []


async def test_what_it_cannot_do_it_says() -> None:
    runtime = RemoteTextGenerator(Server(base_url="http://127.0.0.1:1/v1", model="large", simulated=True))
    assert runtime.capabilities.simulated
    assert not runtime.capabilities.verify
    assert await runtime.prefill(REQUEST) == 0
    assert await runtime.count_tokens(["", "Where is it?", "a b c d"]) == (0, 3, 4)
    for asking in (runtime.verify(REQUEST, 1), runtime.export_state(), runtime.import_state(b"x")):
        with pytest.raises(Unavailable):
            await asking
    assert "sesame" not in repr(Server(base_url="x", model="y", key="sesame"))


SCHEMA = json.dumps({"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]})
JSON_REQUEST = replace(REQUEST, json_schema=SCHEMA)
CITY = (chunk('{"city": '), chunk('"Paris"}'), chunk(finish="stop"))


def taking(form: str | None, status: str = "400 Bad Request", *, extras: bool = True) -> Handler:
    """A server that takes one way of asking for JSON, or none."""

    async def handler(asked: Asked, caller: Caller) -> None:
        wanted = asked.body.get("response_format", {}).get("type")
        if wanted != form or (not extras and "logprobs" in asked.body):
            await caller.reply(status, '{"error": {"message": "1 validation error"}}')
        else:
            await saying(*CITY)(asked, caller)

    return handler


def formats(served: Served) -> list[str]:
    return [asked.body["response_format"]["type"] for asked in served.asked if asked.body]


async def test_json_by_a_schema() -> None:
    async with remote(taking("json_schema")) as (runtime, served):
        assert runtime.capabilities.json_schema
        assert text_of(await written(runtime, JSON_REQUEST)) == '{"city": "Paris"}'
        assert served.asked[-1].body["response_format"]["json_schema"]["schema"] == json.loads(SCHEMA)


@pytest.mark.parametrize("status", ["400 Bad Request", "422 Unprocessable Content", "500 Internal Server Error"])
async def test_a_server_that_takes_json_in_the_other_way_is_remembered(status: str) -> None:
    async with remote(taking("json_object", status)) as (runtime, served):
        assert text_of(await written(runtime, JSON_REQUEST)) == '{"city": "Paris"}'
        assert formats(served) == ["json_schema", "json_object"]
        assert served.asked[-1].body["response_format"]["schema"] == json.loads(SCHEMA)
        assert text_of(await written(runtime, JSON_REQUEST)) == '{"city": "Paris"}'
        assert formats(served) == ["json_schema", "json_object", "json_object"]


async def test_neither_json_nor_probabilities_are_given_up_before_they_have_to_be() -> None:
    async with remote(taking("json_schema", extras=False)) as (runtime, served):
        assert text_of(await written(runtime, JSON_REQUEST)) == '{"city": "Paris"}'
        assert formats(served) == ["json_schema", "json_object", "json_schema"]


async def test_a_server_that_takes_no_schema_leaves_the_next_tier() -> None:
    async with remote(taking(None)) as (runtime, _):
        with pytest.raises(Unavailable, match=r"takes no JSON schema: .*validation") as caught:
            await written(runtime, JSON_REQUEST)
        assert caught.value.code == "json-refused"
        assert text_of(await written(runtime)) == '{"city": "Paris"}'


@pytest.mark.parametrize(
    ("answer", "words"),
    [("Paris, of course.", "no JSON"), ('```json {"city": "Paris"}```', "no JSON"), ('{"town": "Paris"}', "'city'")],
)
async def test_a_server_that_does_not_care_for_the_schema_is_found_out(answer: str, words: str) -> None:
    async with remote(saying(chunk(answer), chunk(finish="stop"))) as (runtime, _):
        with pytest.raises(RuntimeFault, match="does not keep to the JSON schema") as caught:
            await written(runtime, JSON_REQUEST)
        assert words in caught.value.message
        assert "Paris" not in caught.value.message


async def test_json_that_ran_out_of_room_says_so() -> None:
    async with remote(saying(chunk('{"ci'), chunk(finish="length"))) as (runtime, _):
        assert (await written(runtime, JSON_REQUEST))[-1].finish is FinishReason.LENGTH


async def test_what_cannot_be_json_is_not_sent() -> None:
    async with remote(saying()) as (runtime, served):
        with pytest.raises(InvalidInput, match="no JSON"):
            await written(runtime, replace(REQUEST, json_schema="{"))
        with pytest.raises(Unavailable, match="go on with JSON"):
            await written(runtime, replace(JSON_REQUEST, answer_so_far='{"city'))
        assert served.asked == []


async def test_a_model_may_be_named_without_its_tag() -> None:
    models = json.dumps({"object": "list", "data": [{"id": "llama3:latest", "object": "model"}]})
    async with serving(replying("200 OK", models)) as served:
        for model, there in (("llama3", True), ("llama3:latest", True), ("llama", False)):
            runtime = RemoteTextGenerator(Server(base_url=served.url, model=model))
            if there:
                await runtime.warm_up()
            else:
                with pytest.raises(Unavailable, match="no model 'llama'"):
                    await runtime.warm_up()
            await runtime.aclose()


async def test_silence_in_the_middle_is_not_borne_as_long_as_at_the_beginning() -> None:
    async def handler(asked: Asked, caller: Caller) -> None:
        await caller.begin_stream()
        await caller.event(chunk())  # some say whose turn it is long before the first word
        await asyncio.sleep(0.5)
        await caller.event(chunk("In"))
        await caller.gone.wait()

    async with remote(handler, silence_s=0.2) as (runtime, _):
        pieces = runtime.generate(REQUEST)
        assert (await anext(pieces)).text == "In"
        with pytest.raises(TimedOut, match="fell silent in the middle"):
            await anext(pieces)


async def test_after_a_loss_it_looks_first_whether_the_server_is_there() -> None:
    async def handler(asked: Asked, caller: Caller) -> None:
        await caller.begin_stream()
        await caller.event(chunk("In"))
        await caller.drop()

    async with remote(handler) as (runtime, served):
        await runtime.warm_up()
        with pytest.raises(ConnectionFailed):
            await written(runtime)
        assert [asked.method for asked in served.asked] == ["GET", "POST"]
        await runtime.warm_up()
        assert [asked.method for asked in served.asked] == ["GET", "POST", "GET"]
        assert (await runtime.warm_up()).load_ms == 0
