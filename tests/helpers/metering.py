"""Counters that a test drives: what each meter draws, how busy devices are and what hosts work, for so many seconds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from app.contracts.devices import Device
from app.contracts.energy import DeviceReading
from app.contracts.ports import Clock
from app.power.energy.model import DeviceModel, PowerModel
from app.power.sensors.sample import Counters, HostWork, Meter, Sample

MODEL = PowerModel(
    {
        Device.NPU: DeviceModel(0.0, 2.0, 10.0, "test", "test"),
        Device.IGPU: DeviceModel(1.0, 11.0, 20.0, "test", "test"),
        Device.GPU: DeviceModel(10.0, 60.0, 50.0, "test", "test"),
        Device.CPU: DeviceModel(2.0, 22.0, 10.0, "test", "test"),
    }
)
"""Round figures: 2, 10, 50 and 20 W above idle."""


def meter(name: str, *devices: Device) -> Meter:
    """A meter that has counted nothing yet."""
    return Meter(name, frozenset(devices), 0.0, "test")


@dataclass
class Metered(Clock):
    """A machine. Implements the clock, `Hosts`, and the counters of `Sensors`.

    Attributes:
        meters: By name.
        busy_s: Of the devices whose work is counted.
        hosts: By backend; None for one that does not run.
        reads: How often the counters were read.
    """

    meters: dict[str, Meter] = field(default_factory=dict)
    busy_s: dict[Device, float] = field(default_factory=dict)
    hosts: dict[str, HostWork | None] = field(default_factory=dict)
    now: float = 1000.0
    asleep: frozenset[Device] = frozenset()
    reads: int = 0

    def with_meter(self, name: str, *devices: Device) -> Metered:
        self.meters[name] = meter(name, *devices)
        return self

    def pass_by(
        self,
        seconds: float,
        *,
        watts: Mapping[str, float] | None = None,
        busy: Mapping[Device, float] | None = None,
        work: Mapping[str, float] | None = None,
        graphics: Mapping[str, float] | None = None,
    ) -> None:
        """Let time pass, at so many watts by meter and at such shares by device and by host."""
        self.now += seconds
        for name, drawn in (watts or {}).items():
            self.meters[name] = replace(self.meters[name], joules=self.meters[name].joules + drawn * seconds)
        for device, share in (busy or {}).items():
            self.busy_s[device] = self.busy_s.get(device, 0.0) + share * seconds
        for name, share in (work or {}).items():
            host = self.hosts.get(name) or HostWork(0.0)
            self.hosts[name] = replace(host, cpu_s=host.cpu_s + share * seconds)
        for name, share in (graphics or {}).items():
            host = self.hosts.get(name) or HostWork(0.0)
            self.hosts[name] = replace(host, graphics_s=(host.graphics_s or 0.0) + share * seconds)

    def counters(self) -> Counters:
        self.reads += 1
        return Counters(self.now, tuple(self.meters.values()), dict(self.busy_s))

    def sample(self) -> Sample:
        return Sample(self.counters(), tuple(DeviceReading(device, asleep=device in self.asleep) for device in Device))

    def work(self, backend_id: str) -> HostWork | None:
        return self.hosts.get(backend_id)

    def monotonic(self) -> float:
        return self.now

    def time(self) -> float:
        return 1_700_000_000.0 + self.now

    async def sleep(self, seconds: float) -> None:
        raise AssertionError("nobody sleeps here")
