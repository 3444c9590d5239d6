"""Which backends make the vectors of documents."""

from __future__ import annotations

from app.contracts.devices import Backend, Device
from models.embed.choice import ChosenEmbedder, best_embedder

WITH_PROGRAM = Backend("llama-embed-cpu", "llama.cpp", Device.CPU, "smollm2")
NPU = Backend("openvino-embed-npu:bge", "openvino", Device.NPU, "bge")
CPU = Backend("openvino-embed-cpu:bge", "openvino", Device.CPU, "bge")
OTHER = Backend("openvino-embed-cpu:e5", "openvino", Device.CPU, "e5")
FILE = Backend("llama-embed-cpu:bge", "llama.cpp", Device.CPU, "bge")


class Catalogue:
    """Knows which backends make vectors."""

    def __init__(self, *backends: Backend) -> None:
        self.backends = backends

    def serving(self, kind: str) -> tuple[Backend, ...]:
        assert kind == "embedding"
        return self.backends


def chosen(*backends: Backend) -> ChosenEmbedder | None:
    return best_embedder(Catalogue(*backends))  # type: ignore[arg-type]


def test_nothing_gives_nothing() -> None:
    assert chosen() is None


def test_what_comes_along_makes_do() -> None:
    assert chosen(WITH_PROGRAM) == ChosenEmbedder(("llama-embed-cpu",), trained=False)


def test_an_installed_model_is_preferred_on_every_device_that_has_it() -> None:
    found = chosen(WITH_PROGRAM, NPU, CPU, OTHER, FILE)
    assert found == ChosenEmbedder((NPU.backend_id, CPU.backend_id), trained=True)


def test_two_runtimes_are_not_mixed() -> None:
    assert chosen(WITH_PROGRAM, FILE, OTHER) == ChosenEmbedder((FILE.backend_id,), trained=True)
