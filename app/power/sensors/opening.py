"""The sensors of the system this runs on."""

from __future__ import annotations

import logging
import platform

from app.power.sensors.everywhere import EverywhereSensors
from app.power.sensors.linux import LinuxSensors
from app.power.sensors.macos import MacSensors
from app.power.sensors.nvidia import NvidiaCards
from app.power.sensors.sample import Sensors
from app.power.sensors.windows import WindowsSensors

log = logging.getLogger(__name__)


def open_sensors(system: str = "") -> Sensors:
    """Sensors that have not looked yet; opening costs little and touches no device.

    Args:
        system: As `platform.system` names it; this one when empty.
    """
    match system or platform.system():
        case "Linux":
            return LinuxSensors(nvidia=NvidiaCards())
        case "Windows":
            try:
                return WindowsSensors(NvidiaCards())
            except OSError as error:
                log.warning("the sensors of Windows cannot be opened, less is shown: %s", error)
                return EverywhereSensors()
        case "Darwin":
            return MacSensors()
        case _:
            return EverywhereSensors()
