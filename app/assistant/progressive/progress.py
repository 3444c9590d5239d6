"""Answers an open question in stages: a quick answer at once, better ones behind it, on one card and in one voice.

The course of it:

* The first stage is today's answer: the pipeline of the profile, shown and spoken while it is written.
* Whether others follow is decided by how much thought the question needs, and by how sure the answer is.
* They write out of sight. Where two of them have models of their own they work at the same time, the first of them
  already while the quick answer streams; what they write is made one.
* A better text takes the place of the one before on its card, from the first sentence that differs. The voice says
  what is new, and corrects what it has said already only where that no longer holds.
* What fails or is late is told as an event; the best answer there is stands.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from app.assistant.answering import AnswerText, Standing
from app.assistant.ledger import Ledger
from app.assistant.parts import Parts, Stages, TurnOptions
from app.assistant.progressive.draft import Draft, Show, asked, judged_of, written
from app.assistant.progressive.routing import Route, route
from app.assistant.progressive.seats import Seat, seats, told
from app.assistant.progressive.wording import made_one
from app.assistant.stream import TurnStream
from app.assistant.understanding.meaning import OPEN_QUESTION, Complexity, Understanding
from app.contracts.capabilities import ConfidenceSource
from app.contracts.devices import Tier
from app.contracts.errors import SottoError, TimedOut, TurnCancelledError, Unavailable
from app.contracts.events import DeviceUsed, StageCancelled, StageFailed, StageSkipped, Status
from app.contracts.text import ChatMessage, GenerationRequest, Role
from app.pipeline.selection import same_model
from app.pipeline.tools import Judged
from app.settings.answer_stages import SMALL

First = Callable[[GenerationRequest], Awaitable[Judged]]
"""The one pass of the language model that there is without stages; returns how sure it is."""

ONE_MODEL = "There is only one model, and nobody can tell whether its next answer is better."
WORTH_ADDING = 0.7
"""Confidence from which what one answer adds to another is worth having."""
_SENTENCES = {"deep_analysis": "Looking more closely…", "synthesis": "Putting it together…"}


class ProgressiveAnswer:
    """One open question through its stages.

    Args:
        parts: The ports.
        stages: The models behind the first.
        options: What the person chose.
        ledger: Counts every stage.
        stream: Where it is reported.
        tell: Shows one sentence beside the answer, under a code.
        first: Writes the quick answer into the same text.
    """

    def __init__(
        self,
        parts: Parts,
        stages: Stages,
        options: TurnOptions,
        ledger: Ledger,
        stream: TurnStream,
        tell: Callable[[str, str], None],
        first: First,
    ) -> None:
        self._parts = parts
        self._stages = stages
        self._options = options
        self._ledger = ledger
        self._stream = stream
        self._tell = tell
        self._first = first
        self._threshold = 1.0
        self._standing: Draft | None = None
        self._before: list[str] = []
        self._refined = 0
        self._failed: SottoError | None = None
        self._opened = asyncio.Event()
        self._missing = ""
        self._climbed_to = ""

    async def run(self, request: GenerationRequest, text: AnswerText, meaning: Understanding | None) -> None:
        """Answer; what stands at the end is on the card.

        Raises:
            InvalidInput: A stage was asked for that the profile does not have.
            SottoError: No stage gave an answer; the error is the last one.
        """
        intent = OPEN_QUESTION if meaning is None else meaning.intent
        complexity = Complexity.SIMPLE if meaning is None else meaning.complexity
        self._threshold = self._stages.threshold(intent, complexity)
        way = route(self._options.answers, self._options.depth, complexity, self._threshold)
        seated = seats(way.stages, self._stages)
        self._missing = told(seated)
        for name in way.passed_over:
            self._stream.emit(StageSkipped(stage=name, reason=way.reason))
        early: list[asyncio.Task[None]] = []
        warming: list[asyncio.Task[None]] = []
        text.on_first = lambda: warming.extend(self._warmed(seated))
        try:
            if _three_at_once(seated):
                early.append(self._begun(request, seated[1], text))
            await self._open(request, seated, text)
            self._opened.set()
            await self._go_on(request, way, seated[1:], text, early)
        finally:
            text.on_first = lambda: None
            for task in (*early, *warming):
                task.cancel()
            await asyncio.gather(*early, *warming, return_exceptions=True)
        if self._standing is None:
            raise self._failed or TimedOut("No stage gave an answer.", code="no-answer")

    # The first stage

    async def _open(self, request: GenerationRequest, seated: Sequence[Seat], text: AnswerText) -> None:
        """The quick answer; another stage goes on where it fails, or has nothing to show in its time."""
        seat = seated[0]
        try:
            if seat.stage == self._options.answers[0] and seat.stage.tier == SMALL:
                await self._as_today(request, seated, text)
            else:
                await self._in_sight(request, seat, text)
        except TurnCancelledError:
            raise
        except SottoError as error:
            if len(seated) == 1:
                raise
            self._note_failure(seat, error)
            text.say_rest()

    async def _as_today(self, request: GenerationRequest, seated: Sequence[Seat], text: AnswerText) -> None:
        """The pipeline of the profile. Where another model could answer instead, it is given up when it is late."""
        seat, others = seated[0], seated[1:]
        quick = _with(request, seat)
        if all(other.stand_in for other in others):
            judged = await self._first(quick)
        else:
            with contextlib.suppress(SottoError):  # the stage itself meets it, and reports it
                await self._parts.text.warm_up()
            writing = asyncio.ensure_future(self._first(quick))
            try:
                await asyncio.wait((writing,), timeout=seat.stage.timeout_s)
                if not writing.done() and text.times.first_text is None:
                    raise TimedOut(
                        f"{seat.stage.name} showed nothing within {seat.stage.timeout_s:g} s.", code="stage-timeout"
                    )
                judged = await writing
            finally:
                writing.cancel()
                await asyncio.gather(writing, return_exceptions=True)
        whole = "".join(span.text for span in text.spans)
        tier = text.spans[-1].tier if text.spans else seat.tier
        if not same_model(tier.model, seat.tier.model):  # the pipeline climbed its own ladder
            self._climbed_to = tier.model
        self._before.append(whole)
        self._stand(Draft(seat.stage.name, whole, tier, judged_of(seat, judged)), text, show=bool(others))

    async def _in_sight(self, request: GenerationRequest, seat: Seat, text: AnswerText) -> None:
        """A stage of another model that goes first: it is shown and spoken as it writes."""

        def show(fresh: str, confidence: float | None) -> None:
            text.say(text.show(fresh, confidence, seat.tier))

        draft = await self._written(request, seat, (), show)
        if len("".join(span.text for span in text.spans).rstrip()) > len(draft.text):  # it ended going round in circles
            text.take_back(len(draft.text), "The end was taken out.")
        text.say_rest()
        self._ledger.first_token = text.times.first_text
        self._before.append(draft.text)
        self._stand(draft, text, show=True)

    # Those behind it

    def _warmed(self, seated: Sequence[Seat]) -> list[asyncio.Task[None]]:
        """The person has something to read: load the models that are going to be asked next."""

        async def warm(tier: Tier) -> None:
            with contextlib.suppress(SottoError):  # the stage meets it again, and reports it
                port = self._stages.text(tier)
                if not self._parts.governor.verdict().why(port.backend.device):
                    await port.warm_up()

        tiers = dict.fromkeys(seat.tier for seat in seated[1:] if not seat.stand_in)
        return [asyncio.create_task(warm(tier), name=f"warm {tier.backend_id}") for tier in tiers]

    async def _go_on(
        self,
        request: GenerationRequest,
        way: Route,
        seated: Sequence[Seat],
        text: AnswerText,
        early: list[asyncio.Task[None]],
    ) -> None:
        rest = list(seated)
        if early and self._enough(way):
            self._stream.emit(StageCancelled(stage=rest.pop(0).stage.name))
        elif early:
            early.append(self._begun(request, rest[1], text))
            await asyncio.gather(*early)
            rest = rest[2:]
        for number, seat in enumerate(rest):
            if reason := self._enough(way):
                for spared in rest[number:]:
                    self._stream.emit(StageSkipped(stage=spared.stage.name, reason=reason))
                return
            if not way.forced and (reason := self._in_vain(seat)):
                self._stream.emit(StageSkipped(stage=seat.stage.name, reason=reason))
                continue
            await self._better(request, seat, text)

    def _begun(self, request: GenerationRequest, seat: Seat, text: AnswerText) -> asyncio.Task[None]:
        return asyncio.create_task(self._better(request, seat, text), name=f"answer stage {seat.stage.name}")

    async def _better(self, request: GenerationRequest, seat: Seat, text: AnswerText) -> None:
        """One stage out of sight, and what it changes. A failure is told; the answer there is stands."""
        before = tuple(self._before)
        try:
            draft = await self._written(request, seat, before)
        except TurnCancelledError:
            raise
        except SottoError as error:
            self._note_failure(seat, error)
            return
        await self._opened.wait()
        self._refine(draft, text, read=before)

    def _refine(self, draft: Draft, text: AnswerText, *, read: Sequence[str]) -> None:
        """Put the better of the old and the new text on the card, with what the other one adds to it."""
        old = self._standing
        self._before.append(draft.text)
        if old is None:
            best = draft
        elif surer(draft, old):
            best = draft if old.text in read else _with_additions(draft, old)
        else:
            best = _with_additions(old, draft)
        if best is old:
            return
        shown = "".join(span.text for span in text.spans)
        if best.text.strip() != shown.strip():
            self._refined += bool(shown)
            text.refine(best.text, best.judged.confidence, best.tier, f"Refined by {draft.stage}.")
        self._stand(best, text, show=True)

    def _stand(self, draft: Draft, text: AnswerText, *, show: bool) -> None:
        self._standing = draft
        text.stands(Standing(draft.stage, draft.judged.confidence, draft.judged.source, self._refined), show=show)

    def _in_vain(self, seat: Seat) -> str:
        """Why a stage would make nothing better, empty when it might."""
        if self._standing is None:
            return ""
        if self._climbed_to and same_model(seat.tier.model, self._climbed_to):
            return f"{seat.tier.model} has answered already."
        comparable = self._standing.judged.source is ConfidenceSource.CALIBRATED
        return ONE_MODEL if seat.stand_in and not comparable else ""

    def _enough(self, way: Route) -> str:
        """Why no further stage is asked, empty when one is."""
        verdict = self._parts.governor.verdict()
        if verdict.joules == 0.0:
            return "What the limits leave this turn is spent."
        needed = self._threshold - verdict.patience
        if way.forced or self._standing is None or self._standing.confidence < needed:
            return ""
        return f"The confidence of {self._standing.confidence:.2f} suffices ({needed:.2f})."

    async def _written(
        self, request: GenerationRequest, seat: Seat, before: Sequence[str], show: Show | None = None
    ) -> Draft:
        """What a stage writes, unless its device has to rest."""
        port = self._stages.text(seat.tier)
        if why := self._parts.governor.verdict().why(port.backend.device):
            raise Unavailable(f"{seat.stage.name} was passed over: {why}", code="device-rests")
        self._announce(seat)
        wanted = self._asked(request, seat, before)
        has_read = any(before) and not seat.stand_in
        return await written(wanted, seat, port, self._stages, self._ledger, self._ran, show, has_read=has_read)

    # Telling

    def _announce(self, seat: Seat) -> None:
        if seat.missing and self._missing:
            self._tell(self._missing, "stand-in")
            self._missing = ""
        message = _SENTENCES.get(seat.stage.name, f"Asking {seat.tier.model}…")
        self._stream.emit(Status(stage=seat.stage.name, message=message))

    def _note_failure(self, seat: Seat, error: SottoError) -> None:
        self._failed = error
        self._stream.emit(StageFailed(stage=seat.stage.name, code=error.code, message=str(error)))

    def _asked(self, request: GenerationRequest, seat: Seat, before: Sequence[str]) -> GenerationRequest:
        cap = self._parts.governor.verdict().max_tokens
        longest = self._options.max_tokens if cap is None else min(self._options.max_tokens, cap)
        return asked(request, seat, before, longest)

    def _ran(self, event: DeviceUsed) -> None:
        self._stream.on_device(event)
        self._stream.emit(event)


def surer(new: Draft, old: Draft) -> bool:
    """The new answer takes the place of the old one.

    Two calibrated confidences are compared. Otherwise the later stage has it, since only the priors are known; but not
    where the same model just had another try.
    """
    both = {new.judged.source, old.judged.source} == {ConfidenceSource.CALIBRATED}
    if both:
        return new.confidence > old.confidence
    return not new.stand_in and (new.judged.source is not old.judged.source or new.confidence >= old.confidence)


def _with_additions(best: Draft, other: Draft) -> Draft:
    """An answer with what another one, which it has not read, adds to it; nothing of one that is not sure."""
    if other.stand_in or other.confidence < WORTH_ADDING:
        return best
    return replace(best, text=made_one(best.text, other.text))


def _three_at_once(seated: Sequence[Seat]) -> bool:
    """The second and the third stage have models of their own, so that all three can work at the same time."""
    if len(seated) < 3 or any(seat.stand_in for seat in seated[:3]):
        return False
    first, second, third = (seat.tier.backend_id for seat in seated[:3])
    return len({first, second, third}) == 3


def _with(request: GenerationRequest, seat: Seat) -> GenerationRequest:
    """The request of the conversation with the sampling and, where it has one, the prompt of the first stage."""
    messages = request.messages
    if seat.stage.system:
        messages = (ChatMessage(Role.SYSTEM, seat.stage.system), *messages[1:])
    return replace(request, messages=messages, temperature=seat.stage.temperature)
