from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtTest import QAbstractItemModelTester

from app.contracts.devices import Device
from app.contracts.energy import Energy, Provenance
from app.contracts.events import (
    DeviceUsed,
    Retrying,
    StageFailed,
    StageFinished,
    StageStarted,
    TextDelta,
    TurnEvent,
    TurnFailed,
    TurnFinished,
    TurnStarted,
)
from app.contracts.metrics import TurnMetrics
from tests.helpers.turns import HOT, SMALL, metrics_of, stamped, troubled_turn
from tests.helpers.virtual_time import Seconds
from ui.viewmodels.timeline import TimelineModel
from ui.viewmodels.timeline_picture import BarItem, nice_above, ticks


@pytest.fixture
def clock() -> Seconds:
    return Seconds()


@pytest.fixture
def timeline(qt_messages: list[str], clock: Seconds) -> TimelineModel:
    made = TimelineModel(clock)
    for model in (made.lanes_model, made.bars_model, made.marks_model, made.ticks_model, made.lines_model):
        QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Warning, model)
    return made


def play(timeline: TimelineModel, *events: tuple[float, TurnEvent]) -> None:
    for event in stamped(events):
        timeline.show(event)


def bars(timeline: TimelineModel) -> list[BarItem]:
    return list(timeline.bars_model.items)


def words(timeline: TimelineModel) -> list[str]:
    return [line.words for line in timeline.lines_model.items]


def test_lanes_are_the_devices_that_worked(timeline: TimelineModel) -> None:
    for event in troubled_turn():
        timeline.show(event)
    assert [lane.label for lane in timeline.lanes_model.items] == ["NPU", "iGPU", "GPU", "CPU", "Sotto"]
    assert [(bar.label, bar.row) for bar in bars(timeline)] == [
        ("Listen", 3),
        ("Transcribe", 0),
        ("Answer", 0),
        ("Answer", 2),
        ("Speak", 3),
        ("Heard", 4),
        ("Answer", 1),
        ("Heard", 4),
    ]
    assert timeline.property("rows") == 5
    assert timeline.property("span") == 6455.0
    assert timeline.property("running") is False


def test_bars_that_overlap_on_one_device_have_a_row_each(timeline: TimelineModel) -> None:
    play(
        timeline,
        (0.0, TurnStarted(source="text")),
        (10.0, StageStarted(stage="answer", backend="llama-cpu")),
        (20.0, StageStarted(stage="speak", backend="espeak-cpu")),
        (30.0, StageFinished(metrics=metrics_of("answer", "llama-cpu", Device.CPU, 20.0, 1.0))),
        (40.0, StageStarted(stage="check", backend="llama-cpu")),
    )
    assert [(lane.label, lane.row, lane.rows) for lane in timeline.lanes_model.items] == [("CPU", 0, 2)]
    assert [(bar.label, bar.row) for bar in bars(timeline)] == [("Answer", 0), ("Speak", 1), ("Check", 0)]


def test_the_words_of_a_bar_know_the_room_beside_it(timeline: TimelineModel) -> None:
    for event in troubled_turn():
        timeline.show(event)
    first, second = (bar for bar in bars(timeline) if bar.row == 0)
    assert (first.since, first.until) == (0.0, second.start)
    assert (second.since, second.until) == (second.start, timeline.property("span"))


def test_marks_join_the_two_rows_and_say_why(timeline: TimelineModel) -> None:
    for event in troubled_turn():
        timeline.show(event)
    up, over = timeline.marks_model.items
    assert (up.symbol, up.above, up.below) == ("↑", 0, 2)
    assert (over.symbol, over.above, over.below) == ("→", 1, 2)
    assert over.detail == f"At 3.9 s failed over from llama-gpu:qwen2.5-7b to openvino-igpu: {HOT.rstrip('.')}"


def test_everything_is_said_in_words_in_the_order_of_time(timeline: TimelineModel) -> None:
    for event in troubled_turn():
        timeline.show(event)
    assert words(timeline)[:3] == [
        "Listen 1.9 s on the CPU, ≈ 310 mJ",
        "Transcribe 180 ms on the NPU, ≈ 420 mJ",
        "Answer 550 ms on the NPU, ≈ 2.1 J, given up",
    ]
    assert words(timeline)[-1] == "Answer 1.1 s on the iGPU, ≈ 12 J"
    assert "Heard from 3.2 s to 6.4 s" in words(timeline)
    assert timeline.property("summary") == "Turn of 6.5 s · ≈ 44 J; " + "; ".join(words(timeline))
    assert timeline.property("detail").splitlines()[0] == "≈ 44 J estimated for the stages of this turn, above idle."


def test_joules_that_are_known_as_a_sum_say_so(timeline: TimelineModel) -> None:
    for event in troubled_turn():
        timeline.show(replace(event, metadata=None) if isinstance(event, StageFinished) else event)
    assert words(timeline)[-1] == "Answer 1.1 s on the iGPU, ≈ 42 J in all"
    assert bars(timeline)[-2].detail.endswith("≈ 42 J estimated in all")


def test_what_is_measured_has_no_sign_of_an_estimate(timeline: TimelineModel) -> None:
    energy = Energy(3.1, Provenance.MEASURED)
    stage = metrics_of("answer", "llama-cpu", Device.CPU, 900.0, 0.0, energy=energy, first_output_ms=80.0, tokens=7)
    play(
        timeline,
        (0.0, TurnStarted(source="text")),
        (950.0, StageFinished(metrics=stage)),
        (960.0, TurnFinished(metrics=TurnMetrics(stages=(stage,), energy=energy))),
    )
    assert bars(timeline)[0].figures == "900 ms · 3.1 J"
    assert bars(timeline)[0].detail == (
        "Answer: 900 ms · from 50 ms on · llama-cpu on the CPU · first output after 80 ms · 7 tokens · 3.1 J measured"
    )
    assert timeline.property("caption") == "960 ms · 3.1 J"


def test_joules_nobody_knows_are_not_shown(timeline: TimelineModel) -> None:
    nobody = Energy(0.0, Provenance.UNAVAILABLE)
    stage = metrics_of("answer", "lan-remote", Device.REMOTE, 900.0, 0.0, energy=nobody)
    play(timeline, (0.0, TurnStarted(source="text")), (950.0, StageFinished(metrics=stage)))
    assert bars(timeline)[0].figures == "900 ms"
    assert "on a server · joules unavailable" in bars(timeline)[0].detail
    assert words(timeline) == ["Answer 900 ms on a server"]
    assert [lane.label for lane in timeline.lanes_model.items] == ["Server"]


def test_a_bar_without_a_device_waits_until_one_is_known(timeline: TimelineModel) -> None:
    play(timeline, (0.0, TurnStarted(source="text")), (5.0, StageStarted(stage="answer", backend="elsewhere")))
    assert [lane.label for lane in timeline.lanes_model.items] == ["Starting"]
    used = DeviceUsed(stage="answer", backend="elsewhere", asked=Device.GPU, ran=Device.GPU)
    timeline.show(stamped(((9.0, used),))[0])
    assert [lane.label for lane in timeline.lanes_model.items] == ["GPU"]


def test_what_runs_grows_when_somebody_asks_and_never_by_itself(timeline: TimelineModel, clock: Seconds) -> None:
    play(timeline, (0.0, TurnStarted(source="text")), (200.0, StageStarted(stage="answer", backend="llama-cpu")))
    clock.now += 3.0
    assert bars(timeline)[0].end == 200.0
    timeline.tick()
    assert bars(timeline)[0].end == pytest.approx(3200.0)
    assert bars(timeline)[0].figures == "…"
    assert timeline.property("span") == 5000.0
    play(timeline, (3300.0, TurnFailed(code="c", message="It broke.")))
    assert timeline.property("running") is False
    before = bars(timeline)
    clock.now += 3.0
    timeline.tick()
    assert bars(timeline) == before
    assert before[0].end == timeline.property("span") == 3300.0


def test_tokens_tell_the_view_nothing(timeline: TimelineModel) -> None:
    play(timeline, (0.0, TurnStarted(source="text")), (200.0, StageStarted(stage="answer", backend="llama-cpu")))
    told: list[str] = []
    for name in ("spanChanged", "rowsChanged", "runningChanged", "wordsChanged", "roomChanged"):
        getattr(timeline, name).connect(lambda name=name: told.append(name))
    timeline.bars_model.dataChanged.connect(lambda *_: told.append("bars"))
    play(timeline, (900.0, TextDelta(text="So", confidence=None, tier=SMALL.tier)))
    assert told == []
    play(timeline, (900.0, Retrying(attempt=2, of=2, delay_ms=0.0, code="host-died")))
    assert "bars" in told


def test_an_older_turn_and_a_run_outside_turns_are_left(timeline: TimelineModel) -> None:
    for event in troubled_turn("old")[:6]:
        timeline.show(event)
    for event in troubled_turn("new")[:3]:
        timeline.show(event)
    for event in [*troubled_turn("old")[6:], *troubled_turn("")[:6]]:
        if not isinstance(event, TurnStarted):
            timeline.show(event)
    assert [bar.label for bar in bars(timeline)] == ["Listen"]
    assert timeline.property("running") is True


def test_a_turn_that_fails_says_so(timeline: TimelineModel) -> None:
    play(
        timeline,
        (0.0, TurnStarted(source="text")),
        (0.0, StageStarted(stage="answer", backend="llama-cpu")),
        (1200.0, StageFailed(stage="answer", code="host-died", message="It died.")),
        (1200.0, TurnFailed(code="host-died", message="It died.")),
    )
    assert timeline.property("caption") == "failed after 1.2 s"
    assert timeline.property("summary") == "Turn failed after 1.2 s; Answer 1.2 s on the CPU, failed"
    assert [(bar.pale, bar.figures, bar.detail.partition(" · ")[0]) for bar in bars(timeline)] == [
        (True, "1.2 s · failed", "Answer: 1.2 s failed")
    ]


def test_before_the_first_turn_it_is_empty(timeline: TimelineModel) -> None:
    assert timeline.property("empty") is True
    assert timeline.property("summary") == ""
    timeline.tick()
    assert timeline.property("empty") is True


def test_a_view_says_how_many_ticks_it_has_room_for(timeline: TimelineModel) -> None:
    for event in troubled_turn():
        timeline.show(event)
    timeline.setProperty("room", 3)
    assert [tick.label for tick in timeline.ticks_model.items] == ["0", "5 s"]
    timeline.setProperty("room", 8)
    assert [tick.label for tick in timeline.ticks_model.items] == ["0", "1 s", "2 s", "3 s", "4 s", "5 s", "6 s"]
    timeline.setProperty("room", 0)
    assert timeline.property("room") == 8


@pytest.mark.parametrize(
    ("span_ms", "room", "labels"),
    [
        (800.0, 4, ["0", "200 ms", "400 ms", "600 ms", "800 ms"]),
        (1200.0, 6, ["0", "0.2 s", "0.4 s", "0.6 s", "0.8 s", "1.0 s", "1.2 s"]),
        (3000.0, 6, ["0", "0.5 s", "1.0 s", "1.5 s", "2.0 s", "2.5 s", "3.0 s"]),
        (65_000.0, 5, ["0", "20 s", "40 s", "60 s"]),
        (1.0, 6, ["0", "1 ms"]),
    ],
)
def test_ticks_stand_at_round_times(span_ms: float, room: int, labels: list[str]) -> None:
    assert [tick.label for tick in ticks(span_ms, room)] == labels


@pytest.mark.parametrize(
    ("value", "nice"), [(0.2, 1.0), (1.0, 1.0), (1.1, 2.0), (5.0, 5.0), (5.1, 10.0), (480.0, 500.0), (2000.1, 5000.0)]
)
def test_round_numbers(value: float, nice: float) -> None:
    assert nice_above(value) == nice
