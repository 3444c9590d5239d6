"""The command `sotto devices`: one block per device, its state in words, and the one thing to do about it."""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import Sequence

from app.cli.columns import wrapped
from app.cli.console import Console, printable
from app.contracts.devices import DEVICE_WORDS, DeviceInfo, Presence, RuntimeSupport
from app.settings.paths import Paths
from models.compiled.blobs import CompiledModels
from models.devices.kept import device_fields
from models.devices.machine import SystemMachine
from models.devices.selftest import forget_failures

_STATES = {
    Presence.READY: "ready",
    Presence.ABSENT: "not there",
    Presence.NO_DRIVER: "there, but without a driver that models can be run with",
    Presence.NO_PERMISSION: "there, but you may not open it",
    Presence.ASLEEP: "there, asleep",
    Presence.UNSUPPORTED: "there, but nothing here can use it",
    Presence.BROKEN: "there, but broken",
}
_UNKNOWN = "Only the processor is known: nobody has looked for the others yet."
_OUTDATED = "Only the processor is known: drivers or libraries have changed since the last look."


def devices(options: argparse.Namespace, console: Console) -> int:
    """Run it; returns the exit code. A new look also lets be tried again what failed its self-test or its compile."""
    paths = Paths.default()
    folder = paths.machine_dir
    machine = SystemMachine(folder)
    if options.known:
        found = machine.look()
    else:
        console.live("Looking…")
        found = asyncio.run(machine.refresh())
        forget_failures(folder)
        CompiledModels(paths.compiled_dir).forget_failures()
    if options.json:
        console.write(as_json(found, machine.looked_at_s) + "\n")
    else:
        console.write(printable(as_text(found)) + "\n")
        if machine.stale:
            console.say(f"{_OUTDATED if machine.why_stale else _UNKNOWN} `sotto devices` looks.")
    return console.settle()


def as_text(found: Sequence[DeviceInfo]) -> str:
    """One block per device, readable at 80 columns."""
    return "\n\n".join(_block(info) for info in found)


def as_json(found: Sequence[DeviceInfo], looked_at_s: float) -> str:
    """All devices as one JSON object; ``looked_at_s`` is null when nobody has looked."""
    known = {"looked_at_s": looked_at_s or None, "devices": [device_fields(info) for info in found]}
    return json.dumps(known, indent=2, ensure_ascii=True)


def _block(info: DeviceInfo) -> str:
    title = DEVICE_WORDS[info.device].title
    lines = [f"{title}: {info.name}" if info.name else title, f"  {_STATES[info.presence]}"]
    if info.reason and info.presence is not Presence.ABSENT:
        lines += wrapped(info.reason, "  ")
    if info.remedy:
        lines.append(f"  → {info.remedy}")  # never broken: it is there to be copied
    if info.presence is Presence.ABSENT:
        return "\n".join(lines)
    rows = [("driver", info.driver)] if info.driver else []
    rows += [*info.facts, *((support.runtime, _support(support)) for support in info.runtimes)]
    width = max((len(name) for name, _ in rows), default=0)
    for name, value in rows:
        lines += wrapped(value, f"  {name.ljust(width)}  ")
    return "\n".join(lines)


def _support(support: RuntimeSupport) -> str:
    if support.usable:
        return f"{support.version}, as {support.target}" if support.version else f"as {support.target}"
    return f"no: {support.reason}"
