"""The last hidden layer of a llama.cpp model, token by token.

Why it exists: the language model that is there anyway can say which texts are alike, well enough to search the person's
own files; no second model has to be installed for it.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from models.llm.llama_session import MAX_BATCH, LlamaSession, llama_cpp

_NO_POOLING = 0


class LlamaEmbeddings(LlamaSession):
    """A loaded model that gives vectors instead of words. Arguments as of `LlamaSession`."""

    def _parameters(self, threads: int, context_tokens: int) -> Any:
        params = super()._parameters(threads, context_tokens)
        params.embeddings = True
        params.pooling_type = _NO_POOLING
        return params

    @property
    def dimensions(self) -> int:
        """Length of a vector."""
        return int(llama_cpp.llama_model_n_embd(self._model))

    def states(self, tokens: Sequence[int], cancelled: threading.Event) -> npt.NDArray[np.float32] | None:
        """What the last layer holds behind each token of a text.

        Args:
            tokens: At least one, at most as many as the window takes.
            cancelled: Ends it.

        Returns:
            A row for each token; None when `cancelled` was set.

        Raises:
            RuntimeFault: The library could not evaluate them.
        """
        self._forget_from(0)
        rows: list[npt.NDArray[np.float32]] = []
        for start in range(0, len(tokens), MAX_BATCH):
            batch = tokens[start : start + MAX_BATCH]
            if cancelled.is_set() or not self._evaluate(batch, cancelled, rows=True):
                return None
            rows += [self._row(at) for at in range(len(batch))]
        return np.stack(rows)

    def begin(self) -> int:
        """The token a text begins with."""
        return int(llama_cpp.llama_vocab_bos(self._vocab))

    def _row(self, at: int) -> npt.NDArray[np.float32]:
        found = llama_cpp.llama_get_embeddings_ith(self._context, at)
        return np.ctypeslib.as_array(found, shape=(self.dimensions,)).copy()
