"""Vectors for texts from the language model of the embedded default.

Why it exists: looking things up by meaning should work without installing another model. The last hidden layer of a
small language model is no embedding model, but two steps make its cosines mean something:

* Later tokens have seen more of the text, so the mean over the tokens is weighted by their position; the begin mark,
  whose state is always the same, does not count.
* All texts share one large component, so that any two have a cosine above 0.75. It is estimated from a few sentences
  about everyday things when the model is loaded, and taken off. After that texts that say the same thing in other
  words were measured at cosines of 0.62 to 0.85, unrelated ones around 0.02 and at most 0.30.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from app.contracts.devices import Device
from app.contracts.errors import RuntimeFault
from models.embed.vectors import Vector, packed, unit
from models.host.engine import Call, Engine, Operation, Reply
from models.libraries import importing, require_file
from models.llm.request import read_texts

if TYPE_CHECKING:
    from models.llm.llama_embeddings import LlamaEmbeddings

EVERYDAY = (
    "The weather was mild and people walked in the park.",
    "A company reported its results for the last quarter.",
    "Open the file and choose the second option in the menu.",
    "She wrote a letter to her brother about the journey.",
    "Water boils at one hundred degrees at sea level.",
    "The train arrives at noon and leaves an hour later.",
    "He bought bread, milk and apples at the shop.",
    "The court decided the case after a long debate.",
    "Our team won the game in the last minute.",
    "Plants need light, air and water to grow.",
    "The song was played on the radio every morning.",
    "Many children learn to read at the age of six.",
    "The bridge was built two hundred years ago.",
    "What time does the museum open on Sunday?",
    "The doctor advised rest and plenty of sleep.",
    "A small fire broke out in the old factory.",
)
"""About nothing in common: what their vectors share is what all texts share."""


class LlamaEmbedEngine(Engine):
    """Embeddings on the processor.

    Args:
        model_path: The GGUF file.
        threads: Threads of the library.
        context_tokens: Tokens of a text that are looked at, with the begin mark; the rest is left out.
    """

    def __init__(self, model_path: str, threads: int = 1, context_tokens: int = 512) -> None:
        self._path = Path(model_path)
        self._threads = max(1, threads)
        self._context_tokens = context_tokens
        self._session: LlamaEmbeddings | None = None
        self._shared: Vector | None = None

    def load(self) -> Device:
        """Import llama.cpp, load the model and find what all texts share.

        Raises:
            Unavailable: The library or the file is not there.
            RuntimeFault: The file cannot be loaded.
        """
        require_file(self._path, "The language model", "Install the model again.")
        with importing("llama.cpp", "llama-cpp-python"):
            from models.llm.llama_embeddings import LlamaEmbeddings
        session = LlamaEmbeddings(self._path, self._threads, self._context_tokens)
        never = threading.Event()
        vectors = [self._mean(session, text, never) for text in EVERYDAY]
        self._shared = np.mean([vector for vector in vectors if vector is not None], axis=0)
        self._session = session
        return Device.CPU

    def operations(self) -> Mapping[str, Operation]:
        """``embed``."""
        return {"embed": self._embed}

    def close(self) -> None:
        """Free the model."""
        if self._session is not None:
            self._session.close()
            self._session = None

    def _embed(self, call: Call) -> Iterator[Reply]:
        session, shared = self._session, self._shared
        if session is None or shared is None:
            raise RuntimeFault("The embedding model is not loaded.")
        session.alive = call.alive
        rows = []
        for text in read_texts(call.args):
            vector = self._mean(session, text, call.cancelled)
            if vector is None:
                return
            rows.append(unit(vector - shared, self._path.name))
        yield packed(rows, session.dimensions)

    def _mean(self, session: LlamaEmbeddings, text: str, cancelled: threading.Event) -> Vector | None:
        """Mean of a text's states weighted by position, a unit vector; None when it was cancelled."""
        tokens = session.tokenize(text, marks=False)[: session.context_tokens - 1]
        states = session.states([session.begin(), *tokens], cancelled)
        if states is None:
            return None
        if not tokens:
            return unit(states[0], self._path.name)
        weights = np.arange(1, len(states), dtype=np.float32)
        return unit(weights @ states[1:], self._path.name)
