"""Decides which devices may run, from one look, what is remembered of the looks before, and the limits.

Why it exists: everything that holds a device back or shortens an answer is decided here and nowhere else, by a pure
function: the same looks give the same decisions, so any recorded trace can be run through it again.

What holds whatever the rules ask for:

* A device's state changes at most once in `Limits.dwell_s`, in either direction; so do the caps on answers.
* One device that can answer always works, the processor before the others, since it protects itself. That it should
  rest is told, and answers are shorter.
* The person's word on a device goes before every rule, and is followed at once.
* A device that is not there, or of which nothing can be read, is never told to rest by a rule.

The only change that waits for nothing, beside those by the person, is that of the last device: when the others have
gone away or were rested by the person, it works again at once.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from app.contracts.devices import DEVICE_WORDS, Device
from app.contracts.energy import GovernorVerdict, Rest
from app.power.governor import rules
from app.power.governor.demand import LATER, Demand
from app.power.governor.heat import Heat, demanded, felt
from app.power.governor.state import BY_PERSON, Caps, Standing, State
from app.power.governor.view import HUNGRIEST_FIRST, View, slows_at
from app.settings.limits import Limits

SHORTEST = 64
"""Tokens, two or three sentences: no answer is held shorter than this, unless the person wants it so."""
MOST_SHORTER = 2
"""An answer is halved so often at most."""
MOST_LATER = 2
"""Steps by which a higher tier is asked later, at most."""


def decide(state: State, view: View, limits: Limits) -> tuple[State, GovernorVerdict]:
    """What may run now, and what is to be remembered for the next look."""
    state, demands = _asked_for(state, view, limits)
    wanted = _targets(view, demands)
    spared = _spared(state, view, wanted)
    targets = {device: demand for device, demand in wanted.items() if device is not spared}
    standings = _Change(state, view, limits, targets).made()
    if spared is not None:
        working = view.answering - {standing.device for standing in standings if standing.rests}
        going = spared if spared in working else min(working)  # which may not change yet
        demands = (*demands, _all_the_same(going, wanted[going]))
    caps = _capped(state.caps, view, limits, demands)
    state = replace(state, standings=standings, caps=caps)
    return state, _verdict(state, view, limits)


def _asked_for(state: State, view: View, limits: Limits) -> tuple[State, tuple[Demand, ...]]:
    """What the rules ask for, the weightiest first, and what they remember."""
    if not limits.governs:
        return State(standings=state.standings), ()
    readings = {reading.device: reading for reading in view.present}
    heats = tuple(
        felt(heat, readings[heat.device], view, limits) if heat.device in readings else Heat(heat.device)
        for heat in state.heats
    )
    low = rules.battery_low(state.battery_low, view, limits)
    watts = rules.watts_seen(state.watts, view, limits)
    step = rules.hour_step(state.hour_step, view, limits)
    demands = (
        *demanded(heats, view),
        *rules.of_battery(low, view, limits),
        *rules.of_hour(step, view, limits),
        *rules.of_watts(watts, view, limits),
        *rules.of_quiet_hours(view, limits),
    )
    return replace(state, heats=heats, battery_low=low, watts=watts, hour_step=step), demands


def _targets(view: View, demands: Iterable[Demand]) -> dict[Device, Demand]:
    """The devices that should rest, each with the weightiest demand."""
    present = {reading.device for reading in view.present}
    targets: dict[Device, Demand] = {}
    for demand in demands:
        for device in demand.rests:
            if device in present and view.overrides.get(device) is not True:
                targets.setdefault(device, demand)
    for device, use in view.overrides.items():
        if not use:
            targets[device] = Demand(BY_PERSON, f"You told the {DEVICE_WORDS[device].noun} to rest.", (device,))
    return targets


def _spared(state: State, view: View, targets: Mapping[Device, Demand]) -> Device | None:
    """The device that works although it should rest, since all should; None when one may work anyway."""
    answering = view.answering
    if not answering <= targets.keys():
        return None
    return min(answering, key=lambda device: _worth_sparing(device, state, view))


def _worth_sparing(device: Device, state: State, view: View) -> tuple[bool, bool, bool, float, int]:
    """The smaller, the rather it works: not against the person's word, the processor, one that works, a cool one."""
    reading = next((reading for reading in view.present if reading.device is device), None)
    temperature = None if reading is None else reading.temperature_c.value
    margin = math.inf if reading is None or temperature is None else slows_at(reading) - temperature
    rests = next(standing.rests for standing in state.standings if standing.device is device)
    last = HUNGRIEST_FIRST.index(device)
    return view.overrides.get(device) is False, device is not Device.CPU, rests, -margin, -last


def _all_the_same(device: Device, demand: Demand) -> Demand:
    """A device goes on although it should rest: that is told, and answers are shorter."""
    why = "You told the {} to rest" if demand.key == BY_PERSON else "The {} should rest"
    said = f"{why.format(DEVICE_WORDS[device].noun)}, but something has to answer: answers are shorter."
    return Demand("all the same", said, shorter=1)


@dataclass(slots=True)
class _Change:
    """Brings the devices to where they should be, as far as they may change now."""

    state: State
    view: View
    limits: Limits
    targets: Mapping[Device, Demand]

    def made(self) -> tuple[Standing, ...]:
        """Where the devices stand now."""
        before = {standing.device: standing for standing in self.state.standings}
        resting = {device for device, standing in before.items() if standing.rests}
        answering = self.view.answering
        resting -= {device for device in resting - self.targets.keys() if self._may_change(before[device])}
        resting |= {device for device in self.targets if self.view.overrides.get(device) is False}
        for device in HUNGRIEST_FIRST:
            alone = device in answering and answering - resting == {device}
            if device in self.targets and device not in resting and not alone and self._may_change(before[device]):
                resting.add(device)
        if answering <= resting:
            resting.discard(
                min(answering, key=lambda one: (one in self.targets, *_worth_sparing(one, self.state, self.view)))
            )
        return tuple(self._standing(standing, standing.device in resting) for standing in self.state.standings)

    def _may_change(self, standing: Standing) -> bool:
        """The person's word counts at once, and so does its end; a rule waits."""
        if standing.by_person or standing.device in self.view.overrides or not self.limits.governs:
            return True
        changed = standing.changed_at_s
        return changed is None or self.view.at_s - changed >= self.limits.dwell_s

    def _standing(self, before: Standing, rests: bool) -> Standing:
        changed_at_s = before.changed_at_s if rests == before.rests else self.view.at_s
        if not rests:
            return Standing(before.device, changed_at_s=changed_at_s)
        demand = self.targets.get(before.device)
        if demand is None or demand.key == before.key:
            return replace(before, changed_at_s=changed_at_s)
        return Standing(before.device, rests, demand.key, demand.reason, changed_at_s)


def _capped(caps: Caps, view: View, limits: Limits, demands: Iterable[Demand]) -> Caps:
    """The caps on answers, which change as seldom as a device does."""
    capping = [demand for demand in demands if demand.shorter or demand.later]
    wanted = Caps(
        shorter=min(MOST_SHORTER, max((demand.shorter for demand in capping), default=0)),
        later=min(MOST_LATER, max((demand.later for demand in capping), default=0)),
        reasons=tuple(demand.reason for demand in capping),
        changed_at_s=caps.changed_at_s,
    )
    if (wanted.shorter, wanted.later) == (caps.shorter, caps.later):
        return wanted
    waits = caps.changed_at_s is not None and view.at_s - caps.changed_at_s < limits.dwell_s
    if waits and limits.governs:
        return caps
    return replace(wanted, changed_at_s=view.at_s)


def _verdict(state: State, view: View, limits: Limits) -> GovernorVerdict:
    resting = [standing for standing in state.standings if standing.rests]
    caps = state.caps
    shortest = min(SHORTEST, limits.max_tokens)
    return GovernorVerdict(
        allowed=frozenset(Device) - {standing.device for standing in resting},
        reason=" ".join(dict.fromkeys((*caps.reasons, *(standing.reason for standing in resting)))),
        max_tokens=max(shortest, limits.max_tokens >> caps.shorter) if caps.shorter else None,
        rests=tuple(Rest(standing.device, standing.reason) for standing in resting),
        joules=rules.joules_left(view, limits) if limits.governs else None,
        patience=round(caps.later * LATER, 3),
    )
