"""Several answers made one: the surest, the one most agree on, or a new one written out of all.

The course of it:

* The experts are asked (`app.pipeline.text.panel`); the tokens of the first are shown while the others work. Nothing
  stands before the answers have been merged.
* **best**: the highest confidence wins. **vote**: the largest group of answers that say the same wins; the vote ends as
  soon as no answer that is missing could change it. **fuse**: a tier above the experts writes one answer.
* Where no expert ends its answer because devices have to rest, whoever may write does, as up a ladder.
* Where the merge fails, the surest single answer is the answer, and a note says so.
* Under a forwarding rule a merged answer below the bar is asked again of the rungs above the experts; the better of
  the two is the answer.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace

from app.contracts.capabilities import ConfidenceSource
from app.contracts.devices import Device, Tier
from app.contracts.errors import SottoError, TurnCancelledError
from app.contracts.events import Escalated, FailedOver, Status
from app.contracts.metrics import Attempt
from app.contracts.text import ChatMessage, FinishReason, GenerationRequest, Role
from app.pipeline.confidence.calibrated import VoteConfidence
from app.pipeline.definition import Experts, Merge
from app.pipeline.text.attempt import TierAttempt
from app.pipeline.text.ladder import LadderStrategy
from app.pipeline.text.monitor import Advice
from app.pipeline.text.panel import Answer, Panel
from app.pipeline.text.steps import Ask, Commit, Outcome, Piece, Replace, Step
from app.pipeline.text.texts import shared_characters
from app.pipeline.text.voting import Ballot, decided, elected
from app.pipeline.tools import Judged

FUSE_PROMPT = (
    "You are given a question and several answers to it. Some may be wrong. "
    "Write the one best answer to the question, and nothing else."
)
"""What the fusing tier is told where the pipeline says nothing."""


class ExpertsStrategy:
    """Implements `app.pipeline.text.steps.Strategy` over ``stage.experts``; without any, over the ladder's first."""

    async def steps(self, ask: Ask) -> AsyncGenerator[Step, None]:
        """Ask and merge. Closing the generator stops the engines.

        Raises:
            SottoError: No expert gave an answer; the error is that of the last one.
        """
        async with aclosing(_Merging(ask).steps()) as steps:
            async for step in steps:
                yield step


@dataclass(frozen=True, slots=True)
class _Merged:
    """What the experts' answers became."""

    text: str
    tier: Tier
    ran: Device
    judged: Judged
    finish: FinishReason


class _Merging:
    """One question put to the experts once. ``_shown`` is what the steps so far add up to."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._rule = ask.stage.definition.experts or Experts()
        self._panel = Panel(ask, self._enough)
        self._shown = ""
        self._notes: list[str] = []
        self._figures: dict[str, float] = {}
        self._records: list[Attempt] = []
        self._fusion_s = 0.0

    async def steps(self) -> AsyncGenerator[Step, None]:
        async with aclosing(self._panel.pieces()) as pieces:
            async for piece in pieces:
                yield self._show(piece)
        answers = self._panel.answers
        if not answers and self._panel.rested is not None:
            async with aclosing(self._instead(self._panel.rested)) as others:
                async for other in others:
                    yield other
            return
        if not answers:
            raise self._panel.no_answer()
        self._notes += self._panel.notes
        clock = self._ask.tools.clock
        began = clock.monotonic()
        merged: _Merged | None = None
        if self._rule.merge is Merge.FUSE and len(answers) > 1:
            async with aclosing(self._fused(answers)) as fusing:
                async for step in fusing:
                    if isinstance(step, _Merged):
                        merged = step
                    else:
                        yield step
        merged = merged or self._chosen(answers)
        self._fusion_s = clock.monotonic() - began
        for step in self._settled(merged.text, merged, "Another answer won."):
            yield step
        async with aclosing(self._higher(merged)) as higher:
            async for going in higher:
                if isinstance(going, _Merged):
                    merged = going
                else:
                    yield going
        yield Commit()
        yield self._outcome(merged)

    async def _instead(self, rested: Attempt) -> AsyncGenerator[Step, None]:
        """The answer of whoever may write, when no expert could end its own."""
        told = False
        ask = replace(self._ask, joules=self._panel.joules_left)
        async with aclosing(LadderStrategy().steps(ask)) as steps:
            async for step in steps:
                if isinstance(step, Piece) and not told:
                    told, source, target = True, rested.backend, step.tier.backend_id
                    self._ask.report(
                        FailedOver(from_backend=source, to_backend=target, reason=rested.reason, at_token=0)
                    )
                    if self._shown:
                        yield self._take_back(0, rested.reason)
                if isinstance(step, Outcome):
                    attempts = (*(record for _, record in self._panel.failed), *step.attempts)
                    yield replace(step, attempts=attempts, notes=(*self._panel.notes, *step.notes))
                else:
                    yield step

    def _enough(self, answers: Sequence[Answer], to_come: int) -> bool:
        """A vote can be decided before its end."""
        return self._rule.merge is Merge.VOTE and to_come > 0 and decided(_ballots(answers), to_come)

    # Choosing

    def _chosen(self, answers: Sequence[Answer]) -> _Merged:
        """The winner among single answers; everybody's record says why."""
        if self._rule.merge is Merge.VOTE and len(answers) + self._panel.spared > 1:
            winner, judged, reasons = self._voted(answers)
        else:
            winner = max(range(len(answers)), key=lambda at: (answers[at].worth, -at))
            judged = answers[winner].judged
            count = len(answers)
            reasons = [
                "The only answer." if count == 1 else f"The surest of {count}." if at == winner else "Not the surest."
                for at in range(count)
            ]
        self._write_down(answers, reasons)
        best = answers[winner]
        return _Merged(best.text, best.attempt.tier, best.attempt.ran, judged, _finish(best.attempt))

    def _voted(self, answers: Sequence[Answer]) -> tuple[int, Judged, list[str]]:
        ballots = _ballots(answers)
        vote = elected(ballots)
        winner = answers[vote.winner]
        form = ballots[vote.winner].form
        agreeing = round(vote.share * len(answers))
        self._figures |= {
            "vote_share": vote.share,
            "vote_groups": float(vote.groups),
            "vote_answers": float(len(answers)),
            "vote_spared": float(self._panel.spared),
        }
        if self._panel.spared:
            self._notes.append(f"The vote was decided after {len(answers)} answers.")
        judged = winner.judged
        confidence, tiers = self._ask.tools.confidence, {answer.attempt.tier for answer in answers}
        if isinstance(confidence, VoteConfidence) and len(tiers) == 1:
            samples = len(answers) + self._panel.spared
            log_probs = winner.attempt.log_probs
            by_share = confidence.of_vote(winner.attempt.tier, vote.share, samples, log_probs, winner.text)
            judged = by_share if by_share.confidence is not None else judged
        reasons = [
            f"In the majority, {agreeing} of {len(answers)}." if ballot.form == form else "Outvoted."
            for ballot in ballots
        ]
        tie = " after a tie" if vote.tied else ""
        reasons[vote.winner] = f"Won the vote{tie}, {agreeing} of {len(answers)}."
        return vote.winner, judged, reasons

    # Fusing

    async def _fused(self, answers: Sequence[Answer]) -> AsyncGenerator[Step | _Merged, None]:
        """One answer out of all, shown from its first token on; ends with it, or without when that failed."""
        tier = self._ask.stage.helper or (self._ask.stage.ladder or (answers[-1].attempt.tier,))[-1]
        self._ask.report(
            Status(
                stage=self._ask.stage.definition.stage_id, message=f"{tier.backend_id} fuses {len(answers)} answers…"
            )
        )
        attempt = TierAttempt(self._ask, tier, self._fusing_request(answers), joules=self._panel.joules_left)
        problem, begun = "", False
        try:
            async with aclosing(attempt.pieces()) as pieces:
                async for piece in pieces:
                    if not begun and self._shown:
                        yield self._take_back(0, "The answers were fused.")
                    begun = True
                    yield self._show(piece)
            if attempt.finding.advice is not Advice.GO_ON and attempt.finding.code != "leak":
                problem = attempt.finding.reason
            elif not attempt.text.strip():
                problem = f"{tier.backend_id} wrote nothing."
        except TurnCancelledError:
            raise
        except SottoError as error:
            problem = error.message
        if problem:
            self._notes.append(f"The answers could not be fused, so the surest one was taken: {problem}")
            self._records.append(attempt.record("failed", problem))
            return
        judged = attempt.judged()
        self._write_down(answers, ["Went into the fused answer."] * len(answers))
        self._records.append(attempt.record("merged", f"Wrote one answer out of {len(answers)}.", judged.confidence))
        yield _Merged(attempt.text, tier, attempt.ran, judged, _finish(attempt))

    def _fusing_request(self, answers: Sequence[Answer]) -> GenerationRequest:
        """The question and the answers, for the tier that fuses."""
        request = self._ask.request
        questions = [message.content for message in request.messages if message.role is Role.USER]
        begun = request.answer_so_far
        listed = "\n".join(f"Answer {at}: {begun}{answer.text.strip()}" for at, answer in enumerate(answers, 1))
        told = ChatMessage(Role.SYSTEM, self._rule.fuse_prompt or FUSE_PROMPT)
        asked = ChatMessage(Role.USER, f"Question: {questions[-1] if questions else ''}\n\n{listed}")
        return replace(request, messages=(told, asked), answer_so_far="")

    # Going higher

    async def _higher(self, merged: _Merged) -> AsyncGenerator[Step | _Merged, None]:
        """What the rungs above the experts make of it, when the merged answer is under the bar and theirs is better."""
        rule = self._ask.stage.definition.forwarding
        confidence = merged.judged.confidence
        rungs = self._rungs_above()
        if rule is None or not rule.check or confidence is None or confidence >= rule.min_confidence or not rungs:
            return
        reason = f"The confidence of {confidence:.2f} is under {rule.min_confidence:.2f}."
        self._ask.report(Escalated(from_tier=merged.tier, to_tier=rungs[0], reason=reason, confidence=confidence))
        stage = replace(self._ask.stage, ladder=rungs, fallbacks=())
        ask = replace(self._ask, stage=stage, joules=self._panel.joules_left)
        outcome: Outcome | None = None
        begun = False
        try:
            async with aclosing(LadderStrategy().steps(ask)) as steps:
                async for step in steps:
                    match step:
                        case Piece():
                            if not begun and self._shown:
                                yield self._take_back(0, reason)
                            begun = True
                            yield self._show(step)
                        case Replace(kept=kept, reason=because):
                            yield self._take_back(kept, because)
                        case Outcome():
                            outcome = step
        except TurnCancelledError:
            raise
        except SottoError as error:
            self._notes.append(f"No higher tier answered: {error.message}")
        better = outcome is not None and (outcome.confidence is None or outcome.confidence >= confidence)
        if outcome is not None:
            self._records += outcome.attempts
            self._notes += outcome.notes
        if outcome is None or not better:
            for step in self._settled(merged.text, merged, "The experts' answer was the best."):
                yield step
            return
        judged = Judged(outcome.confidence, outcome.source)
        yield _Merged(self._shown, outcome.tier, outcome.ran, judged, outcome.finish)

    def _rungs_above(self) -> tuple[Tier, ...]:
        asked = set(self._ask.stage.experts or self._ask.stage.ladder[:1])
        return tuple(tier for tier in self._ask.stage.ladder if tier not in asked)

    # Showing and telling

    def _show(self, piece: Piece) -> Piece:
        self._shown += piece.text
        return piece

    def _take_back(self, kept: int, reason: str) -> Replace:
        self._shown = self._shown[:kept]
        return Replace(kept, reason)

    def _settled(self, text: str, merged: _Merged, reason: str) -> list[Step]:
        """The steps from what is shown to an answer."""
        steps: list[Step] = []
        same = shared_characters(self._shown, text)
        if same < len(self._shown):
            steps.append(self._take_back(same, reason))
        if rest := text[same:]:
            steps.append(self._show(Piece(rest, merged.judged.confidence, merged.tier)))
        return steps

    def _write_down(self, answers: Sequence[Answer], reasons: Sequence[str]) -> None:
        """Everybody who was asked, in the order of the seats, before what came after them."""
        seats = [
            (answer.seat, replace(answer.record, reason=reason))
            for answer, reason in zip(answers, reasons, strict=True)
        ]
        asked = sorted([*seats, *self._panel.failed], key=lambda pair: pair[0])
        self._records[:0] = [record for _, record in asked]

    def _outcome(self, merged: _Merged) -> Outcome:
        known = merged.judged.confidence is not None
        self._figures["experts"] = float(len(self._panel.answers))
        return Outcome(
            tier=merged.tier,
            ran=merged.ran,
            confidence=merged.judged.confidence,
            source=merged.judged.source if known else ConfidenceSource.NONE,
            attempts=tuple(self._records),
            finish=merged.finish,
            tokens=sum(record.tokens for record in self._records),
            notes=tuple(self._notes),
            figures=tuple(sorted(self._figures.items())),
            fusion_ms=self._fusion_s * 1000.0,
        )


def _ballots(answers: Sequence[Answer]) -> list[Ballot]:
    return [Ballot(answer.text, answer.judged.confidence) for answer in answers]


def _finish(attempt: TierAttempt) -> FinishReason:
    return attempt.finish or FinishReason.STOP
