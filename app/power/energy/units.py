"""How energy is written: joules and watt-hours.

Why it exists: one place, so that the terminal and the window never show two figures for the same thing, and never the
wrong unit. A watt for a second is a joule; 3600 joules are a watt-hour.
"""

from __future__ import annotations

JOULES_IN_WH = 3600.0
_PREFIXES = ((1e6, "M"), (1e3, "k"), (1.0, ""), (1e-3, "m"))


def watt_hours(joules: float) -> float:
    """Joules as watt-hours."""
    return joules / JOULES_IN_WH


def in_joules(joules: float) -> str:
    """For instance ``3.2 J``, ``1.4 kJ``, ``120 mJ``: two or three digits."""
    return _scaled(joules, "J")


def in_watt_hours(joules: float) -> str:
    """Joules as watt-hours, for instance ``1.2 Wh`` or ``35 mWh``."""
    return _scaled(watt_hours(joules), "Wh")


def _scaled(value: float, unit: str) -> str:
    size = abs(value)
    if size < 0.5e-3:
        return f"0 {unit}"
    for factor, prefix in _PREFIXES:
        digits = _digits(value / factor)
        if abs(float(digits)) >= 1.0 or factor == _PREFIXES[-1][0]:
            return f"{digits} {prefix}{unit}"
    raise AssertionError("the last prefix takes everything")


def _digits(number: float) -> str:
    """One decimal under ten, none above."""
    return f"{number:.1f}" if round(abs(number), 1) < 10.0 else f"{number:.0f}"
