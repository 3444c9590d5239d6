"""A language model over a host process."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from app.aio.lease import Priority
from app.contracts.errors import RuntimeFault, Unavailable
from app.contracts.text import FinishReason, GenerationRequest, TextPiece, Verified
from models.host.engine import JsonValue, Reply
from models.hosted.base import HostedRuntime, float_of, int_of, list_of, text_of, wrong


class HostedTextGenerator(HostedRuntime):
    """Implements `app.contracts.ports.TextGenerator`."""

    async def generate(self, request: GenerationRequest) -> AsyncGenerator[TextPiece, None]:
        """Generate; the engine has stopped when the generator is closed.

        Raises:
            InvalidInput: The JSON schema asks what cannot be kept to (``bad-schema``).
            Unavailable: A JSON schema was given, and this runtime cannot hold its answer to one (``no-json-schema``).
        """
        if request.json_schema and not self.capabilities.json_schema:
            raise Unavailable(
                f"{self.backend.backend_id} cannot hold its answer to a JSON schema.", code="no-json-schema"
            )
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

    async def verify(self, request: GenerationRequest, top_k: int) -> Verified:
        """How much of the draft in ``answer_so_far`` this model would have written itself.

        Raises:
            Unavailable: This runtime cannot say (``cannot-verify``).
        """
        if not self.capabilities.verify:
            raise Unavailable(f"{self.backend.backend_id} cannot verify drafts.", code="cannot-verify")
        async with self.computing(Priority.GENERATE):
            reply = await self._host.call("verify", {**_args(request), "top_k": top_k})
        log_probs = list_of(reply, "log_probs")
        verified = Verified(
            kept=int_of(reply, "kept"),
            kept_tokens=int_of(reply, "kept_tokens"),
            draft_tokens=int_of(reply, "draft_tokens"),
            log_probs=tuple(float(value) for value in log_probs if isinstance(value, int | float)),
        )
        if not 0 <= verified.kept <= len(request.answer_so_far):
            raise wrong("kept", verified.kept)
        return verified

    async def export_state(self) -> bytes:
        """What the engine holds of the last prompt and answer; empty when it holds nothing, or is not loaded.

        Raises:
            Unavailable: This runtime cannot give it away (``no-state``).
        """
        self._require_state()
        if not self._host.pid:
            return b""
        async with self.computing(Priority.GENERATE):
            return bytes((await self._host.call("state.export")).payload)

    async def import_state(self, state: bytes) -> int:
        """Take over a state; returns how many tokens it holds.

        Raises:
            InvalidInput: It is damaged, or comes from another model or version (``bad-state``).
            Unavailable: This runtime cannot take one over (``no-state``).
        """
        self._require_state()
        async with self.computing(Priority.GENERATE):
            return int_of(await self._host.call("state.import", payload=state), "tokens")

    def _require_state(self) -> None:
        if not self.capabilities.state:
            raise Unavailable(f"{self.backend.backend_id} cannot move its state.", code="no-state")


def _args(request: GenerationRequest) -> dict[str, JsonValue]:
    return {
        "messages": [[message.role.value, message.content] for message in request.messages],
        "answer_so_far": request.answer_so_far,
        "max_tokens": request.max_tokens,
        "temperature": request.temperature,
        "top_p": request.top_p,
        "seed": request.seed,
        "json_schema": request.json_schema,
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
