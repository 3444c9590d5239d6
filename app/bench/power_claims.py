"""What the pipeline of a voice turn saves where each stage runs on the chip meant for it, and whether two claims hold.

Why it exists: "84 % less energy than all on the GPU" and "five times the battery" were said of such pipelines with
watts taken for watt-hours. Here the work of real turns is priced in joules by the device model, the assumptions are
printed beside the result, and so is what would have to be true for the claims to hold.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from app.bench.machine import JsonValue
from app.bench.power_work import StageWork, TurnWork
from app.bench.report import Figure, single
from app.contracts.devices import Device
from app.power.energy import comparison
from app.power.energy.model import DeviceModel, PowerModel
from app.power.energy.units import JOULES_IN_WH

Place = Callable[[StageWork], Device]


@dataclass(frozen=True, slots=True)
class Use:
    """A stated use of a laptop.

    Attributes:
        battery_wh: What its battery holds.
        rest_w: What the machine takes with nobody asking, the screen on, the graphics card asleep.
        turns_per_hour: How often it is asked.
    """

    battery_wh: float = 50.0
    rest_w: float = 6.0
    turns_per_hour: float = 30.0

    def hours(self, turn_j: float, awake_w: float = 0.0) -> float:
        """How long the battery lasts.

        Args:
            turn_j: Joules of a turn above idle.
            awake_w: Watts of a device that is kept awake between turns as well.
        """
        return self.battery_wh / (self.rest_w + awake_w + self.turns_per_hour * turn_j / JOULES_IN_WH)


def intended(work: StageWork) -> Device:
    """The device the pipeline prefers for a stage."""
    return work.asked


def all_on(device: Device) -> Place:
    """Every stage on one device."""
    return lambda _work: device


def stage_joules(model: PowerModel, work: StageWork, device: Device) -> float:
    """Joules above idle of a stage's work on a device, as turns are compared."""
    piece = comparison.Piece(work.backend, work.ran, work.busy_s, model.energy(work.ran, work.busy_s))
    there = comparison.all_on(device, [piece], model)
    return 0.0 if there is None else there.joules


def turn_joules(model: PowerModel, turn: TurnWork, place: Place) -> float:
    """Joules above idle of a whole turn, each stage where ``place`` says."""
    return sum(stage_joules(model, work, place(work)) for work in turn.stages)


def changed(model: PowerModel, *, speed: float | None = None, watts: float | None = None) -> PowerModel:
    """The model with another graphics card.

    Args:
        model: What is changed.
        speed: How many times as fast as the processor the card is, over 0; as it was without.
        watts: What it draws at work; as it was without.
    """
    card = model.devices[Device.GPU]
    if speed is not None:
        card = replace(card, tokens_per_s=speed * model.devices[Device.CPU].tokens_per_s)
    if watts is not None:
        card = replace(card, active_w=watts)
    return PowerModel({**model.devices, Device.GPU: card})


def saved(joules: float, instead_of: float) -> float:
    """The share that is saved, 1 for all; negative when it is more."""
    return 1.0 - joules / instead_of if instead_of else 0.0


def break_even(model: PowerModel, turn: TurnWork) -> float:
    """So many times as fast as the processor a graphics card takes no more than the intended devices do."""
    return turn_joules(changed(model, speed=1.0), turn, all_on(Device.GPU)) / turn_joules(model, turn, intended)


def turns_for(ratio: float, use: Use, ours_j: float, theirs_j: float, awake_w: float = 0.0) -> float | None:
    """Turns an hour from which the battery lasts ``ratio`` times as long; None when no number of turns is enough."""
    gained = (theirs_j - ratio * ours_j) / JOULES_IN_WH
    missing = (ratio - 1.0) * use.rest_w - awake_w
    if missing <= 0.0:
        return 0.0
    return missing / gained if gained > 0.0 else None


def claim_figures(model: PowerModel, turn: TurnWork, use: Use) -> dict[str, Figure]:
    """As `sotto bench power` reports them."""
    ours, on_gpu, on_cpu = (turn_joules(model, turn, place) for place in _places())
    estimate = "J (estimate)"
    figures = {
        "saved_vs_all_gpu": single(saved(ours, on_gpu), "", turn.turns),
        "saved_vs_all_cpu": single(saved(ours, on_cpu), "", turn.turns),
        "turn_joules": single(ours, estimate, turn.turns),
        "turn_gpu_joules": single(on_gpu, estimate, turn.turns),
        "turn_cpu_joules": single(on_cpu, estimate, turn.turns),
    }
    for work in turn.stages:
        name = work.stage.replace("-", "_")
        figures[f"{name}_joules"] = single(stage_joules(model, work, work.asked), estimate, turn.turns)
        figures[f"{name}_gpu_joules"] = single(stage_joules(model, work, Device.GPU), estimate, turn.turns)
    figures["gpu_break_even_speed"] = single(break_even(model, turn), "x the processor", turn.turns)
    figures["battery_ratio"] = single(use.hours(ours) / use.hours(on_gpu), "", turn.turns)
    figures["battery_ratio_gpu_awake"] = single(
        use.hours(ours) / use.hours(on_gpu, model.idle_w(Device.GPU)), "", turn.turns
    )
    return figures


def assumed(model: PowerModel, use: Use) -> dict[str, JsonValue]:
    """What the joules rest on, for the report's ``machine``."""
    return {
        "method": "seconds measured x speed where it ran / speed of the other device x its watts above idle",
        "watts": {f"{device} idle/active": f"{known.idle_w:g}/{known.active_w:g}" for device, known in _known(model)},
        "tokens_per_s": {str(device): known.tokens_per_s for device, known in _known(model)},
        "battery_wh": use.battery_wh,
        "rest_w": use.rest_w,
        "turns_per_hour": use.turns_per_hour,
    }


def _known(model: PowerModel) -> list[tuple[Device, DeviceModel]]:
    return [(device, model.devices[device]) for device in Device if device in model.devices]


def _places() -> tuple[Place, Place, Place]:
    return intended, all_on(Device.GPU), all_on(Device.CPU)
