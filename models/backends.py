"""The backends of this machine: which can be had, why another cannot, and the port of each.

Why it exists: a host is a process with a model in memory, so everybody who asks for a backend must get the same one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from app.aio.lease import CpuLease
from app.contracts.devices import Backend, Device, DeviceInfo, Tier
from app.contracts.errors import InvalidInput, Unavailable
from app.contracts.ports import Embedder, Machine, Runtime, SpeechToText, TextGenerator, TextToSpeech, VoiceActivity
from models.embedded import EmbeddedModels
from models.entries import PROCESSOR, entries_of, preferred, resolved, why_unknown
from models.host.supervisor import Host, HostLimits, OnEvent
from models.hosted.base import Gate, HostedRuntime
from models.hosted.embed import HostedEmbedder
from models.hosted.llm import HostedTextGenerator
from models.hosted.stt import HostedSpeechToText
from models.hosted.tts import HostedTextToSpeech
from models.hosted.vad import HostedVoiceActivity
from models.libraries import package_folder, require_path, version_of
from models.recipes import RECIPES
from models.recipes.recipe import Recipe
from models.registry import ENTRIES, Entry, Port, Surroundings
from models.retrying import (
    RetryingEmbedder,
    RetryingSpeechToText,
    RetryingTextGenerator,
    RetryingTextToSpeech,
    RetryingVoiceActivity,
)
from models.store.model import ModelLibrary, NoModels

_HOSTED: Mapping[Port, type[HostedRuntime]] = {
    Port.SPEECH_TO_TEXT: HostedSpeechToText,
    Port.TEXT: HostedTextGenerator,
    Port.TEXT_TO_SPEECH: HostedTextToSpeech,
    Port.VOICE_ACTIVITY: HostedVoiceActivity,
    Port.EMBEDDING: HostedEmbedder,
}
_PROTOCOLS: Mapping[Port, type] = {
    Port.SPEECH_TO_TEXT: SpeechToText,
    Port.TEXT: TextGenerator,
    Port.TEXT_TO_SPEECH: TextToSpeech,
    Port.VOICE_ACTIVITY: VoiceActivity,
    Port.EMBEDDING: Embedder,
}
_SERVES: Mapping[str, Port] = {
    "audio_to_text": Port.SPEECH_TO_TEXT,
    "text_generation": Port.TEXT,
    "text_to_audio": Port.TEXT_TO_SPEECH,
    "embedding": Port.EMBEDDING,
    "voice_activity": Port.VOICE_ACTIVITY,
}


@dataclass(frozen=True, slots=True)
class _Added:
    """A backend that was made elsewhere: its port, its revision, and which ports it implements."""

    runtime: Runtime
    revision: str
    does: frozenset[Port]


class Backends:
    """The backends of this machine, and their ports. One host per backend, shared by everybody who asks for it.

    Implements `app.contracts.ports.RuntimeCatalogue` for the embedded default, and for what was added to it.

    Args:
        lease: Asked by heavy engines.
        on_event: Gets every change of a host.
        cache_dir: Where engines may keep what they converted; None keeps nothing.
        limits: How patient the hosts' supervisors are.
        models: Where the weights of the embedded default are.
        machine: The devices there are; None for the processor alone.
        library: The models that were installed; None for those that come with the program alone.
        gates: Asked at every load.
        cache_for: Where the engine of an entry may keep what it compiled, instead of ``cache_dir``; None for there.
        recipes: What can be loaded where, asked again and again.
        held_back: Why a backend that was added may not be used now, with the remedy; empty when it may.
    """

    def __init__(
        self,
        lease: CpuLease,
        *,
        on_event: OnEvent | None = None,
        cache_dir: Path | None = None,
        limits: HostLimits | None = None,
        models: EmbeddedModels | None = None,
        machine: Machine | None = None,
        library: ModelLibrary | None = None,
        gates: Sequence[Gate] = (),
        cache_for: Callable[[Entry], Path | None] | None = None,
        recipes: Callable[[], Sequence[Recipe]] = lambda: RECIPES,
        held_back: Callable[[str], str] = lambda _backend_id: "",
    ) -> None:
        self._lease = lease
        self._on_event = on_event
        self._cache_dir = cache_dir
        self._limits = limits
        self._models = models or EmbeddedModels()
        self._machine = machine
        self._library = library or NoModels()
        self._gates = gates
        self._cache_for = cache_for
        self._recipes = recipes
        self._held_back = held_back
        self._built: dict[str, tuple[Entry, HostedRuntime]] = {}
        self._outdated: list[HostedRuntime] = []
        self._added: dict[str, _Added] = {}
        self._there: set[str] = set()
        self._revisions: dict[str, str] = {}
        self._known: Mapping[str, Entry] = ENTRIES
        self._known_for: object = None

    @property
    def entries(self) -> Mapping[str, Entry]:
        """Every backend there could be, by its id: made anew when a model or a device has come or gone."""
        made_from = (self._devices(), self._library.installed_models(), tuple(self._recipes()))
        if made_from != self._known_for:
            devices, installed, recipes = made_from
            self._known = entries_of(devices, installed, self._models, recipes)
            self._known_for = made_from
            self._there.clear()
            self._revisions.clear()
        return self._known

    def resolve(self, backend_id: str, model: str = "") -> str:
        """The id of the backend that is meant by a runtime on a device, with or without a model."""
        return backend_id if backend_id in self._added else resolved(self.entries, backend_id, model)

    def of_tier(self, tier: Tier) -> str:
        """The id of the backend that a tier means; without a model an installed one goes before the program's own."""
        if tier.model or tier.backend_id in self._added:
            return self.resolve(tier.backend_id, tier.model)
        return preferred(self.entries, tier.backend_id)

    def model_of(self, backend_id: str) -> str:
        """The model a backend serves.

        Raises:
            Unavailable: There is no such backend.
        """
        added = self._added.get(backend_id)
        return added.runtime.backend.model if added else self._entry(self.resolve(backend_id)).backend.model

    def parameters(self, backend_id: str) -> int:
        """Number of weights of the model a backend serves, 0 when nobody knows."""
        entry = self.entries.get(self.resolve(backend_id))
        if entry is None:
            return 0
        known = (entry.installed, *self._models.as_installed())
        return next((model.parameters for model in known if model and model.name == entry.backend.model), 0)

    def built(self) -> tuple[HostedRuntime, ...]:
        """Every backend that has been asked for so far; its host may run or not."""
        return tuple(runtime for _, runtime in self._built.values())

    def add(self, port: Runtime, revision: str = "") -> None:
        """Take in a backend that was made elsewhere, for instance a server of the person's. It is closed with the rest.

        It is preferred after those that come with the program.

        Args:
            port: Implements one of the five ports.
            revision: What changes when its weights do, as far as anybody knows.

        Raises:
            InvalidInput: There is a backend with this id already.
        """
        key = port.backend.backend_id
        if key in self.entries or key in self._added:
            raise InvalidInput(f"There are two backends called {key!r}.", code="backend-twice")
        does = frozenset(kind for kind, protocol in _PROTOCOLS.items() if isinstance(port, protocol))
        self._added[key] = _Added(port, revision, does)

    def devices(self) -> tuple[Device, ...]:
        """Devices that can run something now."""
        return tuple(sorted({backend.device for backend in self.backends()}))

    def backends(self) -> tuple[Backend, ...]:
        """Backends that can be started now."""
        return self._usable(frozenset(Port))

    def why_not(self, backend_id: str) -> str:
        """Why a backend cannot be started, with the remedy; empty when it can.

        What was found once is not looked for again: plans ask often, and a host that lacks something says so itself.
        """
        if backend_id in self._added:
            return self._held_back(backend_id)
        try:
            return self._lacks(self._entry(self.resolve(backend_id)))
        except Unavailable as error:
            return str(error)

    def serving(self, kind: str) -> tuple[Backend, ...]:
        """Backends that can be started now and serve a stage type, the preferred one first."""
        return self._usable(frozenset({_SERVES[kind]}))

    def revision(self, backend_id: str) -> str:
        """Versions of the libraries and of the weights; the same on every machine that has the same. Looked at once.

        Raises:
            Unavailable: There is no such backend, or what it needs is not there.
        """
        if backend_id in self._added:
            return self._added[backend_id].revision
        entry = self._entry(self.resolve(backend_id))
        key = entry.backend.backend_id
        if key not in self._revisions:
            self._revisions[key] = self._revision(entry)
        return self._revisions[key]

    def remote(self, backend_id: str) -> bool:
        """Whether text for this backend leaves the machine."""
        added = self._added.get(backend_id)
        return added is not None and added.runtime.backend.device is Device.REMOTE

    def speech_to_text_port(self, backend_id: str) -> SpeechToText:
        """Speech recognition by one backend, without retries.

        Raises:
            Unavailable: There is no such backend.
            InvalidInput: It does something else.
        """
        return cast("SpeechToText", self._port(backend_id, Port.SPEECH_TO_TEXT))

    def text_port(self, backend_id: str) -> TextGenerator:
        """A language model on one backend; errors as `speech_to_text_port`."""
        return cast("TextGenerator", self._port(backend_id, Port.TEXT))

    def text_to_speech_port(self, backend_id: str) -> TextToSpeech:
        """A voice by one backend; errors as `speech_to_text_port`."""
        return cast("TextToSpeech", self._port(backend_id, Port.TEXT_TO_SPEECH))

    def embedder_port(self, backend_id: str) -> Embedder:
        """Embeddings by one backend; errors as `speech_to_text_port`."""
        return cast("Embedder", self._port(backend_id, Port.EMBEDDING))

    def voice_activity_port(self, backend_id: str) -> VoiceActivity:
        """The voice gate by one backend; errors as `speech_to_text_port`."""
        return cast("VoiceActivity", self._port(backend_id, Port.VOICE_ACTIVITY))

    def build(self, backend_id: str) -> HostedRuntime:
        """The port of one backend, not loaded yet. What it lacks is told when it is warmed up.

        Raises:
            Unavailable: There is no such backend.
        """
        return self._made(self._entry(self.resolve(backend_id)))

    def speech_to_text(self, backend_ids: Sequence[str]) -> RetryingSpeechToText:
        """Speech recognition over these backends, best first."""
        return RetryingSpeechToText([self.speech_to_text_port(key) for key in backend_ids])

    def text(self, backend_ids: Sequence[str]) -> RetryingTextGenerator:
        """A language model over these backends, best first."""
        return RetryingTextGenerator([self.text_port(key) for key in backend_ids])

    def text_to_speech(self, backend_ids: Sequence[str]) -> RetryingTextToSpeech:
        """A voice over these backends, best first."""
        return RetryingTextToSpeech([self.text_to_speech_port(key) for key in backend_ids])

    def voice_activity(self, backend_ids: Sequence[str]) -> RetryingVoiceActivity:
        """A voice gate over these backends, best first, and one by loudness after them."""
        return RetryingVoiceActivity([self.voice_activity_port(key) for key in backend_ids])

    def embedder(self, backend_ids: Sequence[str]) -> RetryingEmbedder:
        """Embeddings over these backends, best first; they must share one model."""
        return RetryingEmbedder([self.embedder_port(key) for key in backend_ids])

    async def aclose(self) -> None:
        """End every host, and close what was added."""
        for port in (*self.built(), *self._outdated, *(one.runtime for one in self._added.values())):
            await port.aclose()

    def _revision(self, entry: Entry) -> str:
        libraries = (f"{library.distribution} {version_of(library.distribution)}" for library in entry.libraries)
        model = entry.installed
        return ", ".join((*libraries, model.revision if model else self._models.revision(entry.backend.model)))

    def _made(self, entry: Entry) -> HostedRuntime:
        """The port of an entry, the same one for as long as the entry is the same."""
        key = entry.backend.backend_id
        made = self._built.get(key)
        if made is None or made[0] != entry:
            if made is not None:  # its model or its device is another one now
                self._outdated.append(made[1])
            made = self._built[key] = (entry, self._build(entry))
        return made[1]

    def _build(self, entry: Entry) -> HostedRuntime:
        host = Host(
            entry.backend.backend_id,
            entry.engine,
            lambda: entry.options(self._surroundings(entry)),
            on_event=self._on_event,
            limits=self._limits,
            variables=entry.environment,
        )
        lease = self._lease if entry.heavy or entry.backend.device is not Device.CPU else None
        return _HOSTED[entry.port](host, entry.backend, entry.capabilities, lease, self._gates)

    def _usable(self, ports: frozenset[Port]) -> tuple[Backend, ...]:
        """Backends that implement one of these ports and can be started now, those that were added last."""
        own = (entry.backend for entry in self.entries.values() if entry.port in ports and not self._lacks(entry))
        added = (
            one.runtime.backend for key, one in self._added.items() if one.does & ports and not self._held_back(key)
        )
        return (*own, *added)

    def _lacks(self, entry: Entry) -> str:
        """What an entry cannot be started without, with the remedy; empty when it has everything."""
        key = entry.backend.backend_id
        if key not in self._there:
            try:
                self._surroundings(entry)
            except Unavailable as error:
                return str(error)
            self._there.add(key)
        return ""

    def _devices(self) -> tuple[DeviceInfo, ...]:
        return self._machine.look() if self._machine else (PROCESSOR,)

    def _entry(self, backend_id: str) -> Entry:
        entry = self.entries.get(backend_id)
        if entry is None:
            raise why_unknown(backend_id, self._devices(), self.entries, tuple(self._recipes()))
        return entry

    def _port(self, backend_id: str, port: Port) -> Runtime:
        if added := self._added.get(backend_id):
            if port in added.does:
                return added.runtime
        else:
            entry = self._entry(self.resolve(backend_id))
            if entry.port is port:
                return self._made(entry)
        raise InvalidInput(f"{backend_id} cannot do {port}; it cannot take another place.", code="backend-misplaced")

    def _surroundings(self, entry: Entry) -> Surroundings:
        for library in entry.libraries:
            package_folder(library.package, library.distribution)
        if entry.installed is None:
            model = self._models.require(entry.backend.model)
        else:
            model = require_path(entry.installed.path, f"The model {entry.installed.name}")
        own = self._cache_for(entry) if self._cache_for else None
        cache_dir = own or self._cache_dir
        languages = entry.installed.languages if entry.installed else ()
        return Surroundings(model, self._lease.threads, str(cache_dir) if cache_dir else "", entry.target, languages)
