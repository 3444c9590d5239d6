"""Power from the device model alone, where nothing is counted.

For tests, benches and commands that look at no sensor. What it gives is an estimate.
"""

from __future__ import annotations

from collections.abc import Callable

from app.contracts.devices import Device
from app.contracts.energy import DeviceReading, Energy, unavailable
from app.contracts.ports import EnergySpan, TurnEnergy
from app.power.energy.model import PowerModel, shipped_model
from app.power.energy.spans import BusySpan, UncountedTurn


class EstimatedPowerMonitor:
    """Implements `app.contracts.ports.PowerMonitor` over the device model alone: it looks at nothing.

    Args:
        model: The table; None for the one that ships, which is read when it is first needed.
    """

    def __init__(self, model: PowerModel | None = None) -> None:
        self._model = model

    def readings(self) -> tuple[DeviceReading, ...]:
        """No sensor is read."""
        nothing = unavailable("No sensor is read here.")
        return tuple(DeviceReading(device, watts=nothing, temperature_c=nothing, busy=nothing) for device in Device)

    def energy(self, device: Device, busy_s: float) -> Energy:
        """Active minus idle watts, times the seconds it was busy; unavailable for what is not in this machine."""
        return (self._model or shipped_model()).energy(device, busy_s)

    def span(self, stage: str, backend_id: str, device: Device, busy: Callable[[], float]) -> EnergySpan:
        """Counted by its busy seconds."""
        del stage, backend_id
        return BusySpan(self, device, busy)

    def turn(self, turn_id: str) -> TurnEnergy:
        """Nothing but the stages is counted."""
        del turn_id
        return UncountedTurn()
