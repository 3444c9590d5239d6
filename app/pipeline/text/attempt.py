"""One generation on one tier, watched: what every strategy is made of."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import replace

from app.aio.busy import BusyTime
from app.contracts.devices import Device, Tier
from app.contracts.energy import Energy
from app.contracts.events import DeviceUsed
from app.contracts.metrics import Attempt
from app.contracts.ports import EnergySpan, TextGenerator
from app.contracts.text import FinishReason, GenerationRequest, TextPiece
from app.pipeline.definition import Forwarding
from app.pipeline.text.monitor import NOTHING, WATCH, Advice, Finding, StreamMonitor, Watch
from app.pipeline.text.moving import Relief, looking
from app.pipeline.text.steps import Ask, Piece
from app.pipeline.tools import Judged


class TierAttempt:
    """One generation. Iterate `pieces` once; everything else may be read at any time.

    Args:
        ask: What is wanted.
        tier: Who writes.
        request: What it is asked; None for that of ``ask``.
        forwarding: When a low confidence ends it early; None never does.
        log_probs: Of the tokens of ``request.answer_so_far``, where they are known.
        joules: What it may cost, None for no bound.
        watch: How closely it is watched.
        relieve: Asked once, when the device has to rest: who is made ready to go on. Until that one is, this one writes
            on. None for nobody, then it stops at once.

    Attributes:
        tier: Who writes.
        ran: Where; what was asked for until it is warm.
        finding: Why it was ended early, `NOTHING` when it was not.
        finish: How it ended by itself, None when it did not.
    """

    def __init__(
        self,
        ask: Ask,
        tier: Tier,
        request: GenerationRequest | None = None,
        *,
        forwarding: Forwarding | None = None,
        log_probs: Sequence[float] = (),
        joules: float | None = None,
        watch: Watch = WATCH,
        relieve: Callable[[TierAttempt], Relief | None] | None = None,
    ) -> None:
        self._ask = ask
        self._tools = ask.tools
        self._clock = ask.tools.clock
        self._request = request or ask.request
        self.tier = tier
        self._port: TextGenerator | None = None
        self.ran: Device = ask.stage.asked
        self.finding: Finding = NOTHING
        self.finish: FinishReason | None = None
        self._forwarding = forwarding
        self._log_probs = tuple(log_probs)
        self._joules = joules
        self._watch = watch
        self._relieve = relieve
        self._relief: Relief | None = None
        self._leaving = NOTHING
        self._monitor = self._watcher()
        self._started = self._clock.monotonic()
        self._busy = BusyTime(self._clock.monotonic)
        self._span: EnergySpan | None = None
        self._written = False

    @property
    def text(self) -> str:
        """The whole text so far, with what it began with."""
        return self._monitor.text

    @property
    def log_probs(self) -> tuple[float, ...]:
        """Of the tokens so far, natural logarithms; empty where the runtime gives none."""
        return tuple(self._monitor.log_probs)

    @property
    def standing(self) -> tuple[int, tuple[float, ...]]:
        """Tokens generated here that came with the text, and all log-probabilities: `StreamMonitor.standing`."""
        return self._monitor.standing

    @property
    def port(self) -> TextGenerator:
        """The backend, once `pieces` has been begun."""
        assert self._port is not None
        return self._port

    def so_far(self) -> GenerationRequest:
        """What it was asked, with the whole text so far."""
        return replace(self._request, answer_so_far=self.text)

    @property
    def tokens(self) -> int:
        """Tokens generated here."""
        return self._monitor.tokens

    @property
    def energy(self) -> Energy:
        """What it cost so far, above idle. Neither loading its model nor waiting for the processor is in it."""
        return self._tools.power.energy(self.ran, 0.0) if self._span is None else self._span.so_far()

    @property
    def doubtful(self) -> bool:
        """It may be going round in circles: what came last should not stand yet."""
        return self._monitor.doubtful

    def judged(self) -> Judged:
        """Confidence of the whole text so far."""
        return self._monitor.judged()

    def rolling(self, *, before_last: bool = False) -> Judged:
        """Running confidence, see `StreamMonitor.rolling`."""
        return self._monitor.rolling(before_last=before_last)

    def record(self, decision: str, reason: str, confidence: float | None = None) -> Attempt:
        """The attempt as the metadata keeps it; decisions as in `app.contracts.metrics.Attempt`."""
        return Attempt(
            backend=self.tier.backend_id,
            model=self.tier.model,
            decision=decision,
            reason=reason,
            confidence=confidence,
            elapsed_ms=(self._clock.monotonic() - self._started) * 1000.0,
            tokens=self.tokens,
            energy=self.energy,
            simulated=self._port is not None and self._port.capabilities.simulated,
        )

    async def pieces(self) -> AsyncGenerator[Piece, None]:
        """Warm the backend up, generate, watch. Closing it stops the engine.

        It ends early when the monitor has a finding; ``finding`` then says which.

        Raises:
            SottoError: There is no such backend, it could not start, or it failed in the middle; ``text`` then holds
                what there was.
        """
        self._started = self._clock.monotonic()
        port = self._port = self._tools.runtimes.text_port(self.tier.backend_id)
        self.ran = port.backend.device
        warm = await port.warm_up()
        self.ran = warm.ran
        self._monitor = self._watcher()
        self._ask.report(
            DeviceUsed(
                stage=self._ask.stage.definition.stage_id,
                backend=self.tier.backend_id,
                asked=self._asked(port),
                ran=warm.ran,
            )
        )
        stage, backend = self._ask.stage.definition.stage_id, self.tier.backend_id
        self._span = self._tools.power.span(stage, backend, warm.ran, lambda: self._busy.so_far)
        try:
            async with aclosing(self._watched(port)) as pieces:
                async for piece in pieces:
                    yield piece
        finally:
            self._write_down()

    async def _watched(self, port: TextGenerator) -> AsyncGenerator[Piece, None]:
        async with aclosing(port.generate(self._request)) as pieces:
            while not self._has_to_go():
                try:
                    piece = await self._next(pieces)
                except TimeoutError:
                    self.finding = self._monitor.stalled() if self._leaving is NOTHING else self._leaving
                    return
                if piece is None or piece.finish is not None:
                    self.finish = FinishReason.STOP if piece is None else piece.finish
                    return
                spent = 0.0 if self._joules is None else self.energy.joules
                self.finding = self._monitor.token(piece.text, piece.log_prob, spent)
                if piece.text:
                    yield Piece(piece.text, None if piece.log_prob is None else math.exp(piece.log_prob), self.tier)
                if self.finding.advice is not Advice.GO_ON:
                    return
        self.finding = self._leaving

    async def _next(self, pieces: AsyncGenerator[TextPiece, None]) -> TextPiece | None:
        """The next token, None at the end.

        Raises:
            TimeoutError: None came in time, or it has to go and cannot wait for one.
        """
        async with asyncio.timeout(self._watch.stall_s if self.tokens else self._watch.first_token_s) as patience:
            with looking(patience, self._has_to_go, begun=self.tokens > 0), self._busy.counting(patience):
                return await anext(pieces, None)

    def _has_to_go(self) -> bool:
        """Its device has to rest, and who goes on is ready, or there is nobody."""
        if self._leaving is NOTHING:
            self._leaving = self._monitor.resting()
            if self._leaving is NOTHING:
                return False
            self._relief = None if self._relieve is None else self._relieve(self)
        return self._relief is None or self._relief.due

    def _watcher(self) -> StreamMonitor:
        return StreamMonitor(
            self._tools,
            self.tier,
            self.ran,
            forwarding=self._forwarding,
            text=self._request.answer_so_far,
            log_probs=self._log_probs,
            max_characters=self._ask.options.max_output_characters,
            joules=self._joules,
            watch=self._watch,
        )

    def _asked(self, port: TextGenerator) -> Device:
        """The stage's wish for its first tier, the backend's own device for every other."""
        ladder = self._ask.stage.ladder
        return self._ask.stage.asked if ladder and self.tier == ladder[0] else port.backend.device

    def _write_down(self) -> None:
        """Let the budgets know, whichever way it ended; once."""
        if not self._written:
            self._written = True
            ledger, ask = self._tools.ledger, self._ask
            if self._span is not None:
                spent = self._span.end()
                ledger.measured(self.tier, self.tokens, self._busy.seconds, spent.joules)
                ask.on_spent(spent)
                ledger.spend(ask.pipeline_id, ask.run_id, spent.joules, self._clock.monotonic())
