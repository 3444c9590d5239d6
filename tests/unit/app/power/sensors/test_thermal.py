"""The processor's heat: the right sensor, the right trip point, and throttle counts."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.power.sensors.files import Files
from app.power.sensors.thermal import ProcessorHeat
from tests.helpers.machines import laid_out

ZONES = "/sys/class/thermal"


def zone(number: int, kind: str, celsius: int, *trips: tuple[str, int]) -> str:
    at = f"{ZONES}/thermal_zone{number}"
    lines = [f"{at}/type = {kind}", f"{at}/temp = {celsius}"]
    for index, (what, limit) in enumerate(trips):
        lines += [f"{at}/trip_point_{index}_type = {what}", f"{at}/trip_point_{index}_temp = {limit}"]
    return "\n".join(lines) + "\n"


def chip(number: int, driver: str, *inputs: tuple[str, int, int | None]) -> str:
    at = f"/sys/class/hwmon/hwmon{number}"
    lines = [f"{at}/name = {driver}"]
    for index, (label, celsius, crit) in enumerate(inputs, 1):
        lines += [f"{at}/temp{index}_label = {label}", f"{at}/temp{index}_input = {celsius}"]
        lines += [f"{at}/temp{index}_crit = {crit}"] if crit is not None else []
    return "\n".join(lines) + "\n"


def heat(root: Path, listing: str) -> ProcessorHeat:
    laid_out(listing, root)
    found = ProcessorHeat(Files(root))
    found.find()
    return found


@pytest.mark.parametrize(
    ("listing", "celsius"),
    [
        (zone(0, "TCPU", 50_000) + zone(1, "x86_pkg_temp", 60_000), 60.0),
        (zone(0, "acpitz", 30_000) + zone(1, "TCPU", 50_000), 50.0),
        (zone(0, "acpitz", 30_000) + chip(0, "nvme", ("Composite", 40_000, None)), None),
        (chip(1, "coretemp", ("Core 0", 70_000, None), ("Package id 0", 66_000, None)), 66.0),
        (chip(1, "k10temp", ("Tctl", 80_000, None), ("Tdie", 53_000, None)), 53.0),
        (zone(0, "x86_pkg_temp", -274_000) + chip(1, "coretemp", ("Package id 0", 66_000, None)), 66.0),
        ("", None),
    ],
)
def test_which_sensor(tmp_path: Path, listing: str, celsius: float | None) -> None:
    look = heat(tmp_path, listing).look()
    assert (look.celsius if look else None) == celsius


@pytest.mark.parametrize(
    ("listing", "limit"),
    [
        (zone(0, "TCPU", 50_000, ("critical", 110_000), ("passive", 95_000), ("active", 60_000)), 95.0),
        (zone(0, "TCPU", 50_000, ("hot", 105_000), ("critical", 110_000)), 105.0),
        (zone(0, "TCPU", 50_000, ("critical", 110_000)), 110.0),
        (
            zone(0, "TCPU", 50_000, ("critical", 110_000)) + chip(0, "coretemp", ("Package id 0", 50_000, 100_000)),
            100.0,
        ),
        (zone(0, "TCPU", 50_000, ("active", 60_000)), None),
        (zone(0, "x86_pkg_temp", 50_000, ("passive", 0), ("passive", -274_000)), None),
        (zone(0, "x86_pkg_temp", 50_000) + zone(1, "TCPU", 50_000, ("passive", 98_000)), 98.0),
        (zone(0, "acpitz", 50_000, ("passive", 80_000)), None),
        (chip(1, "k10temp", ("Tctl", 80_000, None)), None),
    ],
)
def test_where_it_slows_down(tmp_path: Path, listing: str, limit: float | None) -> None:
    assert heat(tmp_path, listing).slows_at_c == limit


def test_a_rising_count_is_throttling(tmp_path: Path) -> None:
    at = "/sys/devices/system/cpu/cpu{}/thermal_throttle/{}_throttle_count"
    counts = [at.format(0, "package"), at.format(0, "core"), at.format(1, "core")]
    found = heat(tmp_path, "".join(f"{path} = 7\n" for path in counts))
    assert [found.throttled(0.0), found.throttled(1.0)] == [None, False]
    for second, path in enumerate(counts, 1):
        (tmp_path / path[1:]).write_text("8\n")
        assert [found.throttled(2.0 * second), found.throttled(2.0 * second + 1)] == [True, False]


def test_what_happened_while_nobody_looked_is_not_now(tmp_path: Path) -> None:
    path = "/sys/devices/system/cpu/cpu0/thermal_throttle/core_throttle_count"
    found = heat(tmp_path, f"{path} = 7\n")
    found.throttled(0.0)
    (tmp_path / path[1:]).write_text("900\n")
    assert [found.throttled(3600.0), found.throttled(3601.0)] == [None, False]


def test_without_counts_nobody_knows(tmp_path: Path) -> None:
    found = heat(tmp_path, zone(0, "TCPU", 50_000))
    assert [found.throttled(0.0), found.throttled(1.0)] == [None, None]
