"""Energy by the device model alone."""

from __future__ import annotations

from app.contracts.devices import Device
from app.contracts.energy import Energy, Provenance
from app.contracts.ports import PowerMonitor
from app.power.energy.estimate import EstimatedPowerMonitor

POWER: PowerMonitor = EstimatedPowerMonitor()


def test_energy_is_watts_above_idle_times_seconds() -> None:
    assert POWER.energy(Device.CPU, 2.0) == Energy(24.0, Provenance.ESTIMATE)
    assert POWER.energy(Device.NPU, 1.0) == Energy(2.5, Provenance.ESTIMATE)
    assert POWER.energy(Device.CPU, 0.0) == POWER.energy(Device.CPU, -1.0) == Energy(0.0, Provenance.ESTIMATE)


def test_nobody_knows_what_a_server_draws() -> None:
    assert POWER.energy(Device.REMOTE, 5.0) == Energy(0.0, Provenance.UNAVAILABLE)


def test_a_span_grows_with_the_work_and_stands_still_when_it_has_ended() -> None:
    worked = 0.0
    span = POWER.span("answer", "llama-cpu", Device.CPU, lambda: worked)
    assert span.so_far().joules == 0.0
    worked = 1.0
    assert span.so_far().joules == 12.0
    span.ran_on(Device.NPU)
    assert span.end().joules == 2.5
    worked = 9.0
    assert span.end().joules == 2.5


def test_it_looks_at_nothing_and_says_so() -> None:
    readings = POWER.readings()
    assert [reading.device for reading in readings] == list(Device)
    assert {reading.watts.provenance for reading in readings} == {Provenance.UNAVAILABLE}
    assert all(reading.watts.reason for reading in readings)
