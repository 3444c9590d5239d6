"""`sotto bench runtimes`: the same question through every runtime, side by side.

Loads, first token, tokens per second and joules of every text runtime with the same model; how long each takes to stop,
in the middle of a prompt and in the middle of an answer, and whether its process had to be ended for that; how much
their log-probabilities agree; and loads and real-time factors of the runtimes for speech. With ``--memory``, instead:
every runtime is loaded and unloaded over and over, and what is left behind is measured.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from app.aio.lease import CpuLease
from app.bench import runtimes_memory, runtimes_text
from app.bench.machine import JsonValue, describe
from app.bench.report import Figure, Report, percentiles, single
from app.bench.runtimes_cast import BenchLibrary, Candidate, candidates, known_machine
from app.bench.runtimes_server import local_server
from app.bench.runtimes_text import Measured, agreement, stopwatch, stopwatch_over_server
from app.contracts.calibration import Measurement
from app.contracts.energy import Provenance
from app.contracts.errors import SottoError
from app.contracts.ports import PowerMonitor
from app.power.energy.estimate import EstimatedPowerMonitor
from models.backends import Backends
from models.calibration.measuring import measure
from models.calibration.store import power_source
from models.embedded import SMOLLM2, EmbeddedModels
from models.hosted.llm import HostedTextGenerator
from models.registry import Port

log = logging.getLogger(__name__)

_SERVER = Candidate("server", "server", Port.TEXT, SMOLLM2, "llama-cpp-python's server on loopback")
_SPEECH = (Port.SPEECH_TO_TEXT, Port.TEXT_TO_SPEECH)


def main(arguments: Sequence[str]) -> int:
    """Run the benchmark and print its report; returns the exit code."""
    parser = argparse.ArgumentParser(prog="sotto bench runtimes")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--only", default="", metavar="TEXT", help="runtimes whose name has this in it")
    parser.add_argument("--memory", action="store_true", help="load and unload every runtime over and over instead")
    parser.add_argument(
        "--cycles", type=int, default=runtimes_memory.CYCLES, metavar="N", help="how often, with --memory; at least 3"
    )
    parser.add_argument(
        "--times",
        type=int,
        default=runtimes_text.CANCELS,
        metavar="N",
        help="measure nothing of a text runtime more often",
    )
    options = parser.parse_args(arguments)
    work = (
        _remember(options.only, max(3, options.cycles))
        if options.memory
        else _compare(options.only, max(1, options.times))
    )
    report = asyncio.run(work)
    report.show(as_json=options.json)
    return 0


async def _compare(only: str, at_most: int) -> Report:
    figures: dict[str, Figure] = {}
    notes: list[str] = []
    power = EstimatedPowerMonitor()
    ran: dict[str, JsonValue] = {}
    with tempfile.TemporaryDirectory(prefix="sotto-bench-") as name:
        backends = _backends(Path(name))
        reference: Measured | None = None
        try:
            for one in candidates(backends, ports=(Port.TEXT, *_SPEECH)):
                if only not in one.name:
                    continue
                try:
                    if one.port is Port.TEXT:
                        measured = await _text(backends, one, power, at_most)
                        reference = reference or measured
                        figures |= _text_figures(one.name, measured, reference)
                        notes += _text_notes(one, measured, reference)
                        ran[one.name] = _described(one, str(measured.ran))
                    else:
                        found = await _speech(backends, one, power)
                        figures |= _speech_figures(one.name, found)
                        ran[one.name] = _described(one, str(found.ran))
                except SottoError as error:
                    notes.append(f"{one.name} was not measured: {error}")
        finally:
            await backends.aclose()
        if only in _SERVER.name:
            try:
                measured = await _server(Path(name), power, at_most)
                reference = reference or measured
                figures |= _text_figures(_SERVER.name, measured, reference)
                notes += _text_notes(_SERVER, measured, reference)
                ran[_SERVER.name] = _SERVER.where
            except SottoError as error:
                notes.append(f"{_SERVER.name} was not measured: {error}")
    return Report("runtimes", describe(ran=ran), figures, tuple(notes))


async def _remember(only: str, cycles: int) -> Report:
    figures: dict[str, Figure] = {}
    notes: list[str] = []
    with tempfile.TemporaryDirectory(prefix="sotto-bench-") as name:
        backends = _backends(Path(name))
        try:
            for one in candidates(backends, ports=(Port.TEXT, *_SPEECH, Port.EMBEDDING)):
                if only not in one.name:
                    continue
                try:
                    seen = await runtimes_memory.load_and_unload(backends.build(one.backend_id), cycles)
                except SottoError as error:
                    notes.append(f"{one.name} was not measured: {error}")
                else:
                    figures |= runtimes_memory.figures(one.name, seen)
        finally:
            await backends.aclose()
    return Report("runtimes", describe(cycles=cycles), figures, tuple(notes))


def _backends(work: Path) -> Backends:
    """Without gates: here every load is meant to be a load."""
    cache = work / "cache"
    return Backends(
        CpuLease(), cache_dir=cache, machine=known_machine(), library=BenchLibrary(work), cache_for=lambda _entry: None
    )


async def _text(backends: Backends, one: Candidate, power: PowerMonitor, at_most: int) -> Measured:
    port = backends.build(one.backend_id)
    assert isinstance(port, HostedTextGenerator)
    return await stopwatch(port, power, at_most)


async def _server(work: Path, power: PowerMonitor, at_most: int) -> Measured:
    async with local_server(EmbeddedModels().require(SMOLLM2), CpuLease().threads, work) as (port, load_ms):
        return await stopwatch_over_server(port, power, load_ms, at_most)


async def _speech(backends: Backends, one: Candidate, power: PowerMonitor) -> Measurement:
    port = backends.build(one.backend_id)
    return await measure(port, power, revision="", power_source=power_source())


def _text_figures(name: str, measured: Measured, reference: Measured) -> dict[str, Figure]:
    cancels = [*measured.cancel_prefill_ms, *measured.cancel_decode_ms]
    joules = [energy.joules for energy in measured.energies if energy.provenance is not Provenance.UNAVAILABLE]
    estimate = any(energy.provenance is Provenance.ESTIMATE for energy in measured.energies)
    figures = {
        f"{name}_load_ms": percentiles(measured.load_ms),
        f"{name}_first_token_ms": percentiles(measured.first_token_ms),
        f"{name}_tokens_per_s": percentiles(measured.tokens_per_s, "tokens/s"),
        f"{name}_joules": percentiles(joules, "J (estimate)" if estimate else "J"),
        f"{name}_cancel_ms": percentiles(cancels),
        f"{name}_cancel_prefill_ms": percentiles(measured.cancel_prefill_ms),
        f"{name}_cancel_decode_ms": percentiles(measured.cancel_decode_ms),
        f"{name}_hosts_killed": single(float(measured.killed), "", len(cancels)),
        f"{name}_mean_log_prob": single(measured.mean_log_prob, "", len(measured.tokens)),
    }
    if measured is not reference:
        difference, tokens = agreement(reference.tokens, measured.tokens)
        figures[f"{name}_log_prob_delta"] = single(difference if tokens else None, "", tokens)
    return figures


def _text_notes(one: Candidate, measured: Measured, reference: Measured) -> list[str]:
    notes = [f"{one.name}: {_described(one, str(measured.ran))}."]
    if measured.killed:
        cancels = len(measured.cancel_prefill_ms) + len(measured.cancel_decode_ms)
        notes.append(
            f"{one.name} did not stop in time {measured.killed} times of {cancels} and its process was ended; that is "
            f"in the figure, the load of the next one is not (median {median(measured.load_ms):.0f} ms)."
        )
    if measured.finished_prefills:
        notes.append(f"{one.name}: {measured.finished_prefills} prompts had been read before they could be cancelled.")
    if measured is reference or measured.answer != reference.answer:
        notes.append(f"{one.name} answered {measured.answer.strip()!r}")
    return notes


def _speech_figures(name: str, found: Measurement) -> dict[str, Figure]:
    figures = {
        f"{name}_load_ms": single(found.load_ms, "ms", 3),
        f"{name}_real_time_factor": single(found.real_time_factor, "", 3),
    }
    if found.energy is not None and found.energy.provenance is not Provenance.UNAVAILABLE:
        unit = "J (estimate)" if found.energy.provenance is Provenance.ESTIMATE else "J"
        figures[f"{name}_joules"] = single(found.energy.joules, unit, 3)
    return figures


def _described(one: Candidate, ran: str) -> str:
    return f"{one.model} on {one.where}, ran on {ran}"
