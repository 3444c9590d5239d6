"""Real embedding models through the real libraries: the micro model made for tests, by OpenVINO and by llama.cpp."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from app.contracts.devices import Device
from app.contracts.errors import RuntimeFault, Unavailable
from models.embed.llama_gguf import LlamaGgufEmbedEngine
from models.embed.openvino import OpenVinoEmbedEngine
from models.host.engine import Call, Engine
from models.openvino.target import NPU_ON_CPU
from tests.helpers.engines import ask, language_model

MODEL = Path(os.environ.get("SOTTO_TESTDATA") or "not-there") / "micro-embed-ov"
pytestmark = pytest.mark.skipif(
    not MODEL.is_dir(), reason="SOTTO_TESTDATA names no folder with micro-embed-ov, a model made for tests"
)

DOCUMENTS = [
    "My sister's birthday is in march.",
    "The user is allergic to nuts.",
    "The dentist appointment is on monday.",
    "Python project: fix the bug in the test.",
    "The capital of France is Paris.",
]
QUESTIONS = [
    "when is my sisters birthday",
    "is the user allergic",
    "when is the dentist appointment",
    "fix python bug",
    "what is the capital of france",
]


def gguf(folder: Path, pooling: int | None = 1) -> Path:
    pytest.importorskip("openvino")
    from tests.tools.make_micro_embed_gguf import make

    return make(MODEL, folder / "micro-embed.gguf", pooling=pooling)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("micro-embed")


ENGINES: dict[str, Callable[[Path], Engine]] = {
    "openvino": lambda folder: OpenVinoEmbedEngine(str(MODEL)),
    "openvino-npu": lambda folder: OpenVinoEmbedEngine(str(MODEL), NPU_ON_CPU),
    "llama": lambda folder: LlamaGgufEmbedEngine(str(gguf(folder))),
    "llama-cls": lambda folder: LlamaGgufEmbedEngine(str(gguf(folder, 2))),
}


@pytest.fixture(scope="module", params=ENGINES)
def engine(request: pytest.FixtureRequest, folder: Path) -> Iterator[Engine]:
    engine = ENGINES[request.param](folder)
    assert engine.load() is Device.CPU
    yield engine
    engine.close()


def vectors(engine: Engine, texts: list[str], *, query: bool = False) -> npt.NDArray[np.float32]:
    (reply,) = ask(engine, "embed", {"texts": [*texts], "query": query})
    return np.frombuffer(reply.payload, "<f4").reshape(len(texts), int(str(reply.fields["dimensions"])))


def test_every_question_finds_its_document(engine: Engine) -> None:
    cosines = vectors(engine, QUESTIONS, query=True) @ vectors(engine, DOCUMENTS).T
    assert cosines.argmax(axis=1).tolist() == [0, 1, 2, 3, 4]


def test_no_texts_are_no_crash(engine: Engine) -> None:
    (reply,) = ask(engine, "embed", {"texts": []})
    assert reply.fields == {"dimensions": 128}
    assert len(reply.payload) == 0


def test_what_is_longer_than_the_model_takes_is_cut_off(engine: Engine) -> None:
    long = "the dentist appointment " * 200
    more = vectors(engine, [long, f"{long} and now for python"])
    assert more[0] == pytest.approx(more[1], abs=1e-5)


def test_a_text_is_the_same_whatever_stands_beside_it(engine: Engine) -> None:
    alone = vectors(engine, ["hello"])[0]
    assert vectors(engine, ["the dentist appointment is on monday", "hello", ""])[1] == pytest.approx(alone, abs=1e-5)


def test_cancelled_on_its_way_it_says_nothing(engine: Engine) -> None:
    cancelled = threading.Event()
    texts = ["the dentist appointment is on monday"] * 5
    alive = 0

    def one_more() -> None:
        nonlocal alive
        alive += 1
        if alive == 2:
            cancelled.set()

    assert list(engine.operations()["embed"](Call({"texts": [*texts]}, b"", cancelled, one_more))) == []
    assert alive >= 2
    assert vectors(engine, texts).shape == (5, 128)


def test_two_runtimes_agree_on_the_same_weights(folder: Path) -> None:
    one, other = OpenVinoEmbedEngine(str(MODEL)), LlamaGgufEmbedEngine(str(gguf(folder)))
    one.load()
    other.load()
    cosines = (vectors(one, DOCUMENTS) * vectors(other, DOCUMENTS)).sum(axis=1)
    assert cosines.min() > 0.999
    other.close()


def test_the_npus_fixed_shape_changes_next_to_nothing() -> None:
    one, other = OpenVinoEmbedEngine(str(MODEL)), OpenVinoEmbedEngine(str(MODEL), NPU_ON_CPU)
    one.load()
    other.load()
    assert vectors(one, DOCUMENTS) == pytest.approx(vectors(other, DOCUMENTS), abs=2e-3)


def test_a_file_without_a_word_on_pooling_is_averaged(folder: Path) -> None:
    said, unsaid = LlamaGgufEmbedEngine(str(gguf(folder))), LlamaGgufEmbedEngine(str(gguf(folder, None)))
    unsaid.load()
    said.load()
    assert vectors(said, DOCUMENTS) == pytest.approx(vectors(unsaid, DOCUMENTS), abs=1e-6)
    said.close()
    unsaid.close()


def test_a_model_that_ranks_is_refused(folder: Path) -> None:
    with pytest.raises(RuntimeFault, match="ranks texts"):
        LlamaGgufEmbedEngine(str(gguf(folder, 4))).load()


def test_questions_are_written_as_the_model_wants_them(tmp_path: Path) -> None:
    named = tmp_path / "e5-micro"
    shutil.copytree(MODEL, named)
    engine, plain = OpenVinoEmbedEngine(str(named)), OpenVinoEmbedEngine(str(MODEL))
    engine.load()
    plain.load()
    for query, before in ((True, "query: "), (False, "passage: ")):
        made = vectors(engine, ["the dentist"], query=query)[0]
        assert made == pytest.approx(vectors(plain, [f"{before}the dentist"])[0], abs=1e-6)


@pytest.mark.parametrize("missing", ["openvino_model.xml", "openvino_model.bin", "openvino_tokenizer.xml"])
def test_a_missing_file_is_named(tmp_path: Path, missing: str) -> None:
    part = tmp_path / "part"
    shutil.copytree(MODEL, part)
    part.chmod(0o700)
    (part / missing).unlink()
    with pytest.raises(Unavailable, match=missing):
        OpenVinoEmbedEngine(str(part)).load()


def test_a_damaged_model_is_told(tmp_path: Path) -> None:
    part = tmp_path / "part"
    shutil.copytree(MODEL, part)
    part.chmod(0o700)
    (part / "openvino_model.xml").unlink()
    (part / "openvino_model.xml").write_text("<net>")
    with pytest.raises(RuntimeFault, match="OpenVINO cannot load part"):
        OpenVinoEmbedEngine(str(part)).load()
    torn = tmp_path / "torn.gguf"
    torn.write_bytes(Path(language_model()).read_bytes()[:5000])
    with pytest.raises(RuntimeFault, match="cannot load torn"):
        LlamaGgufEmbedEngine(str(torn)).load()


def test_nothing_is_asked_before_it_is_loaded() -> None:
    for engine in (OpenVinoEmbedEngine("nowhere"), LlamaGgufEmbedEngine("nowhere")):
        with pytest.raises(RuntimeFault, match="not loaded"):
            ask(engine, "embed", {"texts": ["x"]})
        with pytest.raises(Unavailable):
            engine.load()


def test_what_was_compiled_is_kept_for_the_npu_and_not_for_the_processor(tmp_path: Path) -> None:
    for target, kept in (("CPU", 0), (NPU_ON_CPU, 1)):
        folder = tmp_path / target.replace(":", "-")
        folder.mkdir()
        OpenVinoEmbedEngine(str(MODEL), target, cache_dir=str(folder)).load()
        assert len([*folder.rglob("*.blob")]) == kept
