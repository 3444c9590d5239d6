"""The backends of this machine: which can be had, why another cannot, and the port of each.

Why it exists: a host is a process with a model in memory, so everybody who asks for a backend must get the same one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from app.aio.lease import CpuLease
from app.contracts.devices import Backend, Device
from app.contracts.errors import InvalidInput, Unavailable
from models.embedded import EmbeddedModels
from models.host.supervisor import Host, HostLimits, OnEvent
from models.hosted.base import HostedRuntime
from models.hosted.llm import HostedTextGenerator
from models.hosted.stt import HostedSpeechToText
from models.hosted.tts import HostedTextToSpeech
from models.hosted.vad import HostedVoiceActivity
from models.libraries import package_folder
from models.registry import ENTRIES, Entry, Port, Surroundings, entry_of
from models.retrying import (
    RetryingSpeechToText,
    RetryingTextGenerator,
    RetryingTextToSpeech,
    RetryingVoiceActivity,
)

_Port = TypeVar("_Port", bound=HostedRuntime)

_HOSTED: Mapping[Port, type[HostedRuntime]] = {
    Port.SPEECH_TO_TEXT: HostedSpeechToText,
    Port.TEXT: HostedTextGenerator,
    Port.TEXT_TO_SPEECH: HostedTextToSpeech,
    Port.VOICE_ACTIVITY: HostedVoiceActivity,
}


class Backends:
    """The backends of this machine, and their ports. One host per backend, shared by everybody who asks for it.

    Implements `app.contracts.ports.DeviceCatalogue` for the embedded default.

    Args:
        lease: Asked by heavy engines.
        on_event: Gets every change of a host.
        cache_dir: Where engines may keep what they converted; None keeps nothing.
        limits: How patient the hosts' supervisors are.
        models: Where the weights are.
    """

    def __init__(
        self,
        lease: CpuLease,
        *,
        on_event: OnEvent | None = None,
        cache_dir: Path | None = None,
        limits: HostLimits | None = None,
        models: EmbeddedModels | None = None,
    ) -> None:
        self._lease = lease
        self._on_event = on_event
        self._cache_dir = cache_dir
        self._limits = limits
        self._models = models or EmbeddedModels()
        self._built: dict[str, HostedRuntime] = {}

    def devices(self) -> tuple[Device, ...]:
        """Devices that can run something now."""
        return tuple(sorted({backend.device for backend in self.backends()}))

    def backends(self) -> tuple[Backend, ...]:
        """Backends that can be started now."""
        return tuple(entry.backend for key, entry in ENTRIES.items() if not self.why_not(key))

    def why_not(self, backend_id: str) -> str:
        """Why a backend cannot be started, with the remedy; empty when it can."""
        try:
            self._surroundings(entry_of(backend_id))
        except Unavailable as error:
            return str(error)
        return ""

    def build(self, backend_id: str) -> HostedRuntime:
        """The port of one backend, not loaded yet. What it lacks is told when it is warmed up.

        Raises:
            Unavailable: There is no such backend.
        """
        if backend_id not in self._built:
            self._built[backend_id] = self._build(entry_of(backend_id))
        return self._built[backend_id]

    def speech_to_text(self, backend_ids: Sequence[str]) -> RetryingSpeechToText:
        """Speech recognition over these backends, best first."""
        return RetryingSpeechToText([self._of(key, HostedSpeechToText) for key in backend_ids])

    def text(self, backend_ids: Sequence[str]) -> RetryingTextGenerator:
        """A language model over these backends, best first."""
        return RetryingTextGenerator([self._of(key, HostedTextGenerator) for key in backend_ids])

    def text_to_speech(self, backend_ids: Sequence[str]) -> RetryingTextToSpeech:
        """A voice over these backends, best first."""
        return RetryingTextToSpeech([self._of(key, HostedTextToSpeech) for key in backend_ids])

    def voice_activity(self, backend_ids: Sequence[str]) -> RetryingVoiceActivity:
        """A voice gate over these backends, best first, and one by loudness after them."""
        return RetryingVoiceActivity([self._of(key, HostedVoiceActivity) for key in backend_ids])

    async def aclose(self) -> None:
        """End every host."""
        for port in self._built.values():
            await port.aclose()

    def _build(self, entry: Entry) -> HostedRuntime:
        host = Host(
            entry.backend.backend_id,
            entry.engine,
            lambda: entry.options(self._surroundings(entry)),
            on_event=self._on_event,
            limits=self._limits,
        )
        return _HOSTED[entry.port](host, entry.backend, entry.capabilities, self._lease if entry.heavy else None)

    def _of(self, backend_id: str, cls: type[_Port]) -> _Port:
        port = self.build(backend_id)
        if not isinstance(port, cls):
            raise InvalidInput(
                f"{backend_id} does {entry_of(backend_id).port}; it cannot take another place.",
                code="backend-misplaced",
            )
        return port

    def _surroundings(self, entry: Entry) -> Surroundings:
        for library in entry.libraries:
            package_folder(library.package, library.distribution)
        model = self._models.require(entry.backend.model)
        cache_dir = str(self._cache_dir) if self._cache_dir else ""
        return Surroundings(model, self._lease.threads, cache_dir)
