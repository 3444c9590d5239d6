"""The order of a profile's tiers by what was measured on this machine and by what the profile is for.

Why it exists: which device is cheapest or quickest is known only after measuring, and a person who finds another tier
answering than the one they wrote first must be able to read why. A pure function: nothing is looked up here.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from app.contracts.calibration import Goal, Measurement
from app.contracts.devices import Tier
from app.contracts.energy import Provenance

ANSWER_TOKENS = 48
"""Length of a short answer."""
SENTENCE_S = 4.0
"""Length of a sentence that is heard or spoken."""
FEW_TEXTS = 16
"""Texts that are made into vectors at a time."""
_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
_NUMBERS = ("none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


@dataclass(frozen=True, slots=True)
class OrderedLadder:
    """The tiers in their order, and for each one sentence that says why it stands where it stands."""

    tiers: tuple[Tier, ...]
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Cost:
    """What a known task costs on a tier; ``rank`` is what is compared."""

    rank: float
    words: str


def order_ladder(
    tiers: Sequence[Tier],
    measurements: Iterable[Measurement],
    goal: Goal,
    capability: Mapping[str, int],
    *,
    remote: Collection[str] = (),
    escalates: bool = True,
) -> OrderedLadder:
    """Order a profile's tiers.

    The cheapest comes first, and each one behind it is more capable than all before it: that is what an escalation is
    for. What costs more without being more capable goes behind these, for when they fail. What was not measured, or
    whose size nobody knows, keeps its place as written. Servers come last, except one that was written first.

    Args:
        tiers: As written.
        measurements: Of those that were measured on this machine; one for each backend.
        goal: What counts as cheap.
        capability: Number of weights by backend id; 0 or nothing where nobody knows.
        remote: Ids of the backends that are servers.
        escalates: A later tier is asked for a better answer. Otherwise later tiers only stand in for the first, and
            only tiers of one model change places: which model is used is then the person's choice.

    Returns:
        The same tiers, each once.
    """
    written = tuple(tiers)
    if goal is Goal.AS_WRITTEN:
        return OrderedLadder(written, tuple(_as_written(tier, at) for at, tier in enumerate(written)))
    servers = [at for at, tier in enumerate(written) if tier.backend_id in remote]
    last = [at for at in servers if at > 0]
    local = [at for at in range(len(written)) if at not in last]
    ours = {written[at].backend_id for at in local if at not in servers}
    costs = _costs([one for one in measurements if one.backend_id in ours], goal)
    size = [capability.get(tier.backend_id, 0) for tier in written]
    known = {
        at: costs[written[at].backend_id]
        for at in local
        if written[at].backend_id in costs and not (escalates and size[at] <= 0)
    }
    if escalates:
        order, why = _escalating(written, known, size, goal)
    else:
        order, why = _within_models(written, known, goal)
    places = iter(order)
    placed = [next(places) if at in known else at for at in local] + last
    reasons = [
        why[at].format(place=_ordinal(place)) if at in why else _unmoved(written[at], place, at in servers, at in last)
        for place, at in enumerate(placed)
    ]
    return OrderedLadder(tuple(written[at] for at in placed), tuple(reasons))


def seconds_of(measurement: Measurement) -> float | None:
    """Seconds a known task takes: a short answer, a sentence, a few texts. None when it was not measured."""
    if measurement.tokens_per_s and measurement.first_token_ms is not None:
        return measurement.first_token_ms / 1000.0 + ANSWER_TOKENS / measurement.tokens_per_s
    if measurement.real_time_factor is not None:
        return measurement.real_time_factor * SENTENCE_S
    if measurement.texts_per_s:
        return FEW_TEXTS / measurement.texts_per_s
    return None


def joules_of(measurement: Measurement) -> float | None:
    """Joules of the task that was measured; None when nobody knows."""
    energy = measurement.energy
    return None if energy is None or energy.provenance is Provenance.UNAVAILABLE else energy.joules


def _costs(measurements: Iterable[Measurement], goal: Goal) -> dict[str, _Cost]:
    """What each backend costs, of those where everything the goal asks for is known."""
    found: dict[str, tuple[float, float, Measurement]] = {}
    for measurement in measurements:
        joules, seconds = joules_of(measurement), seconds_of(measurement)
        if (goal is not Goal.FAST and joules is None) or (goal is not Goal.BATTERY and seconds is None):
            continue
        found[measurement.backend_id] = (joules or 0.0, seconds or 0.0, measurement)
    least_j = min((joules for joules, _, _ in found.values()), default=0.0) or math.ulp(1.0)
    least_s = min((seconds for _, seconds, _ in found.values()), default=0.0) or math.ulp(1.0)
    return {
        key: _cost(joules, seconds, joules / least_j * (seconds / least_s), measurement, goal)
        for key, (joules, seconds, measurement) in found.items()
    }


def _cost(joules: float, seconds: float, both: float, measurement: Measurement, goal: Goal) -> _Cost:
    estimate = measurement.energy is not None and measurement.energy.provenance is Provenance.ESTIMATE
    energy = f"{_short(joules)} J{' (estimate)' if estimate else ''}"
    task = _task(measurement)
    match goal:
        case Goal.BATTERY:
            return _Cost(joules, f"{energy} for {task}")
        case Goal.FAST:
            return _Cost(seconds, f"{_short(seconds)} s for {task}")
        case _:
            return _Cost(both, f"{energy} and {_short(seconds)} s for {task}")


def _escalating(
    written: Sequence[Tier], known: Mapping[int, _Cost], size: Sequence[int], goal: Goal
) -> tuple[list[int], dict[int, str]]:
    """Places in their new order, and the sentence for each with ``{place}`` where the ordinal goes."""
    chain: list[int] = []
    behind: list[int] = []
    why: dict[int, str] = {}
    for at in sorted(known, key=lambda at: (known[at].rank, at)):
        name, words = _escaped(written[at].backend_id), _escaped(known[at].words)
        larger = [other for other in chain if size[other] >= size[at]]
        if not chain:
            chain.append(at)
            why[at] = f"{name} {{place}}: {words}, {_least(len(known), goal)}."
        elif not larger:
            chain.append(at)
            why[at] = f"{name} {{place}}: {words}, and a larger model than those before it."
        else:
            behind.append(at)
            other = written[larger[0]]
            kind = "the same model as" if other.model == written[at].model else "no larger model than"
            why[at] = f"{name} {{place}}, as a fallback: {words}, and {kind} {_escaped(other.backend_id)}."
    return chain + behind, why


def _within_models(written: Sequence[Tier], known: Mapping[int, _Cost], goal: Goal) -> tuple[list[int], dict[int, str]]:
    """As `_escalating`, where only tiers of one model change places."""
    order = dict.fromkeys(known, 0)
    why: dict[int, str] = {}
    for model in dict.fromkeys(written[at].model for at in known):
        group = [at for at in known if written[at].model == model]
        ranked = sorted(group, key=lambda at: (known[at].rank, at))
        for number, (place, at) in enumerate(zip(group, ranked, strict=True)):
            order[place] = at
            name, words = _escaped(written[at].backend_id), _escaped(known[at].words)
            if len(group) == 1:
                why[at] = f"{name} {{place}}, as written: {words}, and the only one with this model."
            elif number == 0:
                why[at] = f"{name} {{place}}: {words}, {_least(len(group), goal)} with this model."
            else:
                why[at] = f"{name} {{place}}: {words}, with the same model."
    return list(order.values()), why


def _unmoved(tier: Tier, place: int, server: bool, moved_last: bool) -> str:
    ordinal = _ordinal(place)
    if moved_last:
        return f"{tier.backend_id} {ordinal}: it is a server, and what runs here is asked before."
    if server:
        return f"{tier.backend_id} {ordinal}, as written: it is a server."
    return f"{tier.backend_id} {ordinal}, as written: too little is known of it to move it."


def _as_written(tier: Tier, place: int) -> str:
    return f"{tier.backend_id} {_ordinal(place)}, as written: the profile wants no other order."


def _task(measurement: Measurement) -> str:
    if measurement.tokens_per_s:
        return "a short answer"
    return "a few texts" if measurement.texts_per_s else "a sentence"


def _least(count: int, goal: Goal) -> str:
    if count == 1:
        return "the only one that was measured"
    number = _NUMBERS[count] if count < len(_NUMBERS) else str(count)
    return f"the least of {number}" if goal is not Goal.BALANCED else f"the least of {number} by both together"


def _ordinal(place: int) -> str:
    return _ORDINALS[place] if place < len(_ORDINALS) else f"number {place + 1}"


def _short(number: float) -> str:
    return f"{number:.0f}" if number >= 100.0 else f"{number:.2g}"


def _escaped(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")
