"""`sotto profiles list|show|use`: which models answer, with which limits."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict

from app.bootstrap.ladders import Ladders, ladders_of
from app.bootstrap.runtimes import put_runtimes_together
from app.cli.console import Console, printable
from app.contracts.devices import Tier
from app.power.energy.estimate import EstimatedPowerMonitor
from app.power.governor.limits import in_words, limits_in_force
from app.settings.limits import Limits
from app.settings.paths import Paths, asset
from app.settings.profiles import Profile, ProfileStore
from app.settings.store import SettingsStore

ACTIVE = "profile.active"
_JOBS = {
    "speech_to_text": "hears with",
    "text": "answers with",
    "text_to_speech": "speaks with",
    "voice_activity": "listens with",
}


def list_profiles(console: Console, paths: Paths, *, as_json: bool) -> int:
    """List the profiles, the chosen one marked. What is wrong in a file is said on standard error."""
    active = _settings(paths).text(ACTIVE)
    found, problems = _store(paths).list()
    if as_json:
        content = {"active": active, "profiles": [as_object(profile) for profile in found], "problems": problems}
        console.write(json.dumps(content) + "\n")
    else:
        width = max((len(profile.profile_id) for profile in found), default=0)
        for profile in found:
            mark = "*" if profile.profile_id == active else " "
            text = printable(f"{mark} {profile.profile_id.ljust(width)}  {profile.name}: {profile.description}")
            console.write(f"{text}\n")
    for problem in problems:
        console.say(printable(f"sotto: {problem}"))
    return console.settle()


def show_profile(console: Console, paths: Paths, profile_id: str | None, *, as_json: bool) -> int:
    """Show one profile, the chosen one if none is named.

    Raises:
        InvalidInput: There is none of this id, or its file is wrong.
    """
    settings = _settings(paths)
    profile = _store(paths).load(profile_id or settings.text(ACTIVE))
    runtimes = put_runtimes_together(paths, settings, EstimatedPowerMonitor())
    here = ladders_of(profile, runtimes.backends, runtimes.measurements)
    if as_json:
        console.write(json.dumps(as_object(profile) | {"here": _here_object(here)}) + "\n")
    else:
        console.write(as_text(profile) + _here_text(here) + _limits_text(limits_in_force(profile.limits, settings)))
    return console.settle()


def use_profile(console: Console, paths: Paths, profile_id: str) -> int:
    """Choose a profile; it must be one that can be read.

    Raises:
        InvalidInput: There is none of this id, or its file is wrong.
        StorageError: The settings cannot be written.
    """
    profile = _store(paths).load(profile_id)
    _settings(paths).set(ACTIVE, profile.profile_id)
    console.say(f"{printable(profile.name)} answers from the next start on.")
    return console.settle()


def as_object(profile: Profile) -> dict[str, object]:
    """A profile as JSON."""
    return {
        "id": profile.profile_id,
        "name": profile.name,
        "description": profile.description,
        "pipeline": profile.pipeline,
        "goal": profile.goal.value,
        "speech_to_text": _tiers(profile.speech_to_text),
        "text": _tiers(profile.text),
        "text_to_speech": _tiers(profile.text_to_speech),
        "voice_activity": _tiers(profile.voice_activity),
        "answers": [
            {
                "name": stage.name,
                "tier": stage.tier,
                "temperature": stage.temperature,
                "prior": stage.prior,
                "timeout_s": stage.timeout_s,
            }
            for stage in profile.answers
        ],
        "max_tokens": profile.max_tokens,
        "limits": _limits_object(profile.limits),
        "voice": {"id": profile.voice, "speed": profile.speed, "speak": profile.speak},
        "file": str(profile.path),
    }


def as_text(profile: Profile) -> str:
    """A profile for a person."""
    voice = (
        f"{profile.voice or 'the default'} at {profile.speed:g} times its pace"
        if profile.speak
        else "answers are not spoken"
    )
    lines = [
        ("", f"{profile.name} ({profile.profile_id})"),
        ("", profile.description),
        ("pipeline", profile.pipeline),
        ("goal", profile.goal.value),
        ("answers in", ", ".join(f"{stage.name} ({stage.tier})" for stage in profile.answers)),
        ("speech to text", _ladder(profile.speech_to_text)),
        ("text", _ladder(profile.text)),
        ("text to speech", _ladder(profile.text_to_speech)),
        ("voice activity", _ladder(profile.voice_activity)),
        ("longest answer", f"{profile.max_tokens} tokens"),
        ("voice", voice if profile.speak else "answers are not spoken"),
        ("file", str(profile.path)),
    ]
    shown = (f"{title.ljust(16)}{text}" if title else text for title, text in lines if text)
    return printable("".join(f"{line}\n" for line in shown))


def _store(paths: Paths) -> ProfileStore:
    return ProfileStore(asset("profiles"), paths.profiles_dir)


def _settings(paths: Paths) -> SettingsStore:
    store = SettingsStore(paths.settings_file)
    store.load()
    return store


def _here_object(here: Ladders) -> dict[str, object]:
    """The tiers as they are asked on this machine, as JSON."""
    ladders = {job: _tiers(getattr(here, job)) for job in _JOBS}
    return {**ladders, "reasons": list(here.reasons), "missing": list(here.missing), "problems": list(here.problems)}


def _here_text(here: Ladders) -> str:
    """The tiers as they are asked on this machine, and why in this order."""
    lines = ["on this machine"]
    lines += [f"  {title.ljust(14)}{_ladder(getattr(here, job))}" for job, title in _JOBS.items()]
    lines += [f"  {reason}" for reason in (*here.reasons, *here.problems)]
    return printable("".join(f"{line}\n" for line in lines))


def _limits_object(limits: Limits) -> dict[str, object]:
    """What the profile says the governor keeps to, as JSON; what is not bounded is null."""
    hours = limits.quiet_hours
    return asdict(limits) | {"quiet_hours": None if hours is None else str(hours)}


def _limits_text(limits: Limits) -> str:
    """What the governor keeps to, the person's settings included."""
    return printable("".join(f"{line}\n" for line in ("limits", *(f"  {line}" for line in in_words(limits)))))


def _tiers(tiers: Sequence[Tier]) -> list[dict[str, str]]:
    return [{"backend": tier.backend_id, "model": tier.model} for tier in tiers]


def _ladder(tiers: Sequence[Tier]) -> str:
    """The tiers in the order in which they are tried."""
    return ", then ".join(f"{tier.model} on {tier.backend_id}" if tier.model else tier.backend_id for tier in tiers)
