"""Live figures of power and heat in words, the same wherever the window shows them.

Why it exists: what is measured must look different from what is estimated in every place, and not by its colour alone.
The words here are short enough for a lane; where a figure comes from is a sentence of its own.
"""

from __future__ import annotations

from app.contracts.energy import Provenance, Quantity

NOTHING = "—"
"""Stands where a figure would, when nobody can tell it."""
ABOUT = "≈ "
"""Stands before what is estimated."""


def watts(value: float) -> str:
    """Power in a live gauge: tenths below ten watts, so that it does not flicker."""
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


def time_left(seconds: float) -> str:
    """A long time, to the minute below an hour and to ten minutes above."""
    minutes = round(seconds / 60.0)
    if minutes < 60:
        return f"{minutes} min"
    minutes = round(minutes / 10.0) * 10
    return f"{minutes // 60} h {minutes % 60} min" if minutes % 60 else f"{minutes // 60} h"


def marked(text: str, provenance: Provenance) -> str:
    """A figure with the sign of an estimate, or the sign of nothing at all."""
    if provenance is Provenance.UNAVAILABLE:
        return NOTHING
    return ABOUT + text if provenance is Provenance.ESTIMATE else text


def origin(quantity: Quantity) -> str:
    """Where a figure comes from, or why there is none, in one or two sentences."""
    match quantity.provenance:
        case Provenance.MEASURED:
            return f"Measured: {quantity.source}" if quantity.source else "Measured."
        case Provenance.ESTIMATE:
            source = f"Estimate: {quantity.source}." if quantity.source else "Estimate."
            return f"{source} {quantity.reason}".strip()
        case Provenance.UNAVAILABLE:
            return f"Unavailable. {quantity.reason}".strip()


def spoken(text: str, provenance: Provenance) -> str:
    """A figure as a screen reader says it: the word instead of the sign."""
    if provenance is Provenance.UNAVAILABLE:
        return "unavailable"
    return f"{text}, {'estimate' if provenance is Provenance.ESTIMATE else 'measured'}"
