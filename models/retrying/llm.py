"""A language model whose answer goes on where a dead host left it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace

from app.contracts.errors import SottoError, Unavailable
from app.contracts.ports import TextGenerator
from app.contracts.text import FinishReason, GenerationRequest, TextPiece, Verified
from models.retrying.tiers import RetryingRuntime


class RetryingTextGenerator(RetryingRuntime[TextGenerator]):
    """Implements `app.contracts.ports.TextGenerator` over several of them."""

    stage = "answer"

    async def generate(self, request: GenerationRequest) -> AsyncGenerator[TextPiece, None]:
        """Generate. A backend that takes over is given the text so far and goes on from it."""
        attempts = self._tiers.request()
        given: list[str] = []
        tokens = 0
        while True:
            if tokens >= request.max_tokens:
                yield TextPiece("", finish=FinishReason.LENGTH)
                return
            rest = replace(
                request,
                answer_so_far=request.answer_so_far + "".join(given),
                max_tokens=request.max_tokens - tokens,
            )
            try:
                backend = await attempts.backend()
                async with aclosing(backend.generate(rest)) as pieces:
                    async for piece in pieces:
                        if piece.finish is not None:
                            yield piece
                            return
                        tokens += 1
                        given.append(piece.text)
                        yield piece
            except SottoError as error:
                attempts.failed(error, tokens)

    async def prefill(self, request: GenerationRequest) -> int:
        """Bring the prompt into the prefix cache of the tier the answer will come from. A guess is not retried."""
        return await self._tiers.current.prefill(request)

    async def count_tokens(self, texts: Sequence[str]) -> tuple[int, ...]:
        """Tokens in each text, as the tier that will answer counts them."""
        return await self._tiers.run(lambda backend: backend.count_tokens(texts), tell=False)

    async def verify(self, request: GenerationRequest, top_k: int) -> Verified:
        """Judge a draft, as the tier that will answer judges it.

        Raises:
            Unavailable: That tier cannot.
        """
        current = self._tiers.current
        if not current.capabilities.verify:
            raise Unavailable(f"{current.backend.backend_id} cannot verify drafts.", code="cannot-verify")
        return await self._tiers.run(lambda backend: backend.verify(request, top_k), tell=False)

    async def export_state(self) -> bytes:
        """What the tier that answers now holds. Another tier has another state, so nothing is tried again."""
        return await self._tiers.current.export_state()

    async def import_state(self, state: bytes) -> int:
        """Give a state to the tier that will answer. A state is only a short cut, so nothing is tried again."""
        return await self._tiers.current.import_state(state)
