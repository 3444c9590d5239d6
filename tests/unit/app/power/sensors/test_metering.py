"""Power out of two looks at meters."""

from __future__ import annotations

import pytest

from app.contracts.devices import Device
from app.contracts.energy import Provenance
from app.power.sensors.metering import busy_share, watts_between
from app.power.sensors.sample import Counters, Meter


def at(at_s: float, **joules: float) -> Counters:
    counts = {"package": {Device.CPU, Device.NPU}, "second": {Device.CPU}, "card": {Device.GPU}}
    meters = tuple(Meter(name, frozenset(counts[name]), value, f"the {name}") for name, value in joules.items())
    return Counters(at_s, meters, {Device.CPU: at_s / 4})


def test_a_devices_meters_are_added() -> None:
    told = watts_between(at(1, package=10, second=5, card=0), at(3, package=30, second=9, card=99), Device.CPU)
    assert told is not None
    assert (told.value, told.source) == (pytest.approx(12.0), "the package, the second")


def test_what_is_counted_with_the_processor_is_told_there() -> None:
    told = watts_between(at(1, package=10), at(2, package=30), Device.NPU)
    assert told is not None
    assert told.reason == "It is counted together with the processor."


def test_without_a_meter_there_is_nothing_to_tell() -> None:
    assert watts_between(at(1), at(2), Device.CPU) is None


@pytest.mark.parametrize("before", [None, at(2.0, package=1), at(1.0, card=1), at(-600.0, package=1)])
def test_one_look_tells_no_power(before: Counters | None) -> None:
    told = watts_between(before, at(2.0, package=10), Device.CPU)
    assert told is not None
    assert told.provenance is Provenance.UNAVAILABLE


def test_a_share_is_between_none_and_all() -> None:
    assert busy_share(at(1), at(3), Device.CPU, "it").value == pytest.approx(0.25)
    assert busy_share(None, at(3), Device.CPU, "it").value is None
    assert busy_share(at(1), at(3), Device.GPU, "it").value is None
    assert busy_share(at(1), at(600), Device.CPU, "it").value is None, "ten minutes tell nothing of now"
    leap = Counters(2.0, (), {Device.CPU: 99.0})
    assert busy_share(at(1), leap, Device.CPU, "it").value == 1.0
