"""A small tier drafts, the stage's own tier verifies: the draft is shown at once, the larger model has the last word.

The course of it:

* The drafting tier writes a window of tokens, which are shown as they come. The verifier reads them in one go and keeps
  the longest prefix whose every token is among its ``top_k`` best; that stands. Meanwhile the next window is drafted
  already, on the guess that everything will be kept; it is shown once that is known.
* What is not kept is taken back. The verifier writes the next window itself, then drafting goes on. After two windows
  of which less than half was kept, drafts cost more than they save, and the verifier writes the rest.
* When the draft is at its end, the verifier goes on from there: it may have more to say.
* Whatever the verifier writes, it writes through the ladder, so a failing verifier is replaced like everywhere else.

Where only one language model is installed, the draft comes from the same weights in another backend (another runtime or
another process): everything happens as described, nearly everything is kept, and nothing is gained but the proof that
it works. Without a second backend, or with a verifier that cannot judge drafts, the stage runs up its ladder and says
so in a note.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace
from functools import reduce

from app.aio.busy import BusyTime
from app.contracts.capabilities import ConfidenceSource
from app.contracts.devices import Device, Tier
from app.contracts.energy import Energy, added
from app.contracts.errors import SottoError, TemporaryError, TurnCancelledError, Unavailable
from app.contracts.events import DeviceUsed, TurnEvent
from app.contracts.metrics import Attempt
from app.contracts.ports import TextGenerator
from app.contracts.text import FinishReason, GenerationRequest, Verified
from app.pipeline.definition import Speculation
from app.pipeline.text.attempt import TierAttempt
from app.pipeline.text.ladder import LadderStrategy
from app.pipeline.text.steps import Ask, Commit, Outcome, Piece, Replace, Step

_POOR_WINDOWS = 2
_POOR_SHARE = 0.5


class SpeculativeStrategy:
    """Implements `app.pipeline.text.steps.Strategy` over ``stage.helper`` and ``stage.ladder``."""

    async def steps(self, ask: Ask) -> AsyncGenerator[Step, None]:
        """Draft, verify, go on. Closing the generator stops the engines.

        Raises:
            SottoError: As `LadderStrategy.steps`; a drafting tier that fails is only noted.
        """
        rule, drafter = ask.stage.definition.speculation, ask.stage.helper
        note = _why_not(ask)
        if note or rule is None or drafter is None:
            async with aclosing(LadderStrategy().steps(ask)) as steps:
                async for step in steps:
                    yield replace(step, notes=(*step.notes, note)) if isinstance(step, Outcome) and note else step
            return
        async with aclosing(_Speculation(ask, rule, drafter).steps()) as speculation:
            async for step in speculation:
                yield step


def _why_not(ask: Ask) -> str:
    """Why there is nothing to speculate with, as a note; empty when there is."""
    drafter, ladder = ask.stage.helper, ask.stage.ladder
    if drafter is None or not ladder:
        return "There is no second model to draft: the answer was written without one."
    if drafter.backend_id == ladder[0].backend_id:
        return f"{drafter.backend_id} cannot draft for itself: the answer was written without a draft."
    verdict = ask.tools.governor.verdict()
    devices = {backend.backend_id: backend.device for backend in ask.tools.runtimes.backends()}
    device = devices.get(drafter.backend_id)
    if device is not None and device not in verdict.allowed:
        return f"{drafter.backend_id} may not draft now: {verdict.why(device)}"
    try:
        can = ask.tools.runtimes.text_port(ladder[0].backend_id).capabilities.verify
    except SottoError:
        return ""
    return "" if can else f"{ladder[0].backend_id} cannot verify drafts: the answer was written without one."


class _Window:
    """A stretch of draft: what has come of it, shown or not, and what is still to come."""

    def __init__(self, attempt: TierAttempt) -> None:
        self.attempt = attempt
        self.failed: SottoError | None = None
        self._pieces = attempt.pieces()
        self._waiting: list[Piece] = []

    @property
    def over(self) -> bool:
        """The draft is at its end: nothing comes behind this window."""
        return self.failed is not None or self.attempt.finish is not FinishReason.LENGTH

    async def ahead(self, until: asyncio.Task[Verified]) -> None:
        """Take pieces without showing them, as long as something else is at work."""
        while not until.done():
            piece = await self._next()
            if piece is None:
                return
            self._waiting.append(piece)

    async def rest(self) -> AsyncGenerator[Piece, None]:
        """Everything that has not been shown yet, as it comes."""
        for piece in self._waiting:
            yield piece
        while (coming := await self._next()) is not None:
            yield coming

    async def aclose(self) -> None:
        """Stop drafting."""
        await self._pieces.aclose()

    async def _next(self) -> Piece | None:
        try:
            return await anext(self._pieces, None)
        except TurnCancelledError:
            raise
        except SottoError as error:
            self.failed = error
            return None


class _Speculation:
    """One answer. ``_text`` is what is shown; its first ``_stands`` characters are verified or the verifier's own."""

    def __init__(self, ask: Ask, rule: Speculation, drafter: Tier) -> None:
        self._told: set[str] = set()
        self._report = ask.report
        self._ask = replace(ask, report=self._tell)
        self._clock = ask.tools.clock
        self._rule = rule
        self._drafter = drafter
        self._verifier = ask.stage.ladder[0]
        self._ran: Device = ask.stage.asked
        self._text = ask.request.answer_so_far
        self._given = self._stands = len(self._text)
        self._tokens = 0
        self._log_probs: list[float] = []
        self._drafted = self._kept = self._poor = 0
        self._drafts: list[Attempt] = []
        self._judging_time = BusyTime(self._clock.monotonic)
        self._judged_for: list[Energy] = []
        self._written: list[Outcome] = []
        self._notes: list[str] = []
        self._next: _Window | None = None

    def _tell(self, event: TurnEvent) -> None:
        """Pass an event on; a device that is used for window after window is told once."""
        if isinstance(event, DeviceUsed):
            if event.backend in self._told:
                return
            self._told.add(event.backend)
        self._report(event)

    async def steps(self) -> AsyncGenerator[Step, None]:
        """The whole answer."""
        finish = FinishReason.LENGTH
        port = await self._warm()
        if port is not None:
            async with aclosing(self._by_windows(port)) as steps:
                async for step in steps:
                    yield step
        ended = bool(self._written) and self._written[-1].finish is FinishReason.STOP
        if not ended and self._left() > 0:
            async with aclosing(self._write(self._left())) as rest:
                async for step in rest:
                    yield step
        if self._written:
            finish = self._written[-1].finish
        yield self._outcome(finish)

    def _left(self) -> int:
        return self._ask.request.max_tokens - self._tokens

    def _request(self, max_tokens: int) -> GenerationRequest:
        return replace(self._ask.request, answer_so_far=self._text, max_tokens=max(1, max_tokens))

    async def _warm(self) -> TextGenerator | None:
        """The verifier, warm; None when the ladder has to do without it."""
        try:
            port = self._ask.tools.runtimes.text_port(self._verifier.backend_id)
            self._ran = (await port.warm_up()).ran
        except TurnCancelledError:
            raise
        except SottoError as error:
            self._notes.append(f"{self._verifier.backend_id} could not verify a draft: {error.message}")
            return None
        return port

    # Drafting

    def _window(self, pending: int = 0) -> _Window:
        """The next window; ``pending`` tokens of what is shown are not counted yet."""
        request = self._request(min(self._rule.window, self._left() - pending))
        return _Window(TierAttempt(self._ask, self._drafter, request, joules=self._joules_left()))

    async def _by_windows(self, port: TextGenerator) -> AsyncGenerator[Step, None]:
        """Draft and verify until the draft is at its end, does not pay, or no token is left."""
        self._next = self._window()
        try:
            while self._next is not None:
                window, self._next = self._next, None
                async with aclosing(self._show(window)) as pieces:
                    async for step in pieces:
                        yield step
                if self._stands == len(self._text):
                    return
                try:
                    verified = await self._judged(port, window)
                except SottoError as error:
                    self._notes.append(f"{self._verifier.backend_id} could not verify the draft: {error.message}")
                    yield self._back(self._stands, "The draft could not be verified.")
                    return
                whole = self._take(verified, window.attempt.tokens)
                if not whole:
                    yield self._back(self._stands, f"{self._verifier.backend_id} would have gone on in other words.")
                yield Commit()
                if not whole:
                    await self._drop_next()
                    async with aclosing(self._corrected(window)) as steps:
                        async for step in steps:
                            yield step
        finally:
            await self._drop_next()

    async def _show(self, window: _Window) -> AsyncGenerator[Step, None]:
        """The pieces of a window; of a draft that went round in circles what came before."""
        async with aclosing(window.rest()) as pieces:
            async for piece in pieces:
                self._text += piece.text
                yield piece
        finding = window.attempt.finding
        if finding.ends and finding.ends[0] < len(self._text):
            yield self._back(max(finding.ends[0], self._stands), finding.reason)
        self._put_down(window)

    async def _judged(self, port: TextGenerator, window: _Window) -> Verified:
        """The verdict on a window; until it is there, the next one is drafted on the guess that all is kept."""
        verifying = asyncio.create_task(self._verified(port, self._request(1)))
        try:
            await asyncio.sleep(0)  # the verifier goes first where there is one processor for both
            if not window.over and self._left() > window.attempt.tokens:
                self._next = self._window(pending=window.attempt.tokens)
                await self._next.ahead(verifying)
            return await verifying
        finally:
            if not verifying.done():
                verifying.cancel()
                await asyncio.gather(verifying, return_exceptions=True)

    async def _corrected(self, window: _Window) -> AsyncGenerator[Step, None]:
        """After a rejection the verifier writes a window; then drafting goes on, if there is reason to."""
        if window.over or self._poor >= _POOR_WINDOWS or self._left() <= 0:
            return
        async with aclosing(self._write(min(self._rule.window, self._left()))) as steps:
            async for step in steps:
                yield step
        if self._written[-1].finish is FinishReason.LENGTH and self._left() > 0:
            self._next = self._window()

    async def _drop_next(self) -> None:
        """Stop drafting what nobody wants any more."""
        window, self._next = self._next, None
        if window is not None:
            await window.aclose()
            self._put_down(window)

    async def _verified(self, port: TextGenerator, request: GenerationRequest) -> Verified:
        """Have the draft judged; once more when the host went away in the middle.

        Raises:
            Unavailable: The verifier's device has to rest.
        """
        if why := self._ask.tools.governor.verdict().why(self._ran):
            raise Unavailable(why, code="device-held-back")
        stage, clock = self._ask.stage.definition.stage_id, self._judging_time
        before_s = clock.so_far
        span = self._ask.tools.power.span(stage, self._verifier.backend_id, self._ran, lambda: clock.so_far - before_s)
        try:
            with clock.counting():
                try:
                    return await port.verify(request, self._rule.top_k)
                except TemporaryError:
                    return await port.verify(request, self._rule.top_k)
        finally:
            spent = span.end()
            self._judged_for.append(spent)
            self._ask.on_spent(spent)

    def _take(self, verified: Verified, drafted: int) -> bool:
        """Let stand what the verifier keeps; tells whether that is everything."""
        before = verified.draft_tokens - drafted
        kept = max(0, min(drafted, verified.kept_tokens - before))
        self._drafted += drafted
        self._kept += kept
        self._tokens += kept
        self._poor = self._poor + 1 if kept < _POOR_SHARE * drafted else 0
        if self._poor >= _POOR_WINDOWS:
            self._notes.append("Too little of the draft was kept: the rest was written without one.")
        self._log_probs = list(verified.log_probs)
        self._stands = max(self._stands, verified.kept)
        return self._stands >= len(self._text)

    def _back(self, kept: int, reason: str) -> Replace:
        self._text = self._text[:kept]
        return Replace(kept - self._given, reason)

    def _put_down(self, window: _Window) -> None:
        """Keep the books of a window that has ended."""
        if window.failed is not None:
            self._notes.append(f"{self._drafter.backend_id} could not draft: {window.failed.message}")
        self._drafts.append(window.attempt.record("draft", ""))

    # The verifier's own words

    async def _write(self, max_tokens: int) -> AsyncGenerator[Step, None]:
        """Go on from what is shown by the ladder."""
        began = len(self._text)
        ask = replace(self._ask, request=self._request(max_tokens), joules=self._joules_left())
        async with aclosing(LadderStrategy().steps(ask)) as steps:
            async for step in steps:
                match step:
                    case Outcome():
                        self._written.append(step)
                        self._tokens += step.tokens
                        continue
                    case Piece(text=text, confidence=confidence):
                        self._text += text
                        if confidence:
                            self._log_probs.append(math.log(confidence))
                    case Replace(kept=kept, reason=reason):
                        yield self._back(began + kept, reason)
                        continue
                    case _:
                        pass
                yield step
        self._stands = max(began, len(self._text))

    # The end

    def _joules_left(self) -> float | None:
        if self._ask.joules is None:
            return None
        records = (*self._drafts, *(record for outcome in self._written for record in outcome.attempts))
        spent = sum(record.energy.joules for record in records if record.energy is not None)
        return max(0.0, self._ask.joules - spent - self._judging().joules)

    def _judging(self) -> Energy:
        return added(self._judged_for) if self._judged_for else self._ask.tools.power.energy(self._ran, 0.0)

    def _outcome(self, finish: FinishReason) -> Outcome:
        last = self._written[-1] if self._written else None
        tier = last.tier if last is not None else self._verifier
        judged = self._ask.tools.confidence.of(tier, self._log_probs, self._text)
        share = self._kept / self._drafted if self._drafted else 0.0
        self._ask.tools.ledger.spend(
            self._ask.pipeline_id, self._ask.run_id, self._judging().joules, self._clock.monotonic()
        )
        notes = [note for outcome in self._written for note in outcome.notes]
        return Outcome(
            tier=tier,
            ran=last.ran if last is not None else self._ran,
            confidence=judged.confidence,
            source=ConfidenceSource.NONE if judged.confidence is None else judged.source,
            attempts=self._attempts(judged.confidence),
            finish=finish,
            tokens=self._tokens,
            notes=tuple(dict.fromkeys((*self._notes, *notes))),
            figures=(
                ("drafted_tokens", float(self._drafted)),
                ("kept_share", share),
                ("replaced_share", 1.0 - share if self._drafted else 0.0),
                ("verified_tokens", float(self._kept)),
            ),
        )

    def _attempts(self, confidence: float | None) -> tuple[Attempt, ...]:
        """The draft as one, the verifier as one, and whoever else had to write."""
        simulated = self._ask.tools.runtimes.text_port(self._verifier.backend_id).capabilities.simulated
        verified = Attempt(
            backend=self._verifier.backend_id,
            model=self._verifier.model,
            decision="verified",
            reason=f"{self._kept} of {self._drafted} drafted tokens were kept.",
            confidence=confidence,
            elapsed_ms=self._judging_time.seconds * 1000.0,
            energy=self._judging(),
            simulated=simulated,
        )
        others: list[Attempt] = []
        for record in (record for outcome in self._written for record in outcome.attempts):
            if record.backend == self._verifier.backend_id and record.decision == "accepted":
                verified = _together(verified, record)
            else:
                others.append(record)
        drafts: tuple[Attempt, ...] = ()
        if self._drafts:
            drafts = (replace(reduce(_together, self._drafts), reason=f"It drafted for {self._verifier.backend_id}."),)
        return (*drafts, *((verified,) if self._drafted else ()), *others)


def _together(one: Attempt, other: Attempt) -> Attempt:
    """Two stretches of work of one tier as one; what the first says stays."""
    energy = one.energy
    if energy is not None and other.energy is not None:
        energy = added((energy, other.energy))
    return replace(one, elapsed_ms=one.elapsed_ms + other.elapsed_ms, tokens=one.tokens + other.tokens, energy=energy)
