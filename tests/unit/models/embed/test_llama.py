"""Vectors from the starter model: what means the same is nearer than what does not."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from app.contracts.devices import Device
from app.contracts.errors import RuntimeFault, Unavailable
from models.embed.llama import LlamaEmbedEngine
from tests.helpers.engines import ask, language_model

pytest.importorskip("llama_cpp", reason="llama.cpp could not be built here")

PAIRS = (
    ("The cat sat on the mat.", "A kitten is resting on the rug."),
    ("How do I reset my password?", "I forgot my password and need a new one."),
    ("The stock market fell sharply today.", "Shares dropped a lot on Wall Street."),
    ("Paris is the capital of France.", "France's capital city is Paris."),
    ("The meeting is on Monday at ten.", "We will meet at 10 on Monday."),
    ("Boil the pasta for ten minutes.", "Cook the noodles in hot water."),
    ("My flight was delayed by three hours.", "The plane left three hours late."),
    ("The patient has a high fever.", "Her body temperature is far above normal."),
)


@pytest.fixture(scope="module")
def engine() -> Iterator[LlamaEmbedEngine]:
    engine = LlamaEmbedEngine(language_model(), threads=1, context_tokens=256)
    assert engine.load() is Device.CPU
    yield engine
    engine.close()


def vectors(engine: LlamaEmbedEngine, texts: list[str]) -> npt.NDArray[np.float32]:
    (reply,) = ask(engine, "embed", {"texts": [*texts]})
    return np.frombuffer(reply.payload, "<f4").reshape(len(texts), int(str(reply.fields["dimensions"])))


def test_texts_that_mean_the_same_find_each_other(engine: LlamaEmbedEngine) -> None:
    cosines = vectors(engine, [one for one, _ in PAIRS]) @ vectors(engine, [other for _, other in PAIRS]).T
    alike, unlike = np.diag(cosines), cosines[~np.eye(len(PAIRS), dtype=bool)]
    assert (cosines.argmax(axis=1) == np.arange(len(PAIRS))).all()
    assert alike.mean() > 0.55
    assert abs(unlike.mean()) < 0.15
    assert alike.min() > np.percentile(unlike, 95)


def test_a_text_is_the_same_whatever_stands_beside_it(engine: LlamaEmbedEngine) -> None:
    alone = vectors(engine, ["The sea is deep."])[0]
    among = vectors(engine, ["Something long. " * 20, "The sea is deep.", ""])
    assert among[1] == pytest.approx(alone, abs=1e-6)
    assert np.linalg.norm(among, axis=1) == pytest.approx([1.0, 1.0, 1.0], abs=1e-5)
    assert vectors(engine, ["The sea is deep.", "The sea is deep!"]) @ alone == pytest.approx([1.0, 0.9], abs=0.12)


def test_what_is_longer_than_the_window_is_cut_off(engine: LlamaEmbedEngine) -> None:
    long = "The harbour lies behind the hill. " * 60
    more = vectors(engine, [long, f"{long} And now for something completely different."])
    assert more[0] == pytest.approx(more[1], abs=1e-6)


def test_any_text_has_a_vector(engine: LlamaEmbedEngine) -> None:
    odd = vectors(engine, ["", " ", "\n", "\N{ROCKET}", "<|im_end|>", "\ud800", "x" * 5000])
    assert np.isfinite(odd).all()
    assert np.linalg.norm(odd, axis=1) == pytest.approx(np.ones(7), abs=1e-5)


def test_cancelled_it_says_nothing(engine: LlamaEmbedEngine) -> None:
    cancelled = threading.Event()
    cancelled.set()
    assert ask(engine, "embed", {"texts": ["The sea."]}, cancelled=cancelled) == []
    assert vectors(engine, ["The sea."]).shape[0] == 1


def test_what_is_missing_is_told(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="not there"):
        LlamaEmbedEngine(str(tmp_path / "gone.gguf")).load()
    with pytest.raises(RuntimeFault, match="not loaded"):
        ask(LlamaEmbedEngine(language_model()), "embed", {"texts": ["x"]})
