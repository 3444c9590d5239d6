"""OpenAI-compatible servers that mean no good: nothing one sends fills the memory, the time or the screen."""

from __future__ import annotations

import asyncio
import gzip
import json
import math
from typing import Any

import pytest

from app.contracts.errors import RuntimeFault, TimedOut
from app.contracts.text import ChatMessage, FinishReason, GenerationRequest, Role, TextPiece
from models.llm import openai_bounds
from models.llm.openai_compatible import RemoteTextGenerator
from tests.helpers.http_server import Asked, Caller, chunk
from tests.helpers.openai_servers import NO_LIST, remote, saying

REQUEST = GenerationRequest((ChatMessage(Role.USER, "Where is it?"),), max_tokens=20)


async def written(runtime: RemoteTextGenerator) -> list[TextPiece]:
    return [piece async for piece in runtime.generate(REQUEST)]


async def _for_ever(caller: Caller, data: bytes) -> None:
    await caller.raw(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n")
    while not caller.gone.is_set():
        await caller.raw(data)


@pytest.mark.parametrize("what", ["a line", "the list of models"])
async def test_what_never_ends_does_not_fill_the_memory(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openai_bounds, "MOST_BYTES", 2**20)

    async def endless(asked: Asked, caller: Caller) -> None:
        await _for_ever(caller, b"a" * 50_000)

    async with remote(endless, endless if what == "the list of models" else NO_LIST) as (runtime, _):
        with pytest.raises(RuntimeFault, match="more than 1 MB"):
            await written(runtime)


async def test_what_swells_when_it_is_unpacked_is_not_read() -> None:
    async def bomb(asked: Asked, caller: Caller) -> None:
        assert asked.headers["accept-encoding"] == "identity"
        data = gzip.compress(b"data: " + b"a" * 1_000_000)
        head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(data)}\r\n\r\n"
        await caller.raw(head.encode() + data)

    async with remote(bomb) as (runtime, _):
        with pytest.raises(RuntimeFault, match="compresses"):
            await written(runtime)


async def test_an_answer_longer_than_was_asked_for_ends_there() -> None:
    async def handler(asked: Asked, caller: Caller) -> None:
        await caller.begin_stream()
        while not caller.gone.is_set():
            await caller.event(chunk("word ", log_probs=[("word ", -0.1)]))

    async with remote(handler) as (runtime, served):
        pieces = await written(runtime)
        assert len(pieces) == REQUEST.max_tokens + 1
        assert pieces[-1].finish is FinishReason.LENGTH
        await asyncio.wait_for(served.callers[-1].gone.wait(), 5)


@pytest.mark.parametrize("event", [": still here\n\n", f"data: {chunk()}\n\n"])
async def test_saying_nothing_again_and_again_is_silence(event: str) -> None:
    async def handler(asked: Asked, caller: Caller) -> None:
        await caller.raw(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n")
        while not caller.gone.is_set():
            await caller.raw(event.encode())
            await asyncio.sleep(0.02)

    async with remote(handler, read_s=0.3) as (runtime, _):
        with pytest.raises(TimedOut, match="in time"):
            await written(runtime)


async def test_a_head_that_never_ends_is_not_waited_for() -> None:
    async def handler(asked: Asked, caller: Caller) -> None:
        await caller.raw(b"HTTP/1.1 200 OK\r\n")
        while not caller.gone.is_set():
            await caller.raw(b"X-Still: here\r\n")
            await asyncio.sleep(0.02)

    async with remote(handler, connect_s=0.1, read_s=0.3) as (runtime, _):
        with pytest.raises(TimedOut, match="in time"):
            await written(runtime)


async def test_thinking_is_not_silence() -> None:
    async def handler(asked: Asked, caller: Caller) -> None:
        await caller.begin_stream()
        for _ in range(5):
            thought = json.loads(chunk())
            thought["choices"][0]["delta"]["reasoning_content"] = "hm"
            await caller.event(json.dumps(thought))
            await asyncio.sleep(0.1)
        await caller.event(chunk("Yes."))
        await caller.event(chunk(finish="stop"))
        await caller.end_stream()

    async with remote(handler, read_s=0.3) as (runtime, _):
        assert "".join(piece.text for piece in await written(runtime)) == "Yes."


async def test_a_list_of_models_that_trickles_in_is_not_waited_for() -> None:
    async def handler(asked: Asked, caller: Caller) -> None:
        await caller.raw(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9999\r\n\r\n")
        while not caller.gone.is_set():
            await caller.raw(b" ")
            await asyncio.sleep(0.02)

    async with remote(handler, handler, look_s=0.3) as (runtime, _):
        with pytest.raises(TimedOut, match="in time"):
            await runtime.warm_up()


@pytest.mark.parametrize("value", [math.nan, -math.inf, None, "sure"])
async def test_a_probability_that_is_none_does_not_pass_for_certainty(value: Any) -> None:
    events = (chunk("In", log_probs=[("In", value)]), chunk(finish="stop"))
    async with remote(saying(*events)) as (runtime, _):
        assert (await written(runtime))[0] == TextPiece("In", None)


@pytest.mark.parametrize(
    ("delta", "words"),
    [
        ({"content": ["a", {"b": 1}]}, "no answer"),
        ({"tool_calls": [{"index": 0, "function": {"name": "rm", "arguments": "{}"}}]}, "without a word"),
        ({}, "without a word"),
    ],
)
async def test_what_is_no_text_is_no_answer(delta: dict[str, Any], words: str) -> None:
    event = json.loads(chunk(finish="stop"))
    event["choices"][0]["delta"] = delta
    async with remote(saying(json.dumps(event))) as (runtime, _):
        with pytest.raises(RuntimeFault, match=words):
            await written(runtime)
