"""A loopback HTTP server that answers as a test says, over a real socket."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Asked:
    """One request."""

    method: str
    path: str
    headers: dict[str, str]
    body: Any


@dataclass(slots=True)
class Caller:
    """The other end of one connection."""

    writer: asyncio.StreamWriter
    gone: asyncio.Event = field(default_factory=asyncio.Event)

    async def reply(self, status: str, body: str, kind: str = "application/json") -> None:
        data = body.encode()
        head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(data)}\r\nConnection: close\r\n\r\n"
        await self.raw(head.encode() + data)

    async def begin_stream(self) -> None:
        await self.raw(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
            b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
        )

    async def event(self, data: str) -> None:
        line = f"data: {data}\n\n".encode()
        await self.raw(f"{len(line):x}\r\n".encode() + line + b"\r\n")

    async def end_stream(self) -> None:
        await self.event("[DONE]")
        await self.raw(b"0\r\n\r\n")

    async def drop(self) -> None:
        """Break the connection off in the middle."""
        self.writer.transport.abort()

    async def raw(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()


Handler = Callable[[Asked, Caller], Awaitable[None]]


@dataclass(slots=True)
class Served:
    """The server while it runs: its base address and what it was asked."""

    url: str
    asked: list[Asked] = field(default_factory=list)
    callers: list[Caller] = field(default_factory=list)


@asynccontextmanager
async def serving(handler: Handler) -> AsyncIterator[Served]:
    """Answer every request by ``handler``; each connection serves one."""
    served = Served("")
    working: set[asyncio.Task[None]] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        working.add(task)
        caller = Caller(writer)
        watch: asyncio.Task[bytes] | None = None
        try:
            asked = await _request(reader)
            served.asked.append(asked)
            served.callers.append(caller)
            watch = asyncio.create_task(reader.read())
            watch.add_done_callback(lambda _: caller.gone.set())
            await handler(asked, caller)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            caller.gone.set()  # asyncio's own callback stumbles over a connection whose task was cancelled
        finally:
            writer.close()
            if watch is not None:
                watch.cancel()
                await asyncio.gather(watch, return_exceptions=True)
            working.discard(task)

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    served.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    try:
        yield served
    finally:
        server.close()
        for task in list(working):
            task.cancel()
        await asyncio.gather(*working, return_exceptions=True)
        await server.wait_closed()


async def _request(reader: asyncio.StreamReader) -> Asked:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.rstrip("\r\n").split("\r\n")
    headers = {name.strip().lower(): value.strip() for name, value in (line.split(":", 1) for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    method, path, _ = first.split(" ")
    return Asked(method, path, headers, json.loads(body) if body else None)


def chunk(text: str = "", *, finish: str | None = None, log_probs: list[tuple[str, float]] | None = None) -> str:
    """One event of a chat completion that is streamed."""
    choice: dict[str, Any] = {"index": 0, "delta": {"content": text} if text else {}, "finish_reason": finish}
    if log_probs is not None:
        choice["logprobs"] = {
            "content": [{"token": token, "logprob": value, "top_logprobs": []} for token, value in log_probs]
        }
    return json.dumps(_whole([choice]))


def usage(prompt: int, cached: int = 0) -> str:
    """The event in which a server says how much it read."""
    figures = {"prompt_tokens": prompt, "completion_tokens": 1, "total_tokens": prompt + 1}
    return json.dumps(_whole([]) | {"usage": figures | {"prompt_tokens_details": {"cached_tokens": cached}}})


def _whole(choices: list[dict[str, Any]]) -> dict[str, Any]:
    return {"id": "c", "object": "chat.completion.chunk", "created": 0, "model": "large", "choices": choices}
