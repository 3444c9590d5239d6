"""Power from a device model, for machines and times at which no sensor can be read.

The model is a short table of idle and active watts per device, with where each figure comes from. What it gives is
marked as an estimate wherever it is shown.
"""

from __future__ import annotations

from collections.abc import Callable
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
}
"""What each device of this machine is taken to draw. A server's power is not ours to guess."""

_UNUSED = {
    Device.NPU: "Nothing runs on an NPU here.",
    Device.IGPU: "Nothing runs on an integrated GPU here.",
    Device.GPU: "Nothing runs on a graphics card here.",
    Device.CPU: "Nothing runs on the processor here.",
    Device.REMOTE: "Nothing is sent to a server.",
}


class EstimatedPowerMonitor:
    """Implements `app.contracts.ports.PowerMonitor` over `DEVICE_MODELS`.

    Args:
        present: The devices backends can run on.
        cpu_times: Seconds the processor was busy and seconds in all, both since it was started.
    """

    def __init__(
        self,
        present: frozenset[Device] = frozenset({Device.CPU}),
        cpu_times: Callable[[], tuple[float, float]] | None = None,
    ) -> None:
        self._present = present
        self._cpu_times = cpu_times or _cpu_times
        self._last = self._cpu_times()

    def readings(self) -> tuple[DeviceReading, ...]:
        """Load of the processor since the last look, and the power the model gives for it."""
        return tuple(self._reading(device) for device in Device)

    def _reading(self, device: Device) -> DeviceReading:
        if device not in self._present:
            return DeviceReading(device, Provenance.UNAVAILABLE, reason=_UNUSED[device])
        if device is not Device.CPU:
            return DeviceReading(device, Provenance.UNAVAILABLE, reason="No sensor of this device is read.")
        busy = self._busy()
        if busy is None:
            return DeviceReading(device, Provenance.UNAVAILABLE, reason="The load is known after two looks.")
        model = DEVICE_MODELS[device]
        watts = model.idle_w + busy * (model.active_w - model.idle_w)
        return DeviceReading(device, Provenance.ESTIMATE, watts=watts, busy=busy, reason="Estimated from the load.")

    def _busy(self) -> float | None:
        """Share of the processor's time that was busy since the last look; None when no time has passed."""
        (busy_before, total_before), self._last = self._last, self._cpu_times()
        busy, total = self._last[0] - busy_before, self._last[1] - total_before
        return min(1.0, max(0.0, busy / total)) if total > 0.0 else None

    def energy(self, device: Device, busy_s: float) -> Energy:
        """Active minus idle watts, times the seconds it was busy; unavailable for what is not in this machine."""
        model = DEVICE_MODELS.get(device)
        if model is None:
            return Energy(0.0, Provenance.UNAVAILABLE)
        return Energy((model.active_w - model.idle_w) * max(0.0, busy_s), Provenance.ESTIMATE)


def _cpu_times() -> tuple[float, float]:
    times = psutil.cpu_times()
    idle = times.idle + getattr(times, "iowait", 0.0)
    guests = getattr(times, "guest", 0.0) + getattr(times, "guest_nice", 0.0)  # counted among user and nice already
    total = sum(times) - guests
    return total - idle, total
