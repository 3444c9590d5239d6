"""The limits in force: those of the profile, with what the person's settings say over them, and both in words."""

from __future__ import annotations

from dataclasses import replace

from app.settings.limits import Limits, OnBattery, QuietHours
from app.settings.store import SettingsStore


def limits_in_force(profile: Limits, settings: SettingsStore) -> Limits:
    """The profile's limits, replaced where the person set something.

    Args:
        profile: `app.settings.profiles.Profile.limits`.
        settings: Those under ``power``; 0 and an empty text leave the profile's word, ``never`` takes its quiet hours
            away.
    """
    limits = replace(profile, governs=settings.flag("power.governor"))
    if percent := settings.number("power.battery_percent"):
        limits = replace(limits, battery_percent=percent)
    if joules := settings.number("power.joules_per_hour"):
        limits = replace(limits, joules_per_hour=joules)
    if hours := settings.text("power.quiet_hours"):
        limits = replace(limits, quiet_hours=QuietHours.from_text(hours))
    return limits


def in_words(limits: Limits) -> tuple[str, ...]:
    """What the governor keeps to, a sentence each."""
    if not limits.governs:
        return ("Nothing is held back: the governor is switched off.",)
    rests = (
        f"A device rests {limits.rest_under_trip_c:g} °C under the point where it slows itself down, until it is "
        f"{limits.warm_again_c:g} °C cooler still, and for {limits.dwell_s:g} s at least."
    )
    said = [rests]
    if limits.on_battery is OnBattery.FRUGAL:
        said.append("On battery, what takes much power rests, and answers are shorter.")
    if limits.battery_percent:
        said.append(f"Under {limits.battery_percent:g} % of battery, only what is frugal works, and answers are short.")
    if limits.watts is not None:
        said.append(f"Sotto's own work takes no more than {limits.watts:g} W for long.")
    if limits.joules_per_turn is not None:
        said.append(f"A turn ends at {limits.joules_per_turn:g} J, but not before a short answer.")
    if limits.joules_per_hour is not None:
        said.append(f"Answers become shorter as the last hour's work nears {limits.joules_per_hour:g} J.")
    if limits.quiet_hours is not None:
        said.append(
            f"From {str(limits.quiet_hours).replace('-', ' to ')} the graphics card rests, and answers are shorter."
        )
    return tuple(said)
