"""What the same work would have taken on one device alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.contracts.calibration import Measurement, PowerSource
from app.contracts.devices import Device
from app.contracts.energy import Comparison, Energy, Provenance
from app.power.energy.comparison import MeasuredSpeeds, Piece, all_on, compared
from app.power.energy.model import PowerModel
from tests.helpers.metering import MODEL

CPU, NPU, GPU, REMOTE = Device.CPU, Device.NPU, Device.GPU, Device.REMOTE


def piece(device: Device, busy_s: float, joules: float, backend: str = "x") -> Piece:
    return Piece(backend, device, busy_s, Energy(joules, Provenance.ESTIMATE))


def on(device: Device, found: tuple[Comparison, ...]) -> Comparison:
    return next(one for one in found if one.device is device)


def test_seconds_are_turned_into_those_of_the_other_device_times_its_watts() -> None:
    found = compared([piece(NPU, 5.0, 8.0)], MODEL)
    gpu = on(GPU, found)
    assert gpu.joules == pytest.approx(5.0 * 10.0 / 50.0 * 50.0)
    assert gpu.saved == pytest.approx(1.0 - 8.0 / 50.0)
    assert gpu.method == (
        "Estimate: the seconds each stage worked, at the GPU's speed taken from the device table, times the 50 W above "
        "idle of the device table."
    )
    assert on(CPU, found).joules == pytest.approx(5.0 * 20.0)


def test_what_ran_there_anyway_counts_as_it_was() -> None:
    found = compared([piece(CPU, 1.0, 7.0), piece(NPU, 1.0, 2.0)], MODEL)
    assert on(CPU, found).joules == pytest.approx(7.0 + 20.0)
    assert on(CPU, found).method.endswith(" of the device table. What ran on the CPU counts as it was.")
    alone = on(CPU, compared([piece(CPU, 1.0, 7.0)], MODEL))
    assert (alone.joules, alone.saved, alone.method) == (7.0, 0.0, "Everything ran on the CPU as it was.")


def test_it_may_have_been_less_there() -> None:
    there = all_on(NPU, [piece(GPU, 1.0, 50.0)], MODEL)
    assert there is not None
    assert there.saved == pytest.approx(1.0 - 50.0 / (5.0 * 2.0))


def test_work_of_servers_is_left_out() -> None:
    server = Piece("s", REMOTE, 9.0, Energy(0.0, Provenance.UNAVAILABLE))
    assert compared([server], MODEL) == compared([], MODEL) == ()
    both, ours = (on(GPU, compared([*more, piece(NPU, 5.0, 8.0)], MODEL)) for more in ([server], []))
    assert both == replace(ours, method=f"{ours.method} What a server did is left out.")


def test_a_device_that_takes_nothing_at_work_is_not_compared_with() -> None:
    free = PowerModel({**MODEL.devices, GPU: replace(MODEL.devices[GPU], active_w=10.0)})
    assert [one.device for one in compared([piece(NPU, 5.0, 8.0)], free)] == [CPU]
    assert compared([piece(CPU, 0.0, 0.0)], MODEL) == ()


def test_work_whose_seconds_nobody_knows_goes_by_its_joules() -> None:
    assert on(GPU, compared([piece(NPU, 0.0, 8.0)], MODEL)).joules == pytest.approx(4.0 * 10.0)


def measurement(backend: str, ran: Device, speed: float, source: PowerSource = PowerSource.MAINS) -> Measurement:
    return Measurement(
        backend_id=backend, model="m", ran=ran, revision="1", load_ms=1.0, tokens_per_s=speed, power_source=source
    )


def test_a_speed_that_was_measured_is_worth_more_than_the_table() -> None:
    known = [
        measurement("npu", NPU, 10.0),
        measurement("gpu", GPU, 40.0),
        measurement("other-gpu", GPU, 80.0),
        measurement("gpu", GPU, 20.0, PowerSource.BATTERY),
    ]
    speeds = MeasuredSpeeds(lambda: known, lambda one: 100.0 / (one.tokens_per_s or 1.0))
    assert speeds.times_as_long("npu", GPU) == pytest.approx(1 / 8)
    assert speeds.times_as_long("npu", CPU) is None
    assert speeds.times_as_long("nobody", GPU) is None
    found = compared([piece(NPU, 8.0, 8.0, "npu")], MODEL, speeds)
    assert on(GPU, found).joules == pytest.approx(50.0)
    assert "speed measured on this machine, times" in on(GPU, found).method
    assert "taken from the device table, times" in on(CPU, found).method
    mixed = compared([piece(NPU, 8.0, 8.0, "npu"), piece(CPU, 1.0, 1.0, "cpu")], MODEL, speeds)
    assert "measured on this machine for a part" in on(GPU, mixed).method
