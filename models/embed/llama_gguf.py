"""Vectors by llama.cpp from a real embedding model in a GGUF file: BERT, nomic-bert and their like, and Qwen3."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from app.contracts.devices import Device
from app.contracts.errors import RuntimeFault
from models.embed.manner import Manner, Pooling, manner_of_name
from models.embed.vectors import Vector, asks, packed, unit, whole
from models.host.engine import Call, Engine, Operation, Reply
from models.libraries import importing, require_file
from models.llm.request import read_texts

if TYPE_CHECKING:
    from models.llm.llama_pooled import LlamaPooledEmbeddings

_POOLINGS = {Pooling.MEAN: 1, Pooling.CLS: 2, Pooling.LAST: 3}
"""As llama.cpp numbers them."""


class LlamaGgufEmbedEngine(Engine):
    """Embeddings on the processor. The file says how states become one vector; where it does not, the table does.

    Args:
        model_path: The GGUF file.
        threads: Threads of the library.
        context_tokens: Tokens of a text that are looked at, with its marks; the rest is left out.
    """

    def __init__(self, model_path: str, threads: int = 1, context_tokens: int = 512) -> None:
        self._path = Path(model_path)
        self._threads = max(1, threads)
        self._context_tokens = context_tokens
        self._manner = Manner()
        self._session: LlamaPooledEmbeddings | None = None

    def load(self) -> Device:
        """Import llama.cpp and load the model.

        Raises:
            Unavailable: The library or the file is not there.
            RuntimeFault: The file cannot be loaded, or holds no embedding model.
        """
        require_file(self._path, "The embedding model", "Install the model again.")
        with importing("llama.cpp", "llama-cpp-python"):
            from models.llm.llama_pooled import LlamaPooledEmbeddings
        named = manner_of_name((self._path.parent.name, self._path.stem))
        session = LlamaPooledEmbeddings(self._path, self._threads, self._context_tokens, _POOLINGS[named.pooling])
        self._manner = named if named != Manner() else manner_of_name((session.name,))
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
        session = self._session
        if session is None:
            raise RuntimeFault("The embedding model is not loaded.")
        before = self._manner.query if asks(call.args) else self._manner.document
        session.alive = call.alive
        rows: list[Vector] = []
        for text in read_texts(call.args):
            made = session.pooled(session.marked(before + whole(text)), call.cancelled)
            if made is None:
                return
            rows.append(unit(made, self._path.name))
        yield packed(rows, session.dimensions)
