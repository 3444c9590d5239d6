"""A grammar that holds llama.cpp's answer to a form, for a loop that draws its tokens itself.

Why it exists: tokens are drawn in `models.llm.sampling`, since their probabilities must be the model's own. The
library's grammar is asked which of them it allows: first about the one that was drawn, which it nearly always does, and
about the whole vocabulary only when it does not.
"""

from __future__ import annotations

import ctypes
from typing import Any

import llama_cpp as llama_cpp_library
import numpy as np
import numpy.typing as npt

from app.contracts.errors import InvalidInput, RuntimeFault

llama_cpp: Any = llama_cpp_library
"""The C interface, which has no types worth checking."""

_CANDIDATE = np.dtype([("id", np.int32), ("logit", np.float32), ("p", np.float32)], align=True)
"""``llama_token_data``."""


class LlamaGrammar:
    """Where an answer stands in its grammar. Belongs to one answer of one model; to be closed.

    Args:
        vocab: The model's vocabulary, the library's own pointer.
        grammar: In GBNF, with a rule ``root``.

    Raises:
        InvalidInput: The library does not take the grammar (``bad-schema``).
    """

    def __init__(self, vocab: Any, grammar: str) -> None:
        self._sampler: Any = llama_cpp.llama_sampler_init_grammar(vocab, grammar.encode(), b"root")
        if not self._sampler:
            raise InvalidInput("llama.cpp cannot hold its answer to this JSON schema.", code="bad-schema")

    def allows(self, token: int) -> bool:
        """Whether a token may come next."""
        return bool(np.isfinite(self._of(np.array([token], np.int32), np.zeros(1, np.float32)))[0])

    def allowed(self, logits: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """A copy of the logits in which tokens that may not come next are minus infinity.

        Raises:
            RuntimeFault: None may come.
        """
        kept = self._of(np.arange(len(logits), dtype=np.int32), logits)
        if not np.isfinite(kept).any():
            raise RuntimeFault("No token of this model goes on with the JSON that was asked for.", code="no-json")
        return kept

    def take(self, token: int) -> None:
        """This token comes next. It must be allowed."""
        llama_cpp.llama_sampler_accept(self._sampler, token)

    def close(self) -> None:
        """Free it. Safe to call twice."""
        if self._sampler:
            llama_cpp.llama_sampler_free(self._sampler)
            self._sampler = None

    def _of(self, tokens: npt.NDArray[np.int32], logits: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        rows = np.zeros(len(tokens), _CANDIDATE)
        rows["id"], rows["logit"] = tokens, logits
        array = llama_cpp.llama_token_data_array(
            data=rows.ctypes.data_as(llama_cpp.llama_token_data_p), size=len(rows), selected=-1, sorted=False
        )
        llama_cpp.llama_sampler_apply(self._sampler, ctypes.byref(array))
        return rows["logit"].copy()
