"""The tree that tests drive says what it was told, to the joule, wherever its counters start again."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.contracts.devices import Device
from tests.helpers.power_trees import CARD, LivingTree, Work

PARTS = {"package-0": 20.0, "uncore": 3.0, "npu": 2.0, "gpu": 30.0}
BUSY = {Device.CPU: 0.5, Device.NPU: 0.4, Device.IGPU: 0.3, Device.GPU: 0.9}


def test_every_joule_is_found_again(tmp_path: Path) -> None:
    tree = LivingTree(tmp_path, range_j=50.0, start_j=49.0)
    sensors = tree.sensors()
    sensors.sample()
    for second in range(60):
        tree.advance(0.7, watts=PARTS, busy=BUSY)
        sensors.counters()
        tree.advance(0.3)
        sample = sensors.sample()
        if second > 1:
            watts = [sample.of(device).watts.value for device in Device if device is not Device.REMOTE]
            assert watts == pytest.approx([2.0, 3.0, 30.0, 15.0], abs=0.01)
    joules = {meter.name: meter.joules for meter in sample.counters.meters}
    assert joules == pytest.approx(
        {"package-0": 900.0, "uncore": 180.0, "npu": 120.0, f"nvml:{CARD}": 1800.0}, rel=1e-4
    )
    assert sum(joules.values()) == pytest.approx(tree.spent_j["package-0"] + tree.spent_j["gpu"], rel=1e-4)
    worked = dict(sample.counters.busy_s)
    assert worked.pop(Device.GPU) == pytest.approx(54.0, rel=0.02), "the card tells its load, which is added up"
    assert worked == pytest.approx({Device.CPU: 30.0, Device.NPU: 24.0, Device.IGPU: 18.0}, abs=0.02)


def test_a_clock_drives_it(tmp_path: Path) -> None:
    now = 500.0
    tree = LivingTree(tmp_path, lambda: now)
    sensors = tree.sensors()
    sensors.sample()
    tree.level(watts=PARTS)
    now += 2.0
    assert sensors.sample().of(Device.CPU).watts.value == pytest.approx(15.0)
    tree.level(watts={"package-0": 10.0})
    now += 2.0
    assert sensors.sample().of(Device.CPU).watts.value == pytest.approx(5.0)
    assert tree.spent_j["package-0"] == pytest.approx(60.0)


def test_what_hosts_work(tmp_path: Path) -> None:
    tree = LivingTree(tmp_path)
    hosts = tree.hosts({"a": 71, "b": 72}.__getitem__)
    tree.advance(1.0, work={71: Work(0.25, 0.5), 72: Work(0.5)})
    first = hosts.work("a"), hosts.work("b")
    tree.advance(2.0)
    second = hosts.work("a"), hosts.work("b")
    assert first[0] is not None
    assert second[0] is not None
    assert first[1] is not None
    assert second[1] is not None
    assert second[0].cpu_s - first[0].cpu_s == pytest.approx(0.5)
    assert second[1].cpu_s - first[1].cpu_s == pytest.approx(1.0)
    assert second[0].graphics_s == pytest.approx(1.0)


def test_heat(tmp_path: Path) -> None:
    tree = LivingTree(tmp_path)
    sensors = tree.sensors()
    tree.advance(1.0, temperature_c=96.0)
    sensors.sample()
    tree.throttle()
    tree.advance(1.0)
    reading = sensors.sample().of(Device.CPU)
    assert (reading.temperature_c.value, reading.slows_at_c, reading.throttled) == (96.0, 100.0, True)


def test_without_telemetry_the_package_has_the_npu(tmp_path: Path) -> None:
    tree = LivingTree(tmp_path, npu_meter=False)
    sensors = tree.sensors()
    sensors.counters()
    tree.advance(1.0, watts=PARTS)
    meters = {meter.name: (meter.devices, round(meter.joules, 3)) for meter in sensors.counters().meters}
    assert meters["package-0"] == ({Device.CPU, Device.NPU}, 17.0)
