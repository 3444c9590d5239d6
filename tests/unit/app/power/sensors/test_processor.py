"""The processor's load, clock and memory."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.power.sensors.files import Files
from app.power.sensors.processor import Processor
from tests.helpers.machines import laid_out


def processor(root: Path, listing: str) -> Processor:
    laid_out(listing, root)
    found = Processor(Files(root))
    found.find()
    return found


def stat(root: Path, line: str, cores: int = 2) -> None:
    at = root / "proc/stat"
    at.parent.mkdir(parents=True, exist_ok=True)
    at.write_text(f"cpu  {line}\n" + "".join(f"cpu{core} 0\n" for core in range(cores)) + "intr 5\n")


def test_work_is_neither_waiting_nor_stolen_nor_a_guests_twice(tmp_path: Path) -> None:
    found = processor(tmp_path, "")
    stat(tmp_path, "0 0 0 0 0 0 0 0 0 0")
    assert found.worked_s(0.0) == 0.0
    stat(tmp_path, "50 10 20 900 70 5 15 300 40 6")
    assert found.worked_s(10.0) == pytest.approx(0.5)  # a hundred ticks of a hundredth, on two cores


def test_a_machine_that_came_back_from_sleep(tmp_path: Path) -> None:
    found = processor(tmp_path, "")
    stat(tmp_path, "5000 0 0 0")
    found.worked_s(0.0)
    stat(tmp_path, "10 0 0 0")
    assert found.worked_s(1.0) == 0.0


def test_no_such_file(tmp_path: Path) -> None:
    found = processor(tmp_path, "")
    assert found.worked_s(0.0) is None
    assert "/proc/meminfo" in found.memory().reason
    assert found.frequency().value is None


def test_the_fastest_core(tmp_path: Path) -> None:
    at = "/sys/devices/system/cpu/cpufreq/policy{}/scaling_cur_freq = {}\n"
    assert processor(tmp_path, at.format(0, 800_000) + at.format(8, 4_700_000)).frequency().value == 4700.0


def test_a_virtual_machine_says_so(tmp_path: Path) -> None:
    found = processor(
        tmp_path, "/proc/cpuinfo = model name\t: QEMU\\nflags\t: fpu hypervisor\\n\\nmodel name\t: other\n"
    )
    assert (found.name, found.virtual) == ("QEMU", True)
    assert "virtual machine" in found.frequency().reason


def test_memory_that_is_not_available(tmp_path: Path) -> None:
    found = processor(tmp_path, "/proc/meminfo = MemTotal: 100 kB\\nMemFree: 1 kB\\nMemAvailable: 60 kB\n")
    assert found.memory().value == 40 * 1024
