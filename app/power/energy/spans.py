"""Energy by the device model alone: busy seconds times the watts above idle."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from app.contracts.devices import Device
from app.contracts.energy import Comparison, Energy, EnergyAccount, Provenance


class Reckoner(Protocol):
    """Knows what a device takes for seconds of work."""

    def energy(self, device: Device, busy_s: float) -> Energy:
        """As `app.contracts.ports.PowerMonitor.energy`."""
        ...


class BusySpan:
    """Implements `app.contracts.ports.EnergySpan` for a device whose model is all that is known.

    Args:
        reckoner: The model.
        device: Where the stage is thought to run.
        busy: Seconds it has worked so far.
    """

    def __init__(self, reckoner: Reckoner, device: Device, busy: Callable[[], float]) -> None:
        self._reckoner = reckoner
        self._device = device
        self._busy = busy
        self._ended: Energy | None = None

    def ran_on(self, device: Device) -> None:
        """Where it really runs."""
        self._device = device

    def so_far(self) -> Energy:
        """Until now."""
        return self._ended or self._reckoner.energy(self._device, self._busy())

    def end(self) -> Energy:
        """All of it."""
        self._ended = self.so_far()
        return self._ended


class UncountedTurn:
    """Implements `app.contracts.ports.TurnEnergy` where nothing but the stages' own work is known."""

    def end(self) -> tuple[EnergyAccount, tuple[Comparison, ...]]:
        """Nothing was counted beside the stages."""
        return EnergyAccount(0.0, 0.0, 0.0, 0.0, 0.0, Provenance.UNAVAILABLE), ()
