"""The last minutes of one quantity, device by device, one value a second: what a strip chart draws.

Why it exists: a chart of steady readings looks the same every second. The trail knows whether it does, so that nothing
is painted then.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from PySide6.QtCore import Property, QObject, Signal
from PySide6.QtQml import QmlElement

from app.contracts.devices import Device
from app.contracts.energy import Provenance, Quantity

QML_IMPORT_NAME = "Sotto.ViewModels"
QML_IMPORT_MAJOR_VERSION = 1

LENGTH_S = 180
"""How much is remembered, one value a second."""
_TOPS = (5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0)


@dataclass(frozen=True, slots=True)
class TrailLine:
    """One device's values, the oldest first.

    Attributes:
        device: Whose.
        values: `LENGTH_S` of them; None where nothing was read.
        estimate: The newest one is an estimate.
    """

    device: Device
    values: tuple[float | None, ...]
    estimate: bool


@QmlElement
class PowerTrail(QObject):
    """One quantity over the last minutes.

    Args:
        unit: Behind the numbers of the axis.
        digits: Digits behind the point that are kept; a smaller change is none.
        bottom: Lowest value of the axis.
        least: Smallest top of the axis.
    """

    moved = Signal()

    def __init__(self, unit: str, digits: int, bottom: float, least: float, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.unit = unit
        self.bottom = bottom
        self._digits = digits
        self._least = least
        self._values: dict[Device, list[float | None]] = {}
        self._estimates: dict[Device, bool] = {}

    def _is_empty(self) -> bool:
        return not self._values

    empty = Property(bool, _is_empty, notify=moved)

    @property
    def lines(self) -> tuple[TrailLine, ...]:
        """Every device with at least one value, in the order of `Device`."""
        known = sorted(self._values, key=list(Device).index)
        return tuple(TrailLine(device, tuple(self._values[device]), self._estimates[device]) for device in known)

    @property
    def top(self) -> float:
        """Top of the axis: a round number over every value."""
        highest = max((max(filter(None, values), default=0.0) for values in self._values.values()), default=0.0)
        return next((top for top in _TOPS if top >= max(highest, self._least)), highest)

    def add(self, quantities: Mapping[Device, Quantity], seconds: int = 1) -> None:
        """Add what was read now.

        Args:
            quantities: By device; those without a value leave a gap.
            seconds: Since the value before this one; those in between are gaps.
        """
        before = (dict(self._values), dict(self._estimates))
        for device in {*self._values, *quantities}:
            quantity = quantities.get(device, Quantity())
            value = None if quantity.value is None else round(quantity.value, self._digits)
            old = self._values.get(device, [None] * LENGTH_S)
            new = [*old, *[None] * (min(seconds, LENGTH_S) - 1), value][-LENGTH_S:]
            if new.count(None) == LENGTH_S:
                self._values.pop(device, None)
                self._estimates.pop(device, None)
                continue
            self._values[device] = new
            if value is not None:
                self._estimates[device] = quantity.provenance is Provenance.ESTIMATE
        if (self._values, self._estimates) != before:
            self.moved.emit()
