"""An embedding model of llama.cpp's: a text's tokens in, one pooled vector out.

Why it exists: such a model looks at a whole text at once, in both directions, so all of it has to be given in one call;
how the states become one vector stands in the file.
"""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from app.contracts.errors import RuntimeFault
from models.llm.llama_session import LlamaSession, llama_cpp

_UNSPECIFIED, _NONE, _MEAN, _RANK = -1, 0, 1, 4
_LONGEST_VALUE = 256


class LlamaPooledEmbeddings(LlamaSession):
    """A loaded model.

    Args:
        model_path: A GGUF file.
        threads: Threads of the library.
        context_tokens: Tokens of a text that count; cut down to what the model was trained for.
        pooling: The library's number for how states become one vector; what the file says counts where it says so.

    Raises:
        RuntimeFault: The file cannot be loaded, or is a model that ranks texts instead of making vectors.
    """

    def __init__(self, model_path: Path, threads: int, context_tokens: int, pooling: int = _MEAN) -> None:
        self._pooling = _UNSPECIFIED
        super().__init__(model_path, threads, context_tokens)
        found = llama_cpp.llama_pooling_type(self._context)
        if found == _NONE:  # the file says nothing: a language model, or an old conversion
            self.close()
            self._pooling = pooling
            super().__init__(model_path, threads, context_tokens)
        elif found == _RANK:
            self.close()
            raise RuntimeFault(
                f"{model_path.name} ranks texts and makes no vectors of them.",
                code="model-unsuited",
                remedy="Install an embedding model; `sotto models list` shows some.",
            )

    def _parameters(self, threads: int, context_tokens: int) -> Any:
        params = super()._parameters(threads, context_tokens)
        params.embeddings = True
        params.pooling_type = self._pooling
        params.n_batch = params.n_ubatch = params.n_ctx
        return params

    def _abort(self, data: ctypes.c_void_p) -> bool:
        """Asked by the library between two steps of its computation: a long text is one call of it."""
        if self.alive is not None:
            self.alive()
        return super()._abort(data)

    @property
    def name(self) -> str:
        """What the file calls the model; empty when it does not say."""
        buffer = ctypes.create_string_buffer(_LONGEST_VALUE)
        length = llama_cpp.llama_model_meta_val_str(self._model, b"general.name", buffer, len(buffer))
        return buffer.value.decode("utf-8", "replace") if length > 0 else ""

    @property
    def dimensions(self) -> int:
        """Length of a vector."""
        return int(llama_cpp.llama_model_n_embd(self._model))

    def marked(self, text: str) -> list[int]:
        """A text's tokens with the marks the model wants around them, cut to what it takes; the end mark stays."""
        raw = text.encode("utf-8", "replace")
        room = len(raw) + 8
        tokens = (llama_cpp.llama_token * room)()
        count = llama_cpp.llama_tokenize(self._vocab, raw, len(raw), tokens, room, True, False)
        if count < 0:
            raise RuntimeFault("The text cannot be divided into tokens.")
        found = list(tokens[:count])
        if len(found) <= self.context_tokens:
            return found
        ends = llama_cpp.llama_vocab_is_control(self._vocab, found[-1])
        return [*found[: self.context_tokens - 1], found[-1]] if ends else found[: self.context_tokens]

    def pooled(self, tokens: Sequence[int], cancelled: threading.Event) -> npt.NDArray[np.float32] | None:
        """The vector of a text.

        Args:
            tokens: As `marked` gives them; none has no vector of its own.
            cancelled: Ends it.

        Returns:
            Any length; None when `cancelled` was set.

        Raises:
            RuntimeFault: The library could not evaluate them.
        """
        if not tokens:
            return np.zeros(self.dimensions, dtype=np.float32)
        self._forget_from(0)
        try:
            if cancelled.is_set() or not self._evaluate(tokens, cancelled, rows=True):
                return None
        except RuntimeFault:
            if cancelled.is_set():  # an encoder that was aborted has no status of its own for that
                return None
            raise
        found = llama_cpp.llama_get_embeddings_seq(self._context, 0)
        if not found:
            raise RuntimeFault("llama.cpp gave no vector.")
        return np.ctypeslib.as_array(found, shape=(self.dimensions,)).copy()
