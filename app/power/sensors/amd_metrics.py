"""The table that AMD's graphics driver keeps of a chip: ``gpu_metrics``.

Its first four bytes say how long it is and which version of ``kgd_pp_interface.h`` laid it out. Only layouts known here
are read, each field where that header puts it; a field of ones only is one the chip does not fill.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from app.power.sensors.files import Files
from app.power.sensors.rates import LATE_S

_HEADER = struct.Struct("<HBB")
_APU = (3, 0)
_APU_SIZE = 264
_NPU_BUSY = struct.Struct("<8H"), 46
_NPU_POWER, _APU_POWER, _GRAPHICS_POWER = (
    (struct.Struct("<H"), 116),
    (struct.Struct("<I"), 120),
    (struct.Struct("<I"), 124),
)
_NPU_CLOCK = struct.Struct("<H"), 180
_SLOWED = (struct.Struct("<I"), 228), (struct.Struct("<3I"), 244)
"""Time spent slowed down by the board's signal; by the heat of cores, of graphics, of the rest."""
_STATUS = struct.Struct("<Q")
_STATUS_AT = {(1, 3): 112, (2, 2): 120, (2, 3): 120, (2, 4): 120}
_HEAT = 0xFFFF << 32
"""Bits 32 to 47: temperatures, voltage regulators, and the board's signal."""
_MILLI = 1e-3


@dataclass(frozen=True, slots=True)
class AmdTable:
    """What one look at it gave; None where the layout or the chip does not tell.

    Attributes:
        heat: A number that rises, or is not 0, when heat slowed the chip down; by `rising`.
        rising: Whether `heat` is a sum of time rather than a state.
        chip_w: Power of the whole chip, W.
        graphics_w: Power of its graphics, W.
        npu_w: Power of its NPU, W.
        npu_busy: Share of time its NPU's busiest column works, in [0, 1].
        npu_mhz: Clock of its NPU.
    """

    heat: int | None = None
    rising: bool = False
    chip_w: float | None = None
    graphics_w: float | None = None
    npu_w: float | None = None
    npu_busy: float | None = None
    npu_mhz: float | None = None


class AmdMetrics:
    """The table of one device.

    Args:
        files: The kernel's files.
        folder: The device's folder below ``/sys/bus/pci/devices``.
    """

    def __init__(self, files: Files, folder: str) -> None:
        self._files = files
        self.source = f"{folder}/gpu_metrics"
        self._status = f"{folder}/power/runtime_status"
        self._last: tuple[float, AmdTable | None] | None = None
        self._heat: tuple[int, float] | None = None
        self.throttled: bool | None = None

    def look(self, at_s: float) -> AmdTable | None:
        """The table; read once for all who ask at one moment, and never from a device that sleeps."""
        if self._last is None or self._last[0] != at_s:
            asleep = self._files.text(self._status) in ("suspended", "suspending")
            content = None if asleep else self._files.block(self.source)
            table = None if content is None else parsed(content)
            self.throttled = None if table is None else self._slowed(table, at_s)
            self._last = (at_s, table)
        return self._last[1]

    def _slowed(self, table: AmdTable, at_s: float) -> bool | None:
        if table.heat is None:
            return None
        if not table.rising:
            return table.heat != 0
        before, self._heat = self._heat, (table.heat, at_s)
        return None if before is None or at_s - before[1] > LATE_S else table.heat > before[0]


def parsed(content: bytes) -> AmdTable | None:
    """A table out of its bytes; None when its layout is not known or it is shorter than it says."""
    if len(content) < _HEADER.size:
        return None
    size, major, minor = _HEADER.unpack_from(content)
    if size > len(content):
        return None
    if (major, minor) == _APU and size >= _APU_SIZE:
        return _apu(content)
    at = _STATUS_AT.get((major, minor))
    if at is None or size < at + _STATUS.size:
        return None
    status = _STATUS.unpack_from(content, at)[0]
    return AmdTable() if status == 2**64 - 1 else AmdTable(status & _HEAT)


def _apu(content: bytes) -> AmdTable:
    slowed = [value for field in _SLOWED for value in _values(content, field)]
    columns = _values(content, _NPU_BUSY)
    return AmdTable(
        sum(slowed) if slowed else None,
        True,
        _watts(content, _APU_POWER),
        _watts(content, _GRAPHICS_POWER),
        _watts(content, _NPU_POWER),
        min(1.0, max(columns) / 100) if columns else None,
        next(iter(map(float, _values(content, _NPU_CLOCK))), None),
    )


def _watts(content: bytes, field: tuple[struct.Struct, int]) -> float | None:
    return next((value * _MILLI for value in _values(content, field)), None)


def _values(content: bytes, field: tuple[struct.Struct, int]) -> list[int]:
    """The numbers of a field that the chip fills."""
    layout, at = field
    ones = 2 ** (8 * layout.size // len(layout.unpack_from(content, at))) - 1
    return [value for value in layout.unpack_from(content, at) if value != ones]
