"""Power from a device model, for machines and times at which no sensor can be read.

The model is a short table of idle and active watts per device, with where each figure comes from. What it gives is
marked as an estimate wherever it is shown.
"""

from __future__ import annotations

from dataclasses import dataclass

import psutil

from app.contracts.devices import Device
from app.contracts.energy import DeviceReading, Energy, Provenance


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
    Device.REMOTE: DeviceModel(0.0, 0.0, "not on this machine"),
}


class EstimatedPowerMonitor:
    """Implements `app.contracts.ports.PowerMonitor` over `DEVICE_MODELS`.

    Args:
        present: The devices this machine can use.
    """

    def __init__(self, present: frozenset[Device] = frozenset({Device.CPU})) -> None:
        self._present = present
        psutil.cpu_percent(None)

    def readings(self) -> tuple[DeviceReading, ...]:
        """Load of the processor since the last look, and the power the model gives for it."""
        return tuple(self._reading(device) for device in Device)

    def _reading(self, device: Device) -> DeviceReading:
        if device not in self._present:
            return DeviceReading(device, Provenance.UNAVAILABLE, reason="No such device is used on this machine.")
        if device is not Device.CPU:
            return DeviceReading(device, Provenance.UNAVAILABLE, reason="No sensor of this device is read yet.")
        busy = psutil.cpu_percent(None) / 100.0
        model = DEVICE_MODELS[device]
        watts = model.idle_w + busy * (model.active_w - model.idle_w)
        return DeviceReading(device, Provenance.ESTIMATE, watts=watts, busy=busy, reason="Estimated from the load.")

    def energy(self, device: Device, busy_s: float) -> Energy:
        """Active minus idle watts, times the seconds it was busy."""
        model = DEVICE_MODELS[device]
        return Energy((model.active_w - model.idle_w) * max(0.0, busy_s), Provenance.ESTIMATE)
