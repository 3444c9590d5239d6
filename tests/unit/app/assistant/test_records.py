from __future__ import annotations

from pathlib import Path

import pytest

from app.aio.clock import SystemClock
from app.assistant.records import Recorder
from app.contracts.cards import AnswerCard, AnswerSpan, QuestionCard
from app.contracts.devices import Tier
from app.contracts.errors import SottoError
from app.contracts.events import (
    CardUpserted,
    Listening,
    TextDelta,
    TurnCancelled,
    TurnEvent,
    TurnFailed,
    TurnFinished,
    TurnStarted,
)
from app.contracts.metrics import TurnMetrics
from app.memory.history import History, TurnRecord

TIER = Tier("llama-cpu", "m")
QUESTION = CardUpserted(turn_id="t", seq=2, card=QuestionCard(card_id="q", text="Where?", final=True, spoken=True))
ANSWER = CardUpserted(
    turn_id="t",
    seq=4,
    card=AnswerCard(card_id="a", spans=(AnswerSpan(text="Here.", confidence=None, tier=TIER),), heard="Here"),
)
STARTED = TurnStarted(turn_id="t", seq=0, source="voice")
FINISHED = TurnFinished(turn_id="t", seq=5, t_ms=90.0, metrics=TurnMetrics())
TURN = (
    STARTED,
    Listening(turn_id="t", seq=1, level=-20.0),
    QUESTION,
    TextDelta(turn_id="t", seq=3, text="Here.", confidence=None, tier=TIER),
    ANSWER,
    FINISHED,
)


class Kept:
    """A recorder over a database, and what it came to once it was closed."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.problems: list[SottoError] = []
        self.wanted = True
        self.recorder = Recorder(
            SystemClock(), History(path), keep=lambda: self.wanted, on_problem=self.problems.append
        )

    def note(self, *events: TurnEvent) -> None:
        for event in events:
            self.recorder.note(event)

    async def turns(self) -> tuple[TurnRecord, ...]:
        await self.recorder.aclose()
        history = History(self.path)
        turns = [await history.turn(turn.turn_id) for turn in await history.turns()]
        await history.aclose()
        return tuple(turn for turn in turns if turn is not None)


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    return Kept(tmp_path / "data" / "sotto.db")


async def test_a_turn_that_ends_right_before_the_program_does_is_kept(kept: Kept) -> None:
    kept.note(*TURN)
    (turn,) = await kept.turns()
    assert (turn.turn_id, turn.source, turn.outcome, turn.error_code) == ("t", "voice", "finished", "")
    assert (turn.question, turn.answer, turn.heard) == ("Where?", "Here.", "Here")
    assert turn.total_ms == 90.0
    assert turn.events == (STARTED, QUESTION, ANSWER, FINISHED)
    assert kept.problems == []


@pytest.mark.parametrize(
    ("end", "outcome", "code"),
    [
        (TurnFailed(turn_id="t", seq=1, code="host-died", message="It ended."), "failed", "host-died"),
        (TurnCancelled(turn_id="t", seq=1, after_ms=5.0), "cancelled", ""),
    ],
)
async def test_a_turn_that_came_to_nothing_is_kept_too(kept: Kept, end: TurnEvent, outcome: str, code: str) -> None:
    kept.note(STARTED, end)
    (turn,) = await kept.turns()
    assert (turn.outcome, turn.error_code, turn.question, turn.answer, turn.heard) == (outcome, code, "", "", None)


async def test_nothing_is_kept_when_the_history_is_not_wanted(kept: Kept) -> None:
    kept.wanted = False
    kept.note(*TURN)
    assert kept.recorder.answer_of("t") == "Here."
    assert await kept.turns() == ()


async def test_a_history_that_cannot_be_written_is_told_once(kept: Kept) -> None:
    kept.path.parent.write_text("in the way")
    kept.note(*TURN)
    kept.note(*TURN)
    await kept.recorder.aclose()
    assert [problem.code for problem in kept.problems] == ["in-the-way"]


@pytest.mark.parametrize("source", ["replay", "announcement"])
async def test_what_nobody_asked_for_is_no_part_of_the_history(kept: Kept, source: str) -> None:
    kept.note(TurnStarted(turn_id="t", seq=0, source=source), FINISHED)
    assert await kept.turns() == ()
