from __future__ import annotations

import pytest

from app.contracts.energy import Provenance, estimated, measured, unavailable
from ui.viewmodels.quantities import degrees, marked, memory, origin, share, spoken, time_left, watts


@pytest.mark.parametrize(("value", "words"), [(0.0, "0.0 W"), (2.44, "2.4 W"), (9.96, "10 W"), (61.4, "61 W")])
def test_watts(value: float, words: str) -> None:
    assert watts(value) == words


def test_other_units() -> None:
    assert degrees(53.6) == "54 °C"
    assert share(0.384) == "38 %"
    assert (memory(310e6), memory(1.24e9)) == ("310 MB", "1.2 GB")
    assert [time_left(s) for s in (1500.0, 3600.0, 15_010.0)] == ["25 min", "1 h", "4 h 10 min"]


def test_what_is_estimated_looks_and_sounds_different() -> None:
    shown = [marked("2 W", provenance) for provenance in Provenance]
    said = [spoken("2 W", provenance) for provenance in Provenance]
    assert shown == ["2 W", "≈ 2 W", "—"]
    assert said == ["2 W, measured", "2 W, estimate", "unavailable"]


def test_every_figure_says_where_it_comes_from() -> None:
    assert origin(measured(1.0, "/proc/stat")) == "Measured: /proc/stat"
    assert origin(estimated(1.0, "table", "No counter.")) == "Estimate: table. No counter."
    assert origin(unavailable("It sleeps.")) == "Unavailable. It sleeps."
