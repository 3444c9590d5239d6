"""The NPU's power and heat, out of the telemetry that Intel's processors keep of themselves.

Why it exists: Intel's NPU has no energy counter among those of the processor, and its driver tells none. The table that
the kernel shows under ``/sys/class/intel_pmt`` has one. Where what lies in it depends on the processor; the offsets and
their units are those of ``intel-npu-smi`` in Intel's Linux driver for the NPU. Reading it wakes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from app.power.sensors.files import Files
from app.power.sensors.rates import Rising

_FOLDER = "/sys/class/intel_pmt"
_UNIT_J = 2.0**-14
_RANGE_J = 2**32 * _UNIT_J
_MOST_W = 200.0
REMEDY = f"sudo chown $USER {_FOLDER}/telem*/telem"
"""Until the next start, and for this user alone."""


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where the energy and the temperature lie, and how many times a unit one step of the energy is."""

    energy_at: int
    heat_at: int
    scale: float = 1.0


_METEOR_LAKE, _PANTHER_LAKE = _Layout(0x628, 0x98), _Layout(0x670, 0x78)
_LAYOUTS = {
    0x130670B2: _METEOR_LAKE,
    0x1306A0B3: _METEOR_LAKE,  # Arrow Lake and its relatives
    0x1306A0B2: _METEOR_LAKE,
    0x1306A0B4: _METEOR_LAKE,
    0x3072005: _Layout(0x5D0, 0x70),  # Lunar Lake
    0x3086000: _PANTHER_LAKE,
    0x308D000: _Layout(0x670, 0x78, 100.0),  # Wildcat Lake
}


class NpuTelemetry:
    """The table of the processor this runs on, if it has one.

    Args:
        files: The kernel's files.
    """

    def __init__(self, files: Files) -> None:
        self._files = files
        self._path = ""
        self._layout = _METEOR_LAKE
        self._energy = Rising(_MOST_W, _RANGE_J)

    def find(self) -> None:
        """Look for the table."""
        path = ""
        for name in self._files.names(_FOLDER, "telem"):
            layout = _LAYOUTS.get(self._files.number(f"{_FOLDER}/{name}/guid") or 0)
            if layout is not None:
                path, self._layout = f"{_FOLDER}/{name}/telem", layout
        if path != self._path:
            self._path = path
            self._energy.skip()

    @property
    def source(self) -> str:
        """The file it is read from; empty when there is none."""
        return self._path

    @property
    def denied(self) -> bool:
        """Whether it is there and may not be read."""
        return bool(self._path) and self._files.denied(self._path)

    def joules(self, at_s: float) -> float | None:
        """What the NPU has taken since the first look; None where that cannot be read."""
        word = self._word(self._layout.energy_at)
        if word is None:
            return None
        return self._energy.took((word & 0xFFFFFFFF) * _UNIT_J, at_s) * self._layout.scale

    def skip(self) -> None:
        """What it rises until the next look is not to count."""
        self._energy.skip()

    def temperature_c(self) -> float | None:
        """Degrees Celsius; None where that cannot be read."""
        word = self._word(self._layout.heat_at)
        degrees = 0 if word is None else word >> 40 & 0xFF
        return float(degrees) if degrees else None

    def _word(self, offset: int) -> int | None:
        content = self._files.block(self._path, 8, offset) if self._path else None
        return int.from_bytes(content, "little") if content is not None and len(content) == 8 else None
