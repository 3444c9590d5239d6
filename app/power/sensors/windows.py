"""The sensors of Windows: psutil, performance counters per adapter, the Energy Meter Interface, NVIDIA's library.

Why it exists: Windows has no tree of files, but everything here can be read by every user. It was written from
Microsoft's documentation and is tested against its byte layouts; **it has never been run on Windows**.

An NVIDIA card is asked only while the counters say that it works: Windows does not tell without asking whether one
sleeps, and asking wakes it.
"""

from __future__ import annotations

import ctypes
import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from app.contracts.devices import Device
from app.contracts.energy import DeviceReading, Quantity, measured, unavailable
from app.power.sensors.everywhere import EverywhereSensors
from app.power.sensors.graphics_card import CardLook, CardReader
from app.power.sensors.metering import watts_between
from app.power.sensors.rates import Remainder, Rising
from app.power.sensors.sample import Counters, Meter, Sample
from app.power.sensors.windows_adapters import Adapter, adapters
from app.power.sensors.windows_energy import EnergyMeters
from app.power.sensors.windows_engines import (
    DEDICATED,
    ENGINES,
    SHARED,
    EngineCounters,
    busy_by_adapter,
    bytes_by_adapter,
)

_CHANNEL = re.compile(r"RAPL_(Package\d+)_(PKG|PP1)", re.IGNORECASE)
"""The whole package, and the graphics in it."""
_MOST_W = 1000.0
_MAY_SLEEP = unavailable("It does nothing now and may sleep; asking would wake it.")
_NOT_TOLD = unavailable("Windows does not tell this without a driver of its maker.")


def _windll(name: str) -> Any:
    """A library of the system.

    Raises:
        OSError: It is not there, or this is no Windows.
    """
    loader = getattr(ctypes, "WinDLL", None)
    if loader is None:
        raise OSError(f"{name} belongs to Windows")
    return loader(name)


@dataclass(frozen=True, slots=True)
class _Look:
    """One adapter at one look.

    Attributes:
        adapter: Which.
        busy: Share of time it worked since the last look, in [0, 1].
        bytes: Memory its work takes: its own, and the machine's.
        card: What NVIDIA's library says, None when it was not asked.
    """

    adapter: Adapter
    busy: float
    bytes: float
    card: CardLook | None


class WindowsSensors:
    """Implements `app.power.sensors.sample.Sensors`.

    Args:
        nvidia: Asks NVIDIA's library.
        load: Gives a library by its name.
        clock: Monotonic seconds.

    Raises:
        OSError: This is no Windows.
    """

    def __init__(
        self, nvidia: CardReader, load: Callable[[str], Any] | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._load = load or _windll
        self._nvidia = nvidia
        self._base = EverywhereSensors(clock)
        self._meters = EnergyMeters(self._load)
        self._engines = EngineCounters(self._load)
        self._rising: dict[str, Rising] = {}
        self._rest: dict[str, Remainder] = {}
        self._looking, self._metering = threading.Lock(), threading.Lock()
        self._adapters: tuple[Adapter, ...] | None = None
        self._busy_s: Mapping[Device, float] = {}
        self._last: Counters | None = None

    def sample(self) -> Sample:
        """Look at everything."""
        base = self._base.sample()
        with self._looking:
            before = self._last
            looks = self._looks()
            if before is not None:
                self._worked(looks, base.counters.at_s - before.at_s)
            self._last = counters = self._counted(base.counters)
        readings = tuple(self._reading(reading, looks, before, counters) for reading in base.readings)
        return Sample(counters, readings, base.battery)

    def counters(self) -> Counters:
        """Read the energy meters and the processor's times; what the adapters did is that of the last look."""
        return self._counted(self._base.counters())

    def close(self) -> None:
        """Let the counters, the meters and NVIDIA's library go."""
        self._nvidia.close()
        with self._looking:
            self._engines.close()
        with self._metering:
            self._meters.close()

    def _looks(self) -> tuple[_Look, ...]:
        """Every adapter now."""
        if self._adapters is None:
            self._adapters = adapters(self._load)
        told = self._engines.read()
        busy = busy_by_adapter(told[ENGINES])
        dedicated, shared = bytes_by_adapter(told[DEDICATED]), bytes_by_adapter(told[SHARED])
        looks = []
        for each in self._adapters:
            share = busy.get(each.luid, 0.0)
            memory = dedicated.get(each.luid, 0.0) + shared.get(each.luid, 0.0)
            asked = "NVIDIA" in each.name and share > 0 and bool(each.pci)
            card = self._nvidia.look(each.pci, keep_open=True) if asked else None
            looks.append(_Look(each, share, memory, card))
        if not any(look.card for look in looks):
            self._nvidia.close()
        return tuple(looks)

    def _worked(self, looks: tuple[_Look, ...], seconds: float) -> None:
        """Add what the adapters did since the last look."""
        worked = dict(self._busy_s)
        for device in {look.adapter.device for look in looks}:
            share = max(look.busy for look in looks if look.adapter.device is device)
            worked[device] = worked.get(device, 0.0) + share * seconds
        self._busy_s = worked

    def _counted(self, base: Counters) -> Counters:
        return replace(base, meters=self._metered(base.at_s), busy_s={**base.busy_s, **self._busy_s})

    def _metered(self, at_s: float) -> tuple[Meter, ...]:
        """The processor's meters, graphics taken off the package, and NVIDIA's cards."""
        known = self._adapters or ()
        kinds = {each.device for each in known}
        with self._metering:
            counted: dict[str, dict[str, float]] = {}
            for channel in self._meters.read():
                if match := _CHANNEL.fullmatch(channel.name):
                    package, part = match[1].lower(), match[2].upper()
                    rising = self._rising.setdefault(channel.name, Rising(_MOST_W))
                    counted.setdefault(package, {})[part] = rising.took(channel.joules, at_s)
            meters = []
            for package, parts in counted.items():
                source = f"Energy Meter Interface, RAPL_{package.capitalize()}"
                if "PP1" in parts:
                    name = f"{package}-graphics"
                    meters.append(Meter(name, frozenset({Device.IGPU}), parts["PP1"], f"{source}_PP1"))
                if "PKG" in parts:
                    rest = self._rest.setdefault(package, Remainder()).took(parts["PKG"], parts.get("PP1", 0.0))
                    within = {Device.NPU} if "PP1" in parts else {Device.NPU, Device.IGPU}
                    devices = frozenset({Device.CPU} | (within & kinds))
                    meters.append(Meter(package, devices, rest, f"{source}_PKG"))
        for each in known:
            joules = self._nvidia.joules(each.pci) if each.pci else None
            if joules is not None:
                meters.append(Meter(f"nvml:{each.pci}", frozenset({each.device}), joules, "NVML"))
        return tuple(meters)

    def _reading(
        self, base: DeviceReading, looks: tuple[_Look, ...], before: Counters | None, now: Counters
    ) -> DeviceReading:
        """One device: what psutil said, with what the adapters and the meters add."""
        watts = watts_between(before, now, base.device)
        if base.device is Device.CPU:
            return base if watts is None else replace(base, watts=watts)
        mine = [look for look in looks if look.adapter.device is base.device]
        if not mine:
            return base
        look = max(mine, key=lambda one: one.busy)
        source = "performance counters of Windows"
        card = look.card or CardLook()
        unknown = _NOT_TOLD
        if "NVIDIA" in look.adapter.name and look.card is None:
            unknown = unavailable(self._nvidia.why_not(look.adapter.pci)) if look.busy else _MAY_SLEEP
        return DeviceReading(
            base.device,
            name=look.adapter.name,
            watts=_told(card.watts, watts or unknown),
            temperature_c=_told(card.temperature_c, unknown),
            busy=measured(look.busy, source),
            memory_bytes=_told(card.memory_bytes, measured(look.bytes, source)),
            frequency_mhz=_told(card.frequency_mhz, unknown),
            throttled=card.throttled,
            slows_at_c=card.slows_at_c,
        )


def _told(value: float | None, otherwise: Quantity) -> Quantity:
    """What NVIDIA's library says, or what is known without it."""
    return otherwise if value is None else measured(float(value), "NVML")
