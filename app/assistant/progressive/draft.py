"""One stage behind the first: a model is given the question and what came before, and writes out of sight."""

from __future__ import annotations

import asyncio
import math
import re
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace

from app.assistant.ledger import Ledger
from app.assistant.parts import Stages
from app.assistant.progressive.seats import Seat
from app.assistant.progressive.wording import says_same, whole_sentences
from app.contracts.capabilities import ConfidenceSource
from app.contracts.devices import Tier
from app.contracts.errors import RuntimeFault, TimedOut
from app.contracts.events import DeviceUsed
from app.contracts.metrics import StageMetadata
from app.contracts.ports import TextGenerator
from app.contracts.text import ChatMessage, FinishReason, GenerationRequest, Role, TextPiece
from app.pipeline.text.guard import OutputGuard
from app.pipeline.tools import Judged

Show = Callable[[str, float | None], None]
"""Takes new text as it comes, with the probability of its token."""
_OF_ANSWERS = re.compile(r"\b(?:answers?|options?) (?:\d|number)", re.IGNORECASE)
LOAD_S = 60.0
"""How long a model may take to load, seconds; its time to answer counts from there."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What a stage wrote.

    Attributes:
        stage: Its name.
        text: The answer.
        tier: Who wrote it.
        judged: How sure it is.
        stand_in: It was written by the model of the first stage.
    """

    stage: str
    text: str
    tier: Tier
    judged: Judged
    stand_in: bool = False

    @property
    def confidence(self) -> float:
        """In [0, 1]; 0 where nobody can tell."""
        return self.judged.confidence or 0.0


def asked(request: GenerationRequest, seat: Seat, before: Sequence[str], max_tokens: int) -> GenerationRequest:
    """What a stage is asked: its own prompt, the conversation, the question and the answers that came before.

    A model that stands in for a larger one gets the question as it was: it just tries again. Shown its own answer, the
    starter model copies it and is three times as sure of it.
    """
    if seat.stand_in:
        return replace(request, temperature=seat.stage.temperature, max_tokens=max_tokens)
    question = request.messages[-1].content
    listed = "\n".join(f"Answer {number}: {text.strip()}" for number, text in enumerate(before, 1) if text.strip())
    content = f"Question: {question}\n\n{listed}" if listed else question
    system = ChatMessage(Role.SYSTEM, seat.stage.system) if seat.stage.system else request.messages[0]
    return replace(
        request,
        messages=(system, *request.messages[1:-1], ChatMessage(Role.USER, content)),
        temperature=seat.stage.temperature,
        max_tokens=max_tokens,
    )


async def written(
    request: GenerationRequest,
    seat: Seat,
    port: TextGenerator,
    stages: Stages,
    ledger: Ledger,
    ran: Callable[[DeviceUsed], None],
    show: Show | None = None,
    *,
    has_read: bool = False,
) -> Draft:
    """Have a stage write its answer, within its time.

    Calibrations are of answers to the bare question; one that was written after others were read has the prior.

    Args:
        request: What the model is asked.
        seat: The stage and who writes.
        port: The same, its language model.
        stages: Who judges.
        ledger: Counts it under the stage's name.
        ran: Hears where it really runs.
        show: Takes new text as it comes, with the probability of its token; None for work out of sight.
        has_read: Earlier answers are in the request.

    Raises:
        TimedOut: It had not ended in its time, or its model did not load.
        RuntimeFault: It wrote nothing, or only about the answers before.
        SottoError: The model failed.
    """
    guard, log_probs = OutputGuard(), list[float | None]()
    await _loaded(port, seat, ran)  # to load the model is no work of the stage's
    with ledger.stage(seat.stage.name, port.backend) as entry:
        try:
            async with asyncio.timeout(seat.stage.timeout_s):
                finish = await _generated(port.generate(request), guard, log_probs, show or _out_of_sight)
        except TimeoutError as error:
            raise _too_late(seat, seat.stage.timeout_s) from error
        entry.tokens = len(log_probs)
        text = guard.passed.strip()
        if finish is FinishReason.LENGTH and show is None:
            text = whole_sentences(text)
        if problem := _no_answer(text, request.messages[-1].content, has_read=has_read):
            raise RuntimeFault(f"{seat.tier.backend_id} {problem}.", code="no-answer")
        known = [log_prob for log_prob in log_probs if log_prob is not None]
        found = Judged(None, ConfidenceSource.NONE) if has_read else stages.judge(seat.tier, known, text)
        judged = judged_of(seat, found)
        entry.how = StageMetadata(
            confidence=judged.confidence,
            confidence_source=judged.source,
            attempt_count=1,
            backend=seat.tier.backend_id,
            model=seat.tier.model,
            asked=entry.backend.device,
            ran=entry.backend.device,
            notes=guard.notes,
        )
    return Draft(seat.stage.name, text, seat.tier, judged, seat.stand_in)


async def _generated(
    generating: AsyncGenerator[TextPiece, None], guard: OutputGuard, log_probs: list[float | None], show: Show
) -> FinishReason:
    """Pass what a model writes through the guard, token by token; returns why it ended."""
    finish = FinishReason.STOP
    async with aclosing(generating) as pieces:
        async for piece in pieces:
            if piece.finish is not None or guard.ended:
                finish = piece.finish or finish
                break
            log_probs.append(piece.log_prob)
            if fresh := guard.push(piece.text):
                show(fresh, None if piece.log_prob is None else math.exp(piece.log_prob))
    if rest := guard.flush():
        show(rest, None)
    return finish


def _out_of_sight(_text: str, _confidence: float | None) -> None:
    """Nobody looks on."""


def _no_answer(text: str, asked: str, *, has_read: bool) -> str:
    """What a model did instead of answering, empty when it answered."""
    if not text:
        return "wrote nothing"
    question = asked.partition("\n\nAnswer 1: ")[0].removeprefix("Question: ")
    if says_same(text, question):
        return "repeated the question"
    return "spoke of the answers and not of the question" if has_read and _OF_ANSWERS.search(text) else ""


async def _loaded(port: TextGenerator, seat: Seat, ran: Callable[[DeviceUsed], None]) -> None:
    """Have the model there, and say where; that takes its own time, since a model that is given up never gets there."""
    try:
        async with asyncio.timeout(LOAD_S):
            warm = await port.warm_up()
    except TimeoutError as error:
        raise _too_late(seat, LOAD_S) from error
    backend = port.backend
    ran(DeviceUsed(stage=seat.stage.name, backend=backend.backend_id, asked=backend.device, ran=warm.ran))


def _too_late(seat: Seat, seconds: float) -> TimedOut:
    return TimedOut(f"{seat.stage.name} took longer than {seconds:g} s and was given up.", code="stage-timeout")


def judged_of(seat: Seat, found: Judged) -> Judged:
    """A calibrated confidence as it is; otherwise what answers of the stage deserve as a rule."""
    if found.source is ConfidenceSource.CALIBRATED and found.confidence is not None:
        return found
    return Judged(seat.prior, ConfidenceSource.STAGE_PRIOR)
