"""The help page about power says what the program takes, and its examples work."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

from app.contracts.devices import Device
from app.power.energy.model import power_model, shipped_model
from app.power.sensors import rapl
from app.settings.limits import Limits, OnBattery
from app.settings.paths import asset
from app.settings.profiles import ProfileStore
from app.settings.table import SETTINGS

TEXT = asset("help/power.md").read_text(encoding="utf-8")
TABLE, LIMITS = re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)


def test_the_example_of_a_device_table_is_one(tmp_path: Path) -> None:
    own = tmp_path / "power.yaml"
    own.write_text(TABLE, encoding="utf-8")
    model = power_model(own)
    assert model.devices[Device.GPU].active_w == 80
    assert model.devices[Device.GPU].idle_w == shipped_model().devices[Device.GPU].idle_w


def test_the_example_of_limits_names_all_of_them_and_can_be_read(tmp_path: Path) -> None:
    profile = asset("profiles/starter.yaml").read_text(encoding="utf-8")
    without = re.sub(r"^limits:.*\n", "", profile, flags=re.MULTILINE)
    (tmp_path / "starter.yaml").write_text(f"{without}{LIMITS}", encoding="utf-8")
    limits = ProfileStore(tmp_path, tmp_path).load("starter").limits
    assert limits.on_battery is OnBattery.FRUGAL
    assert (limits.rest_under_trip_c, limits.warm_again_c, limits.dwell_s) == (5, 10, 30)
    named = set(re.findall(r"^  (\w+):", LIMITS, re.MULTILINE))
    assert named == {one.name for one in fields(Limits)} - {"governs"}


def test_every_setting_about_power_is_described() -> None:
    assert all(f"`{setting.key}`" in TEXT for setting in SETTINGS if setting.page == "Power")


def test_the_command_that_opens_the_counters_is_the_one_the_program_gives() -> None:
    assert rapl.REMEDY in TEXT
