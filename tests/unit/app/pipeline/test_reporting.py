from __future__ import annotations

import pytest

from app.contracts.events import RunCancelled, RunFinished, RunStarted, Status, TurnEvent
from app.pipeline import reporting
from app.pipeline.reporting import RunStream
from tests.helpers.virtual_time import LoopClock, in_virtual_time


def stream() -> RunStream:
    return RunStream("run", "turn", LoopClock())


def status(message: str) -> Status:
    return Status(stage="a", message=message)


@in_virtual_time
async def test_events_are_stamped_in_order() -> None:
    clock, one = LoopClock(), stream()
    one.emit(RunStarted(pipeline_id="p"))
    await clock.sleep(1.5)
    one.emit(RunFinished(pipeline_id="p"))
    assert [(event.run_id, event.turn_id, event.seq, event.t_ms) for event in one.events] == [
        ("run", "turn", 0, 0.0),
        ("run", "turn", 1, 1500.0),
    ]


@in_virtual_time
async def test_nothing_passes_after_the_end() -> None:
    one = stream()
    one.emit(RunCancelled(pipeline_id="p", after_ms=0.0))
    one.emit(status("late"))
    one.emit(RunFinished(pipeline_id="p"))
    assert [event.type for event in one.events] == ["RunCancelled"]
    assert one.ended


@in_virtual_time
async def test_who_comes_late_gets_the_past_first() -> None:
    one = stream()
    one.emit(status("a"))
    heard: list[TurnEvent] = []
    leave = one.subscribe(heard.append)
    one.emit(status("b"))
    leave()
    one.emit(status("c"))
    assert [event.seq for event in heard] == [0, 1]


@in_virtual_time
async def test_what_a_listener_sets_off_comes_to_all_in_the_same_order() -> None:
    one = stream()
    first: list[int] = []
    second: list[int] = []

    def answer(event: TurnEvent) -> None:
        first.append(event.seq)
        if event.seq == 0:
            one.emit(status("answer"))
            one.subscribe(lambda late: third.append(late.seq))

    third: list[int] = []
    one.subscribe(answer)
    one.subscribe(lambda event: second.append(event.seq))
    one.emit(status("question"))
    assert first == second == third == [0, 1]


@pytest.mark.logs_errors
def test_a_listener_that_raises_harms_nobody_and_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    @in_virtual_time
    async def body() -> None:
        one = stream()
        heard: list[TurnEvent] = []
        tries: list[TurnEvent] = []

        def broken(event: TurnEvent) -> None:
            tries.append(event)
            raise ValueError("secret")

        one.subscribe(broken)
        one.subscribe(heard.append)
        one.emit(status("a"))
        one.emit(status("b"))
        assert len(heard) == len(tries) == 2

    body()
    assert [record.getMessage() for record in caplog.records] == ["a listener of run run failed with ValueError"]
    assert "secret" not in caplog.text


@in_virtual_time
async def test_who_leaves_while_being_told_hears_no_more() -> None:
    one = stream()
    heard: list[int] = []

    def once(event: TurnEvent) -> None:
        heard.append(event.seq)
        leave()

    leave = one.subscribe(once)
    one.emit(status("a"))
    one.emit(status("b"))
    assert heard == [0]


@in_virtual_time
async def test_a_run_without_an_end_keeps_what_was_last(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reporting, "KEPT_EVENTS", 10)
    one = stream()
    steady: list[int] = []
    one.subscribe(lambda event: steady.append(event.seq))
    for number in range(100):
        one.emit(status(str(number)))
        assert len(one.events) <= 10
    late: list[int] = []
    one.subscribe(lambda event: late.append(event.seq))
    one.emit(status("last"))
    assert steady == list(range(101))
    assert late == list(range(late[0], 101))
    assert len(late) > 4
