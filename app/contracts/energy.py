"""Power and energy with their provenance. A watt for a second is a joule."""

from __future__ import annotations

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


@dataclass(frozen=True, slots=True)
class DeviceReading:
    """One look at one device. A field is None where nothing can be read, and ``reason`` says why.

    Attributes:
        device: Which one.
        provenance: Of ``watts``.
        watts: Power now.
        temperature_c: Degrees Celsius.
        busy: Share of time busy, in [0, 1].
        reason: Why something is missing, with the one command that mends it where there is one.
    """

    device: Device
    provenance: Provenance
    watts: float | None = None
    temperature_c: float | None = None
    busy: float | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class GovernorVerdict:
    """Which devices may run, and why.

    Attributes:
        allowed: Devices that may be used now.
        reason: In words, empty when nothing is held back.
        max_tokens: Cap on the length of an answer, None for no cap.
    """

    allowed: frozenset[Device]
    reason: str = ""
    max_tokens: int | None = None
