"""A text longer than the model's window, worked through piece by piece.

The course of it:

* The question's last message is cut into pieces that fit (`app.pipeline.text.cutting`). A text that fits as it is goes
  up the ladder like any other.
* One conversation runs through the pieces: each is a message, the notes the model makes of it are the answer. So the
  model has the pieces before it in its window, and what it holds of them need not be read again. When the window is
  full, the conversation starts afresh with the notes in place of the pieces.
* The backends of the rotation take the pieces in turn; one whose device has to rest is left out, one that fails hands
  its piece to the next. What the backend before held is moved as it is (its KV state) when both run the same model on
  the same runtime and can; otherwise the next backend reads the conversation as text. A note says which it was.
  A conversation that starts afresh takes nothing along but the notes.
* The answer is written from all notes. Notes that do not fit themselves are worked through in the same way first.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace

from app.contracts.devices import Tier
from app.contracts.errors import RuntimeFault, SottoError, TimedOut, TurnCancelledError, Unavailable
from app.contracts.events import FailedOver, Status
from app.contracts.metrics import Attempt
from app.contracts.ports import TextGenerator
from app.contracts.text import ChatMessage, GenerationRequest, Role
from app.pipeline.definition import Chunking
from app.pipeline.text.attempt import TierAttempt
from app.pipeline.text.cutting import Cut, cut
from app.pipeline.text.ladder import LadderStrategy
from app.pipeline.text.monitor import Advice
from app.pipeline.text.moving import Moved, move_state
from app.pipeline.text.steps import Ask, Outcome, Step

_WINDOW = 2048
"""Tokens of the window of a backend that does not say."""
_MARKS = 24
"""Tokens of a message's frame and our words in it, at most."""
_SPARE = 0.92
"""Tokens of parts counted one by one are not quite those of the whole."""
_LEAST_PIECE = 48
_ROUNDS = 4
"""How often notes of notes are made at most."""
_PART = "Part {at} of {of}:\n{text}"
_EARLIER = "Notes on the parts before:\n{notes}\n\n{part}"
_FINAL = "Notes on all {of} parts of a text, in order:\n{notes}\n\nWrite the answer for the whole text from them."


class ChunkedStrategy:
    """Implements `app.pipeline.text.steps.Strategy` over ``stage.rotation``; without one, over the ladder's tier."""

    async def steps(self, ask: Ask) -> AsyncGenerator[Step, None]:
        """Work through the text. Closing the generator stops the engine.

        Raises:
            Unavailable: No backend of the rotation may run now.
            InvalidInput: The prompt alone is longer than the window.
            SottoError: Every backend failed on a piece, or on the answer.
        """
        rule = ask.stage.definition.chunking or Chunking()
        reading = _Reading(ask, rule)
        final = await reading.condensed()
        asking = replace(ask, request=final, joules=reading.joules_left())
        if reading.pieces and reading.current is not None:
            rest = (*(tier for tier in (*reading.tiers, *ask.stage.ladder) if tier != reading.current),)
            fallbacks = (*dict.fromkeys((*rest, *ask.stage.fallbacks)),)
            asking = replace(asking, stage=replace(ask.stage, ladder=(reading.current,), fallbacks=fallbacks))
        async with aclosing(LadderStrategy().steps(asking)) as steps:
            async for step in steps:
                yield reading.outcome(step) if isinstance(step, Outcome) else step


@dataclass(slots=True)
class _Talk:
    """The conversation that runs through the pieces: what was said in this window, and its length in tokens."""

    messages: list[ChatMessage] = field(default_factory=list)
    tokens: int = 0


class _Reading:
    """One text being read. ``pieces`` counts what has been read, notes of notes included."""

    def __init__(self, ask: Ask, rule: Chunking) -> None:
        self._ask = ask
        self._rule = rule
        self._tools = ask.tools
        self._stage_id = ask.stage.definition.stage_id
        self.tiers = ask.stage.rotation or ask.stage.ladder
        self.current: Tier | None = None
        self.pieces = 0
        self._turn = 0
        self._held: Tier | None = None
        self._records: list[Attempt] = []
        self._notes: list[str] = []
        self._figures: dict[str, float] = dict.fromkeys(Moved().figures(), 0.0)
        self._windows = 0
        self._system: tuple[ChatMessage, ...] = ()
        self._frame = 0
        self._window = _WINDOW

    async def condensed(self) -> GenerationRequest:
        """The request in which the text is replaced by the notes on it; unchanged when it fits."""
        request = self._ask.request
        if not request.messages or not self.tiers:
            return request
        *earlier, question = request.messages
        port = await self._first()
        self._window = min((tokens for tier in self.tiers if (tokens := self._context_of(tier))), default=_WINDOW)
        everything = [message.content for message in request.messages]
        counts = await port.count_tokens([*everything, request.answer_so_far])
        if sum(counts) + _MARKS * len(everything) + request.max_tokens <= self._window * _SPARE:
            return request
        self._system = tuple(message for message in earlier if message.role is Role.SYSTEM)
        systems = [
            count for count, message in zip(counts, request.messages, strict=False) if message.role is Role.SYSTEM
        ]
        self._frame = sum(systems) + _MARKS * (len(systems) + 1)
        text, of = question.content, 0
        for _ in range(_ROUNDS):
            pieces = await cut(text, self._piece_tokens(), self._rule.overlap, port.count_tokens)
            of = of or len(pieces)
            text = await self._read(pieces, port)
            (length,) = await port.count_tokens([text])
            if self._frame + length + _MARKS + request.max_tokens <= self._window * _SPARE:
                break
        else:
            text = await self._shortened(text, port)
        self._notes.insert(0, f"The text was worked through in {self.pieces} pieces.")
        final = ChatMessage(Role.USER, _FINAL.format(of=of, notes=text))
        return replace(request, messages=(*self._system, final))

    def _piece_tokens(self) -> int:
        """Longest piece: what is asked for, as far as a window has room for it, notes before it and notes of it."""
        room = int(self._window * _SPARE) - self._frame - 2 * self._ask.request.max_tokens - 2 * _MARKS
        wanted = self._rule.tokens or room
        if room < _LEAST_PIECE:
            room = int(self._window * _SPARE) - self._frame - self._notes_tokens() * 2 - 2 * _MARKS
        return max(_LEAST_PIECE, min(wanted, room))

    def _notes_tokens(self) -> int:
        """Longest notes on one piece."""
        return max(16, min(self._ask.request.max_tokens, self._window // 6))

    # The pieces

    async def _read(self, pieces: Sequence[Cut], port: TextGenerator) -> str:
        """Notes on all pieces, in order."""
        notes: list[str] = []
        talk = _Talk()
        for at, piece in enumerate(pieces, 1):
            self._ask.report(
                Status(
                    stage=self._stage_id,
                    message=f"Reading part {at} of {len(pieces)}…",
                    progress=(at - 1) / len(pieces),
                )
            )
            part = _PART.format(at=at, of=len(pieces), text=piece.before + piece.text)
            needed = piece.tokens + self._notes_tokens() + 2 * _MARKS
            if talk.messages and self._frame + talk.tokens + needed > self._window * _SPARE:
                talk = _Talk()
            if not talk.messages:
                self._windows += 1
                carried = await self._carried(notes, port, self._window * _SPARE - self._frame - needed)
                part = _EARLIER.format(notes=carried[0], part=part) if carried[0] else part
                needed += carried[1]
            said = ChatMessage(Role.USER, part)
            noted = await self._note(talk, said, f"Part {at} of {len(pieces)}.")
            talk.messages += [said, ChatMessage(Role.ASSISTANT, noted)]
            talk.tokens += needed
            notes.append(noted)
            self.pieces += 1
        return "\n".join(note for note in notes if note)

    async def _carried(self, notes: Sequence[str], port: TextGenerator, room: float) -> tuple[str, int]:
        """The last notes that fit, with their tokens; the rest is in the answer all the same."""
        carried: list[str] = []
        used = _MARKS
        counts = await port.count_tokens(notes) if notes else ()
        for note, count in zip(reversed(notes), reversed(counts), strict=True):
            if used + count > room:
                break
            carried.insert(0, note)
            used += count
        return ("\n".join(carried), used) if carried else ("", 0)

    async def _shortened(self, notes: str, port: TextGenerator) -> str:
        """Notes that grow instead of shrinking: the first of them, as many as fit."""
        room = int(self._window * _SPARE) - self._frame - _MARKS - self._ask.request.max_tokens
        pieces = await cut(notes, max(1, room), 0, port.count_tokens)
        self._notes.append("The notes did not become short enough: the last of them are not in the answer.")
        return pieces[0].text if pieces else ""

    # One piece

    async def _note(self, talk: _Talk, said: ChatMessage, reason: str) -> str:
        """The notes on one piece, by the backend whose turn it is; the next one goes on where it fails."""
        order = self._order()
        begun = ""
        failure: SottoError | None = None
        for at, (tier, why) in enumerate(order):
            if failure is None and self._held is not None and tier != self._held:
                self._tell_of_move(self._held, tier, why, 0)
            attempt = await self._attempt(tier, talk, said, begun)
            failure = await self._run(attempt)
            begun = attempt.text
            if failure is None:
                self._records.append(attempt.record("accepted", reason, attempt.judged().confidence))
                self.current = self._held = tier
                return _worth_keeping(attempt)
            following = order[at + 1][0] if at + 1 < len(order) else None
            decision = "failed" if following is None else "failed-over"
            self._records.append(attempt.record(decision, failure.message))
            self._held = tier if attempt.finding.code == "device" else None  # a device that rests still holds it
            if following is None:
                raise failure
            self._tell_of_move(tier, following, failure.message, attempt.standing[0])
        raise failure or Unavailable("No backend may run now.", code="device-held-back")

    def _order(self) -> list[tuple[Tier, str]]:
        """Whose turn it is, then the others, each with the reason of the change; those that rest are left out."""
        turn, self._turn = self._turn, self._turn + 1
        tiers = [self.tiers[(turn + at) % len(self.tiers)] for at in range(len(self.tiers))]
        spare = [tier for tier in (*self._ask.stage.ladder, *self._ask.stage.fallbacks) if tier not in tiers]
        verdict = self._tools.governor.verdict()
        devices = {backend.backend_id: backend.device for backend in self._tools.runtimes.backends()}
        order: list[tuple[Tier, str]] = []
        resting = ""
        for tier in (*tiers, *dict.fromkeys(spare)):
            device = devices.get(tier.backend_id)
            if device is not None and device not in verdict.allowed:
                resting = resting or verdict.why(device)
                continue
            order.append((tier, resting or "They take the pieces in turn."))
        if not order:
            raise Unavailable(
                resting or "There is no backend for this text.", code="device-held-back", remedy="Try again later."
            )
        return order

    async def _attempt(self, tier: Tier, talk: _Talk, said: ChatMessage, begun: str) -> TierAttempt:
        if (talk.messages or begun) and self._held is not None and self._held != tier:
            await self._move(self._held, tier)
        request = replace(
            self._ask.request,
            messages=(*self._system, *talk.messages, said),
            answer_so_far=begun,
            max_tokens=self._notes_tokens(),
        )
        return TierAttempt(self._ask, tier, request, joules=self.joules_left())

    async def _run(self, attempt: TierAttempt) -> SottoError | None:
        """Write the notes on a piece; returns why another backend has to."""
        try:
            async with aclosing(attempt.pieces()) as pieces:
                async for _ in pieces:
                    pass
        except TurnCancelledError:
            raise
        except SottoError as error:
            return error
        finding = attempt.finding
        if finding.advice is Advice.FAIL_OVER:
            return (TimedOut if finding.code == "stall" else Unavailable)(finding.reason, code=f"text-{finding.code}")
        if not attempt.text.strip():
            return RuntimeFault(f"{attempt.tier.backend_id} wrote nothing about a piece of the text.", code="no-answer")
        return None

    def _tell_of_move(self, source: Tier, target: Tier, reason: str, at_token: int) -> None:
        self._ask.report(
            FailedOver(from_backend=source.backend_id, to_backend=target.backend_id, reason=reason, at_token=at_token)
        )

    async def _move(self, source: Tier, target: Tier) -> None:
        """Hand over what the backend before holds; where that cannot be, the text is read again."""
        giving, taking = (self._tools.runtimes.text_port(tier.backend_id) for tier in (source, target))
        moved = await move_state(giving, taking)
        for name, value in moved.figures().items():
            self._figures[name] += value
        self._note_once(moved.note(giving, taking))

    # Books

    def _note_once(self, note: str) -> None:
        if note not in self._notes:
            self._notes.append(note)

    async def _first(self) -> TextGenerator:
        """A backend that counts tokens: the first of the rotation that starts."""
        failure: SottoError | None = None
        for tier, _ in self._order():
            try:
                port = self._tools.runtimes.text_port(tier.backend_id)
                await port.warm_up()
            except TurnCancelledError:
                raise
            except SottoError as error:
                failure = failure or error
            else:
                self._turn = 0
                return port
        raise failure or Unavailable("There is no backend for this text.", code="no-backend")

    def _context_of(self, tier: Tier) -> int:
        try:
            return self._tools.runtimes.text_port(tier.backend_id).capabilities.context_tokens
        except SottoError:
            return 0

    def joules_left(self) -> float | None:
        """What may still be spent, None for no bound."""
        if self._ask.joules is None:
            return None
        spent = sum(record.energy.joules for record in self._records if record.energy is not None)
        return max(0.0, self._ask.joules - spent)

    def outcome(self, last: Outcome) -> Outcome:
        """The outcome of the whole text, from that of its last step."""
        if not self.pieces:
            return last
        figures = {"pieces": float(self.pieces), "windows": float(self._windows), **self._figures}
        for name, value in last.figures:
            figures[name] = figures.get(name, 0.0) + value
        return replace(
            last,
            attempts=(*self._records, *last.attempts),
            tokens=last.tokens + sum(record.tokens for record in self._records),
            notes=(*self._notes, *last.notes),
            figures=tuple(sorted(figures.items())),
        )


def _worth_keeping(attempt: TierAttempt) -> str:
    """The notes an attempt came to; of a loop one copy."""
    ends = attempt.finding.ends
    return (attempt.text[: ends[0]] if ends else attempt.text).strip()
