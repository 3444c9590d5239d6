from __future__ import annotations

from app.contracts.devices import Device, Tier
from app.contracts.energy import Energy, Provenance
from app.contracts.events import (
    DeviceUsed,
    Escalated,
    FailedOver,
    Retrying,
    SpeechStarted,
    StageCancelled,
    StageFailed,
    StageFinished,
    StageStarted,
    TextDelta,
    TurnCancelled,
    TurnEvent,
    TurnFailed,
    TurnFinished,
)
from app.contracts.metrics import Attempt, StageMetadata, TurnMetrics
from tests.helpers.turns import SMALL, metrics_of, stamped, troubled_turn
from ui.viewmodels.turn_record import SPEECH, TurnRecord


def recorded(*events: tuple[float, TurnEvent]) -> TurnRecord:
    turn = TurnRecord("turn")
    for event in stamped(events):
        turn.take(event)
    return turn


def drawn(turn: TurnRecord) -> list[tuple[str, str, Device | None, float, float | None]]:
    return [(bar.stage, bar.backend, bar.device, bar.start_ms, bar.end_ms) for bar in turn.bars]


def used(stage: str, backend: str, ran: Device, run_id: str = "") -> DeviceUsed:
    return DeviceUsed(stage=stage, backend=backend, asked=ran, ran=ran, run_id=run_id)


def test_a_turn_that_escalates_and_fails_over() -> None:
    turn = TurnRecord("turn")
    for event in troubled_turn():
        turn.take(event)
    assert [line for line in drawn(turn) if line[0] == "answer"] == [
        ("answer", "openvino-npu", Device.NPU, 2090.0, 2640.0),
        ("answer", "llama-gpu:qwen2.5-7b", Device.GPU, 2640.0, 3900.0),
        ("answer", "openvino-igpu", Device.IGPU, 3900.0, 5050.0),
    ]
    assert [bar.given_up for bar in turn.bars if bar.stage == "answer"] == [True, False, False]
    assert [(mark.kind, mark.at_ms) for mark in turn.marks] == [("escalated", 2640.0), ("failed over", 3900.0)]
    assert [bar.end_ms for bar in turn.bars if bar.stage == SPEECH] == [5110.0, 6440.0]
    assert turn.over
    assert turn.now_ms == 6460.0


def test_a_stage_that_is_announced_late_begins_when_its_metrics_say() -> None:
    turn = recorded(
        (900.0, StageStarted(stage="speak", backend="espeak-cpu")),
        (1000.0, StageFinished(metrics=metrics_of("speak", "espeak-cpu", Device.CPU, 400.0, 1.0))),
    )
    assert drawn(turn) == [("speak", "espeak-cpu", Device.CPU, 600.0, 1000.0)]


def test_a_device_that_is_reported_before_its_stage_begins_the_bar() -> None:
    turn = recorded(
        (500.0, used("speak", "piper-cpu", Device.CPU)),
        (700.0, used("speak", "piper-cpu", Device.CPU)),
        (900.0, StageStarted(stage="speak", backend="piper-cpu")),
    )
    assert drawn(turn) == [("speak", "piper-cpu", Device.CPU, 500.0, None)]


def test_the_device_that_ran_counts_and_not_the_one_in_the_name() -> None:
    turn = recorded(
        (0.0, StageStarted(stage="answer", backend="openvino-npu")),
        (10.0, used("answer", "openvino-npu", Device.CPU)),
        (50.0, StageFinished(metrics=metrics_of("answer", "openvino-npu", Device.NPU, 50.0, 1.0))),
    )
    assert drawn(turn) == [("answer", "openvino-npu", Device.CPU, 0.0, 50.0)]


def test_experts_beside_each_other_have_a_bar_each() -> None:
    turn = recorded(
        (0.0, StageStarted(stage="answer", backend="llama-cpu")),
        (10.0, used("answer", "llama-cpu", Device.CPU)),
        (20.0, used("answer", "openvino-igpu", Device.IGPU)),
        (90.0, Escalated(from_tier=SMALL.tier, to_tier=Tier("llama-gpu", "m"), reason="They differ.", confidence=0.2)),
        (100.0, used("answer", "llama-gpu", Device.GPU)),
    )
    assert [backend for _, backend, _, _, _ in drawn(turn)] == ["llama-cpu", "openvino-igpu", "llama-gpu"]
    assert turn.marks[0].earlier is None
    turn = recorded(
        (0.0, StageStarted(stage="answer", backend="llama-cpu")),
        (10.0, used("answer", "llama-cpu", Device.CPU)),
        (20.0, used("answer", "openvino-igpu", Device.IGPU)),
        (90.0, Escalated(from_tier=Tier("llama-cpu", "a"), to_tier=SMALL.tier, reason="They differ.", confidence=0.2)),
    )
    assert [end for _, _, _, _, end in drawn(turn)] == [90.0, 90.0, None]


def test_an_answer_begins_behind_the_stages_before_it() -> None:
    turn = recorded(
        (0.0, StageStarted(stage="answer", backend="llama-cpu")),
        (5.0, StageStarted(stage="draft", backend="llama-cpu", run_id="r")),
        (6.0, used("draft", "llama-cpu", Device.CPU, "r")),
        (300.0, StageFinished(metrics=metrics_of("draft", "llama-cpu", Device.CPU, 295.0, 1.0), run_id="r")),
        (350.0, used("answer", "llama-gpu", Device.GPU, "r")),
        (900.0, StageFinished(metrics=metrics_of("answer", "llama-gpu", Device.GPU, 900.0, 9.0))),
    )
    assert drawn(turn) == [
        ("answer", "llama-gpu", Device.GPU, 300.0, 900.0),
        ("draft", "llama-cpu", Device.CPU, 5.0, 300.0),
    ]


def test_joules_stand_at_each_part_where_the_attempts_tell_and_else_at_the_last() -> None:
    moved = (
        (0.0, StageStarted(stage="answer", backend="openvino-npu")),
        (10.0, used("answer", "openvino-npu", Device.NPU)),
        (50.0, FailedOver(from_backend="openvino-npu", to_backend="llama-cpu", reason="hot", at_token=4)),
        (60.0, used("answer", "llama-cpu", Device.CPU)),
    )
    metrics = metrics_of("answer", "llama-cpu", Device.CPU, 200.0, 5.0)
    turn = recorded(*moved, (200.0, StageFinished(metrics=metrics)))
    assert [(bar.energy, bar.parts) for bar in turn.bars] == [(None, 1), (metrics.energy, 2)]
    parts = [Energy(1.0, Provenance.MEASURED), Energy(4.0, Provenance.ESTIMATE)]
    attempts = tuple(
        Attempt(backend=bar.backend, model="", decision="", reason="", elapsed_ms=50.0, energy=energy)
        for bar, energy in zip(turn.bars, parts, strict=True)
    )
    turn = recorded(*moved, (200.0, StageFinished(metrics=metrics, metadata=StageMetadata(attempts=attempts))))
    assert [(bar.energy, bar.parts) for bar in turn.bars] == [(parts[0], 1), (parts[1], 1)]


def test_joules_that_are_known_only_at_the_end_of_the_turn_are_shown_then() -> None:
    turn = recorded((9.0, StageStarted(stage="answer", backend="llama-cpu")), (20.0, StageCancelled(stage="answer")))
    assert turn.bars[0].energy is None
    stage = metrics_of("answer", "llama-cpu", Device.CPU, 11.0, 2.0)
    turn.take(TurnFinished(metrics=TurnMetrics(stages=(stage,)), turn_id="turn", t_ms=30.0))
    assert turn.bars[0].energy == stage.energy


def test_a_turn_that_is_stopped_ends_everything() -> None:
    turn = recorded(
        (0.0, StageStarted(stage="answer", backend="llama-cpu")),
        (10.0, SpeechStarted(utterance=0, text="So.")),
        (40.0, TurnCancelled(after_ms=40.0)),
    )
    assert [(bar.end_ms, bar.outcome) for bar in turn.bars] == [(40.0, "stopped"), (40.0, "stopped")]
    assert (turn.over, turn.outcome) == (True, "stopped")
    assert turn.metrics is None


def test_a_stage_that_fails_says_so_and_one_that_went_well_does_not() -> None:
    turn = recorded(
        (0.0, StageStarted(stage="transcribe", backend="moonshine-cpu")),
        (9.0, StageFinished(metrics=metrics_of("transcribe", "moonshine-cpu", Device.CPU, 9.0, 0.5))),
        (10.0, StageStarted(stage="answer", backend="llama-cpu")),
        (30.0, StageFailed(stage="answer", code="host-died", message="It died.")),
        (31.0, TurnFailed(code="host-died", message="It died.")),
    )
    assert [(bar.end_ms, bar.outcome) for bar in turn.bars] == [(9.0, ""), (30.0, "failed")]
    assert turn.outcome == "failed"


def test_a_retry_is_a_mark_and_a_token_is_nothing() -> None:
    turn = TurnRecord("turn")
    assert turn.take(Retrying(attempt=2, of=3, delay_ms=0.0, code="host-died", t_ms=7.0))
    assert [(mark.kind, mark.reason) for mark in turn.marks] == [("tried again", "host-died, attempt 2 of 3")]
    assert not turn.take(TextDelta(text="So", confidence=None, tier=SMALL.tier, t_ms=9.0))
    assert turn.now_ms == 7.0


def test_a_stage_nobody_announced_is_drawn_from_its_metrics() -> None:
    turn = recorded((500.0, StageFinished(metrics=metrics_of("check", "", Device.CPU, 20.0, 0.0))))
    assert drawn(turn) == [("check", "", Device.CPU, 480.0, 500.0)]
