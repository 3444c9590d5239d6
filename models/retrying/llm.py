"""A language model whose answer goes on where a dead host, or a device that has to rest, left it."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace

from app.contracts.devices import Backend, Device
from app.contracts.errors import SottoError, Unavailable
from app.contracts.ports import TextGenerator
from app.contracts.text import FinishReason, GenerationRequest, TextPiece, Verified
from app.pipeline.text.moving import LOOK_S, Relief, looking
from models.retrying.tiers import Attempts, RetryingRuntime, Tiers


class RetryingTextGenerator(RetryingRuntime[TextGenerator]):
    """Implements `app.contracts.ports.TextGenerator` over several of them."""

    stage = "answer"
    _writer: TextGenerator | None = None

    @property
    def backend(self) -> Backend:
        """The tier that writes an answer now; when none does, the one the next request goes to."""
        return super().backend if self._writer is None else self._writer.backend

    async def generate(self, request: GenerationRequest) -> AsyncGenerator[TextPiece, None]:
        """Generate. A backend that takes over is given the text so far and goes on from it.

        One whose device has to rest hands the answer on, as `app.pipeline.text.moving` describes; when no other one
        may run, it ends the answer itself.
        """
        attempts = self._tiers.request()
        begun = _Begun(request)
        try:
            while begun.left > 0:
                try:
                    self._writer = await attempts.backend()
                    begun.go_on()
                    ran = (await self._writer.warm_up()).ran
                    writing = _Writing(self._tiers, attempts, self._writer, ran, begun)
                    async with aclosing(writing.pieces()) as pieces:
                        async for piece in pieces:
                            yield piece
                            if piece.finish is not None:
                                return
                except SottoError as error:
                    attempts.failed(error, begun.tokens)
            yield TextPiece("", finish=FinishReason.LENGTH)
        finally:
            self._writer = None

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


class _Begun:
    """One answer as far as it has come.

    Attributes:
        tokens: Tokens that came with the text: those at its end that have given no character yet are written again by
            whoever goes on.
    """

    def __init__(self, request: GenerationRequest) -> None:
        self._request = request
        self._given: list[str] = []
        self._came = self.tokens = 0

    @property
    def left(self) -> int:
        """Tokens that may still come."""
        return self._request.max_tokens - self.tokens

    def rest(self) -> GenerationRequest:
        """What is to be asked to go on."""
        text = self._request.answer_so_far + "".join(self._given)
        return replace(self._request, answer_so_far=text, max_tokens=max(1, self.left))

    def go_on(self) -> None:
        """Another backend writes from now on, or the same one anew."""
        self._came = self.tokens

    def add(self, piece: TextPiece) -> None:
        """The next token."""
        self._came += 1
        if piece.text:
            self.tokens = self._came
            self._given.append(piece.text)


@dataclass(slots=True)
class _Writing:
    """One backend at work on an answer."""

    tiers: Tiers[TextGenerator]
    attempts: Attempts[TextGenerator]
    backend: TextGenerator
    ran: Device
    begun: _Begun
    wrote: bool = False
    relief: Relief | None = None
    following: TextGenerator | None = None
    why: str = ""
    looked_at: float = -math.inf

    async def pieces(self) -> AsyncGenerator[TextPiece, None]:
        """Pieces until the end, or until another backend goes on: that one has been given everything then."""
        try:
            async with aclosing(self.backend.generate(self.begun.rest())) as pieces:
                while not self._has_to_go():
                    piece = await self._next(pieces)
                    if piece is None:
                        break
                    if piece.finish is None:
                        self.begun.add(piece)
                        self.wrote = True
                    yield piece
            if self.relief is not None and self.following is not None and self.begun.left > 0:
                self.attempts.handed_on(self.following, self.why, self.begun.tokens)
                await self.relief.take_over()
        finally:
            if self.relief is not None:
                await self.relief.aclose()

    async def _next(self, pieces: AsyncGenerator[TextPiece, None]) -> TextPiece | None:
        """The next piece, None when it has to go and cannot wait for one."""
        try:
            async with asyncio.timeout(None) as patience:
                with looking(patience, self._has_to_go, begun=self.wrote):
                    return await anext(pieces)
        except TimeoutError:
            return None
        except StopAsyncIteration:
            return TextPiece("", finish=FinishReason.STOP)

    def _has_to_go(self) -> bool:
        """Its device has to rest, and who goes on is ready. With nobody else it writes on."""
        if self.relief is None and self._look():
            self.following = next((one for one in self.attempts.others() if not self.tiers.held_back(one)), None)
            if self.following is not None:
                self.relief = Relief(self.backend, self.ran, self.following, self.begun.rest, self.tiers.clock)
        return self.relief is not None and self.relief.due

    def _look(self) -> str:
        """Why the device has to rest; empty while it may run, and between two looks."""
        now = self.tiers.clock.monotonic()
        if now - self.looked_at < LOOK_S:
            return ""
        self.looked_at = now
        self.why = self.tiers.held_back(self.backend)
        return self.why
