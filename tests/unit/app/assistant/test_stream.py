"""The stream stamps in order and lets one end through."""

from app.aio.clock import SystemClock
from app.assistant.stream import BackendRelay, TurnStream
from app.contracts.events import Retrying, Status, TurnCancelled, TurnEvent, TurnFailed, TurnStarted


def test_events_are_numbered_and_timed_in_order() -> None:
    seen: list[TurnEvent] = []
    stream = TurnStream("t1", SystemClock(), seen.append)
    stream.emit(TurnStarted(source="text"))
    stream.emit(Status(stage="answer", message="Thinking…"))
    assert [event.seq for event in seen] == [0, 1]
    assert {event.turn_id for event in seen} == {"t1"}
    assert 0 <= seen[0].t_ms <= seen[1].t_ms


def test_only_one_end_passes_and_nothing_after_it() -> None:
    seen: list[TurnEvent] = []
    stream = TurnStream("t1", SystemClock(), seen.append)
    assert stream.emit(TurnCancelled(after_ms=1.0))
    assert stream.ended
    assert not stream.emit(TurnFailed(code="x", message="y"))
    assert not stream.emit(Status(stage="answer", message="late"))
    assert [event.type for event in seen] == ["TurnCancelled"]


def test_backend_reports_go_into_the_running_turn() -> None:
    relay, seen = BackendRelay(), []
    relay(Retrying(attempt=1, of=1, delay_ms=0, code="host-died"))
    relay.attach(TurnStream("t2", SystemClock(), seen.append))
    relay(Retrying(attempt=1, of=1, delay_ms=0, code="host-died"))
    assert [(event.type, event.turn_id) for event in seen] == [("Retrying", "t2")]
