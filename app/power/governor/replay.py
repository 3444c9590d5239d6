"""Runs a recorded trace of the sensors through the governor: what it would have decided, and when.

Why it exists: a decision that surprised somebody can be made again from the file alone, on any machine; so can what
other limits would have come to.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from app.contracts.devices import Device
from app.contracts.energy import GovernorVerdict
from app.power.governor.deciding import decide
from app.power.governor.state import State
from app.power.governor.view import View
from app.power.trace import Trace
from app.settings.limits import Limits


@dataclass(frozen=True, slots=True)
class Decision:
    """A verdict that was another one than that before it.

    Attributes:
        after_s: Seconds from the first look of the trace.
        verdict: What was decided.
    """

    after_s: float
    verdict: GovernorVerdict


def replay(trace: Trace, limits: Limits, overrides: Mapping[Device, bool] | None = None) -> Iterator[Decision]:
    """Every decision, the first look's among them. The joules of turns are not in a trace, so none are counted.

    Args:
        trace: What the sensors said.
        limits: What the governor keeps to.
        overrides: The person's word on devices, from the first look on.
    """
    state, last = State(), None
    begun_at_s = trace.samples[0].counters.at_s
    for sample in trace.samples:
        view = View(
            at_s=sample.counters.at_s,
            minute_of_day=trace.minute_of_day(sample),
            readings=sample.readings,
            battery=sample.battery,
            overrides=overrides or {},
        )
        state, verdict = decide(state, view, limits)
        if verdict != last:
            yield Decision(view.at_s - begun_at_s, verdict)
            last = verdict
