"""Finds the backend for what a stage asks for; when that is not there, the nearest that is, and says so.

Why it exists: a pipeline is written for any machine. What it asks for may not be installed, not be in this machine or
not be allowed just now; it should run all the same, and nobody should have to guess where.

Where the governor holds a device back, another one takes over. Text takes long: it is written on another one or not at
all. What is short (recognition, speech, embeddings) is done on a device that should rest where nothing else can do it.

Nearest is, in this order: the model that was asked for, then the device (the next one in `ORDER` upwards, then
downwards), then a model of the same family, then the catalogue's own order of preference. A backend whose text leaves
the machine is taken only when it is asked for: by its id, or by ``preferred_hardware: remote``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from app.contracts.devices import Backend, Device, Tier
from app.contracts.energy import GovernorVerdict
from app.contracts.errors import Unavailable
from app.contracts.ports import RuntimeCatalogue
from app.pipeline.plan import Substitution

ORDER = (Device.NPU, Device.IGPU, Device.GPU, Device.CPU, Device.REMOTE)
"""Devices from the most frugal on."""

_WORDS = {
    "audio_to_text": "speech recognition",
    "text_generation": "text generation",
    "text_to_audio": "speech",
    "embedding": "embeddings",
}
_SHORT = frozenset({"audio_to_text", "text_to_audio", "embedding"})
"""Stage types whose work is sooner done on a device that should rest than not at all."""
_DEVICES = {
    **{device.value: device for device in Device},
    "nvidia": Device.GPU,
    "amd": Device.GPU,
    "cuda": Device.GPU,
    "intel": Device.IGPU,
}
"""What a word in a backend's id says of its device."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked for; everything empty takes what the catalogue prefers.

    Attributes:
        backend: An id, empty for any.
        model: A model, empty for any.
        device: A device, None for any.
    """

    backend: str = ""
    model: str = ""
    device: Device | None = None

    def __str__(self) -> str:
        where = self.backend or (self.device.value if self.device else "")
        return f"{self.model} on {where}" if self.model and where else self.model or where


@dataclass(frozen=True, slots=True)
class Choice:
    """What was found.

    Attributes:
        tier: The backend and the model it serves.
        device: Where that runs.
        substitution: What had to give way, None when it is what was asked for.
    """

    tier: Tier
    device: Device
    substitution: Substitution | None = None


class Selector:
    """Finds backends for one plan; looks at the catalogue once for each stage type.

    Args:
        runtimes: What there is.
        verdict: Which devices may be used.
    """

    def __init__(self, runtimes: RuntimeCatalogue, verdict: GovernorVerdict) -> None:
        self._runtimes = runtimes
        self._verdict = verdict
        self._serving: dict[str, tuple[Backend, ...]] = {}

    def choose(self, stage_id: str, kind: str, wish: Wish) -> Choice:
        """The backend for a wish, or the nearest to it.

        Args:
            stage_id: For messages.
            kind: A stage type, as `RuntimeCatalogue.serving` takes it.
            wish: What is asked for.

        Raises:
            Unavailable: Nothing that may be used does this at all.
        """
        named = self._named(kind, wish)
        if named is not None and self._may_run(kind, named):
            return self._chosen(named, wish, self._all_the_same(kind, named))
        why = self._why_not_named(wish, kind, named) if wish.backend else ""
        near = Wish(wish.backend, wish.model, wish.device or device_named(wish.backend))
        candidates = self._candidates(kind, remote=wish.device is Device.REMOTE)
        if not candidates:
            raise self._nothing(stage_id, kind, why)
        nearest = min(candidates, key=lambda backend: _distance(backend, near))
        return self._chosen(nearest, wish, why or self._all_the_same(kind, nearest), kind)

    def others(self, kind: str, taken: Iterable[Tier], device: Device) -> tuple[Tier, ...]:
        """Everything else that may be used without being asked for, the nearest to a device first."""
        gone = set(taken)
        wish = Wish(device=device)
        found = sorted(self._candidates(kind, remote=False), key=lambda backend: _distance(backend, wish))
        return tuple(tier for tier in map(_tier, found) if tier not in gone)

    def _there(self, kind: str) -> tuple[Backend, ...]:
        if kind not in self._serving:
            self._serving[kind] = self._runtimes.serving(kind)
        return self._serving[kind]

    def _named(self, kind: str, wish: Wish) -> Backend | None:
        """The backend of an id; of a runtime on a device without a model, the one that serves the wished model."""
        if not wish.backend:
            return None
        own = [
            backend
            for backend in self._there(kind)
            if backend.backend_id == wish.backend or backend.backend_id.startswith(f"{wish.backend}:")
        ]
        right = (backend for backend in own if same_model(backend.model, wish.model))
        return next(right, own[0] if own else None)

    def _candidates(self, kind: str, *, remote: bool) -> list[Backend]:
        return [
            backend
            for backend in self._there(kind)
            if self._may_run(kind, backend) and (remote or not self._runtimes.remote(backend.backend_id))
        ]

    def _may_run(self, kind: str, backend: Backend) -> bool:
        return backend.device in self._verdict.allowed or self._nothing_else(kind)

    def _nothing_else(self, kind: str) -> bool:
        """Whether a kind of work is short, and every device of this machine that does it has to rest."""
        return kind in _SHORT and not any(
            backend.device in self._verdict.allowed and not self._runtimes.remote(backend.backend_id)
            for backend in self._there(kind)
        )

    def _all_the_same(self, kind: str, backend: Backend) -> str:
        """Why a backend is taken although its device has to rest; empty when that need not."""
        why = self._verdict.why(backend.device)
        return f"{why} Nothing else here does {_WORDS[kind]}, so it is done there all the same." if why else ""

    def _chosen(self, backend: Backend, wish: Wish, why: str, kind: str = "") -> Choice:
        reasons = [why] if why else []
        if not why and wish.device is not None and not wish.backend and backend.device is not wish.device:
            reasons.append(self._why_not_device(wish.device, kind, wish.model))
        if wish.model and not same_model(backend.model, wish.model):
            reasons.append(f"{backend.backend_id} serves {backend.model}, not {wish.model}.")
        got = f"{backend.model} on {backend.backend_id}"
        gave_way = Substitution(str(wish), got, " ".join(reasons)) if reasons else None
        return Choice(_tier(backend), backend.device, gave_way)

    def _why_not_named(self, wish: Wish, kind: str, named: Backend | None) -> str:
        if named is not None:
            return self._verdict.why(named.device)
        reason = self._runtimes.why_not(wish.backend)
        if not reason:
            return f"{wish.backend} does not do {_WORDS.get(kind, kind)}."
        return f"{reason.partition('. ')[0].rstrip('.')}."  # the remedy is for those who want that backend

    def _why_not_device(self, device: Device, kind: str, model: str) -> str:
        there = any(backend.device is device for backend in self._candidates(kind, remote=False))
        if model and there:
            return f"{model} is not served on the {device.value}."
        if device not in self._verdict.allowed and any(backend.device is device for backend in self._there(kind)):
            return self._verdict.why(device)
        return f"Nothing here does {_WORDS.get(kind, kind)} on the {device.value}."

    def _nothing(self, stage_id: str, kind: str, why: str) -> Unavailable:
        """The error for a stage nothing here can do."""
        doing = _WORDS.get(kind, kind)
        there = self._there(kind)
        if any(backend.device not in self._verdict.allowed for backend in there):
            reason = " ".join(dict.fromkeys(filter(None, (self._verdict.why(backend.device) for backend in there))))
            return Unavailable(
                f"The stage {stage_id} cannot run now: {reason}",
                code="device-held-back",
                remedy="Try again later, or allow more devices in the profile.",
            )
        if there:
            return Unavailable(
                f"The stage {stage_id} cannot run: only servers do {doing} here, and it asks for none of them.",
                code="no-backend",
                remedy=f"Write preferred_backend: {there[0].backend_id} to have its input sent there.",
            )
        cause = f" {why}" if why else ""
        return Unavailable(
            f"The stage {stage_id} cannot run: nothing here does {doing}.{cause}",
            code="no-backend",
            remedy="`sotto doctor` shows what is missing and how to get it.",
        )


def device_named(backend_id: str) -> Device | None:
    """The device in a backend's id (``ollama-nvidia`` is on a gpu), None when there is none."""
    for word in reversed(re.split(r"[-_./:]", backend_id.lower())):
        if word in _DEVICES:
            return _DEVICES[word]
    return None


def same_model(one: str, other: str) -> bool:
    """Whether two names stand for the same model; case does not matter."""
    return one.casefold() == other.casefold()


def _distance(backend: Backend, wish: Wish) -> tuple[bool, int, bool]:
    """How far a backend is from a wish; equal ones keep the catalogue's order."""
    other_model = bool(wish.model) and not same_model(backend.model, wish.model)
    stranger = other_model and not _akin(backend, wish.model)
    if wish.device is None:
        return other_model, 0, stranger
    steps = ORDER.index(backend.device) - ORDER.index(wish.device)
    return other_model, steps if steps >= 0 else len(ORDER) - steps, stranger


def _akin(backend: Backend, model: str) -> bool:
    """Whether a backend is of the family a model's name begins with: ``piper-tts`` is akin to every Piper voice."""
    family = re.match(r"[a-z]+", model.casefold())
    return family is not None and family.group() in f"{backend.runtime} {backend.model}".casefold()


def _tier(backend: Backend) -> Tier:
    return Tier(backend.backend_id, backend.model)
