from __future__ import annotations

import pytest

from app.contracts.devices import Device
from app.contracts.energy import DeviceReading, Energy, Provenance
from app.contracts.ports import PowerMonitor
from app.power.estimate import DEVICE_MODELS, EstimatedPowerMonitor


def monitor(*looks: tuple[float, float], present: frozenset[Device] = frozenset({Device.CPU})) -> EstimatedPowerMonitor:
    times = iter(looks)
    return EstimatedPowerMonitor(present, lambda: next(times))


def of(device: Device, readings: tuple[DeviceReading, ...]) -> DeviceReading:
    (reading,) = (reading for reading in readings if reading.device is device)
    return reading


@pytest.mark.parametrize("device", list(DEVICE_MODELS))
def test_every_model_says_where_its_figures_come_from(device: Device) -> None:
    model = DEVICE_MODELS[device]
    assert 0.0 <= model.idle_w < model.active_w
    assert model.source


def test_the_processor_is_estimated_from_its_load() -> None:
    model = DEVICE_MODELS[Device.CPU]
    looks = monitor((10.0, 100.0), (10.0, 102.0), (11.0, 104.0), (13.0, 106.0))
    seen = [of(Device.CPU, looks.readings()) for _ in range(3)]
    assert [reading.busy for reading in seen] == [0.0, 0.5, 1.0]
    assert [reading.watts for reading in seen] == [model.idle_w, (model.idle_w + model.active_w) / 2, model.active_w]
    assert {reading.provenance for reading in seen} == {Provenance.ESTIMATE}
    assert {reading.temperature_c for reading in seen} == {None}


def test_clocks_that_stand_still_or_go_back_give_no_figure_or_a_possible_one() -> None:
    looks = monitor((10.0, 100.0), (10.0, 100.0), (9.0, 101.0), (12.0, 102.0))
    still, back, over = (of(Device.CPU, looks.readings()) for _ in range(3))
    assert (still.provenance, still.watts, still.busy) == (Provenance.UNAVAILABLE, None, None)
    assert still.reason
    assert back.busy == 0.0
    assert over.busy == 1.0


def test_what_cannot_be_read_is_unavailable_with_a_reason() -> None:
    readings = monitor((0.0, 0.0), (1.0, 2.0), present=frozenset({Device.CPU, Device.GPU})).readings()
    assert [reading.device for reading in readings] == list(Device)
    for reading in readings:
        if reading.device is not Device.CPU:
            assert reading == DeviceReading(reading.device, Provenance.UNAVAILABLE, reason=reading.reason)
            assert reading.reason.endswith(".")
    assert of(Device.GPU, readings).reason != of(Device.NPU, readings).reason


def test_energy_is_watts_above_idle_times_seconds() -> None:
    looks = monitor((0.0, 0.0))
    assert looks.energy(Device.CPU, 2.0) == Energy(24.0, Provenance.ESTIMATE)
    assert looks.energy(Device.NPU, 1.0) == Energy(2.5, Provenance.ESTIMATE)
    assert looks.energy(Device.CPU, 0.0) == looks.energy(Device.CPU, -1.0) == Energy(0.0, Provenance.ESTIMATE)


def test_nobody_knows_what_a_server_draws() -> None:
    assert monitor((0.0, 0.0)).energy(Device.REMOTE, 5.0) == Energy(0.0, Provenance.UNAVAILABLE)


def test_this_machine_can_be_looked_at() -> None:
    looks: PowerMonitor = EstimatedPowerMonitor()
    reading = of(Device.CPU, looks.readings())
    assert reading.busy is None or 0.0 <= reading.busy <= 1.0
