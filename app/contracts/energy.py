"""Power, heat and energy with their provenance. A watt for a second is a joule; 3600 joules are a watt-hour."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from app.contracts.devices import Device


class Provenance(StrEnum):
    """Where a figure comes from."""

    MEASURED = "measured"
    ESTIMATE = "estimate"
    UNAVAILABLE = "unavailable"


@dataclass(frozen=True, slots=True)
class Energy:
    """An amount of energy.

    Attributes:
        joules: Above idle; 0 when unavailable.
        provenance: Measured by a sensor, estimated from a device model, or unavailable.
    """

    joules: float
    provenance: Provenance


def added(amounts: Iterable[Energy]) -> Energy:
    """A sum: measured only when all of it is, unavailable only when all of it is."""
    joules, sources = 0.0, set()
    for amount in amounts:
        joules += amount.joules
        sources.add(amount.provenance)
    if len(sources) == 1:
        return Energy(joules, sources.pop())
    return Energy(joules, Provenance.ESTIMATE if sources else Provenance.UNAVAILABLE)


@dataclass(frozen=True, slots=True)
class Quantity:
    """One figure of one device at one moment.

    Attributes:
        value: None exactly when it is unavailable.
        provenance: Where it comes from.
        source: The file or the call it was read from, or the model it was estimated with; empty when unavailable.
        reason: Why it is unavailable or only estimated, one sentence; empty when it was measured.
        remedy: The one command that would make it readable; empty when nothing would.
    """

    value: float | None = None
    provenance: Provenance = Provenance.UNAVAILABLE
    source: str = ""
    reason: str = ""
    remedy: str = ""


def measured(value: float, source: str) -> Quantity:
    """A figure read from a sensor."""
    return Quantity(value, Provenance.MEASURED, source)


def estimated(value: float, source: str, reason: str = "", remedy: str = "") -> Quantity:
    """A figure computed from a model, with why it could not be measured."""
    return Quantity(value, Provenance.ESTIMATE, source, reason, remedy)


def unavailable(reason: str, remedy: str = "") -> Quantity:
    """A figure nobody can tell, with why and what would help."""
    return Quantity(reason=reason, remedy=remedy)


@dataclass(frozen=True, slots=True)
class DeviceReading:
    """One look at one device.

    Attributes:
        device: Which one.
        name: As its maker calls it, empty when unknown.
        watts: Power now, W.
        temperature_c: Degrees Celsius.
        busy: Share of time busy since the last look, in [0, 1].
        memory_bytes: Memory its work takes now: of its own, or of the machine's where it has none.
        frequency_mhz: Clock now.
        throttled: It slows itself down because of heat or power; None where nobody can tell.
        slows_at_c: The temperature at which it would, degrees Celsius, None where unknown.
        asleep: It is suspended, and nothing was asked of it.
        present: This machine has one. Every figure of one it does not have is unavailable.
    """

    device: Device
    name: str = ""
    watts: Quantity = Quantity()
    temperature_c: Quantity = Quantity()
    busy: Quantity = Quantity()
    memory_bytes: Quantity = Quantity()
    frequency_mhz: Quantity = Quantity()
    throttled: bool | None = None
    slows_at_c: float | None = None
    asleep: bool = False
    present: bool = True


@dataclass(frozen=True, slots=True)
class BatteryReading:
    """The battery and what the whole machine draws from it.

    Attributes:
        percent: Charge in [0, 100], None where unknown.
        on_mains: The machine runs on mains; None where unknown.
        watts: What the whole machine draws, the screen with it; unavailable on mains.
        left_s: Seconds until it is empty at this rate, None on mains or where unknown.
    """

    percent: float | None
    on_mains: bool | None
    watts: Quantity = Quantity()
    left_s: float | None = None


@dataclass(frozen=True, slots=True)
class DeviceEnergy:
    """What one device took, joules above idle."""

    device: Device
    energy: Energy


@dataclass(frozen=True, slots=True)
class EnergyAccount:
    """Where every joule of a stretch of time went. ``stages + shared + idle`` is ``total``, to 1 %.

    Attributes:
        total: Everything the devices took meanwhile, J.
        stages: The part that was the stages' own work.
        shared: The part above idle that was other work: programs of the person, the window, the system, a
            model that is being loaded.
        idle: What the devices would have taken doing nothing.
        seconds: How long it was.
        provenance: Measured only when every device that worked was.
        devices: The stages' part by device.
    """

    total: float
    stages: float
    shared: float
    idle: float
    seconds: float
    provenance: Provenance
    devices: tuple[DeviceEnergy, ...] = ()


@dataclass(frozen=True, slots=True)
class Comparison:
    """What the same work would have taken on one device alone.

    Attributes:
        device: Which.
        joules: What it would have taken there, above idle; always an estimate.
        saved: Share of it that was saved, 1 for all, negative when it would have been less there.
        method: How this was computed, one sentence.
    """

    device: Device
    joules: float
    saved: float
    method: str


@dataclass(frozen=True, slots=True)
class Rest:
    """A device that is not to be used now, and why, one sentence."""

    device: Device
    reason: str


@dataclass(frozen=True, slots=True)
class GovernorVerdict:
    """What may run now, and why.

    Attributes:
        allowed: Devices that may be used now; never empty.
        reason: In words, empty when nothing is held back.
        max_tokens: Cap on the length of an answer, None for no cap.
        rests: The devices held back, each with its reason.
        joules: What the rest of this turn may take, None for no bound.
        patience: Taken off the confidence an answer needs before a higher tier is asked, in [0, 1].
    """

    allowed: frozenset[Device]
    reason: str = ""
    max_tokens: int | None = None
    rests: tuple[Rest, ...] = ()
    joules: float | None = None
    patience: float = 0.0

    def why(self, device: Device) -> str:
        """Why a device is held back, one sentence; empty when it is not."""
        if device in self.allowed:
            return ""
        own = next((rest.reason for rest in self.rests if rest.device is device), "")
        return own or self.reason or f"The {device} has to rest."
