"""The rules beside heat: battery, watts, joules of the hour, quiet hours. Each says what it asks for, and why.

What takes much power is the graphics card, and then the graphics of the processor where an NPU can take over its work:
without one the work would go to the processor, which takes more for it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from app.contracts.devices import Device
from app.power.governor.demand import Demand
from app.power.governor.view import View
from app.settings.limits import Limits, OnBattery

CHARGED_AGAIN = 3.0
"""Per cent above the low mark at which a battery is no longer low."""
OVER_S = 5.0
"""So long the watts must have been over the budget before something is done: every answer begins with a burst."""
ENOUGH_UNDER = 0.8
"""Share of the budget in watts under which there is room again."""
CALM_S = 60.0
"""So long there must have been room before a step is taken back: the watts fall as soon as an answer has ended."""
GAP_S = 25.0
"""Looks further apart than this say nothing about the time between them."""
HOUR_STEPS = (0.75, 0.9, 1.0)
"""Shares of the hour's joules at which each step begins."""
HOUR_BACK = 0.1
"""A step ends when so much less of the hour's joules is spent."""


@dataclass(frozen=True, slots=True)
class Watts:
    """What is remembered of the budget in watts.

    Attributes:
        steps: How many of the savings are made.
        changed_at_s: When that last changed, None for never.
        over_since_s: Since when the watts are over the budget, None when they are not.
        room_since_s: Since when there is room, None when there is none.
        looked_at_s: When they were last looked at.
    """

    steps: int = 0
    changed_at_s: float | None = None
    over_since_s: float | None = None
    room_since_s: float | None = None
    looked_at_s: float = 0.0


def hungry(view: View) -> tuple[Device, ...]:
    """The devices that rest to save power, the hungriest first."""
    present = [reading.device for reading in view.present]
    found = [Device.GPU] if Device.GPU in present else []
    if Device.IGPU in present and Device.NPU in view.answering:
        found.append(Device.IGPU)
    return tuple(found)


def battery_low(low: bool, view: View, limits: Limits) -> bool:
    """Whether the battery is low. It stays so until it is a little over the mark again, or on mains."""
    battery = view.battery
    if battery is None or battery.percent is None or battery.on_mains is True:
        return False
    return battery.percent < limits.battery_percent + (CHARGED_AGAIN if low else 0.0)


def of_battery(low: bool, view: View, limits: Limits) -> tuple[Demand, ...]:
    """On a low battery all that is hungry rests; on battery at all the hungriest, if that is what is wanted."""
    if low:
        reason = (
            f"The battery is under {limits.battery_percent:g} %: what takes much power rests, and answers are short."
        )
        return (Demand("low", reason, hungry(view), shorter=2, later=2),)
    on_battery = view.battery is not None and view.battery.on_mains is False
    if not on_battery or limits.on_battery is not OnBattery.FRUGAL:
        return ()
    reason = "This machine runs on its battery: what takes much power rests, and answers are shorter."
    return (Demand("battery", reason, hungry(view)[:1], shorter=1, later=1),)


def watts_seen(watts: Watts, view: View, limits: Limits) -> Watts:
    """What is remembered after one more look: a step more when it has been too much for long, one less after a calm."""
    if limits.watts is None:
        return Watts()
    now = view.at_s
    if now - watts.looked_at_s > GAP_S:
        watts = replace(watts, over_since_s=None)
    over, room = view.watts_of_ours > limits.watts, view.watts_of_ours < ENOUGH_UNDER * limits.watts
    watts = replace(
        watts,
        over_since_s=(now if watts.over_since_s is None else watts.over_since_s) if over else None,
        room_since_s=(now if watts.room_since_s is None else watts.room_since_s) if room else None,
        looked_at_s=now,
    )
    if watts.changed_at_s is not None and now - watts.changed_at_s < limits.dwell_s:
        return watts
    if watts.over_since_s is not None and now - watts.over_since_s >= OVER_S:
        if watts.steps < len(_savings(view)):
            return replace(watts, steps=watts.steps + 1, changed_at_s=now)
    elif watts.steps and watts.room_since_s is not None and now - watts.room_since_s >= CALM_S:
        return replace(watts, steps=watts.steps - 1, changed_at_s=now, room_since_s=now)
    return watts


def of_watts(watts: Watts, view: View, limits: Limits) -> tuple[Demand, ...]:
    """First the hungriest device rests, then the next, then answers become shorter."""
    if not watts.steps or limits.watts is None:
        return ()
    made = _savings(view)[: watts.steps]
    rests = tuple(device for device in made if device is not None)
    shorter = sum(device is None for device in made)
    done = ["what takes most of it rests"] * bool(rests) + ["answers are shorter"] * bool(shorter)
    what = " and ".join(done)
    reason = f"Sotto has taken more than {limits.watts:g} W for some time: {what}."
    return (Demand("watts", reason, rests, shorter, later=1),)


def _savings(view: View) -> tuple[Device | None, ...]:
    """What can be done about the watts, in this order; None stands for shorter answers."""
    return (*hungry(view), None, None)


def hour_step(step: int, view: View, limits: Limits) -> int:
    """How far the hour's joules are spent: 0 for not much, up to the number of `HOUR_STEPS`."""
    if limits.joules_per_hour is None:
        return 0
    share = view.spent_hour_j / limits.joules_per_hour
    reached = sum(share >= mark for mark in HOUR_STEPS)
    kept = sum(share > mark - HOUR_BACK for mark in HOUR_STEPS[:step])
    return max(reached, kept)


def of_hour(step: int, view: View, limits: Limits) -> tuple[Demand, ...]:
    """Nothing for long; then shorter answers; then the hungry devices rest as well."""
    if not step or limits.joules_per_hour is None:
        return ()
    budget = f"the {limits.joules_per_hour:g} J for an hour"
    match step:
        case 1:
            reason = f"Three quarters of {budget} are spent: answers are shorter."
        case 2:
            reason = f"Nine tenths of {budget} are spent: what takes much power rests, and answers are shorter."
        case _:
            reason = f"All of {budget} are spent: what takes much power rests, and answers are short."
    rests = hungry(view) if step > 1 else ()
    return (Demand(f"hour {step}", reason, rests, shorter=2 if step == len(HOUR_STEPS) else 1, later=step),)


def of_quiet_hours(view: View, limits: Limits) -> tuple[Demand, ...]:
    """The graphics card rests, since nothing else has a fan that can be heard through a wall."""
    hours = limits.quiet_hours
    if hours is None or not hours.include(view.minute_of_day):
        return ()
    between = str(hours).replace("-", " and ")
    reason = f"It is between {between}, your quiet hours: the graphics card rests, and answers are shorter."
    return (Demand("quiet", reason, (Device.GPU,), shorter=1),)


def joules_left(view: View, limits: Limits) -> float | None:
    """What the rest of this turn may take, J; None for no bound."""
    lefts = []
    if limits.joules_per_turn is not None:
        lefts.append(limits.joules_per_turn - view.spent_turn_j)
    if limits.joules_per_hour is not None:
        lefts.append(limits.joules_per_hour - view.spent_hour_j)
    return max(0.0, min(lefts)) if lefts else None
