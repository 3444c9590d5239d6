"""`sotto bench power`: what looking at watts costs, and what using the small chips saves.

The sampler and the window's panel are measured for real. The saving is the work of real turns through the pipeline
``voice-assistant``, priced by the device model: measured seconds, assumed watts.
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Sequence
from pathlib import Path

from app.bench.machine import JsonValue, describe
from app.bench.power_claims import Use, assumed, claim_figures
from app.bench.power_watching import CHILD, in_child, measure_sampler, sampler_figures, window_figures
from app.bench.power_words import claim_notes
from app.bench.power_work import worked
from app.bench.report import Figure, Report
from app.bench.surroundings import surroundings
from app.power.energy.model import power_model
from app.settings.paths import Paths

PARTS = ("sampler", "window", "claims")


def main(arguments: Sequence[str]) -> int:
    """Run the benchmark and print its report; returns the exit code."""
    parser = argparse.ArgumentParser(prog="sotto bench power")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--seconds", type=float, default=60.0, metavar="S", help="how long each stretch is watched")
    parser.add_argument("--turns", type=int, default=5, metavar="N", help="how many recorded questions, at least 1")
    parser.add_argument("--only", choices=PARTS, action="append", help="this part alone; may be given again")
    parser.add_argument("--root", type=Path, metavar="FOLDER", help="have the sampler look at the files of this tree")
    parser.add_argument(CHILD, choices=PARTS[:2], help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    match options.in_child:
        case "sampler":
            measure_sampler(options.seconds, options.root)
        case "window":
            from app.bench.power_panel import measure_window  # Qt, which only this part needs

            measure_window(options.seconds)
        case _:
            wanted = options.only or PARTS
            report = _report(wanted, max(0.1, options.seconds), max(1, options.turns), options.root)
            report.show(as_json=options.json)
    return 0


def _report(parts: Sequence[str], seconds: float, turns: int, root: Path | None) -> Report:
    """Measure the parts one after the other: none may be in another's way."""
    figures: dict[str, Figure] = {}
    facts: dict[str, JsonValue] = {}
    notes: tuple[str, ...] = ()
    if "sampler" in parts:
        where = () if root is None else ("--root", str(root))
        figures |= sampler_figures(in_child("sampler", seconds, *where))
        facts["sensors"] = "those of this machine" if root is None else "those of the tree given with --root"
    if "window" in parts:
        with surroundings() as around:
            facts |= around.facts
            figures |= window_figures(in_child("window", seconds), seconds)
    if "claims" in parts:
        model, use = power_model(Paths.default().power_file), Use()
        turn = asyncio.run(worked(turns))
        figures |= claim_figures(model, turn, use)
        facts["assumed"] = assumed(model, use)
        notes = claim_notes(model, turn, use)
    return Report("power", {**describe(), **facts}, figures, notes)
