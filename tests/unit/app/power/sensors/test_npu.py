"""NPUs: bursts, old kernels, and AMD's, which is not asked itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.contracts.energy import DeviceReading
from app.power.sensors.amd_metrics import AmdMetrics
from app.power.sensors.files import Files
from app.power.sensors.npu import IntelNpu, RyzenNpu
from app.power.sensors.part import Context
from tests.helpers.machines import laid_out

NPU = "/sys/bus/pci/devices/0000:00:0b.0"


def intel(root: Path, listing: str) -> IntelNpu:
    laid_out(listing, root)
    return IntelNpu(Files(root), NPU, None)


def put(root: Path, name: str, value: object) -> None:
    (root / NPU[1:] / name).write_text(f"{value}\n")


def test_the_frequency_between_bursts_is_the_highest_of_the_last_seconds(tmp_path: Path) -> None:
    npu = intel(tmp_path, f"{NPU}/npu_current_frequency_mhz = 0\n{NPU}/power/runtime_status = active\n")
    told = []
    for second, clock in enumerate((0, 1400, 900, 0, 0, 0, 0, 0, 0, 0)):
        put(tmp_path, "npu_current_frequency_mhz", clock)
        told.append(npu.look(Context(float(second))).frequency_mhz.value)
    assert told == [0.0, 1400.0, 1400.0, 1400.0, 1400.0, 1400.0, 1400.0, 900.0, 0.0, 0.0]


def test_an_old_kernel_counts_nothing(tmp_path: Path) -> None:
    reading = intel(tmp_path, f"{NPU}/power/runtime_status = active\n").look(Context(0.0))
    assert "6.11" in reading.busy.reason
    assert "6.11" in reading.memory_bytes.reason
    assert reading.frequency_mhz.value is None
    assert "telemetry" in reading.watts.reason


def test_it_cannot_be_busier_than_always(tmp_path: Path) -> None:
    npu = intel(tmp_path, f"{NPU}/npu_busy_time_us = 0\n")
    npu.look(Context(0.0))
    put(tmp_path, "npu_busy_time_us", 1_200_000)
    assert npu.look(Context(1.0)).busy.value == 1.0


APU, AMDS = "/sys/bus/pci/devices/0000:c4:00.0", "/sys/bus/pci/devices/0000:c5:00.1"


def ryzen(root: Path, table: str) -> DeviceReading:
    listing = f"{APU}/power/runtime_status = active\n{AMDS}/power/runtime_status = suspended\n{table}"
    laid_out(listing, root)
    files = Files(root)
    return RyzenNpu(files, AMDS, AmdMetrics(files, APU)).look(Context(0.0))


@pytest.mark.parametrize(
    "table",
    [
        "",
        f"{APU}/gpu_metrics @ size=128 0x0:2=128 0x2:1=2 0x3:1=4\n",  # Phoenix: its table has no NPU
        f"{APU}/gpu_metrics @ size=264 0x0:2=264 0x2:1=4 0x3:1=0\n",  # a layout of the future
    ],
)
def test_amds_is_not_asked_itself(tmp_path: Path, table: str) -> None:
    reading = ryzen(tmp_path, table)
    assert reading.asleep
    assert reading.watts.value is None
    assert "would wake it" in reading.watts.reason


def test_without_amds_graphics_nothing_is_told(tmp_path: Path) -> None:
    npu = RyzenNpu(Files(tmp_path), AMDS, None)
    assert npu.look(Context(0.0)).watts.value is None
    assert npu.meters() == ()
