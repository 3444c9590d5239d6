"""What the machine draws from its batteries, in whatever units these count."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.contracts.energy import BatteryReading
from app.power.sensors.battery import Batteries
from app.power.sensors.files import Files
from tests.helpers.machines import laid_out

SUPPLIES = "/sys/class/power_supply"


def supply(name: str, **said: object) -> str:
    return "".join(f"{SUPPLIES}/{name}/{key} = {value}\n" for key, value in said.items())


def batteries(root: Path, listing: str) -> Batteries:
    laid_out(listing, root)
    found = Batteries(Files(root))
    found.find()
    return found


def look(root: Path, listing: str) -> BatteryReading | None:
    return batteries(root, listing).look(0.0)


ON_BATTERY = supply("AC", type="Mains", online=0)


def test_power_and_energy(tmp_path: Path) -> None:
    battery = supply(
        "BAT0", type="Battery", status="Discharging", capacity=50, power_now=8_000_000, energy_now=24_000_000
    )
    reading = look(tmp_path, ON_BATTERY + battery)
    assert reading is not None
    assert (reading.percent, reading.on_mains, reading.watts.value) == (50.0, False, 8.0)
    assert reading.left_s == 3 * 3600


def test_current_and_voltage(tmp_path: Path) -> None:
    battery = supply(
        "BAT0",
        type="Battery",
        status="Discharging",
        capacity=50,
        current_now=-1_000_000,
        voltage_now=12_000_000,
        charge_now=2_000_000,
    )
    reading = look(tmp_path, ON_BATTERY + battery)
    assert reading is not None
    assert reading.watts.value == pytest.approx(12.0)
    assert reading.left_s == pytest.approx(2 * 3600)


def test_two_are_one(tmp_path: Path) -> None:
    first = supply(
        "BAT0",
        type="Battery",
        status="Discharging",
        capacity=50,
        power_now=5_000_000,
        energy_now=20_000_000,
        energy_full=40_000_000,
    )
    second = supply(
        "BAT1",
        type="Battery",
        status="Discharging",
        capacity=100,
        power_now=3_000_000,
        energy_now=10_000_000,
        energy_full=10_000_000,
    )
    reading = look(tmp_path, ON_BATTERY + first + second)
    assert reading is not None
    assert reading.percent == pytest.approx(60.0)
    assert reading.watts.value == pytest.approx(8.0)
    assert reading.left_s == pytest.approx(30 / 8 * 3600)


def test_on_mains_its_power_says_nothing(tmp_path: Path) -> None:
    battery = supply("BAT0", type="Battery", status="Charging", capacity=50, power_now=30_000_000, energy_now=9_000_000)
    reading = look(tmp_path, supply("ADP1", type="Mains", online=1) + battery)
    assert reading is not None
    assert (reading.on_mains, reading.watts.value, reading.left_s) == (True, None, None)
    assert "mains" in reading.watts.reason


@pytest.mark.parametrize(("status", "on_mains"), [("Discharging", False), ("Full", True), ("Unknown", None)])
def test_without_a_socket_its_state_tells(tmp_path: Path, status: str, on_mains: bool | None) -> None:
    reading = look(tmp_path, supply("BAT0", type="Battery", status=status, capacity=50))
    assert reading is not None
    assert reading.on_mains is on_mains


def test_a_mouse_is_not_the_machine(tmp_path: Path) -> None:
    mouse = supply("hidpp_battery_0", type="Battery", scope="Device", status="Discharging", capacity=5)
    assert look(tmp_path, ON_BATTERY + mouse) is None


def test_the_firmware_is_asked_every_few_seconds_and_when_it_is_unplugged(tmp_path: Path) -> None:
    battery = supply("BAT0", type="Battery", status="Discharging", capacity=50, power_now=8_000_000)
    found = batteries(tmp_path, supply("AC", type="Mains", online=1) + battery)

    def watts(at_s: float) -> float | None:
        reading = found.look(at_s)
        assert reading is not None
        return reading.watts.value

    assert watts(0.0) is None
    (tmp_path / "sys/class/power_supply/AC/online").write_text("0\n")
    assert watts(1.0) == 8.0
    (tmp_path / "sys/class/power_supply/BAT0/power_now").write_text("9000000\n")
    assert watts(2.0) == 8.0
    assert watts(6.5) == 9.0
