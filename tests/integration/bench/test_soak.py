"""The soak, shortened: every run ends once, and nothing is left behind."""

from __future__ import annotations

import asyncio

from app.bench.soak import figures, soak

SCRIPTED, REAL = 200, 40


def test_every_run_ends_once_and_leaves_nothing_behind() -> None:
    scripted, real, left, seconds = asyncio.run(soak(SCRIPTED, REAL))
    assert scripted.lost + real.lost == []
    assert (scripted.runs, real.runs) == (SCRIPTED, REAL)
    assert {"answered", "cancelled", "runtime-fault", "input-empty"} <= set(scripted.ends)
    assert (left.tasks, left.processes, left.files) == (0, 0, 0)
    report = figures(scripted, real, left, seconds)
    assert report["answered_share"].value == 1.0
    assert report["turns"].value == SCRIPTED + REAL
