"""What the governor remembers from one look to the next."""

from __future__ import annotations

from dataclasses import dataclass, field

from app.contracts.devices import Device
from app.power.governor.heat import Heat
from app.power.governor.rules import Watts

BY_PERSON = "person"
"""The key of what the person said."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one device stands.

    Attributes:
        device: Which.
        rests: It is held back.
        key: Of the demand it follows; empty when it does not rest.
        reason: Why, in words; empty likewise.
        changed_at_s: When that last changed, None for never.
    """

    device: Device
    rests: bool = False
    key: str = ""
    reason: str = ""
    changed_at_s: float | None = None

    @property
    def by_person(self) -> bool:
        """It rests because the person said so."""
        return self.key == BY_PERSON


@dataclass(frozen=True, slots=True)
class Caps:
    """By how much answers are held short, and since when.

    Attributes:
        shorter: How often the longest answer is halved.
        later: Steps by which a higher tier is asked later.
        reasons: Why, in words; empty when neither is the case.
        changed_at_s: When the two figures last changed, None for never.
    """

    shorter: int = 0
    later: int = 0
    reasons: tuple[str, ...] = ()
    changed_at_s: float | None = None


@dataclass(frozen=True, slots=True)
class State:
    """All of it. A fresh one holds nothing back."""

    standings: tuple[Standing, ...] = field(default_factory=lambda: tuple(Standing(device) for device in Device))
    heats: tuple[Heat, ...] = field(default_factory=lambda: tuple(Heat(device) for device in Device))
    caps: Caps = field(default_factory=Caps)
    watts: Watts = field(default_factory=Watts)
    battery_low: bool = False
    hour_step: int = 0
