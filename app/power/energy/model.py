"""The device model: what each device is taken to draw and to do where nothing can be measured.

Why it exists: most machines measure only a part of what they use, and a comparison with a device that did not work can
never be measured. The table ships as ``assets/power/devices.yaml``, every value with its source; a person's own
``power.yaml`` replaces single values. What is computed with it is an estimate and is shown as one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from app.contracts.devices import Device
from app.contracts.energy import Energy, Provenance
from app.contracts.errors import InvalidInput, SottoError
from app.settings.files import as_number, suggestion
from app.settings.located import Node, read_located
from app.settings.paths import asset

OWN_SOURCE = "your power.yaml"
_DEVICES = tuple(device.value for device in Device if device is not Device.REMOTE)
_NUMBERS = {"idle_w": (0.0, 1000.0), "active_w": (0.0, 2000.0), "tokens_per_s": (0.01, 100_000.0)}
_TEXTS = ("source", "speed_source")


@dataclass(frozen=True, slots=True)
class DeviceModel:
    """One device's power and speed.

    Attributes:
        idle_w: Watts when it does nothing for us.
        active_w: Watts when it is busy with our work; at least ``idle_w``.
        tokens_per_s: What it writes with one and the same model; only the proportions between devices count.
        source: Where the watts come from.
        speed_source: Where the speed comes from.
    """

    idle_w: float
    active_w: float
    tokens_per_s: float
    source: str
    speed_source: str

    @property
    def above_w(self) -> float:
        """Watts above idle while it works."""
        return self.active_w - self.idle_w


_UNKNOWN = DeviceModel(0.0, 0.0, 1.0, "", "")


@dataclass(frozen=True, slots=True)
class PowerModel:
    """The table.

    Attributes:
        devices: What is known of each. A server is not in it.
    """

    devices: Mapping[Device, DeviceModel]

    def idle_w(self, device: Device) -> float:
        """Watts of a device that does nothing; 0 for one nobody knows."""
        known = self.devices.get(device)
        return known.idle_w if known else 0.0

    def above_w(self, device: Device) -> float:
        """Watts above idle of a device at work; 0 for one nobody knows."""
        known = self.devices.get(device)
        return known.above_w if known else 0.0

    def energy(self, device: Device, busy_s: float) -> Energy:
        """Joules above idle for so many seconds of work; unavailable for what is not in this machine."""
        known = self.devices.get(device)
        if known is None:
            return Energy(0.0, Provenance.UNAVAILABLE)
        return Energy(known.above_w * max(0.0, busy_s), Provenance.ESTIMATE)


@cache
def shipped_model() -> PowerModel:
    """The table that ships with Sotto. Read once, some milliseconds."""
    path = asset("power/devices.yaml")
    return PowerModel({device: _whole(read, path) for device, read in _read(path).items()})


def power_model(own: Path) -> PowerModel:
    """The shipped table with the person's own values over it.

    Args:
        own: Their file; need not exist.

    Raises:
        InvalidInput: Something in their file is wrong; the sentence names file, line and column.
        StorageError: It cannot be read.
    """
    shipped = shipped_model()
    if not own.exists():
        return shipped
    devices = dict(shipped.devices)
    for device, values in _read(own).items():
        devices[device] = _over(devices[device], values, own)
    return PowerModel(devices)


def model_in_force(own: Path) -> tuple[PowerModel, tuple[str, ...]]:
    """As `power_model`; the table that ships where the person's file is wrong, and what is wrong with it."""
    try:
        return power_model(own), ()
    except SottoError as error:
        return shipped_model(), (f"{error} The table that ships with Sotto is used instead.",)


@dataclass(frozen=True, slots=True)
class _Values:
    """What a file says of one device; what it does not say is not in it."""

    all: Mapping[str, Any]
    at: Node


def _whole(values: _Values, path: Path) -> DeviceModel:
    for key in (*_NUMBERS, *_TEXTS):
        if key not in values.all:
            raise _wrong(path, values.at, f"{key!r} is missing.")
    return _checked(replace(_UNKNOWN, **values.all), values, path)


def _over(model: DeviceModel, values: _Values, path: Path) -> DeviceModel:
    """A device's values with the person's over them. What they changed without a source is said to be their own."""
    changes = dict(values.all)
    if {"idle_w", "active_w"} & changes.keys():
        changes.setdefault("source", OWN_SOURCE)
    if "tokens_per_s" in changes:
        changes.setdefault("speed_source", OWN_SOURCE)
    return _checked(replace(model, **changes), values, path)


def _checked(model: DeviceModel, values: _Values, path: Path) -> DeviceModel:
    if model.active_w < model.idle_w:
        what = f"'active_w' ({model.active_w:g}) must not be less than 'idle_w' ({model.idle_w:g})."
        raise _wrong(path, values.at, what)
    return model


def _read(path: Path) -> dict[Device, _Values]:
    content = read_located(path)
    _only(path, content, ("devices",))
    listed = (content.entries or {}).get("devices")
    if listed is None or listed == Node(line=listed.line, column=listed.column):
        return {}
    if listed.entries is None:
        raise _wrong(path, listed, "'devices' must be a mapping (device: values).")
    _only(path, listed, _DEVICES)
    return {Device(name): _values(path, name, node) for name, node in listed.entries.items()}


def _values(path: Path, name: str, node: Node) -> _Values:
    if node.entries is None:
        raise _wrong(path, node, f"{name!r} must be a mapping: {{idle_w: …, active_w: …}}.")
    _only(path, node, (*_NUMBERS, *_TEXTS))
    found: dict[str, Any] = {}
    for key, value in node.entries.items():
        if key in _TEXTS:
            if not isinstance(value.scalar, str) or value.odd:
                raise _wrong(path, value, f"{key!r} must be text, not {value.shown}.")
            found[key] = value.scalar
            continue
        low, high = _NUMBERS[key]
        number = None if value.entries is not None or value.items is not None else as_number(value.scalar)
        if number is None or not low <= number <= high:
            raise _wrong(path, value, f"{key!r} must be a number from {low:g} to {high:g}, not {value.shown}.")
        found[key] = number
    return _Values(found, node)


def _only(path: Path, node: Node, known: tuple[str, ...]) -> None:
    for key, child in (node.entries or {}).items():
        if key not in known:
            raise _wrong(path, child, f"{key!r} is not known here. {suggestion(key, known)}")


def _wrong(path: Path, node: Node, what: str) -> InvalidInput:
    return InvalidInput(f"{path}:{node.line}:{node.column}: {what}".strip(), code="power")
