from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtTest import QAbstractItemModelTester

from app.contracts.devices import Device
from app.contracts.energy import DeviceReading, measured, unavailable
from tests.helpers.power_readings import CHMOD, hot_card, laptop, missing, plain_vm, reading
from ui.viewmodels.power_lanes import PowerFigure, PowerLane, PowerLanes


@pytest.fixture
def lanes(qt_messages: list[str]) -> PowerLanes:
    made = PowerLanes()
    QAbstractItemModelTester(made, QAbstractItemModelTester.FailureReportingMode.Warning, made)
    return made


@pytest.fixture
def gpu(qt_messages: list[str]) -> PowerLane:
    return PowerLane(Device.GPU)


CARD = reading(Device.GPU, "RTX", 61.0, 80.0, 0.97, 6.3e9)


def words(lane: PowerLane) -> list[str]:
    return [figure(lane, name).words for name in ("power", "temperature", "busy", "memory")]


def figure(lane: PowerLane, name: str) -> PowerFigure:
    found = getattr(lane, name)
    assert isinstance(found, PowerFigure)
    return found


def state(lane: PowerLane) -> tuple[object, object]:
    return lane.property("state"), lane.property("note")


def test_only_devices_of_this_machine_have_a_lane(lanes: PowerLanes) -> None:
    for event, expected in (
        (plain_vm(), [Device.CPU]),
        (laptop(), [Device.NPU, Device.IGPU, Device.CPU]),
        (hot_card(), [Device.IGPU, Device.GPU, Device.CPU, Device.REMOTE]),
    ):
        lanes.read(event.readings)
        assert [lane.device for lane in lanes.shown] == expected
        assert lanes.rowCount() == lanes.property("count") == len(expected)
    assert [lane.property("title") for lane in lanes.shown] == ["iGPU", "GPU", "CPU", "Server"]
    role = next(iter(lanes.roleNames()))
    assert lanes.data(lanes.index(1), role) is lanes.lane(Device.GPU)


def test_a_device_that_something_ran_on_keeps_its_lane(lanes: PowerLanes) -> None:
    lanes.read(plain_vm().readings)
    lanes.runs(Device.REMOTE, "Answer · lan-remote", "")
    lanes.runs(Device.REMOTE, "", "")
    lanes.read(plain_vm().readings)
    assert [lane.device for lane in lanes.shown] == [Device.CPU, Device.REMOTE]
    assert lanes.lane(Device.REMOTE).property("hint") == "No server is set up."


def test_before_the_first_reading(lanes: PowerLanes) -> None:
    lanes.runs(Device.CPU, "Answer · llama-cpu", "")
    (lane,) = lanes.shown
    assert words(lane) == ["—"] * 4
    assert figure(lane, "power").property("origin") == "Unavailable. It has not been read yet."


def test_measured_estimated_and_unavailable_figures(lanes: PowerLanes) -> None:
    lanes.read(plain_vm().readings)
    cpu = lanes.lane(Device.CPU)
    assert words(cpu) == ["≈ 6.0 W", "—", "10 %", "310 MB"]
    power, heat = figure(cpu, "power"), figure(cpu, "temperature")
    assert (power.property("estimate"), heat.property("available")) == (True, False)
    assert power.said == "Power: 6.0 W, estimate"
    assert heat.said == "Temperature: unavailable"
    assert heat.property("origin") == "Unavailable. This machine has no temperature sensor."
    assert cpu.property("hint") == "This machine has no temperature sensor."


def test_a_missing_permission_comes_with_its_command(lanes: PowerLanes) -> None:
    lanes.read(laptop().readings)
    cpu = lanes.lane(Device.CPU)
    assert figure(cpu, "power").property("remedy") == CHMOD
    assert cpu.property("hint") == "Power can be measured: open to see how"
    assert figure(lanes.lane(Device.NPU), "power").property("remedy") == ""


def test_steady_readings_tell_nothing(lanes: PowerLanes) -> None:
    lanes.read(laptop().readings)
    told: list[object] = []
    lanes.dataChanged.connect(told.append)
    lanes.modelReset.connect(lambda: told.append("reset"))
    for lane in lanes.shown:
        for signal in (lane.nameChanged, lane.runningChanged, lane.stateChanged, lane.hintChanged):
            signal.connect(lambda: told.append("lane"))
        for name in ("power", "temperature", "busy", "memory"):
            figure(lane, name).changed.connect(lambda: told.append("figure"))
    for _ in range(5):
        lanes.read(laptop().readings)
    npu = laptop().readings[0]
    nudged = replace(npu, watts=measured((npu.watts.value or 0.0) + 0.01, npu.watts.source))
    lanes.read((nudged, *laptop().readings[1:]))
    assert told == []
    lanes.read((replace(npu, watts=measured(2.5, npu.watts.source)), *laptop().readings[1:]))
    assert told == ["figure"]


def test_states_by_what_matters_most(gpu: PowerLane) -> None:
    gpu.read(CARD)
    assert state(gpu) == ("", "")
    gpu.read(replace(CARD, throttled=True, slows_at_c=87.0))
    assert state(gpu) == ("Throttled", "It slows itself down at 87 °C because of heat or power.")
    gpu.rests("It is at 84 °C.")
    assert state(gpu) == ("Resting", "It is at 84 °C.")
    gpu.rests("")
    gpu.read(CARD)
    gpu.overridden(True)
    assert state(gpu)[0] == "Used anyway"
    gpu.overridden(False)
    assert (state(gpu), gpu.property("override")) == (("Resting", "You let it rest."), "rest")
    gpu.overridden(None)
    assert (state(gpu), gpu.property("override")) == (("", ""), "")


def test_a_sleeping_device_says_so_and_not_why_each_figure_is_missing(gpu: PowerLane) -> None:
    gpu.read(replace(missing(Device.GPU, "It is suspended."), present=True, asleep=True))
    assert state(gpu)[0] == "Asleep"
    assert words(gpu) == ["—"] * 4
    assert gpu.property("hint") == ""


def test_what_works_there_is_shown_before_what_is_loaded(gpu: PowerLane) -> None:
    gpu.runs("", "Loaded: llama-gpu")
    assert (gpu.property("running"), gpu.property("working")) == ("Loaded: llama-gpu", False)
    gpu.runs("Answer · llama-gpu", "Loaded: llama-gpu")
    assert (gpu.property("running"), gpu.property("working")) == ("Answer · llama-gpu", True)


def test_a_device_without_a_name_is_called_by_its_kind(gpu: PowerLane) -> None:
    gpu.read(DeviceReading(Device.GPU, watts=unavailable("?")))
    assert gpu.property("name") == "Graphics card"
