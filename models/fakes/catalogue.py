"""A catalogue of scripted backends, for runs without a model.

Why it exists: pipelines choose among backends and devices this machine does not have; with scripts in their place the
whole engine can be exercised, tested and shown anywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar, cast

from app.contracts.devices import Backend, Device
from app.contracts.errors import InvalidInput, Unavailable
from app.contracts.ports import (
    Embedder,
    Runtime,
    RuntimeCatalogue,
    SpeechToText,
    TextGenerator,
    TextToSpeech,
    VoiceActivity,
)

_Port = TypeVar("_Port")

_KINDS: Mapping[str, type] = {
    "audio_to_text": SpeechToText,
    "text_generation": TextGenerator,
    "text_to_audio": TextToSpeech,
    "embedding": Embedder,
    "voice_activity": VoiceActivity,
}


class FakeCatalogue(RuntimeCatalogue):
    """Backends as they are given, in that order of preference.

    Args:
        runtimes: The ports.
        missing: Backends that are known and cannot be started, with the reason.
        revisions: Of the weights, by backend; "1" for the others.
    """

    def __init__(
        self,
        *runtimes: Runtime,
        missing: Mapping[str, str] | None = None,
        revisions: Mapping[str, str] | None = None,
    ) -> None:
        self.runtimes = {runtime.backend.backend_id: runtime for runtime in runtimes}
        self.missing = dict(missing or {})
        self.revisions = dict(revisions or {})

    def devices(self) -> tuple[Device, ...]:
        """Devices of the given backends."""
        return tuple(sorted({backend.device for backend in self.backends()}))

    def backends(self) -> tuple[Backend, ...]:
        """The given backends that are not missing."""
        return tuple(port.backend for key, port in self.runtimes.items() if key not in self.missing)

    def why_not(self, backend_id: str) -> str:
        """As told."""
        if backend_id in self.missing:
            return self.missing[backend_id]
        return "" if backend_id in self.runtimes else f"There is no backend {backend_id!r}."

    def revision(self, backend_id: str) -> str:
        """As told."""
        return self.revisions.get(backend_id, "1")

    def remote(self, backend_id: str) -> bool:
        """By its device."""
        return backend_id in self.runtimes and self.runtimes[backend_id].backend.device is Device.REMOTE

    def speech_to_text_port(self, backend_id: str) -> SpeechToText:
        """One of the given."""
        return cast("SpeechToText", self._port(backend_id, "audio_to_text"))

    def text_port(self, backend_id: str) -> TextGenerator:
        """One of the given."""
        return cast("TextGenerator", self._port(backend_id, "text_generation"))

    def text_to_speech_port(self, backend_id: str) -> TextToSpeech:
        """One of the given."""
        return cast("TextToSpeech", self._port(backend_id, "text_to_audio"))

    def embedder_port(self, backend_id: str) -> Embedder:
        """One of the given."""
        return cast("Embedder", self._port(backend_id, "embedding"))

    def voice_activity_port(self, backend_id: str) -> VoiceActivity:
        """One of the given."""
        return cast("VoiceActivity", self._port(backend_id, "voice_activity"))

    def serving(self, kind: str) -> tuple[Backend, ...]:
        """Those whose port fits the stage type."""
        return tuple(
            port.backend for key, port in self.runtimes.items() if _does(port, kind) and key not in self.missing
        )

    def _port(self, backend_id: str, kind: str) -> Runtime:
        if reason := self.why_not(backend_id):
            raise Unavailable(reason, code="backend-unknown")
        port = self.runtimes[backend_id]
        if not _does(port, kind):
            raise InvalidInput(f"{backend_id} cannot do {kind}.", code="backend-misplaced")
        return port


def _does(port: Runtime, kind: str) -> bool:
    """Whether a port is of a kind. A recogniser has all the methods of a voice gate, and is none."""
    return isinstance(port, _KINDS[kind]) and not (kind == "voice_activity" and isinstance(port, SpeechToText))
