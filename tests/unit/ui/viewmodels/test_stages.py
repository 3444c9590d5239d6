from __future__ import annotations

import pytest
from PySide6.QtTest import QAbstractItemModelTester

from app.contracts.devices import Device
from app.contracts.metrics import StageMetrics
from ui.viewmodels.stages import StageStripModel, duration


@pytest.fixture
def strip(qt_messages: list[str]) -> StageStripModel:
    made = StageStripModel()
    QAbstractItemModelTester(made, QAbstractItemModelTester.FailureReportingMode.Warning, made)
    return made


def metrics(stage: str, elapsed_ms: float = 100.0, **fields: object) -> StageMetrics:
    return StageMetrics(stage=stage, backend=f"{stage}-cpu", device=Device.CPU, elapsed_ms=elapsed_ms, **fields)


def shown(strip: StageStripModel) -> list[tuple[str, str, str]]:
    return [(item.label, item.time, item.where) for item in strip.items]


@pytest.mark.parametrize(
    ("elapsed_ms", "words"),
    [(0.2, "0 ms"), (130.4, "130 ms"), (999.4, "999 ms"), (999.6, "1.0 s"), (2149.0, "2.1 s"), (61_000.0, "61.0 s")],
)
def test_durations_in_words(elapsed_ms: float, words: str) -> None:
    assert duration(elapsed_ms) == words


def test_stages_stand_in_the_order_of_the_work(strip: StageStripModel) -> None:
    strip.started("speak", "espeak-cpu")
    strip.started("transcribe", "moonshine-cpu")
    strip.started("answer", "llama-cpu")
    strip.finished(metrics("transcribe"))
    assert shown(strip) == [("Transcribe", "100 ms", "CPU"), ("Answer", "…", ""), ("Speak", "…", "")]


def test_the_device_that_really_ran_is_shown(strip: StageStripModel) -> None:
    strip.started("answer", "openvino-npu")
    strip.ran_on("answer", Device.IGPU)
    strip.finished(StageMetrics(stage="answer", backend="openvino-npu", device=Device.NPU, elapsed_ms=5.0))
    assert shown(strip) == [("Answer", "5 ms", "iGPU")]
    strip.settle([StageMetrics(stage="answer", backend="openvino-npu", device=Device.NPU, elapsed_ms=5.0)])
    assert shown(strip) == [("Answer", "5 ms", "iGPU")]


def test_the_end_of_the_turn_has_the_last_word(strip: StageStripModel) -> None:
    strip.started("answer", "llama-cpu")
    strip.started("speak", "espeak-cpu")
    strip.settle([metrics("speak", 1500.0), metrics("answer", 300.0), metrics("listen", 2000.0)])
    assert shown(strip) == [("Listen", "2.0 s", "CPU"), ("Answer", "300 ms", "CPU"), ("Speak", "1.5 s", "CPU")]


def test_what_never_ended_has_no_time(strip: StageStripModel) -> None:
    strip.started("transcribe", "moonshine-cpu")
    strip.finished(metrics("transcribe"))
    strip.started("answer", "llama-cpu")
    strip.drop_unfinished()
    assert [label for label, _, _ in shown(strip)] == ["Transcribe"]
    strip.clear()
    assert strip.items == ()


def test_the_tooltip_has_it_all(strip: StageStripModel) -> None:
    strip.finished(metrics("answer", 1234.0, first_output_ms=80.0, tokens=96))
    assert strip.items[0].detail == "Answer: 1.2 s · answer-cpu on CPU · first output after 80 ms · 96 tokens"


def test_work_of_our_own_has_no_device(strip: StageStripModel) -> None:
    strip.finished(StageMetrics(stage="listen", backend="", device=Device.CPU, elapsed_ms=2000.0))
    assert shown(strip) == [("Listen", "2.0 s", "")]
    assert strip.property("summary") == "Listen 2.0 s"


OWN = ("understand", "pre-plan", "plan", "plan-presentation", "execute", "present")


def own(stage: str, elapsed_ms: float) -> StageMetrics:
    return StageMetrics(stage=stage, backend="", device=Device.CPU, elapsed_ms=elapsed_ms)


def test_our_own_stages_stand_as_one(strip: StageStripModel) -> None:
    strip.finished(metrics("transcribe"))
    strip.started("understand", "")
    assert shown(strip)[1:] == [("Understand", "…", "")]
    strip.finished(own("understand", 4.0))
    strip.started("speak", "espeak-cpu")
    strip.started("plan", "")
    assert shown(strip)[1:] == [("Plan", "…", ""), ("Speak", "…", "")]
    for number, stage in enumerate(OWN):
        strip.finished(own(stage, float(number)))
    assert shown(strip) == [("Transcribe", "100 ms", "CPU"), ("Plan", "15 ms", ""), ("Speak", "…", "")]
    detail = "Plan: 15 ms · Understand 0 ms · Propose 1 ms · Plan 2 ms · Arrange 3 ms · Fill in 4 ms · Show 5 ms"
    assert strip.items[1].detail == detail
    strip.drop_unfinished()
    assert [label for label, _, _ in shown(strip)] == ["Transcribe", "Plan"]


def test_the_end_of_a_staged_turn_is_one_entry_too(strip: StageStripModel) -> None:
    strip.settle([own(stage, 7.0) for stage in OWN] + [metrics("speak"), metrics("listen")])
    assert [label for label, _, _ in shown(strip)] == ["Listen", "Plan", "Speak"]
    assert strip.property("summary") == "Listen 100 ms, Plan 42 ms, Speak 100 ms"
    strip.clear()
    strip.started("understand", "")
    assert shown(strip) == [("Understand", "…", "")]
