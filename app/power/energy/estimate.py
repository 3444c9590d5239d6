"""Power from a device model, for machines and times at which no sensor can be read.

The model is a short table of idle and active watts per device, with where each figure comes from. What it gives is
marked as an estimate wherever it is shown.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from app.contracts.devices import Device
from app.contracts.energy import DeviceReading, Energy, Provenance, unavailable
from app.contracts.ports import EnergySpan, TurnEnergy
from app.power.energy.spans import BusySpan, UncountedTurn


@dataclass(frozen=True, slots=True)
class DeviceModel:
    """One device's power.

    Attributes:
        idle_w: Watts when it does nothing for us.
        active_w: Watts when it is busy with our work.
        source: Where the figures come from.
    """

    idle_w: float
    active_w: float
    source: str


DEVICE_MODELS: dict[Device, DeviceModel] = {
    Device.NPU: DeviceModel(0.0, 2.5, "intel/linux-npu-driver tools/intel-npu-smi example; FastFlowLM 1.2 to 2.5 W"),
    Device.IGPU: DeviceModel(1.0, 14.0, "FastFlowLM benchmark table, Ryzen iGPU decode 13 to 14 W; idle assumed"),
    Device.GPU: DeviceModel(8.0, 60.0, "assumed for a laptop GPU: awake and idle 6 to 10 W, 60 W active"),
    Device.CPU: DeviceModel(3.0, 15.0, "assumed for a laptop package; FastFlowLM gives 4.5 to 4.9 W for decode alone"),
}
"""What each device of this machine is taken to draw. A server's power is not ours to guess."""


class EstimatedPowerMonitor:
    """Implements `app.contracts.ports.PowerMonitor` over `DEVICE_MODELS` alone: it looks at nothing."""

    def readings(self) -> tuple[DeviceReading, ...]:
        """No sensor is read."""
        nothing = unavailable("No sensor is read here.")
        return tuple(DeviceReading(device, watts=nothing, temperature_c=nothing, busy=nothing) for device in Device)

    def energy(self, device: Device, busy_s: float) -> Energy:
        """Active minus idle watts, times the seconds it was busy; unavailable for what is not in this machine."""
        model = DEVICE_MODELS.get(device)
        if model is None:
            return Energy(0.0, Provenance.UNAVAILABLE)
        return Energy((model.active_w - model.idle_w) * max(0.0, busy_s), Provenance.ESTIMATE)

    def span(self, stage: str, backend_id: str, device: Device, busy: Callable[[], float]) -> EnergySpan:
        """Counted by its busy seconds."""
        del stage, backend_id
        return BusySpan(self, device, busy)

    def turn(self, turn_id: str) -> TurnEnergy:
        """Nothing but the stages is counted."""
        del turn_id
        return UncountedTurn()
