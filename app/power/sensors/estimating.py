"""Fills in the watts that no sensor gives, from how busy a device was and the device model.

Why it exists: most machines measure a part of what they use. A figure of the model is better than none as long as it
says that it is one; why it could not be measured, and what would help, stays with it.
"""

from __future__ import annotations

from dataclasses import replace

from app.contracts.energy import DeviceReading, Provenance, estimated
from app.power.energy.model import PowerModel
from app.power.sensors.sample import COUNTED_TOGETHER, Sample


def with_estimates(sample: Sample, model: PowerModel) -> Sample:
    """A look in which every device that is known, and whose work is counted, has watts.

    A device draws its idle watts, and what it draws above them for the share of time it was busy; one that sleeps
    draws nothing worth counting.
    """
    return replace(sample, readings=tuple(_filled(reading, model) for reading in sample.readings))


def _filled(reading: DeviceReading, model: PowerModel) -> DeviceReading:
    known = model.devices.get(reading.device)
    missing = reading.watts
    counted = missing.provenance is not Provenance.UNAVAILABLE or missing == COUNTED_TOGETHER
    if known is None or not reading.present or counted:
        return reading
    if reading.asleep:
        return replace(reading, watts=estimated(0.0, "it sleeps", missing.reason, missing.remedy))
    if reading.busy.value is None:
        return reading
    watts = known.idle_w + known.above_w * reading.busy.value
    source = f"device model, {known.idle_w:g} W idle and {known.active_w:g} W at work"
    return replace(reading, watts=estimated(watts, source, missing.reason, missing.remedy))
