"""What psutil tells of this machine, whatever it is."""

from __future__ import annotations

from types import SimpleNamespace

import psutil
import pytest

from app.contracts.devices import Device
from app.contracts.energy import Provenance
from app.power.sensors.everywhere import EverywhereSensors, battery
from tests.helpers.virtual_time import Seconds


def test_the_processor_of_this_machine() -> None:
    sensors = EverywhereSensors()
    first, second = sensors.sample(), sensors.sample()
    assert tuple(reading.device for reading in second.readings) == tuple(Device)
    assert "two looks" in first.of(Device.CPU).busy.reason
    cpu = second.of(Device.CPU)
    assert cpu.busy.value is not None
    assert 0 <= cpu.busy.value <= 1
    assert cpu.memory_bytes.value is not None
    assert 0 < cpu.memory_bytes.value < psutil.virtual_memory().total
    assert cpu.watts.reason
    assert second.counters.busy_s[Device.CPU] >= first.counters.busy_s[Device.CPU] >= 0
    sensors.close()


def test_every_figure_is_there_or_says_why() -> None:
    for reading in EverywhereSensors().sample().readings:
        figures = (reading.watts, reading.temperature_c, reading.busy, reading.memory_bytes, reading.frequency_mhz)
        for quantity in figures:
            assert (quantity.value is None) == (quantity.provenance is Provenance.UNAVAILABLE)
            assert quantity.source if quantity.value is not None else quantity.reason.endswith(".")
        assert reading.present is (reading.device is Device.CPU)


def test_work_is_the_whole_processors(monkeypatch: pytest.MonkeyPatch) -> None:
    times = {"user": 10.0, "system": 2.0, "idle": 88.0, "iowait": 5.0, "guest": 1.0}
    clock = Seconds()
    kind = type(psutil.cpu_times())
    monkeypatch.setattr(psutil, "cpu_count", lambda: 4)
    monkeypatch.setattr(psutil, "cpu_times", lambda: kind(**dict.fromkeys(kind._fields, 0.0) | times))
    sensors = EverywhereSensors(clock)
    sensors.sample()
    clock.now += 2.0
    times |= {"user": 14.0, "idle": 91.0, "iowait": 6.0}
    look = sensors.sample()
    assert look.counters.busy_s[Device.CPU] == pytest.approx(1.0)
    assert look.of(Device.CPU).busy.value == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("found", "percent", "on_mains", "left_s"),
    [
        (SimpleNamespace(percent=81, secsleft=5400, power_plugged=False), 81.0, False, 5400.0),
        (SimpleNamespace(percent=81, secsleft=psutil.POWER_TIME_UNLIMITED, power_plugged=True), 81.0, True, None),
        (SimpleNamespace(percent=9.5, secsleft=psutil.POWER_TIME_UNKNOWN, power_plugged=None), 9.5, None, None),
    ],
)
def test_the_battery(
    monkeypatch: pytest.MonkeyPatch, found: object, percent: float, on_mains: bool | None, left_s: float | None
) -> None:
    monkeypatch.setattr(psutil, "sensors_battery", lambda: found)
    told = battery()
    assert told is not None
    assert (told.percent, told.on_mains, told.left_s) == (percent, on_mains, left_s)
    assert told.watts.value is None
    assert told.watts.reason


def test_a_machine_without_a_battery_and_a_system_that_cannot_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(psutil, "sensors_battery", lambda: None)
    assert battery() is None
    monkeypatch.delattr(psutil, "sensors_battery")
    assert battery() is None


def test_the_hottest_sensor_of_the_processor_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    heat = {
        "nvme": [SimpleNamespace(current=70.0)],
        "coretemp": [SimpleNamespace(current=51.0), SimpleNamespace(current=64.0)],
    }
    monkeypatch.setattr(psutil, "sensors_temperatures", lambda: heat, raising=False)
    told = EverywhereSensors().sample().of(Device.CPU).temperature_c
    assert (told.value, told.source) == (64.0, "psutil.sensors_temperatures()['coretemp']")
    heat.clear()
    assert EverywhereSensors().sample().of(Device.CPU).temperature_c.reason
    monkeypatch.delattr(psutil, "sensors_temperatures")
    assert "to itself" in EverywhereSensors().sample().of(Device.CPU).temperature_c.reason
