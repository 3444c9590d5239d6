"""From the smallest tier that can to higher ones, as far as it takes.

The rules, in the order in which they matter:

* **Accepted.** An answer whose confidence is at or over the bar ends the climb. So does one whose confidence nobody
  can tell, and any answer where confidence is not checked.
* **Escalated.** One under the bar is asked again of the next rung; so is one that is far under it after its first
  tokens, one that goes round in circles and one without a word. The higher tier goes on from what was committed;
  everything else is taken back as soon as its first token is there.
* **Failed over.** A tier that fails, stalls or whose device has to rest hands the text so far to the next rung, or,
  when there is none, to a fallback; one whose host died is asked once more before that, because its host is back
  sooner than another model is loaded. A lower tier that has answered already is warm and goes before a fallback, and
  its own whole answer is taken where nothing contradicts it. The next tier goes on from the last character. No text
  goes to a server unless a rung of the ladder is one.
* **Resting.** A tier whose device has to rest writes on until the next one is ready, as `app.pipeline.text.moving` has
  it; when it ends its answer meanwhile, nobody has to go on. Once its device has cooled down, it is the last of the
  fallbacks. When nobody can go on from what it wrote, that is the answer, as far as it goes.
* **Best.** When no tier reaches the bar, the whole answer with the highest confidence wins; of equals, the higher
  tier's. An answer that does not begin with what was committed cannot win.
* **Committed.** Where nothing is checked, or the ladder has a single rung and no gate could change the answer, text
  stands as it comes. Elsewhere it stands sentence by sentence as long as the running confidence at the end of the
  sentence is at or over the bar, otherwise when the answer has been accepted or chosen. A sentence end that becomes
  certain only later stands with the next one. Words that may be the second round of a loop wait. So nothing is spoken
  before its gate has passed, and nothing that may have been spoken is taken back.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, replace

from app.audio.sentences import SentenceSplitter
from app.contracts.capabilities import ConfidenceSource
from app.contracts.devices import Device, Tier
from app.contracts.errors import (
    HostDied,
    InvalidInput,
    RuntimeFault,
    SottoError,
    TimedOut,
    TurnCancelledError,
    Unavailable,
)
from app.contracts.events import Escalated, FailedOver, Retrying
from app.contracts.metrics import Attempt
from app.contracts.text import FinishReason
from app.pipeline.definition import Forwarding
from app.pipeline.text.attempt import TierAttempt
from app.pipeline.text.monitor import NOTHING, WATCH, Advice, Finding, Watch
from app.pipeline.text.moving import Relief
from app.pipeline.text.repetition import first_at
from app.pipeline.text.steps import Ask, Commit, Outcome, Piece, Replace, Step
from app.pipeline.text.texts import shared_characters
from app.pipeline.tools import Judged


@dataclass(frozen=True, slots=True)
class _Next:
    """Who goes on.

    Attributes:
        tier: Who.
        text: What the answer begins with.
        log_probs: Of its tokens, where they are known.
        tokens: Tokens in it that count against the longest answer.
    """

    tier: Tier
    text: str
    log_probs: tuple[float, ...] = ()
    tokens: int = 0


@dataclass(slots=True)
class _Answer:
    """What an attempt came to. One that is not ``whole`` was broken off, and can only be gone on with."""

    attempt: TierAttempt
    text: str
    judged: Judged
    whole: bool
    record: int

    @property
    def worth(self) -> float:
        """For comparing: below everything when nobody can tell."""
        return -1.0 if self.judged.confidence is None else self.judged.confidence


class LadderStrategy:
    """Implements `app.pipeline.text.steps.Strategy` over ``stage.ladder`` and ``stage.fallbacks``.

    Args:
        watch: How closely generations are watched.
    """

    def __init__(self, watch: Watch = WATCH) -> None:
        self._watch = watch

    async def steps(self, ask: Ask) -> AsyncGenerator[Step, None]:
        """Climb. Closing the generator stops the engine.

        Where the request's answer has begun already, the steps begin behind that: `Replace` counts from there.

        Raises:
            Unavailable: No tier may run now, or the plan has none.
            InvalidInput: A tier refused the request and no other had answered.
            RuntimeFault: No tier wrote a word.
            SottoError: Every tier failed; the error is that of the last one.
        """
        async with aclosing(_Climb(ask, self._watch).steps()) as steps:
            async for step in steps:
                yield step


class _Climb:
    """One ladder being climbed once.

    ``_shown`` is what the answer began with and what the steps so far add up to, ``_committed`` how much of it stands,
    ``_given`` the length of what it began with: steps do not count that.
    """

    def __init__(self, ask: Ask, watch: Watch) -> None:
        self._ask = ask
        self._watch = watch
        self._rungs = list(ask.stage.ladder)
        self._fallbacks = [tier for tier in ask.stage.fallbacks if tier not in self._rungs and self._may_go_to(tier)]
        rule = ask.stage.definition.forwarding
        self._rule: Forwarding | None = rule if rule and rule.check and rule.min_confidence > 0.0 else None
        self._gated = self._rule is not None and len(self._rungs) > 1
        self._records: list[Attempt] = []
        self._answers: list[_Answer] = []
        self._notes: list[str] = []
        self._error: SottoError | None = None
        self._tried_again: set[Tier] = set()
        self._left_resting: dict[Tier, Device | None] = {}
        self._shown = ask.request.answer_so_far
        self._committed = self._given = len(self._shown)
        self._giving_way = ""
        self._joules = 0.0
        self._relief: tuple[Tier, Relief] | None = None
        self._wrote_at = 0.0
        self._waited_since: float | None = None
        self._figures: dict[str, float] = {}

    async def steps(self) -> AsyncGenerator[Step, None]:
        """The whole climb."""
        if not self._rungs and not self._fallbacks:
            raise Unavailable(
                f"There is no model for stage {self._ask.stage.definition.stage_id}.",
                code="no-tier",
                remedy="Install one, or name a backend that is there.",
            )
        tier = self._next_of(self._rungs) or self._next_of(self._fallbacks)
        going: _Next | None = None if tier is None else _Next(tier, self._shown)
        try:
            while going is not None:
                attempt = self._attempt(going)
                async with aclosing(self._run(attempt, going)) as steps:
                    async for step in steps:
                        yield step
                going = self._after(attempt, going)
                await self._hand_over(attempt, going)
        finally:
            if self._relief is not None:
                await self._relief[1].aclose()
        for step in self._chosen():
            yield step

    # Who may be asked

    def _may_go_to(self, tier: Tier) -> bool:
        """A server is asked only when the ladder names one."""
        remote = self._ask.tools.runtimes.remote
        return not remote(tier.backend_id) or any(remote(rung.backend_id) for rung in self._rungs)

    def _next_of(self, tiers: list[Tier]) -> Tier | None:
        """The next of these whose device may run; the others are written down as held back."""
        while tiers:
            tier = tiers.pop(0)
            device = self._device_of(tier)
            reason = self._why_resting(device)
            if not reason:
                return tier
            self._error = _held_back(reason)
            self._left_resting[tier] = device
            self._records.append(Attempt(backend=tier.backend_id, model=tier.model, decision="failed", reason=reason))
        return None

    def _next_fallback(self) -> Tier | None:
        """The next fallback, or one that had to rest and may run again."""
        tier = self._next_of(self._fallbacks)
        if tier is None:
            tier = next((one for one, device in self._left_resting.items() if not self._why_resting(device)), None)
            self._left_resting = {one: device for one, device in self._left_resting.items() if one != tier}
        return tier

    def _why_resting(self, device: Device | None) -> str:
        return self._ask.tools.governor.verdict().why(device) if device else ""

    def _device_of(self, tier: Tier) -> Device | None:
        """Where a tier would run, None when nobody knows it."""
        backends = self._ask.tools.runtimes.backends()
        return next((backend.device for backend in backends if backend.backend_id == tier.backend_id), None)

    # One tier

    def _attempt(self, going: _Next) -> TierAttempt:
        request = self._ask.request
        return TierAttempt(
            self._ask,
            going.tier,
            replace(request, answer_so_far=going.text, max_tokens=max(1, request.max_tokens - going.tokens)),
            forwarding=self._rule if self._rungs else None,
            log_probs=going.log_probs,
            joules=None if self._ask.joules is None else max(0.0, self._ask.joules - self._joules),
            watch=self._watch,
            relieve=self._relieve,
        )

    async def _run(self, attempt: TierAttempt, going: _Next) -> AsyncGenerator[Step, None]:
        """The steps of one attempt. What it does not go on from is taken back with its first text."""
        splitter = SentenceSplitter()
        splitter.push(going.text)
        try:
            async with aclosing(attempt.pieces()) as pieces:
                async for piece in pieces:
                    self._note_wait()
                    if len(self._shown) > len(going.text) and self._giving_way:
                        yield self._take_back(len(going.text), self._giving_way)
                    self._giving_way = ""
                    for step in self._show(piece, attempt, splitter):
                        yield step
        except TurnCancelledError:
            raise
        except SottoError as error:
            self._error = error
            attempt.finding = Finding(Advice.FAIL_OVER, error.code, error.message)
        finally:
            self._joules += attempt.energy.joules

    def _take_back(self, kept: int, reason: str) -> Replace:
        self._shown = self._shown[:kept]
        return Replace(kept - self._given, reason)

    def _show(self, piece: Piece, attempt: TierAttempt, splitter: SentenceSplitter) -> list[Step]:
        """One piece, and a commit where the gate allows it."""
        before = len(self._shown)
        self._shown += piece.text
        if not self._gated:
            return [piece] if attempt.doubtful else [piece, self._commit()]
        ends = [sentence.end for sentence in splitter.push(piece.text)]
        end = len(self._shown[: ends[-1]].rstrip()) if ends else 0
        late = end < before and bool(self._shown[end:before].strip())
        if end <= self._committed or late or not self._holds(attempt):
            return [piece]
        if end <= before:
            self._committed = before
            return [Commit(), piece]
        self._committed = end
        head, tail = piece.text[: end - before], piece.text[end - before :]
        steps: list[Step] = [replace(piece, text=head), Commit()]
        return [*steps, replace(piece, text=tail)] if tail else steps

    def _holds(self, attempt: TierAttempt) -> bool:
        """The running confidence where the sentence ended is at or over the bar, and it is no beginning of a loop."""
        if attempt.doubtful:
            return False
        confidence = attempt.rolling(before_last=True).confidence
        return self._rule is not None and confidence is not None and confidence >= self._rule.min_confidence

    def _commit(self) -> Commit:
        self._committed = len(self._shown)
        return Commit()

    # What comes of it

    def _after(self, attempt: TierAttempt, going: _Next) -> _Next | None:
        """Decide about an attempt that has ended; returns who goes on, None when the climb is over."""
        written = going.tokens + attempt.standing[0]
        if (
            attempt.finding.advice is Advice.FAIL_OVER
            and attempt.text.strip()
            and written >= self._ask.request.max_tokens
        ):
            attempt.finish, attempt.finding = FinishReason.LENGTH, NOTHING  # nothing is left to go on with
        finding, judged = attempt.finding, attempt.judged()
        if finding.advice is Advice.FAIL_OVER:
            return self._fail_over(attempt, going, judged)
        if finding.advice is Advice.ESCALATE:
            return self._escalate(attempt, going, replace(judged, confidence=finding.confidence), finding.reason)
        if not attempt.text.strip():
            return self._escalate(attempt, going, replace(judged, confidence=0.0), "It wrote nothing.")
        stopped = finding.advice is Advice.STOP and finding.code != "leak"
        if stopped and not (finding.code == "repetition" and self._rule and self._rungs):
            self._notes.append(f"Stopped: {finding.reason}")
            return self._take("stopped", attempt, judged, finding.reason)
        if stopped:
            return self._escalate(attempt, going, judged, finding.reason)
        if self._rule is None:
            return self._take("accepted", attempt, judged, "Confidence is not checked.")
        confidence, bar = judged.confidence, self._rule.min_confidence
        if confidence is None:
            return self._take("accepted", attempt, judged, "Nobody can say how sure it is.")
        if confidence >= bar:
            return self._take("accepted", attempt, judged, f"The confidence of {confidence:.2f} reaches {bar:.2f}.")
        return self._escalate(attempt, going, judged, f"The confidence of {confidence:.2f} is under {bar:.2f}.")

    def _take(self, decision: str, attempt: TierAttempt, judged: Judged, reason: str) -> _Next | None:
        """This is the answer: nobody goes on."""
        self._keep(decision, attempt, judged, reason, whole=True)
        self._answers = self._answers[-1:]
        return None

    def _keep(self, decision: str, attempt: TierAttempt, judged: Judged, reason: str, *, whole: bool) -> None:
        """Write an attempt down, and its text as a candidate; of a loop one copy stays."""
        self._records.append(attempt.record(decision, reason, judged.confidence))
        ends = attempt.finding.ends
        text = attempt.text[: first_at(ends, self._committed)] if ends else attempt.text
        if text.strip():
            self._answers.append(_Answer(attempt, text, judged, whole, len(self._records) - 1))

    def _escalate(self, attempt: TierAttempt, going: _Next, judged: Judged, reason: str) -> _Next | None:
        """Ask the next rung; the best of all decides when there is none."""
        higher = self._next_of(self._rungs)
        whole = attempt.finding.advice is not Advice.ESCALATE
        self._keep("escalated" if higher else "failed", attempt, judged, reason, whole=whole)
        if higher is None:
            return None if whole else self._go_on_with(attempt, going)
        self._giving_way = reason
        confidence = 0.0 if judged.confidence is None else judged.confidence
        self._ask.report(Escalated(from_tier=attempt.tier, to_tier=higher, reason=reason, confidence=confidence))
        return _Next(higher, self._shown[: self._committed])

    def _fail_over(self, attempt: TierAttempt, going: _Next, judged: Judged) -> _Next | None:
        """Hand the text so far to the next tier that may run."""
        reason, written = attempt.finding.reason, going.tokens + attempt.tokens > 0
        if isinstance(self._error, InvalidInput) and not self._answers and not written:
            raise self._error
        if attempt.finding.code == "stall":
            self._error = TimedOut(reason, code="text-stalled")
        tier = self._next_of(self._rungs)
        if tier is None and self._may_try_again(attempt):
            self._tried_again.add(attempt.tier)
            tier = attempt.tier
        if tier is None and not self._answers:  # a tier that has answered already is warm, a fallback is not
            tier = self._next_fallback()
        if attempt.finding.code == "device":
            self._error = self._error or _held_back(reason)
            self._left_resting[attempt.tier] = attempt.ran
        following = None
        if tier is None and not self._complete() and (following := self._broken_off()) is None:
            tier = self._lower() or self._next_fallback()
            if tier is None and written and self._left_resting:
                self._notes.append(f"Stopped: {reason}")
                return self._take("stopped", attempt, judged, reason)
        if tier is not None:
            following = replace(self._go_on_with(attempt, going), tier=tier)
        kept = following is not None and following.text == attempt.text
        self._records.append(attempt.record("failed-over" if kept else "failed", reason, judged.confidence))
        if following is not None:
            at_token = going.tokens + attempt.standing[0]
            source, target = attempt.tier.backend_id, following.tier.backend_id
            if source == target:
                self._ask.report(Retrying(attempt=1, of=1, delay_ms=0.0, code=attempt.finding.code))
            else:
                self._ask.report(FailedOver(from_backend=source, to_backend=target, reason=reason, at_token=at_token))
        return following

    def _may_try_again(self, attempt: TierAttempt) -> bool:
        """Once, when its host died and its device may run: it is back sooner than another model is loaded."""
        died = isinstance(self._error, HostDied) and attempt.finding.code == self._error.code
        return died and attempt.tier not in self._tried_again and not self._why_resting(attempt.ran)

    def _go_on_with(self, attempt: TierAttempt, going: _Next) -> _Next:
        tokens, log_probs = attempt.standing
        return _Next(attempt.tier, attempt.text, log_probs, going.tokens + tokens)

    def _complete(self) -> list[_Answer]:
        """Whole answers that begin with what stands."""
        standing = self._shown[: self._committed]
        return [answer for answer in self._answers if answer.whole and answer.text.startswith(standing)]

    def _broken_off(self) -> _Next | None:
        """The surest answer that was left for a higher tier before its end; its tier may finish it after all."""
        standing = self._shown[: self._committed]
        left = [answer for answer in self._answers if not answer.whole and answer.text.startswith(standing)]
        if not left:
            return None
        best = max(left, key=lambda answer: answer.worth)
        self._answers.remove(best)
        self._giving_way = "The higher tier failed."
        tokens, log_probs = best.attempt.standing
        return _Next(best.attempt.tier, best.text, log_probs, tokens)

    def _lower(self) -> Tier | None:
        """A lower tier whose own answer no longer fits what stands goes on from there instead; each once."""
        left = [answer for answer in self._answers if answer.attempt.tier not in self._tried_again]
        if not left:
            return None
        tier = max(left, key=lambda answer: answer.worth).attempt.tier
        self._tried_again.add(tier)
        return tier

    # Moving

    def _relieve(self, attempt: TierAttempt) -> Relief | None:
        """Make the tier ready that is to go on; it keeps its place: the one that rests may still end by itself."""
        self._same_model_first(attempt.tier)
        tier, place = self._next_of(self._rungs), self._rungs
        if tier is None and not self._answers:
            tier, place = self._next_fallback(), self._fallbacks
        if tier is None:
            return None
        place.insert(0, tier)
        try:
            port = self._ask.tools.runtimes.text_port(tier.backend_id)
        except SottoError:  # its attempt tells
            return None
        self._relief = tier, Relief(attempt.port, attempt.ran, port, attempt.so_far, self._ask.tools.clock)
        return self._relief[1]

    def _same_model_first(self, tier: Tier) -> None:
        """Of the fallbacks, one that can take over what a tier holds goes on as the tier would have."""
        known = {each.backend_id: (each.runtime, each.model) for each in self._ask.tools.runtimes.backends()}
        self._fallbacks.sort(key=lambda fallback: known.get(fallback.backend_id) != known.get(tier.backend_id))

    async def _hand_over(self, attempt: TierAttempt, going: _Next | None) -> None:
        """Have the tier that was made ready take over what the one before holds, if it is the one that goes on."""
        if self._relief is None:
            return
        tier, relief = self._relief
        if going is None or going.tier != tier or attempt.finding.code != "device":
            self._relief = None
            await relief.aclose()
            return
        self._waited_since = self._wrote_at
        moved = await relief.take_over()
        self._relief = None
        self._notes.append(moved.note(attempt.port, self._ask.tools.runtimes.text_port(tier.backend_id)))
        for name, value in moved.figures().items():
            self._figures[name] = self._figures.get(name, 0.0) + value

    def _note_wait(self) -> None:
        """A token came: how long was there none since the tier before had to stop?"""
        self._wrote_at = self._ask.tools.clock.monotonic()
        if self._waited_since is not None:
            waited_ms = (self._wrote_at - self._waited_since) * 1000.0
            self._figures["without_tokens_ms"] = max(self._figures.get("without_tokens_ms", 0.0), waited_ms)
            self._waited_since = None

    # The end

    def _chosen(self) -> list[Step]:
        """The steps from what is shown to the best answer, and the outcome."""
        answers = self._complete()
        if not answers:
            raise self._error or RuntimeFault(
                "The model wrote nothing.", code="no-answer", remedy="Ask in other words, or name another model."
            )
        best = answers[0]
        for answer in answers[1:]:
            best = answer if answer.worth >= best.worth else best
        record = self._records[best.record]
        reason = best.attempt.finding.reason
        if self._rule is not None and record.decision in ("escalated", "failed"):
            reason = (
                f"No tier reached {self._rule.min_confidence:.2f}; {best.worth:.2f} was the best of {len(answers)}."
            )
            self._records[best.record] = replace(record, decision="best", reason=reason)
        steps: list[Step] = []
        if self._shown != best.text:
            same = max(shared_characters(self._shown, best.text), self._committed)
            if same < len(self._shown):
                steps.append(self._take_back(same, reason or self._giving_way))
            if rest := best.text[same:]:
                self._shown += rest
                steps.append(Piece(rest, best.judged.confidence, best.attempt.tier))
        if self._committed < len(self._shown):
            steps.append(self._commit())
        return [*steps, self._outcome(best)]

    def _outcome(self, best: _Answer) -> Outcome:
        known = best.judged.confidence is not None
        return Outcome(
            tier=best.attempt.tier,
            ran=best.attempt.ran,
            confidence=best.judged.confidence,
            source=best.judged.source if known else ConfidenceSource.NONE,
            attempts=tuple(self._records),
            finish=best.attempt.finish or FinishReason.STOP,
            tokens=sum(record.tokens for record in self._records),
            notes=tuple(self._notes),
            figures=tuple(sorted(self._figures.items())),
        )


def _held_back(reason: str) -> Unavailable:
    return Unavailable(reason, code="device-held-back", remedy="Try again later.")
