"""Whether a graphics processor that is awake may be asked now.

Why it exists: asking one that sleeps wakes it, which the caller can see beforehand. But asking one that is awake starts
its time until sleep anew, so asking every second would keep it awake for ever. One that nothing keeps awake is asked
only twice in half a minute, long enough apart for it to fall asleep in between.
"""

from __future__ import annotations

from app.power.sensors.files import Files

PAUSE_S = 30.0
_IDLE = 0.02


class Manners:
    """For one device.

    Args:
        files: The kernel's files.
        folder: The device's folder below ``/sys/bus/pci/devices``.
    """

    def __init__(self, files: Files, folder: str) -> None:
        self._files = files
        self._folder = folder
        self._screens: tuple[str, ...] = ()
        self._idle_since: float | None = None

    def find(self) -> None:
        """Look for the screens that hang on it."""
        cards = [f"{self._folder}/drm/{card}" for card in self._files.names(f"{self._folder}/drm", "card")]
        outlets = [f"{card}/{name}" for card in cards for name in self._files.names(card, "card")]
        self._screens = tuple(f"{outlet}/dpms" for outlet in outlets)

    @property
    def asleep(self) -> bool:
        """Whether it sleeps now, or is falling asleep or waking up."""
        return self._files.text(f"{self._folder}/power/runtime_status") in ("suspended", "suspending", "resuming")

    def kept_awake(self, used: bool) -> bool:
        """Whether something else keeps it awake anyway.

        Args:
            used: This program's own processes hold it open.
        """
        if used or self._files.text(f"{self._folder}/power/control") != "auto":
            return True
        return any(self._files.text(screen) == "On" for screen in self._screens)

    def may_ask(self, at_s: float, kept_awake: bool) -> bool:
        """Whether it may be asked now, if it is awake."""
        return kept_awake or self._idle_since is None or at_s - self._idle_since >= PAUSE_S

    def asked(self, at_s: float, busy: float | None, *, tells_at_once: bool) -> None:
        """It was asked and was so busy: one that works is awake for its own reasons.

        Args:
            at_s: When.
            busy: Share of time, None when it could not tell.
            tells_at_once: One look is enough to tell; otherwise it is looked at once more.
        """
        resting = busy is not None and busy < _IDLE
        unknown = busy is None and tells_at_once
        self._idle_since = at_s if resting or unknown else None
