from __future__ import annotations

import pytest

from app.contracts.energy import Provenance
from app.power.figures import degrees, frequency, marked, memory, share, time_left, watts


@pytest.mark.parametrize(("value", "words"), [(0.0, "0.0 W"), (2.44, "2.4 W"), (9.96, "10 W"), (61.4, "61 W")])
def test_watts(value: float, words: str) -> None:
    assert watts(value) == words


def test_other_units() -> None:
    assert degrees(53.6) == "54 °C"
    assert share(0.384) == "38 %"
    assert (memory(310e6), memory(1.24e9)) == ("310 MB", "1.2 GB")
    assert (frequency(999.4), frequency(999.6), frequency(3400.0)) == ("999 MHz", "1.0 GHz", "3.4 GHz")
    assert [time_left(s) for s in (1500.0, 3600.0, 15_010.0)] == ["25 min", "1 h", "4 h 10 min"]


def test_what_is_estimated_looks_different() -> None:
    assert [marked("2 W", provenance) for provenance in Provenance] == ["2 W", "≈ 2 W", "—"]
