"""A language model on a server that speaks OpenAI's chat completions: the person's own, in their home or rented.

Why it is not in a host: it computes nothing here. The library's asynchronous client waits on a socket in the event
loop; importing it takes a second, so that and making the client happen in a thread, at the first warm-up.

Text leaves the machine only for the one address it was given: the environment's proxies, keys and addresses are not
looked at, redirects are not followed, the library's headers about this machine are left out, and its own retries are
off, since ours decide.
"""

from __future__ import annotations

import asyncio
import importlib
import logging
import time
import traceback
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from app.contracts.capabilities import CancelGranularity, Capabilities, ConfidenceSource
from app.contracts.devices import Backend, Device, WarmUp
from app.contracts.errors import (
    Busy,
    ConnectionFailed,
    InvalidInput,
    RuntimeFault,
    SottoError,
    TimedOut,
    Unavailable,
)
from app.contracts.text import FinishReason, GenerationRequest, Role, TextPiece, Verified
from models.llm.answer_begun import RestOfAnswer

log = logging.getLogger(__name__)

GO_ON = "Go on from exactly where your answer ends. Repeat none of it."
"""What a server is told whose answer has begun elsewhere; no common field says that."""
CHARACTERS_PER_TOKEN = 4
_QUOTED = 200
_ROUNDS = 16
_SILENT_HEADERS = ("OS", "Arch", "Lang", "Package-Version", "Runtime", "Runtime-Version", "Async")


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A server and the model on it.

    Attributes:
        base_url: For instance ``http://192.168.1.20:8080/v1``.
        model: As the server calls it.
        key: Sent as bearer token; empty sends a placeholder, which servers without keys ignore.
        backend_id: What it is called here.
        context_tokens: Length of its window.
        log_probs: Ask for the probabilities of the tokens; not every server has them.
        connect_s: Longest wait for a connection.
        read_s: Longest silence of the server.
        simulated: It pretends to be a model, for measurements.
    """

    base_url: str
    model: str
    key: str = field(default="", repr=False)
    backend_id: str = "openai-remote"
    context_tokens: int = 8192
    log_probs: bool = True
    connect_s: float = 10.0
    read_s: float = 60.0
    simulated: bool = False


class RemoteTextGenerator:
    """Implements `app.contracts.ports.TextGenerator` over a `Server`.

    Args:
        server: Where it is.
    """

    def __init__(self, server: Server) -> None:
        self._server = server
        self._backend = Backend(server.backend_id, "openai-compatible", Device.REMOTE, server.model)
        self._library: Any = None
        self._client: Any = None
        self._extras = True
        self._starting = asyncio.Lock()

    @property
    def backend(self) -> Backend:
        """Which server and model this is; its device is `Device.REMOTE`."""
        return self._backend

    @property
    def capabilities(self) -> Capabilities:
        """What it can do; whether it gives probabilities is as it was said to."""
        return Capabilities(
            streaming=True,
            confidence=ConfidenceSource.TOKEN_LOG_PROB if self._server.log_probs else ConfidenceSource.NONE,
            cancel=CancelGranularity.TOKEN,
            context_tokens=self._server.context_tokens,
            simulated=self._server.simulated,
        )

    async def warm_up(self) -> WarmUp:
        """Load the library and see that the server is there and has the model.

        Raises:
            Unavailable: The library is not installed, the key is refused, or the server has another model.
            ConnectionFailed, TimedOut, Busy: The server cannot be asked now.
        """
        async with self._starting:
            if self._client is not None:
                return WarmUp(Device.REMOTE, 0.0)
            began = time.monotonic()
            library, client = await asyncio.to_thread(_made, self._server)
            self._library = library
            try:
                await self._look(client)
            except BaseException:
                await client.close()
                raise
            self._client = client
            return WarmUp(Device.REMOTE, (time.monotonic() - began) * 1000.0)

    async def _look(self, client: Any) -> None:
        """Ask for the list of models; a server that keeps none is believed."""
        library = self._library
        try:
            async with self._translating():
                known = sorted([str(model.id) async for model in await client.models.list()])
        except SottoError as error:
            if isinstance(error.__cause__, library.NotFoundError):
                return
            raise
        if known and self._server.model not in known:
            raise Unavailable(
                f"The server at {self._server.base_url} has no model {self._server.model!r}.",
                code="model-missing",
                remedy=f"It has {', '.join(known[:5])}{' and others' if len(known) > 5 else ''}.",
            )

    async def generate(self, request: GenerationRequest) -> AsyncGenerator[TextPiece, None]:
        """Generate; closing the generator closes the connection.

        Raises:
            InvalidInput: The server refused the request.
            Unavailable: It refused the key, or does not have the model.
            ConnectionFailed, TimedOut, Busy: Temporary troubles; also when it goes away in the middle.
            RuntimeFault: What came back is no answer.
        """
        _require(request)
        await self.warm_up()
        log.info("Asking %s on %s", self._server.model, self._server.base_url)
        rest = RestOfAnswer(request.answer_so_far)
        last: TextPiece | None = None
        async with aclosing(self._pieces(request)) as pieces:
            async for piece in pieces:
                if piece.finish is not None:
                    last = piece
                elif text := rest.push(piece.text):
                    yield TextPiece(text, piece.log_prob)
        if last is None:
            raise ConnectionFailed(
                f"The server at {self._server.base_url} ended in the middle of its answer.", code="answer-cut"
            )
        yield last

    async def _pieces(self, request: GenerationRequest) -> AsyncGenerator[TextPiece, None]:
        """The answer as it comes, `TextPiece.finish` in the last piece; none when the server just ended."""
        finish: FinishReason | None = None
        prompt = cached = 0
        try:
            async with aclosing(self._chunks(request)) as chunks:
                async for chunk in chunks:
                    if (usage := getattr(chunk, "usage", None)) is not None:
                        prompt = int(usage.prompt_tokens or 0)
                        cached = int(getattr(usage.prompt_tokens_details, "cached_tokens", 0) or 0)
                    for choice in (chunk.choices or [])[:1]:
                        for piece in _tokens(choice):
                            yield piece
                        if choice.finish_reason:
                            finish = self._finish(choice.finish_reason)
        except SottoError as error:
            _let_go(error)
            raise
        except (ValueError, AttributeError, TypeError) as error:
            raise self._no_answer(error) from error
        finally:
            await _settled()
        if finish is not None:
            yield TextPiece("", finish=finish, prompt_tokens=prompt, cached_tokens=cached)

    async def _chunks(self, request: GenerationRequest) -> AsyncGenerator[Any, None]:
        """What the server sends, as the library reads it."""
        async with self._translating(), await self._opened(request) as stream:
            async for chunk in stream:
                yield chunk

    async def _opened(self, request: GenerationRequest) -> Any:
        """The stream; without what some servers do not know, once one has refused it."""
        if self._extras:
            try:
                return await self._client.chat.completions.create(**self._arguments(request, extras=True))
            except self._library.BadRequestError:
                stream = await self._client.chat.completions.create(**self._arguments(request, extras=False))
                self._extras = False
                return stream
        return await self._client.chat.completions.create(**self._arguments(request, extras=False))

    def _arguments(self, request: GenerationRequest, *, extras: bool) -> dict[str, Any]:
        messages = [{"role": message.role.value, "content": message.content} for message in request.messages]
        if request.answer_so_far:
            messages.append({"role": Role.ASSISTANT.value, "content": request.answer_so_far})
            messages.append({"role": Role.USER.value, "content": GO_ON})
        arguments: dict[str, Any] = {
            "model": self._server.model,
            "messages": messages,
            "max_tokens": request.max_tokens,
            "temperature": request.temperature,
            "top_p": request.top_p,
            "stream": True,
        }
        if request.seed is not None:
            arguments["seed"] = request.seed
        if extras:
            arguments["stream_options"] = {"include_usage": True}
            if self._server.log_probs:
                arguments["logprobs"] = True
        return arguments

    def _finish(self, reason: str) -> FinishReason:
        if reason == "content_filter":
            raise Unavailable(f"The server at {self._server.base_url} withheld the answer.", code="answer-withheld")
        return FinishReason.LENGTH if reason == "length" else FinishReason.STOP

    async def prefill(self, request: GenerationRequest) -> int:  # noqa: ARG002 - a guess is not sent to a server
        """Nothing is sent before the question is asked: 0."""
        return 0

    async def count_tokens(self, texts: Sequence[str]) -> tuple[int, ...]:
        """An estimate, rather too high for English: the server's tokeniser is not here."""
        return tuple(max(len(text.split()), -(-len(text) // CHARACTERS_PER_TOKEN)) for text in texts)

    async def verify(self, request: GenerationRequest, top_k: int) -> Verified:  # noqa: ARG002 - it cannot
        """Never.

        Raises:
            Unavailable: Always (``cannot-verify``).
        """
        raise Unavailable(f"{self._server.backend_id} cannot verify drafts.", code="cannot-verify")

    async def export_state(self) -> bytes:
        """Never.

        Raises:
            Unavailable: Always (``no-state``).
        """
        raise self._no_state()

    async def import_state(self, state: bytes) -> int:  # noqa: ARG002 - it cannot
        """Never.

        Raises:
            Unavailable: Always (``no-state``).
        """
        raise self._no_state()

    def _no_state(self) -> Unavailable:
        return Unavailable(f"{self._server.backend_id} cannot move its state.", code="no-state")

    async def aclose(self) -> None:
        """Close the connections."""
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    @asynccontextmanager
    async def _translating(self) -> AsyncGenerator[None, None]:
        """The library's errors as ours; the cause stays chained."""
        library = self._library
        try:
            yield
        except library.APITimeoutError as error:
            raise TimedOut(f"The server at {self._server.base_url} did not answer in time.") from error
        except library.APIConnectionError as error:
            raise ConnectionFailed(
                f"The server at {self._server.base_url} cannot be reached, or went away.",
                remedy="See that it runs and that the address is right.",
            ) from error
        except library.APIStatusError as error:
            raise self._of_status(int(error.status_code), _said(error)) from error
        except (library.OpenAIError, ValueError, AttributeError, TypeError) as error:
            raise self._no_answer(error) from error

    def _no_answer(self, error: Exception) -> RuntimeFault:
        return RuntimeFault(
            f"What the server at {self._server.base_url} sent is no answer: {_said(error)}.", code="bad-reply"
        )

    def _of_status(self, status: int, said: str) -> SottoError:
        where = f"The server at {self._server.base_url}"
        if status in (401, 403):
            return Unavailable(f"{where} refused the key ({status}).", code="key-refused", remedy="Enter another key.")
        if status == 404:
            return Unavailable(
                f"{where} does not have {self._server.model!r}, or does not speak this protocol (404).",
                code="model-missing",
                remedy="See that the address ends in /v1 and the model is named as on the server.",
            )
        if status in (408, 504):
            return TimedOut(f"{where} took too long ({status}).")
        if status in (409, 425, 429, 503, 529):
            return Busy(f"{where} has too much to do ({status}).")
        if status == 502:
            return ConnectionFailed(f"{where} is there, and what it needs is not (502).")
        if status < 500:
            return InvalidInput(f"{where} refused the request ({status}): {said}.", code="request-refused")
        return RuntimeFault(f"{where} failed ({status}): {said}.", code="server-failed")


def _made(server: Server) -> tuple[Any, Any]:
    """The library and a client of it. Takes a second the first time."""
    try:
        library = importlib.import_module("openai")
    except ImportError as error:
        raise Unavailable(
            "The package openai is not installed.",
            code="library-missing",
            remedy="Install it with: python -m pip install openai",
        ) from error
    timeout = library.Timeout(server.read_s, connect=server.connect_s)
    client = library.AsyncOpenAI(
        api_key=server.key or "none",
        base_url=server.base_url,
        timeout=timeout,
        max_retries=0,
        default_headers={"User-Agent": "sotto"} | {f"X-Stainless-{name}": library.omit for name in _SILENT_HEADERS},
        http_client=library.DefaultAsyncHttpxClient(trust_env=False, follow_redirects=False, timeout=timeout),
    )
    client.organization = client.project = None  # the environment's are not meant for this server
    return library, client


def _tokens(choice: Any) -> list[TextPiece]:
    """What a chunk adds, a piece a token where the server tells tokens apart."""
    content = choice.delta.content or "" if choice.delta is not None else ""
    entries = (choice.logprobs.content or []) if choice.logprobs is not None else []
    if not entries:
        return [TextPiece(content)] if content else []
    log_probs = [min(0.0, float(entry.logprob)) for entry in entries]
    texts = [str(entry.token) for entry in entries]
    if "".join(texts) != content:
        texts = [content, *[""] * (len(entries) - 1)]
    return [TextPiece(text, log_prob) for text, log_prob in zip(texts, log_probs, strict=True)]


def _let_go(error: BaseException) -> None:
    """Empty the library's frames an error still holds, and with them the generators it was reading from."""
    cause = error.__cause__
    if cause is not None:
        traceback.clear_frames(cause.__traceback__)


async def _settled() -> None:
    """Let the loop close what the library left to the collector: generators within generators, a few rounds each."""
    for _ in range(_ROUNDS):
        await asyncio.sleep(0)


def _require(request: GenerationRequest) -> None:
    """Refuse what no server takes, as every other runtime does."""
    if not request.messages:
        raise InvalidInput("There is nothing to answer: the conversation is empty.")
    if request.max_tokens < 1:
        raise InvalidInput(f"An answer needs room for at least one token, not {request.max_tokens}.")
    if not request.temperature >= 0:
        raise InvalidInput(f"The temperature is {request.temperature}; it must be 0 or more.")
    if not 0 < request.top_p <= 1:
        raise InvalidInput(f"top_p is {request.top_p}; it must be above 0 and at most 1.")


def _said(error: BaseException) -> str:
    """An error's own words, on one line and not too many."""
    said = " ".join(str(getattr(error, "message", "") or error).split()).rstrip(".")
    return f"{said[:_QUOTED]}…" if len(said) > _QUOTED else said or type(error).__name__
