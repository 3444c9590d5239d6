"""What a graphics card's own library says of it, and who asks it.

Why it exists: NVIDIA's cards tell nothing through files, and asking their library wakes them and keeps them awake. So
whoever reads the files decides whether a card may be asked; the reader behind this port only asks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class CardLook:
    """One look at one card. What it does not support is None.

    Attributes:
        name: As its maker calls it, empty when unknown.
        watts: Power now, W.
        joules: While it was looked at; never goes back, a driver that was loaded anew included.
        temperature_c: Degrees Celsius.
        slows_at_c: The temperature at which it slows itself down, degrees Celsius.
        busy: Share of time busy, in [0, 1].
        memory_bytes: Memory in use on the card, by anybody.
        frequency_mhz: Clock of its processor.
        throttled: It slows itself down because of heat, or because its supply cannot give what it asks for. That it
            keeps to its ordinary power limit does not count: every processor does so under load.
        reasons: Why, in the words of the library, for instance ``software thermal slowdown``.
    """

    name: str = ""
    watts: float | None = None
    joules: float | None = None
    temperature_c: float | None = None
    slows_at_c: float | None = None
    busy: float | None = None
    memory_bytes: int | None = None
    frequency_mhz: float | None = None
    throttled: bool | None = None
    reasons: tuple[str, ...] = ()


class CardReader(Protocol):
    """Asks a library about cards by their PCI address, for instance ``0000:01:00.0``. Safe in two threads."""

    def look(self, pci: str, *, keep_open: bool) -> CardLook | None:
        """Ask about a card that is known to be awake; takes some milliseconds.

        Args:
            pci: Its address as the kernel writes it.
            keep_open: The library may stay open for the next look, since the card is kept awake anyway. Otherwise it
                is let go before this returns: an open library alone keeps the card from falling asleep.

        Returns:
            None when there is no library, it does not know the card, or it failed; the reason is in `why_not`.
        """
        ...

    def joules(self, pci: str) -> float | None:
        """What it has taken by now: as of the last look, and its watts then for the time since. Asks no library.

        It continues `CardLook.joules` and never goes back. None before the first look and where neither is known. A
        card that was not looked at for more than some seconds is not guessed any further.
        """
        ...

    def why_not(self, pci: str) -> str:
        """Why the last look at it gave nothing, one sentence; empty when it gave something."""
        ...

    def close(self) -> None:
        """Let go of the library. It may be used again afterwards."""
        ...
