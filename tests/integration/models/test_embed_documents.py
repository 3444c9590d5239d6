"""Installing a real embedding model changes how documents are found: by meaning, with vectors made again."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from app.aio.lease import CpuLease
from app.contracts.ports import RuntimeCatalogue
from app.pipeline.documents.index import DocumentIndex
from app.pipeline.documents.lookup import Fusion
from app.pipeline.sandbox.child import ChildSandbox
from models.backends import Backends
from models.embed.choice import best_embedder
from models.retrying import RetryingEmbedder
from models.store.model import InstalledModel, ModelFormat
from tests.helpers.hosts import host_processes

MODEL = Path(os.environ.get("SOTTO_TESTDATA") or "not-there") / "micro-embed-ov"
pytestmark = pytest.mark.skipif(
    not MODEL.is_dir(), reason="SOTTO_TESTDATA names no folder with micro-embed-ov, a model made for tests"
)

DOCUMENTS = {
    "family.txt": "My sister has a birthday in march and my brother in june.",
    "health.txt": "The user is allergic to nuts. The doctor said so.",
    "dentist.txt": "The dentist appointment is on monday in the morning.",
    "work.txt": "Python project: fix the bug in the test and build the version.",
    "travel.txt": "The capital of France is Paris. We go by train.",
}
MISSPELT = "dentistt appointmentt mondayy"
"""No word of it is in any document; its pieces are."""


class Library:
    """Models that were installed, as many as a test says."""

    def __init__(self, *installed: InstalledModel) -> None:
        self._installed = installed

    def installed_models(self) -> tuple[InstalledModel, ...]:
        return self._installed


MICRO = InstalledModel("micro-embed", ModelFormat.OPENVINO_EMBEDDING, MODEL, 1, "digest-1")
AGAIN = InstalledModel("micro-embed", ModelFormat.OPENVINO_EMBEDDING, MODEL, 1, "digest-2")


@asynccontextmanager
async def index_over(path: Path, sandbox: ChildSandbox, *installed: InstalledModel) -> AsyncIterator[DocumentIndex]:
    """The index as a program with these models has it."""
    backends = Backends(CpuLease(1), library=Library(*installed))
    index = made(path, sandbox, backends)
    try:
        yield index
    finally:
        await index.aclose()
        await backends.aclose()
    assert host_processes() == []


def made(path: Path, sandbox: ChildSandbox, runtimes: RuntimeCatalogue) -> DocumentIndex:
    chosen = best_embedder(runtimes)
    assert chosen is not None
    embedder = RetryingEmbedder([runtimes.embedder_port(key) for key in chosen.backend_ids])
    fusion = Fusion(vectors=1.0) if chosen.trained else Fusion()
    revision = runtimes.revision(chosen.backend_ids[0])
    return DocumentIndex(path, sandbox, embedder, revision=revision, fusion=fusion)


@pytest.fixture
async def sandbox() -> AsyncIterator[ChildSandbox]:
    sandbox = ChildSandbox()
    yield sandbox
    await sandbox.aclose()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "documents"
    folder.mkdir()
    for name, text in DOCUMENTS.items():
        (folder / name).write_text(text)
    return folder


async def found(index: DocumentIndex, question: str) -> list[str]:
    return [Path(item.source).name for item in (await index.lookup(question, 3)).items]


async def test_what_no_word_finds_is_found_by_a_trained_model(
    tmp_path: Path, folder: Path, sandbox: ChildSandbox
) -> None:
    path = tmp_path / "documents.db"
    async with index_over(path, sandbox) as index:
        await index.index(folder)
        assert await found(index, MISSPELT) == []
        assert index.embedder_id.startswith("llama.cpp/smollm2")
    async with index_over(path, sandbox, MICRO) as index:
        assert index.embedder_id.startswith("openvino/micro-embed@")
        assert await found(index, MISSPELT) == []
        assert await index.fill_vectors() == len(DOCUMENTS)
        assert (await found(index, MISSPELT))[0] == "dentist.txt"
        assert (await found(index, "when is the birthday of my sister"))[0] == "family.txt"
        assert await index.fill_vectors() == 0


async def test_another_model_makes_all_vectors_again(tmp_path: Path, folder: Path, sandbox: ChildSandbox) -> None:
    path = tmp_path / "documents.db"
    async with index_over(path, sandbox, MICRO) as index:
        await index.index(folder)
        assert await index.fill_vectors() == len(DOCUMENTS)
    async with index_over(path, sandbox, AGAIN) as index:
        assert await found(index, MISSPELT) == []  # vectors of two models are never compared
        assert await index.fill_vectors() == len(DOCUMENTS)
        assert (await found(index, MISSPELT))[0] == "dentist.txt"
