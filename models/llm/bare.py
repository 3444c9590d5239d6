"""llama-cpp-python as its own documentation shows it: the yardstick of `models.bare`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from llama_cpp import Llama


class BareText:
    """Loads at construction.

    Args:
        model_path: The GGUF file.
        threads: For prompt and generation.
    """

    def __init__(self, model_path: str, threads: int) -> None:
        self._llama: Any = Llama(model_path, n_ctx=2048, n_threads=threads, n_threads_batch=threads, verbose=False)

    def generate(self, system: str, question: str) -> Iterator[str]:
        """The answer, piece by piece, greedy."""
        messages = [{"role": "system", "content": system}, {"role": "user", "content": question}]
        for chunk in self._llama.create_chat_completion(messages, temperature=0.0, stream=True, max_tokens=160):
            if text := chunk["choices"][0]["delta"].get("content"):
                yield text
