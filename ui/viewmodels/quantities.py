"""Where a figure of power or heat comes from, as a sentence, and how a screen reader says it."""

from __future__ import annotations

from app.contracts.energy import Provenance, Quantity


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
