"""Which sensors belong to which system."""

from __future__ import annotations

import pytest

from app.contracts.devices import Device
from app.power.sensors.everywhere import EverywhereSensors
from app.power.sensors.linux import LinuxSensors
from app.power.sensors.macos import MacSensors
from app.power.sensors.opening import open_sensors


@pytest.mark.parametrize(
    ("system", "kind"), [("Linux", LinuxSensors), ("Darwin", MacSensors), ("FreeBSD", EverywhereSensors)]
)
def test_by_system(system: str, kind: type) -> None:
    assert type(open_sensors(system)) is kind


def test_a_windows_whose_libraries_do_not_open_still_has_a_processor(caplog: pytest.LogCaptureFixture) -> None:
    assert type(open_sensors("Windows")) is EverywhereSensors
    assert "less is shown" in caplog.text


def test_those_of_this_machine_tell_every_device() -> None:
    sensors = open_sensors()
    try:
        assert tuple(reading.device for reading in sensors.sample().readings) == tuple(Device)
        assert sensors.counters().at_s > 0
    finally:
        sensors.close()
