"""macOS's sensors, against a written copy of its libraries: what a real Mac answers has never been seen here."""

from __future__ import annotations

import pytest

from app.contracts.devices import Device
from app.contracts.energy import Provenance
from app.power.sensors.macos import AppleEnergy, MacSensors
from tests.helpers.fake_ioreport import FakeIOReport

CHANNELS = {
    "ECPU": ("mJ", 900),
    "CPU Energy": ("mJ", 1_000),
    "GPU": ("mJ", 7),
    "GPU Energy": ("nJ", 250_000_000),
    "GPU SRAM": ("mJ", 5),
    "ANE0": ("uJ", 40_000),
    "DRAM0": ("mJ", 70),
    "AVE0": ("furlongs", 3),
}


def test_energy_by_device_in_joules() -> None:
    assert AppleEnergy(FakeIOReport(CHANNELS).load).read() == {
        Device.CPU: pytest.approx(1.0),
        Device.IGPU: pytest.approx(0.25),
        Device.NPU: pytest.approx(0.04),
    }


def test_several_dies_are_added_and_unknown_units_are_left_out() -> None:
    channels = {
        "DIE_0_CPU Energy": ("mJ  ", 100),
        "DIE_1_CPU Energy": ("mJ", 250),
        "ANE0_0": ("mJ", 1),
        "ANE0_1": ("mJ", 2),
        "GPU Energy": ("calories", 1),
    }
    found = AppleEnergy(FakeIOReport(channels).load).read()
    assert found == {Device.CPU: pytest.approx(0.35), Device.NPU: pytest.approx(0.003)}


def test_looking_leaves_nothing_behind() -> None:
    system = FakeIOReport(CHANNELS)
    energy = AppleEnergy(system.load)
    alive = len(system.alive)
    for _ in range(5):
        energy.read()
    assert len(system.alive) == alive


def test_a_mac_that_works() -> None:
    system, now = FakeIOReport(dict(CHANNELS)), [10.0]
    sensors = MacSensors(system.load, lambda: now[0])
    first = sensors.sample()
    assert first.of(Device.CPU).watts.provenance is Provenance.UNAVAILABLE
    now[0] += 2.0
    system.channels |= {"CPU Energy": ("mJ", 21_000), "ANE0": ("uJ", 40_000), "GPU Energy": ("nJ", 3_250_000_000)}
    look = sensors.sample()
    assert look.of(Device.CPU).watts.value == pytest.approx(10.0)
    assert look.of(Device.IGPU).watts.value == pytest.approx(1.5)
    npu = look.of(Device.NPU)
    assert (npu.name, npu.watts.value, npu.present) == ("Apple's Neural Engine", 0.0, True)
    assert npu.busy.reason == "macOS tells this to administrators alone."
    assert not look.of(Device.GPU).present
    assert sensors.counters().meters == look.counters.meters
    now[0] += 600.0
    system.channels |= {"CPU Energy": ("mJ", 99_000)}
    later = sensors.sample()
    assert later.counters.meters == look.counters.meters, "what nobody saw is not work of now"
    assert later.of(Device.CPU).watts.value is None
    now[0] += 1.0
    system.channels |= {"CPU Energy": ("mJ", 104_000)}
    assert sensors.sample().of(Device.CPU).watts.value == pytest.approx(5.0)
    sensors.close()


@pytest.mark.parametrize(
    ("system", "why"),
    [
        (FakeIOReport(CHANNELS, lacks="IOReportCreateSamples"), "library has changed"),
        (FakeIOReport(), "has no energy counters"),
        (FakeIOReport(CHANNELS, gives=False), "to nobody"),
    ],
)
def test_what_apple_takes_away_costs_the_watts_alone(system: FakeIOReport, why: str) -> None:
    sensors = MacSensors(system.load)
    look = sensors.sample()
    assert why in look.of(Device.CPU).watts.reason
    assert look.of(Device.CPU).memory_bytes.provenance is Provenance.MEASURED
    assert look.counters.meters == ()


def test_elsewhere_psutil_alone_remains() -> None:
    sensors = MacSensors()
    assert (
        sensors.sample().of(Device.CPU).watts.reason.startswith("The energy counters of Apple's chips cannot be read")
    )
