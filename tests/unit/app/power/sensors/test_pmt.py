"""The NPU's power out of the processor's telemetry."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.power.sensors.files import Files
from app.power.sensors.pmt import NpuTelemetry
from tests.helpers.machines import laid_out

AT = "/sys/class/intel_pmt"
CASES = [
    ("0x130670b2", 0x628, 0x98, 1),
    ("0x1306a0b3", 0x628, 0x98, 1),
    ("0x1306a0b2", 0x628, 0x98, 1),
    ("0x1306a0b4", 0x628, 0x98, 1),
    ("0x3072005", 0x5D0, 0x70, 1),
    ("0x3086000", 0x670, 0x78, 1),
    ("0x308d000", 0x670, 0x78, 100),
]


def table(energy_at: int, energy: int, heat_at: int, heat: int = 0) -> str:
    return f"@ size=4096 {energy_at:#x}={energy:#x} {heat_at:#x}={heat:#x}"


@pytest.mark.parametrize(("guid", "energy_at", "heat_at", "scale"), CASES)
def test_every_known_processor(tmp_path: Path, guid: str, energy_at: int, heat_at: int, scale: int) -> None:
    upper = 0xABCD << 32  # other things share the word
    first = table(energy_at, upper | 0xFFFFE000, heat_at, 0x4D << 40 | 7)
    laid_out(f"{AT}/telem3/guid = {guid}\n{AT}/telem3/telem {first}\n", tmp_path)
    telemetry = NpuTelemetry(Files(tmp_path))
    telemetry.find()
    assert telemetry.joules(0.0) == 0.0
    assert telemetry.temperature_c() == 0x4D
    laid_out(f"{AT}/telem3/telem {table(energy_at, upper | 0x2000, heat_at)}\n", tmp_path)
    assert telemetry.joules(1.0) == pytest.approx(scale * 1.0), "it has started again at 0"
    assert telemetry.temperature_c() is None


def test_a_table_nobody_knows(tmp_path: Path) -> None:
    laid_out(f"{AT}/telem0/guid = 0x12345678\n{AT}/telem0/telem @ size=4096\n", tmp_path)
    telemetry = NpuTelemetry(Files(tmp_path))
    telemetry.find()
    assert (telemetry.source, telemetry.denied, telemetry.joules(0.0), telemetry.temperature_c()) == (
        "",
        False,
        None,
        None,
    )


def test_a_table_that_is_too_short(tmp_path: Path) -> None:
    laid_out(f"{AT}/telem0/guid = 0x130670b2\n{AT}/telem0/telem @ size=1580\n", tmp_path)
    telemetry = NpuTelemetry(Files(tmp_path))
    telemetry.find()
    assert telemetry.joules(0.0) is None
