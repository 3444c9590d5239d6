"""Every backend of the embedded default in one table.

Why it exists: profiles, the device catalogue, `sotto doctor` and the tests all ask which backends there are and what
each needs. An entry says it once; a test imports every engine and holds it to its port. `models.backends` builds them.
What runs models that were installed, and other devices than the processor, is in `models.recipes`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path

from app.contracts.capabilities import CancelGranularity, Capabilities, ConfidenceSource
from app.contracts.devices import Backend, Device
from models.embedded import ESPEAK, MOONSHINE, SILERO, SMOLLM2
from models.host.engine import JsonValue
from models.store.model import InstalledModel

CONTEXT_TOKENS = 2048
"""Length of the window of the embedded language model."""
EMBED_TOKENS = 512
"""Tokens of a text that its vector is made from; the rest is not looked at."""
ESPEAK_RATE_HZ = 22_050


class Port(StrEnum):
    """Which of the model ports a backend implements."""

    SPEECH_TO_TEXT = "speech-to-text"
    TEXT = "text"
    TEXT_TO_SPEECH = "text-to-speech"
    VOICE_ACTIVITY = "voice-activity"
    EMBEDDING = "embedding"


@dataclass(frozen=True, slots=True)
class Library:
    """A package an engine imports.

    Attributes:
        package: Its import name.
        distribution: What it is installed as.
    """

    package: str
    distribution: str


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What an engine's options are made from.

    Attributes:
        model: Path of the weights.
        threads: How many the engine may use.
        cache_dir: Where it may keep what it converted or compiled for this device, empty for nowhere.
        target: What the runtime calls the device, for instance ``GPU.0``.
        languages: BCP 47 tags of what the model is for, empty when nobody said.
    """

    model: Path
    threads: int
    cache_dir: str
    target: str = "CPU"
    languages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """One backend.

    Attributes:
        backend: Its identity.
        port: What it implements.
        engine: ``package.module:Class`` inside the host.
        operations: What the engine must answer for the port to work.
        libraries: What the engine imports.
        capabilities: Stated before it is loaded.
        heavy: It computes on the processor for long enough to ask for the lease.
        options: The engine's constructor keywords.
        installed: The model it serves when that was installed; None for one that comes with the program.
        target: What the runtime calls the device.
        environment: Variables its process is started with: some libraries choose their device by nothing else.
    """

    backend: Backend
    port: Port
    engine: str
    operations: frozenset[str]
    libraries: tuple[Library, ...]
    capabilities: Capabilities
    heavy: bool
    options: Callable[[Surroundings], Mapping[str, JsonValue]]
    installed: InstalledModel | None = None
    target: str = "CPU"
    environment: Mapping[str, str] = field(default_factory=dict)


HEARING = frozenset({"transcribe", "stream.open", "stream.feed", "stream.partial", "stream.finish", "stream.drop"})
WRITING = frozenset({"generate", "prefill", "count"})
JUDGING = WRITING | {"verify", "state.export", "state.import"}
_WRITER = Capabilities(
    streaming=True,
    confidence=ConfidenceSource.TOKEN_LOG_PROB,
    cancel=CancelGranularity.TOKEN,
    languages=("en",),
    context_tokens=CONTEXT_TOKENS,
    json_schema=True,
)
_JUDGE = replace(_WRITER, verify=True, state=True)


def _llama(backend_id: str) -> Entry:
    return Entry(
        backend=Backend(backend_id, "llama.cpp", Device.CPU, SMOLLM2),
        port=Port.TEXT,
        engine="models.llm.llama:LlamaEngine",
        operations=JUDGING,
        libraries=(Library("llama_cpp", "llama-cpp-python"),),
        capabilities=_JUDGE,
        heavy=True,
        options=lambda around: {
            "model_path": str(around.model),
            "threads": around.threads,
            "context_tokens": CONTEXT_TOKENS,
        },
    )


def _openvino(backend_id: str, *, prompt_lookup: bool = False) -> Entry:
    return Entry(
        backend=Backend(backend_id, "openvino", Device.CPU, SMOLLM2),
        port=Port.TEXT,
        engine="models.llm.openvino:OpenVinoTextEngine",
        operations=WRITING,
        libraries=(Library("openvino_genai", "openvino-genai"), Library("openvino", "openvino")),
        capabilities=_WRITER,
        heavy=True,
        options=lambda around: {
            "model_path": str(around.model),
            "device": "CPU",
            "threads": around.threads,
            "cache_dir": around.cache_dir,
            "prompt_lookup": prompt_lookup,
        },
    )


ENTRIES: Mapping[str, Entry] = {
    entry.backend.backend_id: entry
    for entry in (
        Entry(
            backend=Backend("moonshine-cpu", "moonshine", Device.CPU, MOONSHINE),
            port=Port.SPEECH_TO_TEXT,
            engine="models.stt.moonshine:MoonshineEngine",
            operations=HEARING,
            libraries=(
                Library("moonshine_voice", "moonshine-voice"),
                Library("onnxruntime", "onnxruntime"),
                Library("faster_whisper", "faster-whisper"),
            ),
            capabilities=Capabilities(
                streaming=True,
                confidence=ConfidenceSource.TOKEN_LOG_PROB,
                cancel=CancelGranularity.TOKEN,
                sample_rate_hz=16_000,
                languages=("en",),
            ),
            heavy=True,
            options=lambda around: {"threads": around.threads},
        ),
        _llama("llama-cpu"),
        _openvino("openvino-cpu"),
        # The same model in a process of its own: it drafts for the first one, and takes its state over.
        _llama("llama-spare-cpu"),
        # For answers that quote what they were given, such as passages of documents.
        _openvino("openvino-lookup-cpu", prompt_lookup=True),
        Entry(
            backend=Backend("llama-embed-cpu", "llama.cpp", Device.CPU, SMOLLM2),
            port=Port.EMBEDDING,
            engine="models.embed.llama:LlamaEmbedEngine",
            operations=frozenset({"embed"}),
            libraries=(Library("llama_cpp", "llama-cpp-python"),),
            capabilities=Capabilities(
                streaming=False,
                confidence=ConfidenceSource.NONE,
                cancel=CancelGranularity.TOKEN,
                languages=("en",),
                context_tokens=EMBED_TOKENS,
            ),
            heavy=True,
            options=lambda around: {
                "model_path": str(around.model),
                "threads": around.threads,
                "context_tokens": EMBED_TOKENS,
            },
        ),
        Entry(
            backend=Backend("espeak-cpu", "espeak", Device.CPU, ESPEAK),
            port=Port.TEXT_TO_SPEECH,
            engine="models.tts.espeak:EspeakEngine",
            operations=frozenset({"speak", "voices"}),
            libraries=(Library("espeakng_loader", "espeakng-loader"),),
            capabilities=Capabilities(
                streaming=True,
                confidence=ConfidenceSource.NONE,
                cancel=CancelGranularity.CHUNK,
                sample_rate_hz=ESPEAK_RATE_HZ,
            ),
            heavy=False,
            options=lambda around: {},  # noqa: ARG005 - it finds its own voices
        ),
        Entry(
            backend=Backend("silero-cpu", "onnxruntime", Device.CPU, SILERO),
            port=Port.VOICE_ACTIVITY,
            engine="models.vad.silero:SileroEngine",
            operations=frozenset({"vad.reset", "vad.feed"}),
            libraries=(Library("onnxruntime", "onnxruntime"),),
            capabilities=Capabilities(
                streaming=True,
                confidence=ConfidenceSource.NONE,
                cancel=CancelGranularity.CHUNK,
                sample_rate_hz=16_000,
            ),
            heavy=False,
            options=lambda around: {},  # noqa: ARG005 - it finds its own weights
        ),
    )
}
"""Every backend by its id."""
