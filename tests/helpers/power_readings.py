"""What three machines read, for the power panel: a plain virtual machine, a laptop on battery, one with a hot card."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

from app.contracts.devices import Device
from app.contracts.energy import (
    BatteryReading,
    Comparison,
    DeviceReading,
    Energy,
    EnergyAccount,
    Provenance,
    estimated,
    measured,
    unavailable,
)
from app.contracts.events import SensorReadings
from app.contracts.metrics import StageMetrics, TurnMetrics

ABSENT = "This machine has none."
RAPL = "Only root may read the energy counter."
CARD_NAME = "NVIDIA GeForce RTX 4060 Laptop"
CHMOD = "sudo chmod a+r /sys/class/powercap/intel-rapl:0/energy_uj"
LONG_NAME = "A device of a maker who is fond of very long names, second edition with 12 cores"


class NotedPower:
    """Implements `app.contracts.ports.PowerWatch`; notes what is asked of it and reads nothing."""

    def __init__(self) -> None:
        self.watchers = 0
        self.begun = 0
        self.overrides: list[tuple[Device, bool | None]] = []

    def watch(self) -> Callable[[], None]:
        self.watchers += 1
        self.begun += 1

        def end() -> None:
            self.watchers -= 1

        return end

    def override(self, device: Device, allowed: bool | None) -> None:
        self.overrides.append((device, allowed))


def missing(device: Device, reason: str = ABSENT) -> DeviceReading:
    """A device that is not there."""
    nothing = unavailable(reason)
    return DeviceReading(
        device, watts=nothing, temperature_c=nothing, busy=nothing, memory_bytes=nothing, present=False
    )


def reading(device: Device, name: str, watts: float, degrees: float, busy: float, memory: float) -> DeviceReading:
    """A device whose every figure is measured."""
    return DeviceReading(
        device,
        name,
        watts=measured(watts, "/sys/class/powercap/intel-rapl:0/energy_uj"),
        temperature_c=measured(degrees, "/sys/class/thermal/thermal_zone2/temp"),
        busy=measured(busy, "/proc/stat"),
        memory_bytes=measured(memory, "/proc/meminfo"),
        throttled=False,
        slows_at_c=100.0,
    )


def plain_vm(second: float = 0.0) -> SensorReadings:
    """A virtual machine: a processor whose power is estimated, and no temperature."""
    busy = 0.1 + 0.6 * (40 < second < 75)
    cpu = replace(
        reading(Device.CPU, "QEMU Virtual CPU", 0.0, 0.0, busy, 310e6),
        watts=estimated(4.0 + 20 * busy, "table of devices", "This machine has no energy counter."),
        temperature_c=unavailable("This machine has no temperature sensor."),
        throttled=None,
    )
    others = [missing(device) for device in (Device.NPU, Device.IGPU, Device.GPU)]
    return SensorReadings(readings=(*others, cpu, missing(Device.REMOTE, "No server is set up.")))


def laptop(second: float = 0.0) -> SensorReadings:
    """A Meteor Lake laptop on battery, with the neural processor at work."""
    wave = math.sin(second / 5.0)
    readings = (
        reading(Device.NPU, "Intel AI Boost", 1.9 + 0.5 * wave, 52.0 + wave, 0.62, 210e6),
        reading(Device.IGPU, "Intel Arc Graphics", 6.1 + 4 * (60 < second < 110), 55.0, 0.31, 1.4e9),
        missing(Device.GPU),
        replace(
            reading(Device.CPU, "Intel Core Ultra 7 155H", 0.0, 58.0 + 3 * wave, 0.22, 640e6),
            watts=estimated(7.4 + wave, "table of devices", RAPL, CHMOD),
        ),
        missing(Device.REMOTE, "No server is set up."),
    )
    battery = BatteryReading(64.0, on_mains=False, watts=measured(11.2, "BAT0/power_now"), left_s=4.17 * 3600)
    return SensorReadings(readings=readings, battery=battery)


def hot_card(second: float = 0.0) -> SensorReadings:
    """A laptop with a graphics card that came near its limit."""
    heat = 84.0 - 30.0 * math.exp(-second / 40.0)
    unknown = unavailable("Its driver counts no energy.")
    readings = (
        missing(Device.NPU),
        replace(reading(Device.IGPU, "AMD Radeon 780M", 0.0, 61.0, 0.04, 512e6), watts=unknown),
        replace(
            reading(
                Device.GPU, "NVIDIA GeForce RTX 4060 Laptop", 61.0 + 18 * math.sin(second / 9.0), heat, 0.97, 6.3e9
            ),
            slows_at_c=87.0,
        ),
        reading(Device.CPU, "AMD Ryzen 7 7840HS", 18.0 + 3 * math.sin(second / 4.0), 71.0, 0.35, 900e6),
        replace(missing(Device.REMOTE, "A server's sensors cannot be read from here."), name="lan", present=True),
    )
    return SensorReadings(readings=readings, battery=BatteryReading(100.0, on_mains=True))


def extremes(watts: float) -> SensorReadings:
    """Every device there is, with a long name, so many watts each by estimate, frost, and an empty battery."""
    readings = tuple(
        replace(reading(device, LONG_NAME, 0.0, -40.0, 1.0, 999e9), watts=estimated(watts, "table of devices"))
        for device in Device
    )
    return SensorReadings(readings=readings, battery=BatteryReading(0.0, on_mains=None))


def metrics(joules: float = 3.14, saved: float = 0.61) -> TurnMetrics:
    """A turn that was counted."""
    energy = Energy(joules, Provenance.ESTIMATE)
    stages = (
        StageMetrics(stage="transcribe", backend="openvino-npu", device=Device.NPU, elapsed_ms=180.0),
        StageMetrics(stage="answer", backend="llama-cpu", device=Device.CPU, elapsed_ms=900.0, tokens=40),
    )
    account = EnergyAccount(12.4, joules, 2.2, 7.06, 3.1, Provenance.ESTIMATE)
    method = "By the device model: the busy time of each stage, scaled by the speed of the graphics card."
    return TurnMetrics(
        stages=stages,
        energy=energy,
        account=account,
        compared=(Comparison(Device.GPU, joules / (1 - saved), saved, method),),
        total_ms=3100.0,
    )
