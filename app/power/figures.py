"""Figures of power, heat and load as people read them, the same in the window and in the terminal.

Why it exists: what is measured must look different from what is estimated in every place, and not by its colour alone;
and nobody may find two figures for one thing. Joules are written by `app.power.energy.units`.
"""

from __future__ import annotations

from app.contracts.energy import Provenance

NOTHING = "—"
"""Stands where a figure would, when nobody can tell it."""
ABOUT = "≈ "
"""Stands before what is estimated."""


def marked(text: str, provenance: Provenance) -> str:
    """A figure with the sign of an estimate, or the sign of nothing at all."""
    if provenance is Provenance.UNAVAILABLE:
        return NOTHING
    return ABOUT + text if provenance is Provenance.ESTIMATE else text


def watts(value: float) -> str:
    """Power: tenths below ten watts, and always in watts, so that a live figure does not flicker."""
    return f"{value:.1f} W" if value < 9.95 else f"{value:.0f} W"


def degrees(value: float) -> str:
    """A temperature, whole degrees Celsius."""
    return f"{value:.0f} °C"


def share(value: float) -> str:
    """A share in [0, 1] in per cent."""
    return f"{value * 100.0:.0f} %"


def memory(count: float) -> str:
    """Bytes as megabytes or gigabytes of a thousand each."""
    return f"{count / 1e6:.0f} MB" if count < 999.5e6 else f"{count / 1e9:.1f} GB"


def frequency(mhz: float) -> str:
    """A clock, given in megahertz."""
    return f"{mhz:.0f} MHz" if mhz < 999.5 else f"{mhz / 1000.0:.1f} GHz"


def time_left(seconds: float) -> str:
    """A long time, to the minute below an hour and to ten minutes above."""
    minutes = round(seconds / 60.0)
    if minutes < 60:
        return f"{minutes} min"
    minutes = round(minutes / 10.0) * 10
    return f"{minutes // 60} h {minutes % 60} min" if minutes % 60 else f"{minutes // 60} h"
