"""What the same work would have taken on one device alone.

Why it exists: that an answer took eight joules says little; that it would have taken fifty on the graphics card does.
It cannot be measured, since it did not happen: it is always an estimate, and says how it was made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from app.contracts.calibration import Measurement
from app.contracts.devices import DEVICE_WORDS, Device
from app.contracts.energy import Comparison, Energy
from app.power.energy.model import PowerModel

COMPARED = (Device.GPU, Device.CPU)
"""The devices a turn is compared with, in this order: what others answer with, and what every machine has."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Work that was done.

    Attributes:
        backend_id: Who did it.
        device: Where it ran.
        busy_s: How long it worked, seconds.
        energy: What it took above idle.
    """

    backend_id: str
    device: Device
    busy_s: float
    energy: Energy


class Speeds(Protocol):
    """How fast models were found to be on the devices of this machine."""

    def times_as_long(self, backend_id: str, device: Device) -> float | None:
        """How many times as long a backend's model takes on another device; None when either was not measured."""
        ...


class MeasuredSpeeds:
    """Implements `Speeds` over the calibrator's measurements.

    Args:
        measurements: Those that hold.
        seconds_of: Seconds a known task takes, None when it was not measured.
    """

    def __init__(
        self,
        measurements: Callable[[], Iterable[Measurement]],
        seconds_of: Callable[[Measurement], float | None],
    ) -> None:
        self._measurements = measurements
        self._seconds_of = seconds_of

    def times_as_long(self, backend_id: str, device: Device) -> float | None:
        """The same task by the same model, on the same source of power; the quickest where there are several."""
        known = tuple(self._measurements())
        found = []
        for own in (one for one in known if one.backend_id == backend_id):
            own_s = self._seconds_of(own)
            for other in known:
                same = (other.model, other.ran, other.power_source) == (own.model, device, own.power_source)
                other_s = self._seconds_of(other) if same else None
                if own_s and other_s:
                    found.append(other_s / own_s)
        return min(found, default=None)


def compared(pieces: Sequence[Piece], model: PowerModel, speeds: Speeds | None = None) -> tuple[Comparison, ...]:
    """What the same work would have taken on each device of `COMPARED` alone, see `all_on`."""
    found = (all_on(device, pieces, model, speeds) for device in COMPARED)
    return tuple(one for one in found if one is not None)


def all_on(
    device: Device, pieces: Sequence[Piece], model: PowerModel, speeds: Speeds | None = None
) -> Comparison | None:
    """What the same work would have taken on one device alone.

    What ran on the device anyway counts as it was. Everything else counts with the seconds it worked, times how much
    longer its model takes there, times the watts the device takes above idle. Work of servers is left out.

    Args:
        device: Which.
        pieces: The work.
        model: Watts, and speeds where none were measured.
        speeds: Those that were measured, None for none.

    Returns:
        None where it would have taken nothing, as far as is known: then there is nothing to compare with.
    """
    ours = [piece for piece in pieces if piece.device in model.devices]
    joules = 0.0
    measured = moved = 0
    for piece in ours:
        if piece.device is device:
            joules += piece.energy.joules
            continue
        moved += 1
        longer = speeds.times_as_long(piece.backend_id, device) if speeds else None
        if longer is None:
            longer = model.devices[piece.device].tokens_per_s / model.devices[device].tokens_per_s
        else:
            measured += 1
        joules += model.above_w(device) * longer * _seconds(piece, model)
    if joules <= 0.0:
        return None
    saved = 1.0 - sum(piece.energy.joules for piece in ours) / joules
    method = _method(device, model, moved, measured)
    if 0 < moved < len(ours):
        method += f" What ran on the {DEVICE_WORDS[device].short} counts as it was."
    if len(ours) < len(pieces):
        method += " What a server did is left out."
    return Comparison(device, joules, saved, method)


def _seconds(piece: Piece, model: PowerModel) -> float:
    """How long a piece worked; where that is not known, what its joules say by the model."""
    above_w = model.above_w(piece.device)
    return piece.busy_s or (piece.energy.joules / above_w if above_w > 0.0 else 0.0)


def _method(device: Device, model: PowerModel, moved: int, measured: int) -> str:
    name = DEVICE_WORDS[device].short
    if not moved:
        return f"Everything ran on the {name} as it was."
    if measured == moved:
        speed = "measured on this machine"
    elif measured:
        speed = "measured on this machine for a part and otherwise taken from the device table"
    else:
        speed = "taken from the device table"
    watts = model.above_w(device)
    return (
        f"Estimate: the seconds each stage worked, at the {name}'s speed {speed}, times the {watts:g} W above idle of "
        "the device table."
    )
