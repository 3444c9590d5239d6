"""Watts that no sensor gives."""

from __future__ import annotations

from app.contracts.devices import Device
from app.contracts.energy import Provenance, unavailable
from app.power.energy.model import DeviceModel, PowerModel
from app.power.sensors.estimating import with_estimates
from app.power.sensors.sample import COUNTED_TOGETHER
from tests.helpers.samples import reading, sample

MODEL = PowerModel({device: DeviceModel(2.0, 12.0, 10.0, "a test", "a test") for device in (Device.CPU, Device.GPU)})
CLOSED = unavailable("Only root may read it.", "sudo chown …")


def test_idle_and_busy_watts_with_why_they_were_not_measured() -> None:
    look = with_estimates(sample(1.0, reading(Device.CPU, watts=CLOSED, busy=0.25)), MODEL)
    watts = look.of(Device.CPU).watts
    assert (watts.value, watts.provenance) == (4.5, Provenance.ESTIMATE)
    assert watts.source == "device model, 2 W idle and 12 W at work"
    assert (watts.reason, watts.remedy) == (CLOSED.reason, CLOSED.remedy)


def test_what_is_measured_stays() -> None:
    look = sample(1.0, reading(Device.CPU, watts=7.0, busy=1.0))
    assert with_estimates(look, MODEL) == look


def test_what_sleeps_draws_nothing() -> None:
    watts = with_estimates(sample(1.0, reading(Device.GPU, asleep=True)), MODEL).of(Device.GPU).watts
    assert (watts.value, watts.provenance) == (0.0, Provenance.ESTIMATE)


def test_what_nobody_can_tell_stays_unknown() -> None:
    look = sample(1.0, reading(Device.CPU), reading(Device.NPU, busy=0.5), reading(Device.REMOTE, busy=0.5))
    assert with_estimates(look, MODEL) == look, "no load; not in the model; a server"
    absent = sample(1.0, reading(Device.GPU, busy=0.5, present=False))
    assert with_estimates(absent, MODEL) == absent


def test_what_the_processors_meter_counts_as_well_is_not_counted_twice() -> None:
    look = sample(1.0, reading(Device.CPU, watts=9.0), reading(Device.GPU, watts=COUNTED_TOGETHER, busy=1.0))
    assert with_estimates(look, MODEL) == look
