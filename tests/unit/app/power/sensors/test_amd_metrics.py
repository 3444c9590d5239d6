"""AMD's table: known layouts, fields that are not filled, anything else."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.power.sensors.amd_metrics import AmdMetrics, AmdTable, parsed
from app.power.sensors.files import Files
from tests.helpers.machines import laid_out

GPU = "/sys/bus/pci/devices/0000:03:00.0"


def table(size: int, major: int, minor: int, **words: tuple[int, int, int]) -> bytes:
    """``name=(offset, width, value)``; what is not named is zero."""
    content = bytearray(size)
    struct.pack_into("<HBB", content, 0, size, major, minor)
    for offset, width, value in words.values():
        content[offset : offset + width] = value.to_bytes(width, "little")
    return bytes(content)


def test_the_parts_of_a_chip() -> None:
    content = table(
        264,
        3,
        0,
        ipu=(116, 2, 2100),
        apu=(120, 4, 27_000),
        gfx=(124, 4, 6000),
        column=(52, 2, 80),
        clock=(180, 2, 1800),
    )
    assert parsed(content) == AmdTable(0, True, 27.0, 6.0, 2.1, 0.8, 1800.0)


def test_what_a_chip_does_not_fill_is_unknown() -> None:
    found = parsed(struct.pack("<HBB", 264, 3, 0) + b"\xff" * 260)
    assert found == AmdTable(None, True)


@pytest.mark.parametrize(("major", "minor", "at"), [(1, 3, 112), (2, 2, 120), (2, 3, 120), (2, 4, 120)])
@pytest.mark.parametrize(
    ("status", "hot"), [(0, False), (1 << 0, False), (1 << 36, True), (1 << 46, True), (1 << 56, False)]
)
def test_heat_among_the_reasons(tmp_path: Path, major: int, minor: int, at: int, status: int, hot: bool) -> None:
    laid_out(f"{GPU}/power/runtime_status = active\n{GPU}/gpu_metrics @ size=1\n", tmp_path)
    (tmp_path / GPU[1:] / "gpu_metrics").write_bytes(table(at + 8, major, minor, status=(at, 8, status)))
    metrics = AmdMetrics(Files(tmp_path), GPU)
    metrics.look(0.0)
    assert metrics.throttled is hot


def test_a_state_that_is_not_filled() -> None:
    assert parsed(table(120, 1, 3, status=(112, 8, 2**64 - 1))) == AmdTable()


@pytest.mark.parametrize(
    "content", [b"", b"\x08\x01", table(264, 3, 0)[:200], table(120, 1, 4), table(100, 1, 3), table(264, 4, 0)]
)
def test_anything_else_is_not_read(content: bytes) -> None:
    assert parsed(content) is None


@given(st.binary(max_size=400))
def test_no_bytes_break_it(content: bytes) -> None:
    parsed(content)


def test_a_sleeping_one_is_not_read(tmp_path: Path) -> None:
    laid_out(f"{GPU}/power/runtime_status = suspended\n{GPU}/gpu_metrics @ size=1\n", tmp_path)
    (tmp_path / GPU[1:] / "gpu_metrics").write_bytes(table(264, 3, 0))
    assert AmdMetrics(Files(tmp_path), GPU).look(0.0) is None


def test_time_spent_slowed_down_has_to_rise(tmp_path: Path) -> None:
    laid_out(f"{GPU}/power/runtime_status = active\n{GPU}/gpu_metrics @ size=1\n", tmp_path)
    metrics = AmdMetrics(Files(tmp_path), GPU)
    told = []
    for at_s, prochot, power, core in ((0, 5, 0, 0), (1, 5, 9, 0), (2, 5, 9, 4), (3, 6, 9, 4), (90, 99, 9, 4)):
        content = table(264, 3, 0, a=(228, 4, prochot), b=(232, 4, power), c=(244, 4, core))
        (tmp_path / GPU[1:] / "gpu_metrics").write_bytes(content)
        metrics.look(float(at_s))
        told.append(metrics.throttled)
    assert told == [None, False, True, True, None]
