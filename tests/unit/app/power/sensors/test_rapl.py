"""The processor's energy counters, one package or several, Intel's and AMD's."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.contracts.devices import Device
from app.power.sensors.files import Files
from app.power.sensors.rapl import Rapl
from tests.helpers.machines import laid_out

ROOT = "/sys/class/powercap"
CHIP = frozenset({Device.IGPU, Device.NPU})


def domain(entry: str, name: str, uj: int, span: int = 262143328850) -> str:
    at = f"{ROOT}/{entry}"
    return f"{at}/name = {name}\n{at}/energy_uj = {uj}\n{at}/max_energy_range_uj = {span}\n"


def put(root: Path, entry: str, uj: int) -> None:
    (root / f"sys/class/powercap/{entry}/energy_uj").write_text(f"{uj}\n")


def found(root: Path, listing: str) -> Rapl:
    laid_out(listing, root)
    rapl = Rapl(Files(root))
    rapl.find()
    return rapl


def test_two_packages_are_two_meters(tmp_path: Path) -> None:
    rapl = found(tmp_path, domain("intel-rapl:0", "package-0", 10) + domain("intel-rapl:1", "package-1", 10))
    rapl.meters(0.0, CHIP, {})
    put(tmp_path, "intel-rapl:0", 5_000_010)
    put(tmp_path, "intel-rapl:1", 7_000_010)
    meters = rapl.meters(1.0, CHIP, {})
    assert [(meter.name, meter.devices, round(meter.joules, 6)) for meter in meters] == [
        ("package-0", CHIP | {Device.CPU}, 5.0),
        ("package-1", {Device.CPU}, 7.0),
    ]


def test_memory_and_the_whole_machine_are_no_packages(tmp_path: Path) -> None:
    rapl = found(
        tmp_path,
        domain("intel-rapl:0", "package-0", 10)
        + domain("intel-rapl:0:0", "dram", 10)
        + domain("intel-rapl:1", "psys", 9),
    )
    assert [meter.name for meter in rapl.meters(0.0, CHIP, {})] == ["package-0"]


def test_the_same_counters_by_another_way_count_once(tmp_path: Path) -> None:
    both = domain("intel-rapl:0", "package-0", 10) + domain("intel-rapl-mmio:0", "package-0", 10)
    assert len(found(tmp_path / "both", both).meters(0.0, CHIP, {})) == 1
    alone = found(tmp_path / "alone", domain("intel-rapl-mmio:0", "package-0", 10))
    assert alone.meters(0.0, CHIP, {})[0].source.startswith(f"{ROOT}/intel-rapl-mmio:0")


def test_graphics_that_are_not_there_are_not_taken_off(tmp_path: Path) -> None:
    rapl = found(tmp_path, domain("intel-rapl:0", "package-0", 10) + domain("intel-rapl:0:1", "uncore", 10))
    assert [(meter.name, meter.devices) for meter in rapl.meters(0.0, frozenset(), {})] == [("package-0", {Device.CPU})]


def test_a_part_that_never_counts_is_none(tmp_path: Path) -> None:
    rapl = found(tmp_path, domain("intel-rapl:0", "package-0", 10) + domain("intel-rapl:0:1", "uncore", 0))
    assert [meter.devices for meter in rapl.meters(0.0, CHIP, {})] == [CHIP | {Device.CPU}]


def test_every_counter_has_its_own_range(tmp_path: Path) -> None:
    rapl = found(
        tmp_path,
        domain("intel-rapl:0", "package-0", 99_000_000, 100_000_000)
        + domain("intel-rapl:0:1", "uncore", 49_500_000, 50_000_000),
    )
    rapl.meters(0.0, CHIP, {})
    put(tmp_path, "intel-rapl:0", 9_000_000)
    put(tmp_path, "intel-rapl:0:1", 2_500_000)
    joules = {meter.name: round(meter.joules, 6) for meter in rapl.meters(1.0, CHIP, {})}
    assert joules == {"uncore": 3.0, "package-0": 7.0}


def test_a_counter_that_begins_anew(tmp_path: Path) -> None:
    rapl = found(tmp_path, domain("intel-rapl:0", "package-0", 80_000_000_000))
    rapl.meters(0.0, CHIP, {})
    put(tmp_path, "intel-rapl:0", 1_000_000)
    assert rapl.meters(1.0, CHIP, {})[0].joules == 0.0
    put(tmp_path, "intel-rapl:0", 5_000_000)
    assert rapl.meters(2.0, CHIP, {})[0].joules == pytest.approx(4.0)


def test_looking_for_them_again_keeps_the_sums(tmp_path: Path) -> None:
    rapl = found(tmp_path, domain("intel-rapl:0", "package-0", 1_000_000))
    rapl.meters(0.0, CHIP, {})
    put(tmp_path, "intel-rapl:0", 3_000_000)
    rapl.meters(1.0, CHIP, {})
    rapl.find()
    put(tmp_path, "intel-rapl:0", 4_000_000)
    assert rapl.meters(2.0, CHIP, {})[0].joules == pytest.approx(3.0)
