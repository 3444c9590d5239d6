from __future__ import annotations

from app.contracts.energy import Provenance, estimated, measured, unavailable
from ui.viewmodels.quantities import origin, spoken


def test_what_is_estimated_sounds_different() -> None:
    said = [spoken("2 W", provenance) for provenance in Provenance]
    assert said == ["2 W, measured", "2 W, estimate", "unavailable"]


def test_every_figure_says_where_it_comes_from() -> None:
    assert origin(measured(1.0, "/proc/stat")) == "Measured: /proc/stat"
    assert origin(estimated(1.0, "table", "No counter.")) == "Estimate: table. No counter."
    assert origin(unavailable("It sleeps.")) == "Unavailable. It sleeps."
