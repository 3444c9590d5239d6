"""`sotto doctor`: what is there, what is missing, and the one command that mends it."""

from __future__ import annotations

from collections.abc import Sequence

from app.cli import checks, runtimes
from app.cli.console import Console, printable
from app.cli.findings import Finding, as_json, as_table, can_answer
from app.cli.power import sensors_of_machine
from app.contracts.errors import Unavailable
from app.settings.paths import Paths

CHECKS: Sequence[checks.Check] = (
    checks.python,
    checks.machine,
    checks.system_libraries,
    checks.window,
    checks.sound,
    runtimes.runtimes,
    checks.devices,
    sensors_of_machine,
    runtimes.installed,
    runtimes.servers,
    checks.folders,
    checks.settings,
    checks.profiles,
    checks.database,
    checks.notebook,
    checks.instance,
)


def examine(paths: Paths, selected: Sequence[checks.Check] = CHECKS) -> tuple[Finding, ...]:
    """Run the checks in order."""
    return tuple(finding for check in selected for finding in check(paths))


def doctor(console: Console, paths: Paths, *, as_json_object: bool, selected: Sequence[checks.Check] = CHECKS) -> int:
    """Show what was found; returns 0 if typed questions can be answered here, 4 otherwise."""
    console.live("Looking…")
    findings = examine(paths, selected)
    if as_json_object:
        console.write(as_json(findings) + "\n")
    else:
        table = as_table(findings, colour=False)
        console.write((as_table(findings, colour=True) if console.out_is_terminal else printable(table)) + "\n")
    return console.settle() or (0 if can_answer(findings) else Unavailable.exit_code)
