"""Several experts at work on one question: different backends at the same time, one backend's samples one by one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace

from app.contracts.devices import Tier
from app.contracts.errors import RuntimeFault, SottoError, TimedOut, TurnCancelledError, Unavailable
from app.contracts.metrics import Attempt
from app.contracts.text import GenerationRequest
from app.pipeline.definition import Experts
from app.pipeline.text.attempt import TierAttempt
from app.pipeline.text.monitor import Advice, Finding
from app.pipeline.text.repetition import first_at
from app.pipeline.text.steps import Ask, Piece
from app.pipeline.tools import Judged


@dataclass(frozen=True, slots=True)
class Answer:
    """What one expert answered.

    Attributes:
        seat: Which expert, from 0.
        attempt: How it came about.
        text: The answer, without what the request's answer began with.
        judged: How sure it is.
        record: What it took, its decision still open.
    """

    seat: int
    attempt: TierAttempt
    text: str
    judged: Judged
    record: Attempt

    @property
    def worth(self) -> float:
        """For comparing: below everything when nobody can tell."""
        return -1.0 if self.judged.confidence is None else self.judged.confidence


@dataclass(frozen=True, slots=True)
class _Seat:
    number: int
    tier: Tier
    request: GenerationRequest


class Panel:
    """Asks the experts of a stage once.

    Args:
        ask: What is wanted.
        enough: Looks at the answers there are and the number still to come; true ends the work of the others.

    Attributes:
        answers: Those there are, in the order of their seats.
        failed: Experts that gave none, written down.
        notes: Of the same, in words.
        error: Why the last of them failed.
        rested: The last of them that was broken off because its device had to rest.
        spared: Answers that were not waited for.
    """

    def __init__(self, ask: Ask, enough: Callable[[Sequence[Answer], int], bool]) -> None:
        self._ask = ask
        self._enough = enough
        self._rule = ask.stage.definition.experts or Experts()
        self._given = ask.request.answer_so_far
        self.answers: list[Answer] = []
        self.failed: list[tuple[int, Attempt]] = []
        self.notes: list[str] = []
        self.error: SottoError | None = None
        self.rested: Attempt | None = None
        self.spared = 0
        self._joules = 0.0
        self._over = False
        self._running: dict[int, TierAttempt] = {}
        self._pieces: asyncio.Queue[Piece | None] = asyncio.Queue()

    @property
    def joules_left(self) -> float | None:
        """Of what the text may cost, None for no bound."""
        return None if self._ask.joules is None else self._ask.joules - self._joules

    async def pieces(self) -> AsyncGenerator[Piece, None]:
        """The first expert's text as it comes; ends when no more answers are needed. Closing it stops all engines."""
        seats = self._seats()
        to_come = len(seats)
        by_backend: dict[str, list[_Seat]] = {}
        for seat in seats:
            by_backend.setdefault(seat.tier.backend_id, []).append(seat)
        lanes = [
            asyncio.create_task(self._lane(backend_seats, len(seats)), name=f"experts on {backend_id}")
            for backend_id, backend_seats in by_backend.items()
        ]
        working = len(lanes)
        try:
            while working and not self._over:
                piece = await self._pieces.get()
                if piece is None:
                    working -= 1
                else:
                    yield piece
        finally:
            for lane in lanes:
                lane.cancel()
            ended = await asyncio.gather(*lanes, return_exceptions=True)
        for error in ended:
            if isinstance(error, BaseException) and not isinstance(error, asyncio.CancelledError):
                raise error
        self._spare(to_come)

    def _seats(self) -> list[_Seat]:
        """Who is asked what: every tier ``samples`` times, each with a seed of its own."""
        tiers = self._ask.stage.experts or self._ask.stage.ladder[:1]
        request, samples = self._ask.request, max(1, self._rule.samples)
        seats: list[_Seat] = []
        for tier in tiers:
            for _ in range(samples):
                seed = (request.seed or 0) + len(seats) + 1
                asked = replace(request, seed=seed, temperature=self._rule.temperature) if samples > 1 else request
                seats.append(_Seat(len(seats), tier, asked))
        return seats

    async def _lane(self, seats: Sequence[_Seat], of: int) -> None:
        """The experts of one backend, one after the other."""
        try:
            for seat in seats:
                if self._over:
                    return
                if (reason := self._held_back(seat)) is not None:
                    backend, model = seat.tier.backend_id, seat.tier.model
                    self._lost(seat, Attempt(backend=backend, model=model, decision="failed", reason=reason), reason)
                else:
                    await self._asked(seat)
                if self._enough(self.answers, of - len(self.answers) - len(self.failed)):
                    self._over = True
                    return
        finally:
            self._pieces.put_nowait(None)

    async def _asked(self, seat: _Seat) -> None:
        """One expert's answer, or its failure."""
        attempt = TierAttempt(self._ask, seat.tier, seat.request, joules=self.joules_left)
        self._running[seat.number] = attempt
        try:
            async with aclosing(attempt.pieces()) as pieces:
                async for piece in pieces:
                    if seat.number == 0:
                        self._pieces.put_nowait(piece)
        except TurnCancelledError:
            raise
        except SottoError as error:
            attempt.finding = Finding(Advice.FAIL_OVER, error.code, error.message)
            self.error = error
        finally:
            self._joules += attempt.energy.joules
        del self._running[seat.number]
        finding = attempt.finding
        text = attempt.text[: first_at(finding.ends, len(self._given))] if finding.ends else attempt.text
        text = text[len(self._given) :]
        if finding.advice is Advice.FAIL_OVER:
            if finding.code == "stall":
                self.error = TimedOut(finding.reason, code="text-stalled")
            if finding.code == "device":
                self.rested = attempt.record("failed", finding.reason)
            self._lost(seat, attempt.record("failed", finding.reason), finding.reason)
        elif not text.strip():
            self._lost(seat, attempt.record("failed", "It wrote nothing."), "It wrote nothing.")
        else:
            judged = attempt.judged()
            record = attempt.record("merged", "", judged.confidence)
            self.answers.append(Answer(seat.number, attempt, text, judged, record))
            self.answers.sort(key=lambda answer: answer.seat)

    def _held_back(self, seat: _Seat) -> str | None:
        """Why an expert is not asked, None when it may be."""
        left = self.joules_left
        if left is not None and left <= 0.0:
            reason = "The energy budget is spent."
            self.error = self.error or Unavailable(reason, code="energy-budget")
            return reason
        backends = self._ask.tools.runtimes.backends()
        device = next((known.device for known in backends if known.backend_id == seat.tier.backend_id), None)
        verdict = self._ask.tools.governor.verdict()
        if device is None or device in verdict.allowed:
            return None
        reason = verdict.why(device)
        self.error = self.error or Unavailable(reason, code="device-held-back", remedy="Try again later.")
        return reason

    def _lost(self, seat: _Seat, record: Attempt, reason: str) -> None:
        self.failed.append((seat.number, record))
        self.notes.append(f"{seat.tier.backend_id} gave no answer: {reason}")

    def _spare(self, of: int) -> None:
        """Write down those that were broken off; those not begun are only counted."""
        self.spared = of - len(self.answers) - len(self.failed)
        for number, attempt in self._running.items():
            self.failed.append((number, attempt.record("stopped", "The others had decided.")))

    def no_answer(self) -> SottoError:
        """What to raise when there is none."""
        return self.error or RuntimeFault(
            "No expert wrote anything.", code="no-answer", remedy="Ask in other words, or name another model."
        )
