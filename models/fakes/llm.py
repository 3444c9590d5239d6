"""A language model that says what its script says."""

from __future__ import annotations

import itertools
import re
from collections import deque
from collections.abc import AsyncGenerator, Callable, Sequence

from app.aio.clock import SystemClock
from app.contracts.capabilities import ConfidenceSource
from app.contracts.devices import Device
from app.contracts.errors import InvalidInput, SottoError
from app.contracts.ports import Clock, TextGenerator
from app.contracts.text import FinishReason, GenerationRequest, TextPiece, Verified
from models.fakes.base import FakeRuntime

LOG_PROBS = (-0.02, -0.08, -0.3, -0.05, -0.9, -0.03)
"""Of one token after the other: sure, fairly sure and unsure, so that every shade is seen."""
_TOKEN = re.compile(r"\s*\S+|\s+$")


class FakeTextGenerator(FakeRuntime, TextGenerator):
    """Gives one answer of its script after the other, a word a token.

    Args:
        answers: What is answered, the last one for ever; or what finds the answer to a request.
        backend_id: Its identity.
        clock: Its delays are slept on this.
        context_tokens: Length of its window.
        device: Of its identity, and where it is said to run.
        model: Of its identity.
        log_probs: Of one token after the other, again and again; empty for a runtime that gives none.
        verify: It says that it can judge drafts.
        state: It says that its state can be moved.

    Attributes:
        requests: Every request to generate.
        prefilled: Every request to prefill.
        verified: Every request to verify.
        token_s: Time of a token, seconds.
        stopped: How many generations were closed before their end.
    """

    def __init__(
        self,
        answers: Sequence[str] | Callable[[GenerationRequest], str] = ("Hello. How are you?",),
        backend_id: str = "fake-llm",
        clock: Clock | None = None,
        context_tokens: int = 2048,
        *,
        device: Device = Device.CPU,
        model: str = "script",
        log_probs: Sequence[float] = LOG_PROBS,
        verify: bool = True,
        state: bool = True,
    ) -> None:
        super().__init__(
            backend_id,
            clock or SystemClock(),
            confidence=ConfidenceSource.TOKEN_LOG_PROB if log_probs else ConfidenceSource.NONE,
            context_tokens=context_tokens,
            ran=device,
            asked=device,
            model=model,
            verify=verify,
            state=state,
        )
        self._held = ""
        self.verified: list[GenerationRequest] = []
        self._log_probs: Sequence[float | None] = tuple(log_probs) or (None,)
        self._answers = answers if callable(answers) else _Script(answers)
        self._break: tuple[int, SottoError] | None = None
        self.requests: list[GenerationRequest] = []
        self.prefilled: list[GenerationRequest] = []
        self.token_s = 0.0
        self.stopped = 0

    def break_after(self, tokens: int, error: SottoError) -> None:
        """Have the next generation fail after so many tokens."""
        self._break = (tokens, error)

    async def generate(self, request: GenerationRequest) -> AsyncGenerator[TextPiece, None]:
        """The answer from where ``answer_so_far`` ends."""
        self.requests.append(request)
        self._held = " ".join(message.content for message in request.messages)
        breaking, self._break = self._break, None
        await self._begin("generate")
        answer = self._answers(request)
        rest = answer.removeprefix(request.answer_so_far)
        tokens = _TOKEN.findall(rest)
        ended = False
        try:
            for at, (token, log_prob) in enumerate(zip(tokens, itertools.cycle(self._log_probs), strict=False)):
                if breaking is not None and at == breaking[0]:
                    ended = True
                    raise breaking[1]
                if at == request.max_tokens:
                    break
                if self.token_s > 0:
                    await self._clock.sleep(self.token_s)
                yield TextPiece(token, log_prob)
            finish = FinishReason.LENGTH if len(tokens) > request.max_tokens else FinishReason.STOP
            ended = True
            yield TextPiece("", finish=finish, prompt_tokens=_tokens_of(request))
        finally:
            self.stopped += not ended

    async def prefill(self, request: GenerationRequest) -> int:
        """Record the guess."""
        self.prefilled.append(request)
        await self._begin("prefill")
        return _tokens_of(request)

    async def count_tokens(self, texts: Sequence[str]) -> tuple[int, ...]:
        """Words."""
        await self._begin("count_tokens", delayed=False)
        return tuple(len(text.split()) for text in texts)

    async def verify(self, request: GenerationRequest, top_k: int) -> Verified:  # noqa: ARG002 - a script has one best
        """How far the draft agrees with the script, word by word."""
        self.verified.append(request)
        await self._begin("verify")
        drafted = _TOKEN.findall(request.answer_so_far)
        own = _TOKEN.findall(self._answers(request))
        kept = len([draft for draft, word in itertools.takewhile(_same, zip(drafted, own, strict=False))])
        return Verified(len("".join(drafted[:kept])), kept, len(drafted), (-0.1,) * kept)

    async def export_state(self) -> bytes:
        """Its model's name and the last prompt, in place of a real state."""
        await self._begin("export_state")
        return self._mark() + self._held.encode() if self._held else b""

    async def import_state(self, state: bytes) -> int:
        """Hold what another one of the same model held; tokens are words."""
        await self._begin("import_state")
        if not state.startswith(self._mark()):
            raise InvalidInput("That is no state of this model.", code="bad-state")
        self._held = state.removeprefix(self._mark()).decode()
        return len(self._held.split())

    def _mark(self) -> bytes:
        return f"state of {self.backend.model}\n".encode()


def _same(pair: tuple[str, str]) -> bool:
    return pair[0] == pair[1]


class _Script:
    """One answer after the other; the last one again and again. A continued answer is not a new one."""

    def __init__(self, answers: Sequence[str]) -> None:
        self._answers = deque(answers)
        self._last = self._answers[0]

    def __call__(self, request: GenerationRequest) -> str:
        if not request.answer_so_far:
            self._last = self._answers[0]
            if len(self._answers) > 1:
                self._answers.popleft()
        return self._last


def _tokens_of(request: GenerationRequest) -> int:
    return sum(len(message.content.split()) for message in request.messages)
