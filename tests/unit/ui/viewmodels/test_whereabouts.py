from __future__ import annotations

import pytest

from app.contracts.devices import Device, Tier
from app.contracts.events import (
    DeviceUsed,
    Escalated,
    FailedOver,
    HostChanged,
    Listening,
    RunFinished,
    StageCancelled,
    StageFinished,
    StageStarted,
    TurnCancelled,
)
from app.contracts.metrics import StageMetrics
from ui.viewmodels.whereabouts import Whereabouts

Turn = {"turn_id": "t"}


@pytest.fixture
def where() -> Whereabouts:
    return Whereabouts()


def start(where: Whereabouts, stage: str = "answer", backend: str = "llama-cpu") -> None:
    assert where.take(StageStarted(**Turn, stage=stage, backend=backend))


def test_a_stage_is_on_its_device_while_it_works(where: Whereabouts) -> None:
    start(where)
    assert where.running(Device.CPU) == "Answer · llama-cpu"
    metrics = StageMetrics(stage="answer", backend="llama-cpu", device=Device.CPU, elapsed_ms=1.0)
    where.take(StageFinished(**Turn, metrics=metrics))
    assert where.running(Device.CPU) == ""


def test_where_it_really_runs_is_believed(where: Whereabouts) -> None:
    start(where, backend="openvino-npu")
    where.take(DeviceUsed(**Turn, stage="answer", backend="openvino-npu", asked=Device.NPU, ran=Device.CPU))
    assert (where.running(Device.NPU), where.running(Device.CPU)) == ("", "Answer · openvino-npu")
    where.take(HostChanged(backend="openvino-npu", state="warm"))
    assert where.loaded(Device.CPU) == "Loaded: openvino-npu"


def test_failover_and_escalation_move_it(where: Whereabouts) -> None:
    start(where, backend="ollama-nvidia")
    where.take(FailedOver(**Turn, from_backend="ollama-nvidia", to_backend="llama-igpu", reason="hot", at_token=40))
    assert (where.running(Device.GPU), where.running(Device.IGPU)) == ("", "Answer · llama-igpu")
    low, high = Tier("llama-igpu", "small"), Tier("lan-remote", "big")
    where.take(Escalated(**Turn, from_tier=low, to_tier=high, reason="unsure", confidence=0.3))
    assert where.running(Device.REMOTE) == "Answer · lan-remote"


def test_two_stages_at_once(where: Whereabouts) -> None:
    start(where)
    start(where, "speak", "espeak-cpu")
    assert where.running(Device.CPU) == "Answer · llama-cpu, Speak · espeak-cpu"
    where.take(StageCancelled(**Turn, stage="answer"))
    assert where.running(Device.CPU) == "Speak · espeak-cpu"


def test_the_end_of_a_turn_or_a_run_ends_its_stages(where: Whereabouts) -> None:
    start(where)
    where.take(StageStarted(run_id="r", stage="draft", backend="llama-cpu"))
    where.take(TurnCancelled(**Turn, after_ms=3.0))
    assert where.running(Device.CPU) == "Draft · llama-cpu"
    where.take(RunFinished(run_id="r", pipeline_id="p"))
    assert where.running(Device.CPU) == ""


def test_hosts_come_and_go(where: Whereabouts) -> None:
    where.take(HostChanged(backend="llama-cpu", state="starting"))
    assert where.loaded(Device.CPU) == "Loading llama-cpu…"
    where.take(HostChanged(backend="llama-cpu", state="warm"))
    where.take(HostChanged(backend="moonshine-cpu", state="warm"))
    assert where.loaded(Device.CPU) == "Loaded: llama-cpu, moonshine-cpu"
    where.take(HostChanged(backend="llama-cpu", state="died"))
    assert where.loaded(Device.CPU) == "Loaded: moonshine-cpu"


def test_work_of_our_own_and_other_events_are_left(where: Whereabouts) -> None:
    assert not where.take(StageStarted(**Turn, stage="listen", backend=""))
    assert not where.take(Listening(**Turn, level=-30.0))


def test_runs_outside_turns_do_not_end_each_other(where: Whereabouts) -> None:
    for run in ("one", "two"):
        where.take(StageStarted(run_id=run, stage="answer", backend="llama-cpu"))
    metrics = StageMetrics(stage="answer", backend="llama-cpu", device=Device.CPU, elapsed_ms=1.0)
    where.take(StageFinished(run_id="one", metrics=metrics))
    assert where.running(Device.CPU) == "Answer · llama-cpu"
    where.take(StageFinished(run_id="two", metrics=metrics))
    assert where.running(Device.CPU) == ""
