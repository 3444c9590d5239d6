from __future__ import annotations

import asyncio
import json
import sqlite3
import threading
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from app.contracts.cards import AnswerCard, AnswerSpan, ErrorCard, QuestionCard
from app.contracts.devices import Device, Tier
from app.contracts.energy import Energy, Provenance
from app.contracts.errors import InvalidInput, StorageError
from app.contracts.events import CardUpserted, Listening, TurnFailed, TurnFinished, TurnStarted
from app.contracts.metrics import StageMetrics, TurnMetrics
from app.memory.history import History, TurnRecord

STAGE = StageMetrics(
    stage="answer",
    backend="llama-cpu",
    device=Device.CPU,
    elapsed_ms=120.5,
    tokens=7,
    energy=Energy(1.4, Provenance.ESTIMATE),
)
ANSWER = AnswerCard(
    card_id="a1",
    turn_id="t1",
    spans=(AnswerSpan(text="Paris. ", confidence=0.91, tier=Tier("llama-cpu", "m")),),
    finished=True,
    heard="Paris.",
)
TURN = TurnRecord(
    turn_id="t1",
    started_at=1_800_000_000.25,
    source="voice",
    question="What is the capital of France? ¿Sí? 日本",
    answer="Paris. ",
    heard="Paris.",
    outcome="finished",
    error_code="",
    total_ms=812.5,
    events=(
        TurnStarted(turn_id="t1", seq=0, source="voice"),
        CardUpserted(turn_id="t1", seq=1, card=QuestionCard(card_id="q1", text="What?", final=True, spoken=True)),
        CardUpserted(turn_id="t1", seq=5, card=ANSWER),
        TurnFinished(turn_id="t1", seq=9, t_ms=812.5, metrics=TurnMetrics(stages=(STAGE,), total_ms=812.5)),
    ),
)
FAILED = TurnRecord(
    turn_id="t2",
    started_at=1_800_000_100.0,
    source="text",
    question="",
    answer="",
    heard=None,
    outcome="failed",
    error_code="host-died",
    total_ms=3.0,
    events=(
        CardUpserted(turn_id="t2", seq=0, card=ErrorCard(card_id="e", code="host-died", message="It ended.")),
        TurnFailed(turn_id="t2", seq=1, code="host-died", message="It ended.", remedy="Try again."),
    ),
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "sotto.db"


@pytest.fixture
async def history(path: Path) -> AsyncIterator[History]:
    opened = History(path)
    yield opened
    await opened.aclose()


def numbered(number: int) -> TurnRecord:
    return replace(TURN, turn_id=f"n{number}", started_at=1_000.0 + number)


def damaged_file(path: Path) -> None:
    path.parent.mkdir()
    path.write_text("no database at all " * 100)


async def test_a_turn_comes_back_whole(history: History, path: Path) -> None:
    await history.record(TURN)
    await history.record(FAILED)
    assert await history.turn("t1") == TURN
    assert await history.turn("t2") == FAILED
    assert await history.turn("t3") is None
    await history.aclose()
    again = History(path)
    assert await again.turn("t1") == TURN
    await again.aclose()


async def test_the_newest_turns_first_and_without_their_events(history: History) -> None:
    for number in (2, 1, 3):
        await history.record(numbered(number))
    assert [turn.turn_id for turn in await history.turns(2)] == ["n3", "n2"]
    assert {turn.events for turn in await history.turns()} == {()}


async def test_a_turn_recorded_again_replaces_itself_whole(history: History) -> None:
    await history.record(TURN)
    shorter = replace(TURN, answer="No.", events=TURN.events[:1])
    await history.record(shorter)
    assert await history.turn("t1") == shorter
    assert len(await history.turns()) == 1


async def test_a_turn_that_cannot_be_written_leaves_nothing_behind(history: History) -> None:
    bad = replace(TURN, events=(*TURN.events, Listening(turn_id="t1", seq=10, level=float("-inf"))))
    with pytest.raises(InvalidInput):
        await history.record(bad)
    twice = replace(TURN, events=(TURN.events[0], TURN.events[0]))
    with pytest.raises(StorageError):
        await history.record(twice)
    assert await history.turns() == ()
    await history.record(TURN)
    assert await history.turn("t1") == TURN


async def test_half_characters_of_a_terminal_are_kept_as_question_marks(history: History) -> None:
    await history.record(replace(TURN, question="caf\udce9?"))
    turn = await history.turn("t1")
    assert turn is not None
    assert turn.question == "caf??"


async def test_an_event_of_an_unknown_form_does_not_hide_the_turn(history: History, path: Path) -> None:
    await history.record(TURN)
    with closing(sqlite3.connect(path)) as connection, connection:
        forgotten = json.dumps({"type": "Forgotten", "turn_id": "t1"})
        connection.execute("UPDATE events SET json = ? WHERE seq = 1", (forgotten,))
    turn = await history.turn("t1")
    assert turn is not None
    assert turn.events == (TURN.events[0], *TURN.events[2:])


async def test_deleting_erases_one_some_or_all(history: History) -> None:
    for number in range(1, 6):
        await history.record(numbered(number))
    assert await history.delete("n5")
    assert not await history.delete("n5")
    assert await history.delete_before(1_003.0) == 2
    assert [turn.turn_id for turn in await history.turns()] == ["n4", "n3"]
    assert await history.delete_all() == 2
    assert await history.turns() == ()
    assert await history.delete_all() == 0


async def test_what_is_deleted_is_gone_from_every_file(history: History, path: Path) -> None:
    secret = "xyzzy-secret-words"
    await history.record(replace(TURN, question=secret, events=(TurnStarted(turn_id="t1", seq=0, source=secret),)))
    await history.record(numbered(1))
    copy = path.with_name(f"{path.name}.before-version-2-1")
    aside = path.with_name(f"{path.name}.damaged-1")
    copy.write_text(secret)
    aside.write_text("nothing of that turn")
    assert await history.delete("t1")
    for file in path.parent.iterdir():
        assert secret.encode() not in file.read_bytes(), file.name
    assert aside.exists()
    assert await history.turn("n1") is not None
    aside.write_text(secret)
    await history.delete_all()
    assert not aside.exists()


async def test_a_damaged_history_is_told_and_a_new_one_works(path: Path) -> None:
    damaged_file(path)
    history = History(path)
    assert await history.open() == path.with_name(f"{path.name}.damaged-1")
    await history.record(TURN)
    assert await history.turn("t1") == TURN
    await history.aclose()


async def test_a_history_that_cannot_be_opened_says_so_each_time_and_works_once_it_can(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("in the way")
    history = History(tmp_path / "data" / "sotto.db")
    for _ in range(2):
        with pytest.raises(StorageError):
            await history.record(TURN)
    (tmp_path / "data").unlink()
    await history.record(TURN)
    assert await history.turn("t1") == TURN
    await history.aclose()


async def test_the_disk_is_never_touched_on_the_event_loop(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    threads: set[int] = set()
    real = sqlite3.connect

    def noted(*args: object, **kwargs: object) -> sqlite3.Connection:
        threads.add(threading.get_ident())
        connection: sqlite3.Connection = real(*args, **kwargs)  # type: ignore[call-overload]
        connection.set_trace_callback(lambda _statement: threads.add(threading.get_ident()))
        return connection

    monkeypatch.setattr(sqlite3, "connect", noted)
    history = History(path)
    await asyncio.gather(*(history.record(numbered(number)) for number in range(5)), history.turns())
    await history.delete_all()
    await history.aclose()
    assert len(threads) == 1
    assert threading.get_ident() not in threads


async def test_closing_waits_for_what_is_being_written_and_nothing_comes_after(path: Path) -> None:
    history = History(path)
    writing = [asyncio.ensure_future(history.record(numbered(number))) for number in range(20)]
    await asyncio.sleep(0)
    await history.aclose()
    await history.aclose()
    assert all(task.done() and task.exception() is None for task in writing)
    with pytest.raises(StorageError, match="closed already"):
        await history.record(TURN)
    again = History(path)
    assert len(await again.turns()) == 20
    await again.aclose()


async def test_nothing_is_made_before_the_first_use(path: Path) -> None:
    history = History(path)
    await history.aclose()
    assert not path.parent.exists()
