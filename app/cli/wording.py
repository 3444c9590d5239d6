"""What a turn took, in a few lines for a person."""

from __future__ import annotations

from app.contracts.devices import Device
from app.contracts.energy import Energy, Provenance
from app.contracts.metrics import StageMetrics, TurnMetrics
from app.power.energy.units import in_joules
from app.power.energy.wording import energy_in_short, saved_in_short


def milliseconds(value: float) -> str:
    """A time as it is read best: ``87 ms``, ``1.4 s``, ``2 min 5 s``."""
    if value < 999.5:
        return f"{value:.0f} ms"
    if value < 59_950:
        return f"{value / 1000:.1f} s"
    minutes, seconds = divmod(round(value / 1000), 60)
    return f"{minutes} min {seconds} s"


def energy(value: Energy) -> str:
    """Joules with where they came from; empty when there are none."""
    if value.provenance is Provenance.UNAVAILABLE:
        return ""
    return f"{in_joules(value.joules)} ({value.provenance})"


def turn_line(metrics: TurnMetrics) -> str:
    """The times of a turn from the end of the question, its speed and its energy."""
    parts = [milliseconds(metrics.total_ms)]
    for name, value in (
        ("transcript", metrics.final_transcript_ms),
        ("first word", metrics.first_token_ms),
        ("first sound", metrics.first_audio_ms),
    ):
        if value:
            parts.append(f"{name} {milliseconds(value)}")
    parts.extend(_speed(stage) for stage in metrics.stages if stage.tokens)
    if metrics.energy is not None:
        parts.append(energy(metrics.energy))
    return " · ".join(part for part in parts if part)


def energy_line(metrics: TurnMetrics) -> str:
    """The joules of each stage, an estimate with ``≈`` in front, and what was saved against the graphics card.

    Empty when nothing beside the sum of the turn is known.
    """
    spent = [(stage.stage, energy_in_short(stage.energy)) for stage in metrics.stages if stage.energy is not None]
    parts = [f"{stage} {words}" for stage, words in spent if words]
    saved = next((one for one in metrics.compared if one.device is Device.GPU), None)
    if saved is not None:
        parts.append(f"{saved_in_short(saved)} (estimate)")
    return " · ".join(parts) if len(parts) > 1 else ""


def _speed(stage: StageMetrics) -> str:
    """How many tokens, and how fast once the first one was there: loading and reading the question do not count."""
    writing_ms = stage.elapsed_ms - (stage.first_output_ms or 0.0)
    rate = f" at {(stage.tokens - 1) / writing_ms * 1000:.0f}/s" if stage.tokens > 1 and writing_ms > 0 else ""
    where = "a server" if stage.device is Device.REMOTE else f"the {stage.device}"
    return f"{stage.tokens} tokens{rate} on {where}"
