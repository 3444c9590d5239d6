"""The command `sotto calibrate`: measures the models of this machine, and says what that means for the profile."""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass

from app.bootstrap.core import CoreOptions, Services, Speech, open_services
from app.bootstrap.ladders import ladders_of
from app.cli.console import Console, printable
from app.cli.session import interrupts_call
from app.contracts.calibration import Measurement, PowerSource
from app.contracts.energy import Provenance
from app.contracts.errors import SottoError, TurnCancelledError
from models.calibration.due import measurable
from models.calibration.measuring import measure
from models.calibration.store import Measurements

COMPILE_LOOK_S = 2.0
"""How often a model that is being compiled is tried again."""
_TITLES = ("backend", "ran on", "load", "first token", "tokens/s", "real time", "texts/s", "energy")
_SOURCES = {PowerSource.MAINS: "mains", PowerSource.BATTERY: "the battery"}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the command came to.

    Attributes:
        source: What the machine ran on.
        measurements: What holds now of the backends that were asked for.
        failed: Backend and reason of those that could not be measured.
        profile: Id of the profile.
        goal: What it is for.
        order: Backend, model and reason of each tier that answers, the first one first.
    """

    source: PowerSource
    measurements: tuple[Measurement, ...]
    failed: tuple[tuple[str, str], ...]
    profile: str
    goal: str
    order: tuple[tuple[str, str, str], ...]


def calibrate(options: argparse.Namespace, console: Console) -> int:
    """Run it; returns the exit code."""
    try:
        outcome = asyncio.run(_calibrate(tuple(options.backends), console, show=options.show))
    except asyncio.CancelledError:
        console.say("Stopped. What was measured before is kept.")
        return console.settle() or TurnCancelledError.exit_code
    console.write(as_json(outcome) + "\n" if options.json else as_text(outcome))
    for backend_id, reason in outcome.failed:
        console.say(printable(f"sotto: {backend_id} was not measured: {reason}"))
    return console.settle() or (1 if outcome.failed else 0)


async def _calibrate(wanted: Sequence[str], console: Console, *, show: bool) -> Outcome:
    task = asyncio.current_task()
    assert task is not None

    def stop() -> None:
        task.cancel()

    with interrupts_call(stop):
        async with AsyncExitStack() as stack:
            services = await stack.enter_async_context(open_services(CoreOptions(speech=Speech.SILENT)))
            backends = services.backends
            store = services.runtimes.measurements
            known = wanted and all(backends.resolve(key) in backends.entries for key in wanted)
            if services.runtimes.machine.stale and not show and not known:
                console.live("Looking for devices…")
                await services.runtimes.machine.refresh()
            asked = tuple(backends.build(backends.resolve(key)).backend.backend_id for key in wanted)
            keys = asked or measurable(backends)
            failed: list[tuple[str, str]] = []
            if not show:
                for number, key in enumerate(keys, 1):
                    try:
                        await _measure(services, store, key, console, f"{number} of {len(keys)}: {key}")
                    except SottoError as error:
                        failed.append((key, str(error)))
            return _outcome(services, store, keys, failed)


async def _measure(services: Services, store: Measurements, key: str, console: Console, title: str) -> None:
    """Measure one backend and keep it; waits as long as it is being compiled."""

    def step(done: int, of: int) -> None:
        console.live(f"Measuring {title} ({100 * done // of} %)")

    step(0, 1)
    while True:
        try:
            measurement = await measure(
                services.backends.build(key),
                services.power,
                revision=store.revision(key),
                power_source=store.source,
                on_step=step,
            )
        except SottoError as error:
            if error.code != "compiling":
                raise
            console.live(f"{title}: {error.message}")
            await asyncio.sleep(COMPILE_LOOK_S)
        else:
            await asyncio.to_thread(store.keep, measurement)
            return


def _outcome(
    services: Services, store: Measurements, keys: Sequence[str], failed: Sequence[tuple[str, str]]
) -> Outcome:
    ladders = ladders_of(services.profile, services.backends, store)
    order = zip(ladders.text, ladders.reasons, strict=True)
    return Outcome(
        source=store.source,
        measurements=tuple(found for key in keys if (found := store.measured(key)) is not None),
        failed=tuple(failed),
        profile=services.profile.profile_id,
        goal=services.profile.goal.value,
        order=tuple((tier.backend_id, tier.model, reason) for tier, reason in order),
    )


def as_json(outcome: Outcome) -> str:
    """All of it as one JSON object."""
    return json.dumps(
        {
            "power_source": outcome.source,
            "measurements": [asdict(one) for one in outcome.measurements],
            "failed": [{"backend": key, "reason": reason} for key, reason in outcome.failed],
            "profile": {
                "id": outcome.profile,
                "goal": outcome.goal,
                "order": [
                    {"backend": backend, "model": model, "reason": reason} for backend, model, reason in outcome.order
                ],
            },
        }
    )


def as_text(outcome: Outcome) -> str:
    """A table, and the order of the profile in words."""
    lines = [f"This machine runs on {_SOURCES[outcome.source]}."]
    if outcome.measurements:
        rows = [_TITLES, *(_row(one, outcome.source) for one in outcome.measurements)]
        widths = [max(len(row[column]) for row in rows) for column in range(len(_TITLES))]
        lines += ["", *("  ".join(map(_aligned, range(len(row)), row, widths)).rstrip() for row in rows)]
        if any(one.power_source is not outcome.source for one in outcome.measurements):
            other = next(source for source in PowerSource if source is not outcome.source)
            lines.append(f"* measured on {_SOURCES[other]}")
    else:
        lines += ["", "Nothing has been measured yet; `sotto calibrate` measures."]
    lines += ["", f"Who answers with the profile {outcome.profile} (its goal: {outcome.goal}):"]
    lines += [f"  {reason}" for _, _, reason in outcome.order]
    return printable("\n".join(lines) + "\n")


def _row(one: Measurement, source: PowerSource) -> tuple[str, ...]:
    mark = "" if one.power_source is source else " *"
    return (
        f"{one.backend_id}{mark}",
        str(one.ran),
        f"{one.load_ms:.0f} ms",
        _number(one.first_token_ms, ".0f", " ms"),
        _number(one.tokens_per_s, ".1f"),
        _number(one.real_time_factor, ".3f"),
        _number(one.texts_per_s, ".1f"),
        _energy(one),
    )


def _number(value: float | None, form: str, unit: str = "") -> str:
    return "-" if value is None else f"{value:{form}}{unit}"


def _energy(one: Measurement) -> str:
    if one.energy is None or one.energy.provenance is Provenance.UNAVAILABLE:
        return "-"
    return f"{one.energy.joules:.2g} J {one.energy.provenance}"


def _aligned(column: int, cell: str, width: int) -> str:
    return cell.rjust(width) if 2 <= column <= 6 else cell.ljust(width)
