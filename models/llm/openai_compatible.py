"""A language model on a server that speaks OpenAI's chat completions: the person's own, in their home or rented.

Why it is not in a host: it computes nothing here. The library's asynchronous client waits on a socket in the event
loop; importing it takes a second, so that and making the client happen in a thread, at the first warm-up.

Text leaves the machine only for the one address it was given, and only while `permit` lets it: the environment's
proxies, keys and addresses are not looked at, redirects are not followed, the library's headers about this machine are
left out, and its own retries are off, since ours decide. Every request is logged with who sends it, host and path.

How servers differ: Ollama lists ``llama3`` as ``llama3:latest``, cuts what is longer than its own window without a word
(``OLLAMA_CONTEXT_LENGTH`` sets it, no request does) and keeps a model loaded by ``OLLAMA_KEEP_ALIVE`` alone (its
OpenAI-compatible path ignores ``keep_alive``: ollama/ollama#11458). llama-cpp-python's server gives probabilities only
where ``top_logprobs`` is asked for too, and answers a ``response_format`` it does not know with status 500.
"""

from __future__ import annotations

import asyncio
import importlib
import logging
import math
import time
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, aclosing
from dataclasses import dataclass, field
from typing import Any

from app.contracts.capabilities import CancelGranularity, Capabilities, ConfidenceSource
from app.contracts.devices import Backend, Device, WarmUp
from app.contracts.errors import ConnectionFailed, InvalidInput, RuntimeFault, SottoError, TimedOut, Unavailable
from app.contracts.text import FinishReason, GenerationRequest, Role, TextPiece, Verified
from models.host.engine import JsonValue
from models.llm.answer_begun import RestOfAnswer
from models.llm.openai_bounds import bound
from models.llm.openai_errors import let_go, no_answer, said, settled, translating
from models.llm.openai_json import FORMS, read_schema, trouble

log = logging.getLogger(__name__)

GO_ON = "Go on from exactly where your answer ends. Repeat none of it."
"""What a server is told whose answer has begun elsewhere; no common field says that."""
CHARACTERS_PER_TOKEN = 4
_NO_KEY = "none"
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
        read_s: Longest silence of the server before it begins to answer: a large model may have to be loaded first.
        silence_s: Longest silence in the middle of an answer.
        look_s: Longest wait for its list of models.
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
    silence_s: float = 20.0
    look_s: float = 10.0
    simulated: bool = False


class RemoteTextGenerator:
    """Implements `app.contracts.ports.TextGenerator` over a `Server`.

    Args:
        server: Where it is.
        permit: Called before anything is sent; raises `Unavailable` when nothing may be. None lets everything.
        key: Called in a thread at each warm-up, instead of ``server.key``; may raise `Unavailable`, which is told when
            the server wants a key.
    """

    def __init__(
        self,
        server: Server,
        *,
        permit: Callable[[], None] | None = None,
        key: Callable[[], str | None] | None = None,
    ) -> None:
        self._server = server
        self._permit = permit
        self._key = key
        self._no_key = ""
        self._doubtful = False
        self._json_form = 0
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
            json_schema=True,
            simulated=self._server.simulated,
        )

    async def warm_up(self) -> WarmUp:
        """Load the library and see that the server is there and has the model.

        Raises:
            Unavailable: The library is not installed, nothing may be sent, the key is refused, or the server does not
                have the model.
            ConnectionFailed, TimedOut, Busy: The server cannot be asked now.
        """
        self._ask_leave()
        async with self._starting:
            if self._client is not None and not self._doubtful:
                return WarmUp(Device.REMOTE, 0.0)
            began = time.monotonic()
            if self._client is None:
                self._library, client = await asyncio.to_thread(self._make)
                try:
                    await self._look(client)
                except BaseException:
                    await client.close()
                    raise
                self._client = client
            else:
                self._client.api_key = await asyncio.to_thread(self._found_key) or _NO_KEY
                await self._look(self._client)
            self._doubtful = False
            return WarmUp(Device.REMOTE, (time.monotonic() - began) * 1000.0)

    async def _look(self, client: Any) -> None:
        """Ask for the list of models; a server that keeps none is believed."""
        library = self._library
        try:
            async with self._translating(), asyncio.timeout(self._server.look_s):
                listed = await client.models.list(timeout=self._server.look_s)
                known = sorted([str(model.id) async for model in listed])
        except SottoError as error:
            if isinstance(error.__cause__, library.NotFoundError):
                return
            raise
        if known and not {self._server.model, f"{self._server.model}:latest"} & {*known}:
            raise Unavailable(
                f"The server at {self._server.base_url} has no model {self._server.model!r}.",
                code="model-missing",
                remedy=f"It has {', '.join(known[:5])}{' and others' if len(known) > 5 else ''}.",
            )

    async def generate(self, request: GenerationRequest) -> AsyncGenerator[TextPiece, None]:
        """Generate; closing the generator closes the connection.

        Raises:
            InvalidInput: The request cannot be sent to anybody.
            Unavailable: The server refused it, the key or the JSON schema, does not have the model, or nothing may be
                sent to it.
            ConnectionFailed, TimedOut, Busy: Temporary troubles; also when it goes away in the middle.
            RuntimeFault: What came back is no answer, or not the JSON that was asked for.
        """
        _require(request)
        schema = read_schema(request.json_schema) if request.json_schema else None
        await self.warm_up()
        rest = RestOfAnswer(request.answer_so_far)
        written: list[str] = []
        sent = 0
        last: TextPiece | None = None
        try:
            async with aclosing(self._pieces(request, schema)) as pieces:
                async for piece in pieces:
                    if piece.finish is not None:
                        last = piece
                        continue
                    sent += 1
                    if sent > request.max_tokens:  # it was told how long the answer may be, and goes on
                        last = TextPiece("", finish=FinishReason.LENGTH)
                        break
                    if text := rest.push(piece.text):
                        written.append(text)
                        yield TextPiece(text, piece.log_prob)
        except (ConnectionFailed, TimedOut, Unavailable):
            self._doubtful = True  # the next one looks first whether it is there, and takes the key of then
            raise
        if last is None:
            raise ConnectionFailed(
                f"The server at {self._server.base_url} ended in the middle of its answer.", code="answer-cut"
            )
        if not written and not request.answer_so_far:
            raise RuntimeFault(
                f"The server at {self._server.base_url} answered without a word.",
                code="empty-answer",
                remedy="It may have thought for too long, or asked for a tool; another model may do.",
            )
        if schema is not None and last.finish is FinishReason.STOP and (wrong := trouble("".join(written), schema)):
            raise RuntimeFault(
                f"The server at {self._server.base_url} does not keep to the JSON schema: {wrong}.", code="bad-json"
            )
        yield last

    async def _pieces(
        self, request: GenerationRequest, schema: Mapping[str, JsonValue] | None
    ) -> AsyncGenerator[TextPiece, None]:
        """The answer as it comes, `TextPiece.finish` in the last piece; none when the server just ended."""
        finish: FinishReason | None = None
        prompt = cached = 0
        try:
            async with aclosing(self._chunks(request, schema)) as chunks:
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
            let_go(error)
            raise
        except (ValueError, AttributeError, TypeError) as error:
            raise no_answer(self._server.base_url, error) from error
        finally:
            await settled()
        if finish is not None:
            yield TextPiece("", finish=finish, prompt_tokens=prompt, cached_tokens=cached)

    async def _chunks(
        self, request: GenerationRequest, schema: Mapping[str, JsonValue] | None
    ) -> AsyncGenerator[Any, None]:
        """What the server sends, as the library reads it; once it has begun it may not be silent for long.

        What says nothing, for instance that the line is still open, is silence too.
        """
        async with self._translating(), await self._opened(request, schema) as stream:
            clock = asyncio.get_running_loop().time
            chunks, begun, until = aiter(stream), False, clock() + self._server.read_s
            while True:
                try:
                    async with asyncio.timeout_at(until):
                        chunk = await anext(chunks)
                except StopAsyncIteration:
                    return
                except TimeoutError as error:
                    what = "fell silent in the middle of its answer" if begun else "did not answer in time"
                    raise TimedOut(f"The server at {self._server.base_url} {what}.") from error
                choices = (chunk.choices or [])[:1]
                begun = begun or any(_tokens(choice) for choice in choices)
                if any(_says_something(choice) for choice in choices):
                    until = clock() + (self._server.silence_s if begun else self._server.read_s)
                yield chunk

    async def _opened(self, request: GenerationRequest, schema: Mapping[str, JsonValue] | None) -> Any:
        """The stream; without what some servers do not know, or with JSON asked for in the other way, once refused.

        Raises:
            Unavailable: The server takes a JSON schema in neither way (``json-refused``).
        """
        library = self._library
        refusals = [library.BadRequestError, library.UnprocessableEntityError]
        forms: list[int | None] = [None]
        if schema is not None:
            refusals.append(library.InternalServerError)
            forms = [*range(self._json_form, len(FORMS))]
        tries = [(extras, form) for extras in ((True, False) if self._extras else (False,)) for form in forms]
        for extras, form in tries:
            arguments = self._arguments(request, extras=extras)
            if form is not None and schema is not None:
                arguments |= {"extra_body": {"response_format": FORMS[form](schema)}}
            try:
                async with asyncio.timeout(self._server.connect_s + self._server.read_s):
                    stream = await self._client.chat.completions.create(**arguments)
            except tuple(refusals) as error:
                if (extras, form) != tries[-1]:
                    continue
                if form is None:
                    raise
                raise Unavailable(
                    f"The server at {self._server.base_url} takes no JSON schema: {said(error)}.", code="json-refused"
                ) from error
            self._extras, self._json_form = extras, self._json_form if form is None else form
            return stream
        raise AssertionError("there is at least one way to ask")

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
                arguments |= {"logprobs": True, "top_logprobs": 1}
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

    def _ask_leave(self) -> None:
        if self._permit is not None:
            self._permit()

    def _make(self) -> tuple[Any, Any]:
        """The library and a client of it, with the key of now. Takes a second the first time: for a thread."""
        try:
            library = importlib.import_module("openai")
        except ImportError as error:
            raise Unavailable(
                "The package openai is not installed.",
                code="library-missing",
                remedy="Install it with: python -m pip install openai",
            ) from error
        server = self._server
        timeout = library.Timeout(server.read_s, connect=server.connect_s)
        client = library.AsyncOpenAI(
            api_key=self._found_key() or _NO_KEY,
            base_url=server.base_url,
            timeout=timeout,
            max_retries=0,
            default_headers={"User-Agent": "sotto", "Accept-Encoding": "identity"}
            | {f"X-Stainless-{name}": library.omit for name in _SILENT_HEADERS},
            http_client=library.DefaultAsyncHttpxClient(
                trust_env=False,
                follow_redirects=False,
                timeout=timeout,
                event_hooks={"request": [self._note], "response": [bound]},
            ),
        )
        client.organization = client.project = None  # the environment's are not meant for this server
        return library, client

    def _found_key(self) -> str:
        """The key; a keyring that fails matters only where the server wants one, and is told then."""
        self._no_key = ""
        if self._key is None:
            return self._server.key
        try:
            return self._key() or ""
        except Unavailable as error:
            self._no_key = error.message
            return ""

    async def _note(self, request: Any) -> None:
        """Called by the library right before a request is sent: who sends it, where to, and none of its words."""
        url = request.url
        where = f"{url.scheme}://{url.netloc.decode('ascii', 'replace')}{url.path}"
        log.info("%s: %s %s", self._server.backend_id, request.method, where)

    def _no_state(self) -> Unavailable:
        return Unavailable(f"{self._server.backend_id} cannot move its state.", code="no-state")

    def _translating(self) -> AbstractAsyncContextManager[None]:
        return translating(self._library, self._server.base_url, self._server.model, self._no_key)

    async def aclose(self) -> None:
        """Close the connections."""
        client, self._client = self._client, None
        if client is not None:
            await client.close()


def _tokens(choice: Any) -> list[TextPiece]:
    """What a chunk adds, a piece a token where the server tells tokens apart."""
    content = choice.delta.content or "" if choice.delta is not None else ""
    if not isinstance(content, str):
        raise TypeError("the text is no text")
    entries = (choice.logprobs.content or []) if choice.logprobs is not None else []
    if not entries:
        return [TextPiece(content)] if content else []
    log_probs = [_log_prob(entry.logprob) for entry in entries]
    texts = [str(entry.token) for entry in entries]
    if "".join(texts) != content:
        texts = [content, *[""] * (len(entries) - 1)]
    return [TextPiece(text, log_prob) for text, log_prob in zip(texts, log_probs, strict=True)]


def _log_prob(value: object) -> float | None:
    """A probability's logarithm; None for what is none, which must not pass for certainty."""
    number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return min(0.0, float(value)) if number else None  # type: ignore[arg-type]


def _says_something(choice: Any) -> bool:
    """Whether a chunk is part of an answer: words, thoughts, the call of a tool, or the end."""
    delta = choice.delta.model_dump(exclude_none=True) if choice.delta is not None else {}
    return bool(choice.finish_reason) or any(value for name, value in delta.items() if name != "role")


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
    if request.json_schema and request.answer_so_far:
        raise Unavailable("A server cannot go on with JSON that another model began.", code="json-begun")
