"""The backends of this machine as pipelines see them, and with servers of the person's own among them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.aio.lease import CpuLease
from app.contracts.devices import Device
from app.contracts.errors import InvalidInput, Unavailable
from app.contracts.ports import Embedder, RuntimeCatalogue, TextGenerator
from models.backends import Backends
from models.embedded import EmbeddedModels
from models.fakes.llm import FakeTextGenerator


@pytest.fixture
async def backends() -> AsyncIterator[Backends]:
    made = Backends(CpuLease(1))
    yield made
    await made.aclose()


async def test_each_kind_of_stage_has_its_backends_the_preferred_first(backends: Backends) -> None:
    catalogue: RuntimeCatalogue = backends
    there = {backend.backend_id for backend in catalogue.backends()}
    order = ("llama-cpu", "openvino-cpu", "llama-spare-cpu", "openvino-lookup-cpu")
    assert [backend.backend_id for backend in catalogue.serving("text_generation")] == [
        key for key in order if key in there
    ]
    for kind, key in (
        ("audio_to_text", "moonshine-cpu"),
        ("text_to_audio", "espeak-cpu"),
        ("embedding", "llama-embed-cpu"),
        ("voice_activity", "silero-cpu"),
    ):
        assert [backend.backend_id for backend in catalogue.serving(kind)] == [key] * (key in there)


async def test_plans_may_ask_again_and_again_and_nothing_is_looked_for_twice(
    backends: Backends, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = backends.backends()
    monkeypatch.setattr("models.backends.package_folder", lambda *_: pytest.fail("a library was looked for again"))
    monkeypatch.setattr(backends._models, "require", lambda _: pytest.fail("a model was looked for again"))
    assert backends.backends() == there
    assert backends.serving("text_generation")
    assert backends.why_not(there[0].backend_id) == ""


async def test_everybody_gets_the_same_port_and_nobody_the_wrong_one(backends: Backends) -> None:
    assert backends.text_port("llama-cpu") is backends.text_port("llama-cpu")
    assert backends.text_port("llama-cpu") is not backends.text_port("llama-spare-cpu")
    assert isinstance(backends.embedder_port("llama-embed-cpu"), Embedder)
    for ask in (backends.speech_to_text_port, backends.text_to_speech_port, backends.voice_activity_port):
        with pytest.raises(InvalidInput, match="llama-cpu cannot do"):
            ask("llama-cpu")
    with pytest.raises(Unavailable, match="no backend 'llama-npu'"):
        backends.text_port("llama-npu")


async def test_a_server_of_the_persons_takes_part_and_is_closed_with_the_rest() -> None:
    backends = Backends(CpuLease(1))
    server = FakeTextGenerator(["Yes."], "server-remote", device=Device.REMOTE, model="large")
    backends.add(server, revision="2026-11")
    assert backends.why_not("server-remote") == ""
    assert backends.serving("text_generation")[-1] == server.backend == backends.backends()[-1]
    assert server.backend not in backends.serving("embedding")
    assert backends.text_port("server-remote") is server
    assert backends.remote("server-remote")
    assert not backends.remote("llama-cpu")
    assert backends.revision("server-remote") == "2026-11"
    assert Device.REMOTE in backends.devices()
    assert isinstance(backends.text(["server-remote", "llama-cpu"]), TextGenerator)
    with pytest.raises(InvalidInput, match="cannot do embedding"):
        backends.embedder_port("server-remote")
    for taken in (server, FakeTextGenerator(backend_id="llama-cpu")):
        with pytest.raises(InvalidInput, match="two backends called"):
            backends.add(taken)
    await backends.aclose()
    assert server.closed


class Moved(EmbeddedModels):
    """The weights in another place, with another age, and another size if wanted."""

    def __init__(self, path: Path, content: bytes) -> None:
        self.path = path
        path.write_bytes(content)

    def require(self, model: str) -> Path:
        return self.path


async def test_a_revision_changes_with_the_weights_and_with_nothing_else(tmp_path: Path) -> None:
    def revision(name: str, content: bytes, backend: str = "llama-cpu") -> str:
        return Backends(CpuLease(1), models=Moved(tmp_path / name, content)).revision(backend)

    first = revision("one", b"weights")
    assert first == revision("two", b"weights")
    assert first == revision("one", b"weights", "llama-spare-cpu")
    assert first != revision("one", b"more weights")
    assert first != revision("one", b"weights", "openvino-cpu")
    assert "llama-cpp-python" in first
