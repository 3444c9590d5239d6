"""The ports of the machine, scripted: time, power, governor, stores, secrets."""

from __future__ import annotations

import asyncio
import heapq
import itertools

from app.contracts.calibration import Measurement
from app.contracts.devices import Backend, Device
from app.contracts.energy import DeviceReading, Energy, GovernorVerdict, Provenance, estimated
from app.contracts.ports import (
    Calibrator,
    Clock,
    DeviceCatalogue,
    Governor,
    ModelStore,
    Secrets,
)
from app.power.energy.estimate import EstimatedPowerMonitor


class FakeClock(Clock):
    """Time stands still until it is advanced."""

    def __init__(self, now: float = 1000.0, epoch: float = 1_700_000_000.0) -> None:
        self._now = now
        self._epoch = epoch - now
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._order = itertools.count()

    def monotonic(self) -> float:
        """The time it was advanced to."""
        return self._now

    def time(self) -> float:
        """Likewise, since the epoch."""
        return self._epoch + self._now

    async def sleep(self, seconds: float) -> None:
        """Wait until time has been advanced so far."""
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        future = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._now + seconds, next(self._order), future))
        await future

    async def advance(self, seconds: float) -> None:
        """Let time go by; everybody who sleeps meanwhile wakes in order, and what they do is done."""
        until = self._now + seconds
        await self._settle()
        while self._sleepers and self._sleepers[0][0] <= until:
            self._now, _, future = heapq.heappop(self._sleepers)
            if not future.done():
                future.set_result(None)
            await self._settle()
        self._now = until

    async def _settle(self) -> None:
        for _ in range(20):
            await asyncio.sleep(0)


class FakePowerMonitor(EstimatedPowerMonitor):
    """A processor of ten watts."""

    def readings(self) -> tuple[DeviceReading, ...]:
        """One reading."""
        watts, heat, busy = (estimated(value, "script") for value in (10.0, 50.0, 0.5))
        return (DeviceReading(Device.CPU, watts=watts, temperature_c=heat, busy=busy),)

    def energy(self, device: Device, busy_s: float) -> Energy:
        """Ten joules a second, whatever the device."""
        del device
        return Energy(10.0 * busy_s, Provenance.ESTIMATE)


class FakeGovernor(Governor):
    """Says what it was told to say.

    Attributes:
        says: The verdict.
    """

    def __init__(self) -> None:
        self.says = GovernorVerdict(frozenset(Device))

    def verdict(self) -> GovernorVerdict:
        """As told."""
        return self.says


class FakeModelStore(ModelStore):
    """Holds what it is given.

    Args:
        models: Paths by name.
    """

    def __init__(self, models: dict[str, str] | None = None) -> None:
        self.models = dict(models or {})

    def find(self, model: str) -> str | None:
        """As given."""
        return self.models.get(model)

    def installed(self) -> tuple[str, ...]:
        """As given."""
        return tuple(self.models)


class FakeDeviceCatalogue(DeviceCatalogue):
    """Knows the backends it is given.

    Args:
        backends: Those that can be started.
        reasons: Why others cannot, by id.
    """

    def __init__(self, backends: tuple[Backend, ...] = (), reasons: dict[str, str] | None = None) -> None:
        self._backends = backends
        self._reasons = dict(reasons or {})

    def devices(self) -> tuple[Device, ...]:
        """Those of the backends."""
        return tuple(sorted({backend.device for backend in self._backends}))

    def backends(self) -> tuple[Backend, ...]:
        """As given."""
        return self._backends

    def why_not(self, backend_id: str) -> str:
        """As given; nothing about those that can be started."""
        if any(backend.backend_id == backend_id for backend in self._backends):
            return ""
        return self._reasons.get(backend_id, f"There is no backend {backend_id!r}.")


class FakeCalibrator(Calibrator):
    """Has measured what it is given.

    Args:
        measurements: One for each backend.
    """

    def __init__(self, *measurements: Measurement) -> None:
        self._known = {measurement.backend_id: measurement for measurement in measurements}

    def measured(self, backend_id: str) -> Measurement | None:
        """As given."""
        return self._known.get(backend_id)


class FakeSecrets(Secrets):
    """Keeps secrets in memory."""

    def __init__(self) -> None:
        self._kept: dict[str, str] = {}

    def get(self, name: str) -> str | None:
        """The secret, None when there is none."""
        return self._kept.get(name)

    def set(self, name: str, value: str) -> None:
        """Keep it."""
        self._kept[name] = value

    def delete(self, name: str) -> None:
        """Forget it."""
        self._kept.pop(name, None)
