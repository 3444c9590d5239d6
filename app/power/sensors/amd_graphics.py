"""AMD's graphics by the files of the kernel's driver amdgpu.

A card tells its own power; graphics inside a processor tell that of the whole chip, the processor with it, so this is
only a meter of the chip, for where the processor's own counter may not be read. From Strix on a table tells the parts.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from app.contracts.devices import Device
from app.contracts.energy import DeviceReading, Quantity, measured, unavailable
from app.power.sensors.amd_metrics import AmdMetrics, AmdTable
from app.power.sensors.files import Files
from app.power.sensors.part import Context
from app.power.sensors.rates import Integral
from app.power.sensors.sample import Meter

_MICRO, _MILLI = 1e-6, 1e-3
_LABELS = ("junction", "edge")
"""What the chip slows down by is its hottest spot; where it is not told, the edge."""


class AmdGraphics:
    """What an AMD graphics processor that may be asked tells.

    Args:
        files: The kernel's files.
        device: Integrated or a card.
        folder: The device's folder below ``/sys/bus/pci/devices``.
        metrics: Its table.
    """

    tells_at_once = True

    def __init__(self, files: Files, device: Device, folder: str, metrics: AmdMetrics) -> None:
        self._files = files
        self._device = device
        self._folder = folder
        self._metrics = metrics
        self._power_path = self._heat_path = self._clock_path = ""
        self._energy, self._chip_energy, self._work = Integral(), Integral(), Integral()
        self._own_source = metrics.source if device is Device.IGPU else ""
        self._chip_source = ""
        self._name = ""
        self._at_s = 0.0
        self.worked_s: float | None = None

    def find(self) -> None:
        """Look for its files."""
        self._name = self._files.text(f"{self._folder}/product_name") or "AMD graphics"
        self._power_path = self._heat_path = self._clock_path = ""
        for chip in self._files.names(f"{self._folder}/hwmon", "hwmon"):
            at = f"{self._folder}/hwmon/{chip}"
            entries = self._files.names(at)
            self._power_path = next(
                (f"{at}/{name}" for name in ("power1_average", "power1_input") if name in entries), ""
            )
            self._clock_path = f"{at}/freq1_input" if "freq1_input" in entries else ""
            labels = {self._files.text(f"{at}/{name}"): name for name in entries if name.endswith("_label")}
            named = next((labels[label] for label in _LABELS if label in labels), "temp1_label")
            self._heat_path = f"{at}/{named.replace('_label', '_input')}"

    def count(self, at_s: float) -> None:
        """What it has done by now if it went on as at the last look: its files tell states, not sums."""
        self._at_s = at_s
        self.worked_s = self._work.at(at_s)

    def skip(self) -> None:
        """It sleeps."""
        for sum_ in (self._energy, self._chip_energy, self._work):
            sum_.took(0.0, self._at_s)

    def look(self, context: Context) -> DeviceReading:
        """Everything its driver tells."""
        table = self._metrics.look(context.at_s) or AmdTable()
        power = self._files.count(self._power_path) if self._power_path else None
        told = None if power is None else power * _MICRO
        own, chip = told, None
        if self._device is Device.IGPU:
            own, chip = table.graphics_w, told if table.chip_w is None else table.chip_w
            self._chip_source = self._power_path if table.chip_w is None else self._metrics.source
        busy = self._scaled(f"{self._folder}/gpu_busy_percent", 0.01, "load", most=1.0)
        self._energy.took(own, context.at_s)
        self._chip_energy.took(chip, context.at_s)
        self._work.took(busy.value, context.at_s)
        self.count(context.at_s)
        limit = self._files.count(self._heat_path.replace("_input", "_crit")) if self._heat_path else None
        return DeviceReading(
            self._device,
            self._name,
            self._watts(own),
            self._scaled(self._heat_path, _MILLI, "temperature"),
            busy,
            self._memory(),
            self._scaled(self._clock_path, _MICRO, "clock"),
            self._metrics.throttled,
            limit * _MILLI if limit else None,
        )

    def meters(self) -> Sequence[Meter]:
        """Its watts, added up over time."""
        joules = self._energy.at(self._at_s)
        if joules is None:
            return ()
        where = self._own_source or self._power_path
        name = "graphics" if self._device is Device.IGPU else f"card:{self._folder.rpartition('/')[2]}"
        return (Meter(name, frozenset({self._device}), joules, f"{where}, added up"),)

    def chip(self, at_s: float) -> tuple[float, str] | None:
        """What the whole chip with its processor has taken, J, and where that was read; None where it does not tell."""
        joules = self._chip_energy.at(at_s)
        return None if joules is None else (joules, f"{self._chip_source}, added up")

    def _watts(self, own: float | None) -> Quantity:
        if own is not None:
            return measured(own, self._own_source or self._power_path)
        if self._device is Device.IGPU:
            return unavailable("This chip tells only the power of all of it, the processor included.")
        return unavailable("This card does not tell its power.")

    def _memory(self) -> Quantity:
        names = ("vram", "gtt") if self._device is Device.IGPU else ("vram",)
        taken = [self._files.count(f"{self._folder}/mem_info_{name}_used") for name in names]
        known = [count for count in taken if count is not None]
        if not known:
            return unavailable("This driver does not tell the memory in use.")
        return measured(float(sum(known)), f"{self._folder}/mem_info_vram_used")

    def _scaled(self, path: str, unit: float, what: str, most: float = math.inf) -> Quantity:
        value = self._files.count(path) if path else None
        return (
            unavailable(f"This driver does not tell the {what}.")
            if value is None
            else measured(min(most, value * unit), path)
        )
