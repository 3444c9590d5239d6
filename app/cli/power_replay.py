"""`sotto power --replay`: what the governor would have decided, look by look."""

from __future__ import annotations

import json
from pathlib import Path

from app.cli.columns import wrapped
from app.cli.console import Console, printable
from app.cli.power_text import in_looks
from app.contracts.devices import DEVICE_WORDS, Device
from app.contracts.energy import GovernorVerdict
from app.contracts.wire import JsonObject, fields_of
from app.power.governor.limits import in_words, limits_in_force
from app.power.governor.replay import Decision
from app.power.governor.replay import replay as decisions
from app.power.trace import Trace, read_trace
from app.settings.limits import Limits
from app.settings.paths import Paths, asset
from app.settings.profiles import ProfileStore
from app.settings.store import SettingsStore


def replay(console: Console, paths: Paths, trace_file: Path, *, profile: str, as_json: bool) -> int:
    """Run a trace through the governor; returns the exit code.

    Raises:
        InvalidInput: There is no such trace or profile, or one of them is wrong.
        StorageError: One of them cannot be read.
    """
    trace = read_trace(trace_file)
    settings = SettingsStore(paths.settings_file)
    settings.load()
    chosen = ProfileStore(asset("profiles"), paths.profiles_dir).load(profile or settings.text("profile.active"))
    limits = limits_in_force(chosen.limits, settings)
    found = tuple(decisions(trace, limits))
    if as_json:
        content: JsonObject = {
            "trace": str(trace_file),
            "machine": trace.header.machine,
            "profile": chosen.profile_id,
            "looks": len(trace.samples),
            "cut_off": trace.cut_off,
            "decisions": [_as_object(decision) for decision in found],
        }
        console.write(json.dumps(content) + "\n")
    else:
        console.write(printable(_as_text(trace, chosen.profile_id, limits, found)) + "\n")
    return console.settle()


def _as_object(decision: Decision) -> JsonObject:
    verdict = decision.verdict
    return {
        "after_s": decision.after_s,
        "allowed": [device.value for device in Device if device in verdict.allowed],
        "reason": verdict.reason,
        "rests": [fields_of(rest, "rest") for rest in verdict.rests],
        "max_tokens": verdict.max_tokens,
        "patience": verdict.patience,
    }


def _as_text(trace: Trace, profile: str, limits: Limits, found: tuple[Decision, ...]) -> str:
    seconds = trace.samples[-1].counters.at_s - trace.samples[0].counters.at_s
    where = f" on {trace.header.machine}" if trace.header.machine else ""
    lines = wrapped(
        f"{in_looks(len(trace.samples))} over {_spoken(seconds)}{where}. Limits of the profile {profile}:", ""
    )
    for sentence in in_words(limits):
        lines += wrapped(sentence, "  ")
    if trace.cut_off:
        lines += wrapped("The last line of the trace is cut off and was left out.", "")
    lines.append("")
    for decision in found:
        verdict = decision.verdict
        lines += wrapped(_allowed(verdict), f"{_spoken(decision.after_s).rjust(8)}  ")
        if verdict.reason:
            lines += wrapped(verdict.reason, " " * 10)
        if verdict.max_tokens is not None:
            lines += wrapped(f"Answers of at most {verdict.max_tokens} tokens.", " " * 10)
    return "\n".join(lines)


def _allowed(verdict: GovernorVerdict) -> str:
    if verdict.allowed == frozenset(Device):
        return "Everything may run."
    resting = [f"the {DEVICE_WORDS[device].noun}" for device in Device if device not in verdict.allowed]
    return f"Everything may run but {', '.join(resting)}."


def _spoken(seconds: float) -> str:
    """``4:05`` or ``1:04:05``."""
    whole = round(seconds)
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"
