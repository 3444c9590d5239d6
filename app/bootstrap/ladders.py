"""From the tiers a profile names to those this machine has: resolved, in the order the measurements ask for.

Why it exists: one profile serves many machines. It may name an NPU this one lacks or a model nobody installed here;
what is left is used, and when nothing is left, what comes with the program.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from app.contracts.calibration import Goal
from app.contracts.devices import Tier
from app.contracts.ports import Calibrator
from app.pipeline.ordering import OrderedLadder, order_ladder
from app.settings.profiles import Profile
from models.backends import Backends
from models.registry import ENTRIES, Port

log = logging.getLogger(__name__)

_KINDS = {
    "speech_to_text": "audio_to_text",
    "text": "text_generation",
    "text_to_speech": "text_to_audio",
    "voice_activity": "voice_activity",
}
_PORTS = {
    "speech_to_text": Port.SPEECH_TO_TEXT,
    "text": Port.TEXT,
    "text_to_speech": Port.TEXT_TO_SPEECH,
    "voice_activity": Port.VOICE_ACTIVITY,
}


@dataclass(frozen=True, slots=True)
class Ladders:
    """The tiers of a profile as they are asked on this machine, the first one first.

    Attributes:
        speech_to_text: Tiers that recognise.
        text: Tiers that answer.
        text_to_speech: Tiers that speak.
        voice_activity: Tiers that tell speech from silence.
        reasons: Why the tiers that answer stand in this order, one sentence each.
        problems: What is worth telling: a job for which nothing of the profile is here.
        missing: Why each tier that was left out was left out.
    """

    speech_to_text: tuple[Tier, ...]
    text: tuple[Tier, ...]
    text_to_speech: tuple[Tier, ...]
    voice_activity: tuple[Tier, ...]
    reasons: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


def ladders_of(profile: Profile, backends: Backends, calibrator: Calibrator) -> Ladders:
    """The tiers of a profile on this machine."""
    finder = _Finder(profile, backends)

    def ordered(tiers: Sequence[Tier], *, escalates: bool) -> OrderedLadder:
        return in_order(tiers, profile.goal, backends, calibrator, escalates=escalates)

    text = ordered(finder.there("text", profile.text), escalates=True)
    return Ladders(
        speech_to_text=ordered(finder.there("speech_to_text", profile.speech_to_text), escalates=False).tiers,
        text=text.tiers,
        text_to_speech=ordered(finder.there("text_to_speech", profile.text_to_speech), escalates=False).tiers,
        voice_activity=finder.there("voice_activity", profile.voice_activity),
        reasons=text.reasons,
        problems=tuple(finder.problems),
        missing=tuple(finder.missing),
    )


def in_order(
    tiers: Sequence[Tier], goal: Goal, backends: Backends, calibrator: Calibrator, *, escalates: bool
) -> OrderedLadder:
    """The tiers in the order of a goal as far as they have been measured; see `order_ladder`."""
    measurements = [found for tier in tiers if (found := calibrator.measured(tier.backend_id)) is not None]
    capability = {tier.backend_id: backends.parameters(tier.backend_id) for tier in tiers}
    remote = [tier.backend_id for tier in tiers if backends.remote(tier.backend_id)]
    return order_ladder(tiers, measurements, goal, capability, remote=remote, escalates=escalates)


class _Finder:
    """Looks for the tiers of one profile, and keeps what is not there."""

    def __init__(self, profile: Profile, backends: Backends) -> None:
        self._profile = profile
        self._backends = backends
        self.problems: list[str] = []
        self.missing: list[str] = []

    def there(self, job: str, tiers: Sequence[Tier]) -> tuple[Tier, ...]:
        """Those of the tiers that can be had; the program's own stay, since they say themselves what they lack."""
        found: dict[str, Tier] = {}
        for tier in tiers:
            key = self._backends.of_tier(tier)
            why = self._misplaced(key, job) or ("" if key in ENTRIES else self._backends.why_not(key))
            if why:
                self.missing.append(why)
                log.info("profile %s: %s is left out: %s", self._profile.profile_id, tier.backend_id, why)
            else:
                found.setdefault(key, Tier(key, self._backends.model_of(key)))
        if not found:
            serving = self._backends.serving(_KINDS[job])
            first = serving[0] if serving else None
            with_program = first.backend_id if first else tiers[0].backend_id
            self.problems.append(
                f"Nothing that the profile {self._profile.profile_id!r} names for {job} is here. "
                f"{self.missing[-1]} {with_program} is used instead."
            )
            return (Tier(with_program, first.model if first else tiers[0].model),)
        return tuple(found.values())

    def _misplaced(self, backend_id: str, job: str) -> str:
        """Why a backend is no tier of this job, whether it can be had or not; empty when it is one."""
        entry = self._backends.entries.get(backend_id)
        if entry is None or entry.port is _PORTS[job]:
            return ""
        return f"{self._profile.path}: {backend_id} cannot do {_PORTS[job]}; it does {entry.port}."
