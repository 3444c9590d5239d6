"""What work took, in words: always with whether it was measured or estimated, and against what something was saved.

Why it exists: the window and the terminal say the same of the same turn.
"""

from __future__ import annotations

from app.contracts.devices import DEVICE_WORDS, Device
from app.contracts.energy import Comparison, Energy, EnergyAccount, Provenance
from app.contracts.metrics import TurnMetrics
from app.power.energy.units import in_joules
from app.power.figures import ABOUT

LEAST_SAVED = 0.005
"""A smaller share than this is no difference."""


def energy_in_short(energy: Energy) -> str:
    """``3.1 J`` when it was measured, ``≈ 3.1 J`` when it was estimated, empty when nobody knows."""
    return _short(energy.joules, energy.provenance)


def energy_in_words(energy: Energy) -> str:
    """``3.1 J measured``, ``≈ 3.1 J estimated``, ``joules unavailable``."""
    match energy.provenance:
        case Provenance.MEASURED:
            return f"{_short(energy.joules, energy.provenance)} measured"
        case Provenance.ESTIMATE:
            return f"{_short(energy.joules, energy.provenance)} estimated"
        case Provenance.UNAVAILABLE:
            return "joules unavailable"


def account_in_words(account: EnergyAccount) -> str:
    """Where every joule of a stretch of time went; empty when nobody counted."""
    if account.provenance is Provenance.UNAVAILABLE:
        return ""
    total = _short(account.total, account.provenance)
    where = ((account.stages, "the stages"), (account.shared, "other work"), (account.idle, "idle"))
    parts = ", ".join(f"{in_joules(amount)} {what}" for amount, what in where)
    return f"The devices took {total} in {account.seconds:.1f} s: {parts}."


def saved_in_short(comparison: Comparison) -> str:
    """``84 % less than all on the GPU``."""
    share, where = round(abs(comparison.saved) * 100), f"all on the {DEVICE_WORDS[comparison.device].short}"
    return f"{share} % {'less' if comparison.saved > 0 else 'more'} than {where}" if share else f"as much as {where}"


def comparison_in_words(comparison: Comparison) -> str:
    """What the same work would have taken on one device, and how that was computed."""
    there = _short(comparison.joules, Provenance.ESTIMATE)
    words = f"{saved_in_short(comparison)}, which would take {there}."
    return f"{words[:1].upper()}{words[1:]} {comparison.method}".rstrip()


def turn_in_words(metrics: TurnMetrics) -> str:
    """The joules of a turn, where they went and what was saved, a sentence a line; empty when nothing is known."""
    if metrics.energy is None or metrics.energy.provenance is Provenance.UNAVAILABLE:
        return ""
    spent = f"{energy_in_words(metrics.energy)} for the stages of this turn, above idle."
    return "\n".join((spent, *whereabouts_in_words(metrics)))


def whereabouts_in_words(metrics: TurnMetrics) -> list[str]:
    """Where every joule of a turn went, and what it would have taken elsewhere, with how that was computed.

    It is compared with the graphics card, and with the processor where that makes a difference.
    """
    account = "" if metrics.account is None else account_in_words(metrics.account)
    telling = [one for one in metrics.compared if one.device is Device.GPU or abs(one.saved) >= LEAST_SAVED]
    return [line for line in (account, *map(comparison_in_words, telling)) if line]


def _short(value: float, provenance: Provenance) -> str:
    match provenance:
        case Provenance.MEASURED:
            return in_joules(value)
        case Provenance.ESTIMATE:
            return ABOUT + in_joules(value)
        case Provenance.UNAVAILABLE:
            return ""
