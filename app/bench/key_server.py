"""A loopback server that speaks OpenAI's chat completions and answers from a key, with a stated share of errors.

Why it exists: only one language model is at hand offline, so the top of the ladder is played. It is a real server,
asked over a real socket by the adapter a person's server would be asked by; what it knows, how long it takes and what
it draws are stated, and whatever shows its figures says that they are simulated.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from app.bench.escalation_set import Question

MODEL = "answer-key"
_SURE, _UNSURE = -0.05, -0.7


@dataclass(frozen=True, slots=True)
class Stated:
    """What the server is said to be.

    Attributes:
        error_rate: Share of questions it answers wrongly; which ones is fixed by their words.
        first_token_s: Seconds before its first token.
        token_s: Seconds of each further one.
        watts: What it draws above idle while it works.

    As they stand they are those of a model of some 70 billion parameters on one server card: a card of 350 W at most,
    25 to 40 tokens a second, and a network in between. Nobody measured them here.
    """

    error_rate: float = 0.1
    first_token_s: float = 0.4
    token_s: float = 0.03
    watts: float = 300.0


class KeyServer:
    """Answers the questions of a set.

    Args:
        questions: What it knows.
        stated: What it is said to be.
    """

    def __init__(self, questions: Sequence[Question], stated: Stated) -> None:
        self._stated = stated
        self._working: set[asyncio.Task[Any]] = set()
        self._answers = {question.question: _answer(question, questions, stated) for question in questions}

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[str]:
        """Listen on a free port of the loopback; gives the base address."""
        server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        try:
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            server.close()
            await asyncio.gather(*self._working, return_exceptions=True)
            await server.wait_closed()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._working.add(task)
        try:
            path, body = await _request(reader)
            if path.endswith("/models"):
                await _reply(writer, {"object": "list", "data": [{"id": MODEL, "object": "model"}]})
            elif path.endswith("/chat/completions"):
                await self._stream(writer, json.loads(body))
            else:
                await _reply(writer, {"error": {"message": "no such path"}}, "404 Not Found")
        except (ConnectionError, asyncio.IncompleteReadError):
            return
        finally:
            writer.close()
            self._working.discard(task)

    async def _stream(self, writer: asyncio.StreamWriter, asked: Mapping[str, object]) -> None:
        answer, log_prob = self._answers.get(_question_of(asked), ("I do not know.", _UNSURE))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n")
        await asyncio.sleep(self._stated.first_token_s)
        words = answer.split(" ")
        for at, word in enumerate(words):
            token = word if at == 0 else f" {word}"
            choice: dict[str, object] = {"index": 0, "delta": {"content": token}, "finish_reason": None}
            if asked.get("logprobs"):
                choice["logprobs"] = {"content": [{"token": token, "logprob": log_prob, "top_logprobs": []}]}
            await _event(writer, [choice])
            await asyncio.sleep(self._stated.token_s)
        await _event(writer, [{"index": 0, "delta": {}, "finish_reason": "stop"}])
        usage = {"prompt_tokens": 1, "completion_tokens": len(words), "total_tokens": 1 + len(words)}
        await _event(writer, [], usage)
        writer.write(b"data: [DONE]\n\n")
        await writer.drain()


def _answer(question: Question, others: Sequence[Question], stated: Stated) -> tuple[str, float]:
    """The key's answer, or that of another question of the kind where this one is among the errors."""
    luck = int.from_bytes(hashlib.sha256(question.question.encode()).digest()[:4], "big") / 2**32
    if luck >= stated.error_rate:
        return question.answers[0], _SURE
    wrong = [
        other.answers[0]
        for other in others
        if other.kind == question.kind and not {*other.answers} & {*question.answers}
    ]
    return (wrong[int(luck * 1e6) % len(wrong)] if wrong else "I do not know."), _UNSURE


def _question_of(asked: Mapping[str, object]) -> str:
    messages = asked.get("messages")
    last = messages[-1] if isinstance(messages, list) and messages else {}
    return str(last.get("content", "")) if isinstance(last, dict) else ""


async def _request(reader: asyncio.StreamReader) -> tuple[str, bytes]:
    """Path and body of one request."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.split("\r\n")
    lengths = [line.split(":", 1)[1] for line in lines if line.lower().startswith("content-length:")]
    return first.split(" ")[1], await reader.readexactly(int(lengths[0]) if lengths else 0)


async def _reply(writer: asyncio.StreamWriter, value: object, status: str = "200 OK") -> None:
    body = json.dumps(value).encode()
    lines = (
        f"HTTP/1.1 {status}",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        "Connection: close",
    )
    writer.write("\r\n".join((*lines, "", "")).encode() + body)
    await writer.drain()


async def _event(writer: asyncio.StreamWriter, choices: Sequence[object], usage: object = None) -> None:
    chunk = {"id": "bench", "object": "chat.completion.chunk", "created": 0, "model": MODEL, "choices": choices}
    writer.write(f"data: {json.dumps(chunk | ({'usage': usage} if usage else {}))}\n\n".encode())
    await writer.drain()
