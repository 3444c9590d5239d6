"""Sensors out of a script: a laptop on battery whose readings follow what the demonstration does.

Why it exists: the power panel of ``sotto --demo`` needs a machine with a neural processor and graphics, whatever it
runs on, and watts that rise when something works.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from dataclasses import dataclass

from app.aio.clock import SystemClock
from app.aio.tasks import TaskOwner
from app.contracts.devices import Device
from app.contracts.energy import (
    BatteryReading,
    DeviceReading,
    Provenance,
    Rest,
    estimated,
    measured,
    unavailable,
)
from app.contracts.events import (
    TURN_ENDS,
    EnergyToday,
    GovernorDecided,
    SensorReadings,
    StageFinished,
    StageStarted,
    SystemEvent,
    TurnEvent,
    TurnFinished,
)
from app.contracts.ports import Clock, PowerWatch

EVERY_S = 1.0
FULL = 0.9
_LOADS = {"speak": 0.15}
"""Share of a device that a stage takes, where it is not nearly all of it."""
SOURCE = "the demonstration's script"
NEEDS_ROOT = "Only root may read its telemetry."
REMEDY = "sudo setfacl -m u:$USER:r /sys/class/intel_pmt/telem*/telem"
NO_CARD = "This machine has none."
ELSEWHERE = "A server's sensors cannot be read from here."


@dataclass(slots=True)
class _Part:
    """One device of the script's machine, with where it is now."""

    device: Device
    name: str
    idle_w: float
    active_w: float
    memory_bytes: float
    guessed: bool = False
    busy: float = 0.0
    warm_c: float = 44.0

    @property
    def watts(self) -> float:
        return self.idle_w + self.busy * (self.active_w - self.idle_w)

    def step(self, target: float) -> None:
        """A second later: busy follows the work, heat follows the watts more slowly."""
        self.busy += 0.6 * (target - self.busy)
        self.warm_c += 0.08 * (43.0 + 1.7 * self.watts - self.warm_c)

    def reading(self) -> DeviceReading:
        watts = (
            estimated(self.watts, "table of devices", NEEDS_ROOT, REMEDY)
            if self.guessed
            else measured(self.watts, SOURCE)
        )
        return DeviceReading(
            self.device,
            self.name,
            watts=watts,
            temperature_c=measured(self.warm_c, SOURCE),
            busy=measured(self.busy, SOURCE),
            memory_bytes=measured(self.memory_bytes, SOURCE),
            throttled=False,
            slows_at_c=100.0,
        )


def _machine() -> dict[Device, _Part]:
    parts = (
        _Part(Device.NPU, "Intel AI Boost", 0.0, 2.5, 210e6, guessed=True),
        _Part(Device.IGPU, "Intel Arc Graphics", 0.4, 13.0, 890e6),
        _Part(Device.CPU, "Intel Core Ultra 7 155H", 2.2, 22.0, 640e6),
    )
    return {part.device: part for part in parts}


def _missing(device: Device, reason: str) -> DeviceReading:
    nothing = unavailable(reason)
    return DeviceReading(
        device, watts=nothing, temperature_c=nothing, busy=nothing, memory_bytes=nothing, present=False
    )


@dataclass(slots=True)
class _Day:
    """What the turns of the demonstration took."""

    turns: int = 0
    joules: float = 0.0

    def event(self) -> EnergyToday:
        # A graphics card would have taken a multiple of it; the demonstration says five times as much.
        return EnergyToday(
            day="demo",
            turns=self.turns,
            joules=self.joules,
            provenance=Provenance.ESTIMATE,
            saved_joules=4.0 * self.joules,
        )


class ScriptedPower(PowerWatch):
    """Implements `app.contracts.ports.PowerWatch`; publishes only while somebody watches.

    Args:
        publish: Takes the events.
        clock: The seconds between two looks are slept on this.

    Attributes:
        watchers: How many watch now.
    """

    def __init__(self, publish: Callable[[SystemEvent], None], clock: Clock | None = None) -> None:
        self._publish = publish
        self._clock = clock or SystemClock()
        self._tasks = TaskOwner()
        self._looking: asyncio.Task[None] | None = None
        self._parts = _machine()
        self._working: dict[str, Device] = {}
        self._overrides: dict[Device, bool] = {}
        self._day = _Day()
        self._seconds = 0
        self.watchers = 0

    def hear(self, event: TurnEvent | SystemEvent) -> None:
        """Take an event of the assistant: work makes the script's machine draw more."""
        match event:
            case StageStarted(stage=stage, backend=backend) if backend:
                self._working[stage] = next((one for one in self._parts if backend.endswith(one.value)), Device.CPU)
            case StageFinished(metrics=metrics):
                self._working.pop(metrics.stage, None)
            case TurnFinished(metrics=metrics) if metrics.energy is not None:
                self._working.clear()
                self._day.turns += 1
                self._day.joules += metrics.energy.joules
                self._publish(self._day.event())
            case _ if isinstance(event, TURN_ENDS):
                self._working.clear()

    def watch(self) -> Callable[[], None]:
        """Publish readings once a second until the returned function is called."""
        self.watchers += 1
        if self.watchers == 1:
            self._looking = self._tasks.start(self._look(), "the demonstration's sensors")
        self._publish(self._day.event())
        watching = True

        def end() -> None:
            nonlocal watching
            if watching:
                watching = False
                self.watchers -= 1
                if self.watchers == 0 and self._looking is not None:
                    self._looking.cancel()

        return end

    def override(self, device: Device, allowed: bool | None) -> None:
        """Do as the person says; nothing in the demonstration rests by itself."""
        if allowed is None:
            self._overrides.pop(device, None)
        else:
            self._overrides[device] = allowed
        rests = tuple(Rest(one, "You let it rest.") for one, use in self._overrides.items() if not use)
        resting = {rest.device for rest in rests}
        self._publish(
            GovernorDecided(allowed=tuple(one for one in Device if one not in resting), reason="", rests=rests)
        )

    async def aclose(self) -> None:
        """Stop looking."""
        await self._tasks.aclose()

    async def _look(self) -> None:
        while True:
            self._publish(self._readings())
            await self._clock.sleep(EVERY_S)

    def _readings(self) -> SensorReadings:
        self._seconds += 1
        for part in self._parts.values():
            idle = 0.05 + 0.03 * math.sin(self._seconds * 0.7) if part.device is Device.CPU else 0.0
            loads = [_LOADS.get(stage, FULL) for stage, device in self._working.items() if device is part.device]
            part.step(max([idle, *loads]))
        readings = tuple(
            self._parts[device].reading()
            if device in self._parts
            else _missing(device, ELSEWHERE if device is Device.REMOTE else NO_CARD)
            for device in Device
        )
        drawn = 5.5 + sum(part.watts for part in self._parts.values())
        battery = BatteryReading(64.0, on_mains=False, watts=measured(drawn, SOURCE), left_s=45.0 * 3600.0 / drawn)
        return SensorReadings(readings=readings, battery=battery)
