from __future__ import annotations

from pathlib import Path

import pytest

from app.power.governor.limits import in_words, limits_in_force
from app.settings.limits import Limits, OnBattery, QuietHours
from app.settings.store import SettingsStore

NIGHT = QuietHours(22 * 60, 7 * 60)
PROFILE = Limits(max_tokens=96, battery_percent=30.0, joules_per_hour=500.0, quiet_hours=NIGHT)


@pytest.fixture
def settings(tmp_path: Path) -> SettingsStore:
    return SettingsStore(tmp_path / "settings.yaml")


def test_without_a_word_of_the_person_the_profile_counts(settings: SettingsStore) -> None:
    assert limits_in_force(PROFILE, settings) == PROFILE


def test_the_persons_settings_go_over_the_profile(settings: SettingsStore) -> None:
    settings.set("power.battery_percent", 50.0)
    settings.set("power.joules_per_hour", 900.0)
    settings.set("power.quiet_hours", "13:00-14:00")
    settings.set("power.governor", False)
    assert limits_in_force(PROFILE, settings) == Limits(
        governs=False,
        max_tokens=96,
        battery_percent=50.0,
        joules_per_hour=900.0,
        quiet_hours=QuietHours(13 * 60, 14 * 60),
    )
    settings.set("power.quiet_hours", "never")
    assert limits_in_force(PROFILE, settings).quiet_hours is None


def test_limits_in_words() -> None:
    (bare,) = in_words(Limits(battery_percent=0.0))
    assert bare == (
        "A device rests 5 °C under the point where it slows itself down, until it is 10 °C cooler still, "
        "and for 30 s at least."
    )
    everything = Limits(
        on_battery=OnBattery.FRUGAL, watts=30.0, joules_per_turn=50.0, joules_per_hour=2000.0, quiet_hours=NIGHT
    )
    assert in_words(everything)[1:] == (
        "On battery, what takes much power rests, and answers are shorter.",
        "Under 20 % of battery, only what is frugal works, and answers are short.",
        "Sotto's own work takes no more than 30 W for long.",
        "A turn ends at 50 J, but not before a short answer.",
        "Answers become shorter as the last hour's work nears 2000 J.",
        "From 22:00 to 07:00 the graphics card rests, and answers are shorter.",
    )
    assert in_words(Limits(governs=False)) == ("Nothing is held back: the governor is switched off.",)
