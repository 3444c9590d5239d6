"""The adapter for OpenAI-compatible servers, on a server on the loopback that answers as a test says."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from models.llm.openai_compatible import RemoteTextGenerator, Server
from tests.helpers.http_server import Asked, Caller, Handler, Served, serving


def replying(status: str, body: str = '{"error": {"message": "because"}}', kind: str = "application/json") -> Handler:
    """One whole answer."""

    async def handler(asked: Asked, caller: Caller) -> None:
        await caller.reply(status, body, kind)

    return handler


def saying(*events: str) -> Handler:
    """A stream of events, properly ended."""

    async def handler(asked: Asked, caller: Caller) -> None:
        await caller.begin_stream()
        for event in events:
            await caller.event(event)
        await caller.end_stream()

    return handler


NO_LIST = replying("404 Not Found", "{}")


@asynccontextmanager
async def remote(
    completes: Handler, lists: Handler = NO_LIST, **server: object
) -> AsyncIterator[tuple[RemoteTextGenerator, Served]]:
    """The adapter on a server that completes as told, and lists its models as told: by default it has no list."""

    async def all_of_it(asked: Asked, caller: Caller) -> None:
        await (lists if asked.path.endswith("/models") else completes)(asked, caller)

    async with serving(all_of_it) as served:
        runtime = RemoteTextGenerator(Server(base_url=served.url, model="large", **server))
        try:
            yield runtime, served
        finally:
            await runtime.aclose()
