"""The two claims in words: joules of each stage, the method, what is assumed, and what would make the claims true."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from app.bench.power_claims import (
    Use,
    all_on,
    break_even,
    changed,
    intended,
    saved,
    stage_joules,
    turn_joules,
    turns_for,
)
from app.bench.power_work import PIPELINE, TurnWork
from app.contracts.devices import Device
from app.pipeline.definition import StageType
from app.power.energy.model import PowerModel
from app.power.energy.units import in_joules, watt_hours

CLAIMED_SAVING = 0.84
CLAIMED_BATTERY = 5.0
SPEEDS = (2.0, 5.0, 10.0, 20.0)
"""How many times as fast as the processor a graphics card might be: what each would change."""
CARD_WATTS = (35.0, 115.0)
"""What makers let a laptop's graphics card draw, from the least to the most."""


def claim_notes(model: PowerModel, turn: TurnWork, use: Use) -> tuple[str, ...]:
    """The stages, the method and the two claims, in lines for people."""
    return (*_stages(model, turn), "", *_method(model), "", *_saving(model, turn), "", *_battery(model, turn, use))


def _stages(model: PowerModel, turn: TurnWork) -> list[str]:
    """A row for each stage and one for the turn; joules above idle."""
    others = _known(model)
    rows = [("stage", "work", "measured", "as intended", *(f"all on {device}" for device in others))]
    for work in turn.stages:
        there = (in_joules(stage_joules(model, work, device)) for device in others)
        ours = f"{work.asked} {in_joules(stage_joules(model, work, work.asked))}"
        rows.append((work.stage, work.amount, f"{work.busy_s:.3f} s on {work.ran}", ours, *there))
    for name, written in (("turn", in_joules), ("", _milliwatt_hours)):
        there = (written(turn_joules(model, turn, all_on(device))) for device in others)
        rows.append((name, "", "", written(turn_joules(model, turn, intended)), *there))
    head = f"One turn of {PIPELINE}, the mean of {turn.turns}; joules above idle, all of them estimates:"
    return [head, *_table(rows)]


def _method(model: PowerModel) -> list[str]:
    known = _known(model)
    watts = ", ".join(f"{device} {model.above_w(device):g} W" for device in known)
    speeds = ", ".join(f"{device} {model.devices[device].tokens_per_s:g}" for device in known)
    return [
        "Method: joules = seconds measured where a stage ran x (speed of that device / speed of the other one)",
        "  x watts of the other one above idle. A watt for a second is a joule, 3600 joules are a watt-hour.",
        "  Measured: the seconds. Assumed, with sources in assets/power/devices.yaml, to be changed in power.yaml:",
        f"  watts above idle: {watts};",
        f"  speeds, taken for every stage alike: {speeds} tokens/s of one model.",
        "  Not counted: loading a model and waking a device, memory, screen and the rest of the machine.",
    ]


def _saving(model: PowerModel, turn: TurnWork) -> list[str]:
    ours, theirs = _both(model, turn)
    share = saved(ours, theirs)
    on_npu, text = turn_joules(model, turn, all_on(Device.NPU)), _of(model, turn, StageType.TEXT_GENERATION)
    by_speed = ", ".join(f"{speed:g} times: {saved(*_both(changed(model, speed=speed), turn)):.0%}" for speed in SPEEDS)
    by_watts = ", ".join(f"{watts:g} W: {saved(*_both(changed(model, watts=watts), turn)):.0%}" for watts in CARD_WATTS)
    found = f"Found: {share:.0%}. {_verdict(met=share >= CLAIMED_SAVING)}"
    return [
        f"Claim: {CLAIMED_SAVING:.0%} less energy than all on the GPU. {found}",
        f"  Text alone: {text:.0%}; with every stage on the NPU: {saved(on_npu, theirs):.0%}.",
        f"  Whoever compares watts, and not the seconds they are drawn for, finds {_by_watts(model, turn):.0%}.",
        f"  If the GPU were so many times as fast as the processor, {by_speed}.",
        f"  From {break_even(model, turn):.1f} times on it takes less than the intended devices do: it draws more, but",
        "  for a shorter time.",
        f"  If it drew other watts at the same speed, {by_watts}.",
    ]


def _battery(model: PowerModel, turn: TurnWork, use: Use) -> list[str]:
    ours, theirs = _both(model, turn)
    awake_w = model.idle_w(Device.GPU)
    hours, asleep, awake = use.hours(ours), use.hours(theirs), use.hours(theirs, awake_w)
    needed = _needed(
        turns_for(CLAIMED_BATTERY, use, ours, theirs), turns_for(CLAIMED_BATTERY, use, ours, theirs, awake_w)
    )
    verdict = _verdict(met=hours / min(asleep, awake) >= CLAIMED_BATTERY)
    return [
        f"Claim: {CLAIMED_BATTERY:g} times the battery life of all on the GPU. {verdict}",
        f"  Stated use: a battery of {use.battery_wh:g} Wh, {use.rest_w:g} W for the machine with nobody asking,",
        f"  {use.turns_per_hour:g} turns an hour.",
        f"  As intended: {hours:.2f} h.",
        f"  All on a GPU that sleeps between turns: {asleep:.2f} h, so {hours / asleep:.2f} times.",
        f"  All on a GPU that stays awake at {awake_w:g} W: {awake:.2f} h, so {hours / awake:.2f} times.",
        f"  {needed}",
        f"  Without the rest of the machine, and with a GPU that sleeps, it would be {theirs / ours:.1f} times.",
    ]


def _of(model: PowerModel, turn: TurnWork, kind: StageType) -> float:
    """The saving of the stages of one kind: the longer the answers, the more of a turn they are."""
    return saved(*_both(model, replace(turn, stages=tuple(work for work in turn.stages if work.type is kind))))


def _by_watts(model: PowerModel, turn: TurnWork) -> float:
    """What somebody finds who takes every device to be as fast as every other."""
    alike = {device: replace(known, tokens_per_s=1.0) for device, known in model.devices.items()}
    return saved(*_both(PowerModel(alike), turn))


def _both(model: PowerModel, turn: TurnWork) -> tuple[float, float]:
    """Joules of a turn as intended, and all on the GPU."""
    return turn_joules(model, turn, intended), turn_joules(model, turn, all_on(Device.GPU))


def _known(model: PowerModel) -> list[Device]:
    return [device for device in Device if device in model.devices]


def _milliwatt_hours(joules: float) -> str:
    return f"{watt_hours(joules) * 1000.0:.2f} mWh"


def _needed(asleep: float | None, awake: float | None) -> str:
    """From how many turns an hour on the claim would hold."""
    if asleep is None and awake is None:
        return "No number of turns an hour would make it true."
    told = [
        f"{turns:.0f} turns an hour with one that {how}"
        for turns, how in ((asleep, "sleeps"), (awake, "stays awake"))
        if turns is not None
    ]
    return f"It would take {' or '.join(told)}."


def _verdict(*, met: bool) -> str:
    return "MET." if met else "NOT MET."


def _table(rows: Sequence[tuple[str, ...]]) -> list[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        f"  {'  '.join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))}".rstrip() for row in rows
    ]
