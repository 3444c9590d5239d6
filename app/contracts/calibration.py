"""What was measured of a model on a device of this machine, and what a profile wants of its ladder."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from app.contracts.devices import Device
from app.contracts.energy import Energy


class Goal(StrEnum):
    """What the order of a profile's tiers is for."""

    AS_WRITTEN = "as-written"
    """The order in the profile's file."""
    BATTERY = "battery"
    """The fewest joules."""
    BALANCED = "balanced"
    """Joules and seconds alike."""
    FAST = "fast"
    """The fewest seconds."""


class PowerSource(StrEnum):
    """What the machine ran on; speeds differ between the two."""

    MAINS = "mains"
    BATTERY = "battery"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """One backend measured on this machine. A figure that has no meaning for its port is None.

    Attributes:
        backend_id: Which backend, with its model.
        model: Its model.
        ran: Where it really ran.
        revision: Of libraries and weights; another one makes the measurement void.
        load_ms: From nothing to able to answer.
        first_token_ms: From the request to the first token, the model warm, the prompt not in its cache.
        tokens_per_s: While generating.
        real_time_factor: Seconds of work per second of sound; under 1 is faster than real time.
        texts_per_s: Texts made into vectors.
        energy: For the whole known task, above idle.
        power_source: What the machine ran on.
        at_s: Seconds since the epoch.
    """

    backend_id: str
    model: str
    ran: Device
    revision: str
    load_ms: float
    first_token_ms: float | None = None
    tokens_per_s: float | None = None
    real_time_factor: float | None = None
    texts_per_s: float | None = None
    energy: Energy | None = None
    power_source: PowerSource = PowerSource.MAINS
    at_s: float = 0.0
