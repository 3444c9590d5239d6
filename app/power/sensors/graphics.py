"""A graphics processor of any maker: asked when it may be, and left alone when it sleeps or should.

Why it exists: what may be asked, and when, is the same for all makers; what they tell is in `intel_graphics`,
`amd_graphics`, and for NVIDIA's cards in their library.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from enum import Enum
from functools import partial
from typing import Protocol

from app.contracts.devices import Device
from app.contracts.energy import DeviceReading, Quantity, estimated, measured, unavailable
from app.power.sensors.files import Files
from app.power.sensors.graphics_card import CardLook, CardReader
from app.power.sensors.manners import PAUSE_S, Manners
from app.power.sensors.ours import OPEN_AS_NVIDIA
from app.power.sensors.part import Context, Looked, sleeping
from app.power.sensors.rates import Integral
from app.power.sensors.sample import Meter

_FRESH_S = 3.0
"""Counters are read between two looks only if the last one is no older."""
_OLDER = f", up to {PAUSE_S:.0f} s old so that it can fall asleep"


class Driver(Looked, Protocol):
    """What a device that may be asked tells, by its driver."""

    @property
    def tells_at_once(self) -> bool:
        """One look is enough to know how busy it is."""
        ...


class Library(Protocol):
    """A library that has to be asked about a device. Its calls may take long, and no lock is held meanwhile."""

    @property
    def open_as(self) -> str:
        """How `OurProcesses` says that our own processes hold the device open."""
        ...

    def ask(self, *, keep_open: bool) -> None:
        """Ask; the library may stay open only if the device is kept awake anyway."""
        ...

    def let_go(self) -> None:
        """Close it if it is open."""
        ...


class _Plan(Enum):
    """What the next look does."""

    ASK = "ask"
    REPEAT = "repeat"
    LET_SLEEP = "let sleep"


class GraphicsPart:
    """Implements `Part` for one graphics processor.

    Args:
        files: The kernel's files.
        device: Integrated or a card.
        folder: The device's folder below ``/sys/bus/pci/devices``.
        driver: What it tells.
        name: What it is called while nothing has been asked.
        library: What has to be asked before the driver tells anything; None where files are read.
    """

    def __init__(
        self, files: Files, device: Device, folder: str, driver: Driver, name: str, library: Library | None = None
    ) -> None:
        self.device = device
        self._driver = driver
        self._name = name
        self._pci = folder.rpartition("/")[2]
        self._library = library
        self._manners = Manners(files, folder)
        self._plan = _Plan.ASK
        self._last: DeviceReading | None = None
        self._asked_at = float("-inf")
        self._kept_awake = False

    @property
    def worked_s(self) -> float | None:
        """Seconds it has worked as of the last count."""
        return self._driver.worked_s

    def find(self) -> None:
        """Look for its files."""
        self._manners.find()
        self._driver.find()

    def count(self, at_s: float) -> None:
        """Read its counters, if it is kept awake anyway or was asked just now, and has not fallen asleep since."""
        if (self._kept_awake or at_s - self._asked_at <= _FRESH_S) and not self._manners.asleep:
            self._driver.count(at_s)

    def plan(self, at_s: float, used: frozenset[str]) -> Callable[[], None] | None:
        """Decide what the next look does; gives what must be asked of a library before it, which may take long.

        Args:
            at_s: Monotonic seconds.
            used: What this program's own processes hold open, as `OurProcesses` says it.
        """
        library = self._library
        if self._manners.asleep:
            self._plan = _Plan.LET_SLEEP
            return None if library is None else library.let_go
        self._kept_awake = self._manners.kept_awake((self._pci if library is None else library.open_as) in used)
        if self._last is not None and not self._manners.may_ask(at_s, self._kept_awake):
            self._plan = _Plan.REPEAT
            return None
        self._plan = _Plan.ASK
        return None if library is None else partial(library.ask, keep_open=self._kept_awake)

    def look(self, context: Context) -> DeviceReading:
        """Do what was planned: ask it, or say that it sleeps, or what it said last."""
        if self._plan is _Plan.LET_SLEEP:
            self._driver.skip()
            self._asked_at, self._last = float("-inf"), None
            return self._sleeping()
        if self._plan is _Plan.REPEAT and self._last is not None:
            return _older(self._last)
        self._driver.count(context.at_s)
        self._last = self._driver.look(context)
        self._asked_at = context.at_s
        at_once = self._driver.tells_at_once or self._driver.worked_s is None
        self._manners.asked(context.at_s, self._last.busy.value, tells_at_once=at_once)
        return self._last

    def skip(self) -> None:
        """The machine has slept: what its counters did meanwhile does not count."""
        self._driver.skip()

    def meters(self) -> Sequence[Meter]:
        """Its own energy counters, as of the last count."""
        return self._driver.meters()

    def _sleeping(self) -> DeviceReading:
        source = f"/sys/bus/pci/devices/{self._pci}/power/runtime_status"
        nothing = estimated(0.0, "it sleeps", "What is left is too little to count, and asking would wake it.")
        return sleeping(self.device, self._name, nothing, measured(0.0, source))


class NvidiaGraphics:
    """Implements `Driver` and `Library` for one of NVIDIA's cards.

    Args:
        reader: Who asks the library.
        folder: The device's folder below ``/sys/bus/pci/devices``.
    """

    tells_at_once = True
    open_as = OPEN_AS_NVIDIA

    def __init__(self, reader: CardReader, folder: str) -> None:
        self._reader = reader
        self._pci = folder.rpartition("/")[2]
        self._work = Integral()
        self._at_s = 0.0
        self._open = self._asleep = False
        self._card: CardLook | None = None
        self._joules: float | None = None
        self.worked_s: float | None = None

    def find(self) -> None:
        """It has no files."""

    def count(self, at_s: float) -> None:
        """What it has done by now if it went on as at the last look; the library is not asked."""
        self._at_s = at_s
        self.worked_s = self._work.at(at_s)

    def skip(self) -> None:
        """It sleeps or has slept."""
        self._work.took(0.0, self._at_s)
        self._asleep = True

    def ask(self, *, keep_open: bool) -> None:
        """Ask the library."""
        self._open = keep_open
        self._card = self._reader.look(self._pci, keep_open=keep_open)

    def let_go(self) -> None:
        """Close the library if it is open: it must not keep the card from its sleep."""
        if self._open:
            self._open = False
            self._reader.close()

    def look(self, context: Context) -> DeviceReading:
        """What the library said."""
        card, self._asleep = self._card, False
        if card is None:
            why = unavailable(self._reader.why_not(self._pci))
            self._work.took(None, context.at_s)
            return DeviceReading(Device.GPU, "NVIDIA graphics card", why, why, why, why, why)
        self._work.took(card.busy, context.at_s)
        self.count(context.at_s)
        return _reading(card)

    def meters(self) -> Sequence[Meter]:
        """Its energy counter, or its watts added up over time; it stands still while the card sleeps."""
        if not self._asleep:
            self._joules = self._reader.joules(self._pci)
        name = f"nvml:{self._pci}"
        return () if self._joules is None else (Meter(name, frozenset({Device.GPU}), self._joules, "NVML"),)


def _reading(card: CardLook) -> DeviceReading:
    def told(value: float | None, what: str) -> Quantity:
        return unavailable(f"This card does not tell its {what}.") if value is None else measured(float(value), "NVML")

    return DeviceReading(
        Device.GPU,
        card.name or "NVIDIA graphics card",
        told(card.watts, "power"),
        told(card.temperature_c, "temperature"),
        told(card.busy, "load"),
        told(card.memory_bytes, "memory"),
        told(card.frequency_mhz, "clock"),
        card.throttled,
        card.slows_at_c,
    )


def _older(reading: DeviceReading) -> DeviceReading:
    """The same, with a word on its age."""

    def aged(quantity: Quantity) -> Quantity:
        return replace(quantity, source=quantity.source + _OLDER) if quantity.value is not None else quantity

    return replace(
        reading,
        watts=aged(reading.watts),
        temperature_c=aged(reading.temperature_c),
        busy=aged(reading.busy),
        memory_bytes=aged(reading.memory_bytes),
        frequency_mhz=aged(reading.frequency_mhz),
    )
