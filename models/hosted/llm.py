"""A language model over a host process."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from app.aio.lease import Priority
from app.contracts.errors import RuntimeFault
from app.contracts.text import FinishReason, GenerationRequest, TextPiece
from models.host.engine import JsonValue, Reply
from models.hosted.base import HostedRuntime, float_of, int_of, list_of, text_of, wrong


class HostedTextGenerator(HostedRuntime):
    """Implements `app.contracts.ports.TextGenerator`."""

    async def generate(self, request: GenerationRequest) -> AsyncGenerator[TextPiece, None]:
        """Generate; the engine has stopped when the generator is closed."""
        async with (
            self.computing(Priority.GENERATE),
            aclosing(self._host.stream("generate", _args(request))) as replies,
        ):
            finished = False
            async for reply in replies:
                piece = _piece(reply)
                finished = piece.finish is not None
                yield piece
            if not finished:
                raise RuntimeFault("The engine ended without saying why.", code="bad-reply")

    async def prefill(self, request: GenerationRequest) -> int:
        """Bring the prompt into the prefix cache; the lowest priority there is."""
        async with self.computing(Priority.PREFILL):
            return int_of(await self._host.call("prefill", _args(request)), "tokens")

    async def count_tokens(self, texts: Sequence[str]) -> tuple[int, ...]:
        """Tokens in each text."""
        if not texts:
            return ()
        counts = list_of(await self._host.call("count", {"texts": list(texts)}), "counts")
        if len(counts) != len(texts):
            raise wrong("counts", counts)
        return tuple(_count(count) for count in counts)


def _args(request: GenerationRequest) -> dict[str, JsonValue]:
    return {
        "messages": [[message.role.value, message.content] for message in request.messages],
        "answer_so_far": request.answer_so_far,
        "max_tokens": request.max_tokens,
        "temperature": request.temperature,
        "top_p": request.top_p,
        "seed": request.seed,
    }


def _piece(reply: Reply) -> TextPiece:
    if "finish" not in reply.fields:
        return TextPiece(text_of(reply, "text"), float_of(reply, "log_prob"))
    try:
        finish = FinishReason(text_of(reply, "finish"))
    except ValueError as error:
        raise wrong("finish", reply.fields["finish"]) from error
    return TextPiece(
        "",
        finish=finish,
        prompt_tokens=int_of(reply, "prompt_tokens"),
        cached_tokens=int_of(reply, "cached_tokens"),
    )


def _count(value: JsonValue) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise wrong("counts", value)
    return value
