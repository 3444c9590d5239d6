"""What one rule asks for."""

from __future__ import annotations

from dataclasses import dataclass

from app.contracts.devices import Device

LATER = 0.1
"""Taken off the confidence an answer needs before a higher tier is asked, for each step."""


@dataclass(frozen=True, slots=True)
class Demand:
    """What one rule asks for, and why.

    Attributes:
        key: The same for as long as the cause is: the words may change meanwhile, but those of the first time are kept.
        reason: In words, whole sentences.
        rests: Devices that are to rest.
        shorter: How often the longest answer is halved.
        later: Steps by which a higher tier is asked later, each of `LATER`.
    """

    key: str
    reason: str
    rests: tuple[Device, ...] = ()
    shorter: int = 0
    later: int = 0
