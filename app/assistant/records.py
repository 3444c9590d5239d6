"""Follows the one stream and writes down what a turn came to, once it has ended."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field

from app.aio.tasks import TaskOwner
from app.contracts.cards import AnswerCard, QuestionCard
from app.contracts.errors import SottoError, StorageError
from app.contracts.events import (
    TURN_ENDS,
    CardUpserted,
    Listening,
    PartialTranscript,
    TextDelta,
    TextReplaced,
    TurnCancelled,
    TurnEvent,
    TurnFailed,
    TurnFinished,
    TurnStarted,
)
from app.contracts.ports import Clock
from app.memory.history import History, TurnRecord

log = logging.getLogger(__name__)

_PASSING = (Listening, PartialTranscript, TextDelta, TextReplaced)
"""Events whose outcome another event carries; they are not kept."""
_NOTHING_ASKED = ("replay", "announcement")
"""Turns in which nobody asked anything; they are no part of the history."""
_ANSWERS_AT_HAND = 200
_OUTCOMES = {TurnFinished: "finished", TurnFailed: "failed", TurnCancelled: "cancelled"}


@dataclass(slots=True)
class _Open:
    """A turn that goes on."""

    started_at: float
    source: str
    events: list[TurnEvent] = field(default_factory=list)
    question: str = ""
    answer: AnswerCard | None = None


class Recorder:
    """Writes turns to the history, and knows the answers of this session.

    Args:
        clock: Tells when a turn began.
        history: Where turns go, None to keep nothing.
        keep: Asked at the end of each turn: is the history wanted?
        on_problem: Gets the error when a turn could not be kept; told once, until one can be kept again.
    """

    def __init__(
        self,
        clock: Clock,
        history: History | None,
        *,
        keep: Callable[[], bool],
        on_problem: Callable[[SottoError], None],
    ) -> None:
        self._clock = clock
        self._history = history
        self._keep = keep
        self._on_problem = on_problem
        self._troubled = False
        self._open: dict[str, _Open] = {}
        self._answers: dict[str, str] = {}
        self._writing: set[asyncio.Task[None]] = set()
        self._tasks = TaskOwner()

    def note(self, event: TurnEvent) -> None:
        """Take an event of any turn."""
        if isinstance(event, TurnStarted) and event.source not in _NOTHING_ASKED:
            self._open[event.turn_id] = _Open(self._clock.time(), event.source)
        turn = self._open.get(event.turn_id)
        if turn is None or isinstance(event, _PASSING):
            return
        turn.events.append(event)
        if isinstance(event, CardUpserted):
            if isinstance(event.card, QuestionCard):
                turn.question = event.card.text
            elif isinstance(event.card, AnswerCard):
                turn.answer = event.card
        elif isinstance(event, TURN_ENDS):
            self._ended(self._open.pop(event.turn_id), event)

    def answer_of(self, turn_id: str) -> str:
        """The answer a turn of this session gave, empty when there is none."""
        return self._answers.get(turn_id, "")

    async def aclose(self) -> None:
        """Finish what is being written, also what has not begun to be written yet."""
        if self._writing:
            await asyncio.wait(self._writing)
        if self._history is not None:
            await self._history.aclose()
        await self._tasks.aclose()

    def _ended(self, turn: _Open, end: TurnFinished | TurnFailed | TurnCancelled) -> None:
        answer = turn.answer
        if answer is not None and answer.text:
            self._answers[end.turn_id] = answer.text
            while len(self._answers) > _ANSWERS_AT_HAND:
                self._answers.pop(next(iter(self._answers)))
        if self._history is None or not self._keep():
            return
        record = TurnRecord(
            turn_id=end.turn_id,
            started_at=turn.started_at,
            source=turn.source,
            question=turn.question,
            answer=answer.text if answer else "",
            heard=answer.heard if answer else None,
            outcome=_OUTCOMES[type(end)],
            error_code=end.code if isinstance(end, TurnFailed) else "",
            total_ms=end.t_ms,
            events=tuple(turn.events),
        )
        task = self._tasks.start(self._write(self._history, record), name="write history")
        self._writing.add(task)
        task.add_done_callback(self._writing.discard)

    async def _write(self, history: History, record: TurnRecord) -> None:
        try:
            await history.record(record)
            self._troubled = False
        except SottoError as error:
            if not self._troubled:
                self._troubled = True
                self._on_problem(
                    StorageError(
                        f"This turn is not kept in the history: {error.message}", code=error.code, remedy=error.remedy
                    )
                )
