"""Vectors by OpenVINO from a real embedding model, on the processor, a graphics processor or the NPU.

Why it exists: a model that was trained to put texts of one meaning near each other finds what words do not; the
language model of the embedded default only makes do.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from app.contracts.devices import Device
from app.contracts.errors import RuntimeFault
from models.embed.manner import Manner, longest_of_folder, manner_of_folder
from models.embed.vectors import Vector, asks, packed, unit, whole
from models.host.engine import Call, Engine, Operation, Reply
from models.libraries import importing, require_file
from models.llm.request import read_texts

if TYPE_CHECKING:
    from models.embed.openvino_session import OpenVinoEmbeddings

_AT_ONCE_ON_GPU = 4
"""Texts given to a graphics processor at once. Elsewhere it is one: it takes as long, and can be cancelled sooner."""
CONTEXT_TOKENS = 512
"""Tokens of a text that count; on the NPU every text takes as long as one of this length."""


class OpenVinoEmbedEngine(Engine):
    """Embeddings on one of OpenVINO's devices.

    Args:
        model_path: Folder of the model in OpenVINO's form, with its tokenizer.
        target: What the runtime calls the device: ``CPU``, ``GPU.0``, ``NPU``.
        threads: Threads of the processor plugin.
        cache_dir: Where what is compiled for a graphics processor or the NPU is kept; empty keeps nothing.
        context_tokens: Tokens of a text that are looked at, with its marks; the rest is left out.
    """

    def __init__(
        self,
        model_path: str,
        target: str = "CPU",
        threads: int = 1,
        cache_dir: str = "",
        context_tokens: int = CONTEXT_TOKENS,
    ) -> None:
        self._path = Path(model_path)
        self._target = target
        self._threads = max(1, threads)
        self._cache = Path(cache_dir) if cache_dir else None
        self._context_tokens = context_tokens
        self._manner = Manner()
        self._dimensions = 0
        self._session: OpenVinoEmbeddings | None = None

    def load(self) -> Device:
        """Import OpenVINO, load the model and make one vector.

        Raises:
            Unavailable: The library, the model or the device is not there.
            RuntimeFault: The model cannot be loaded, or gives no numbers.
        """
        for name in ("openvino_model.xml", "openvino_model.bin", "openvino_tokenizer.xml"):
            require_file(self._path / name, f"A file of the embedding model {self._path.name}", "Install it again.")
        with importing("OpenVINO GenAI", "openvino-genai"):
            from models.embed.openvino_session import OpenVinoEmbeddings
        self._manner = manner_of_folder(self._path)
        longest = min(self._context_tokens, longest_of_folder(self._path) or self._context_tokens)
        device = self._device()
        session = OpenVinoEmbeddings(
            self._path, self._target, self._threads, longest, self._manner.pooling, self._cache
        )
        self._dimensions = len(self._unit(session.vectors(["warm"])[0]))
        self._session = session
        return device

    def operations(self) -> Mapping[str, Operation]:
        """``embed``."""
        return {"embed": self._embed}

    def close(self) -> None:
        """Free the model."""
        self._session = None

    def _embed(self, call: Call) -> Iterator[Reply]:
        session = self._session
        if session is None:
            raise RuntimeFault("The embedding model is not loaded.")
        before = self._manner.query if asks(call.args) else self._manner.document
        texts = [before + whole(text) for text in read_texts(call.args)]
        at_once = _AT_ONCE_ON_GPU if self._target.startswith("GPU") else 1
        rows: list[Vector] = []
        for start in range(0, len(texts), at_once):
            if call.cancelled.is_set():
                return
            rows += [self._unit(row) for row in session.vectors(texts[start : start + at_once])]
            call.alive()
        yield packed(rows, self._dimensions)

    def _unit(self, row: list[float]) -> Vector:
        return unit(row, self._path.name)

    def _device(self) -> Device:
        """Where a model that loads for the target runs; whether it is there is asked first."""
        from models.llm.openvino_session import device_of

        return device_of(self._target)
