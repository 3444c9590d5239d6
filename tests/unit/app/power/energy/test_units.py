"""How joules and watt-hours are written."""

from __future__ import annotations

import pytest

from app.power.energy.units import in_joules, in_watt_hours, watt_hours


@pytest.mark.parametrize(
    ("joules", "written"),
    [
        (0.0, "0 J"),
        (0.0004, "0 J"),
        (0.0006, "0.6 mJ"),
        (0.12, "120 mJ"),
        (0.9996, "1.0 J"),
        (3.2, "3.2 J"),
        (9.96, "10 J"),
        (42.4, "42 J"),
        (999.7, "1.0 kJ"),
        (1400.0, "1.4 kJ"),
        (-3.2, "-3.2 J"),
        (3.2e6, "3.2 MJ"),
        (5.0e9, "5000 MJ"),
    ],
)
def test_joules(joules: float, written: str) -> None:
    assert in_joules(joules) == written


def test_a_watt_for_an_hour_is_a_watt_hour_and_not_for_a_second() -> None:
    assert watt_hours(3600.0) == 1.0
    assert in_watt_hours(3.0) == "0.8 mWh"
    assert in_watt_hours(36_000.0) == "10 Wh"
