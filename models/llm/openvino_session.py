"""One OpenVINO GenAI pipeline on processor or graphics: tokens in, tokens with log-probabilities out.

Why it exists: everything that touches the library's types is here, in `openvino_stateful` and in `openvino_kept`, and
every `RuntimeError` it raises becomes one of ours. No other module imports it.
"""

from __future__ import annotations

import threading
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import openvino
import openvino_genai

from app.contracts.devices import Device
from models.llm.openvino_kept import load_pipeline
from models.llm.openvino_tokens import OpenVinoTokens
from models.openvino.library import find_device, translated

BLOCK_TOKENS = 32
"""Tokens evaluated in one step, which is also one block of the cache: what a cancelled step can lose at most."""

DRAFTED_TOKENS = 5
"""Tokens taken from the prompt at a time, with prompt lookup."""
MATCHED_TOKENS = 3
"""Tokens that have to be the same for that, at most."""
_SPARE_BLOCKS = 32
"""Cache beyond one full window, so that the prompts before this one are still there."""


def device_of(target: str) -> Device:
    """What a target really is; raises `Unavailable` as `models.openvino.library.find_device`."""
    return find_device(openvino.Core(), target)


class OpenVinoSession:
    """A loaded model. Used from one thread.

    Args:
        model_path: A GGUF file or a folder in OpenVINO's form.
        device: The plugin.
        threads: Threads of the processor plugin.
        context_tokens: Length of the window.
        cache: Where a converted GGUF is kept, or None.
        compiled: Where the plugin keeps what it compiled, empty for nowhere.
        prompt_lookup: Draft tokens by what followed the same words in the prompt, and verify them in one step. Quicker
            where an answer quotes its prompt; the text is what it would have been without.

    Attributes:
        tokens: Its tokenizer.
        mean_only: Whether only the mean over an answer's tokens is known: never here.
        context_tokens: Length of the window.
        prompt_tokens: How long a prompt may be: one token less.

    Raises:
        RuntimeFault: The model cannot be loaded.
    """

    mean_only = False

    def __init__(
        self,
        model_path: Path,
        device: str,
        threads: int,
        context_tokens: int,
        cache: Path | None,
        *,
        compiled: str = "",
        prompt_lookup: bool = False,
    ) -> None:
        scheduler: Any = openvino_genai.SchedulerConfig()
        scheduler.enable_prefix_caching = True
        scheduler.dynamic_split_fuse = True
        scheduler.max_num_batched_tokens = BLOCK_TOKENS
        scheduler.num_kv_blocks = context_tokens // BLOCK_TOKENS + _SPARE_BLOCKS
        options: dict[str, object] = {"INFERENCE_NUM_THREADS": threads} if device == "CPU" else {}
        if compiled:
            options["CACHE_DIR"] = compiled
        if prompt_lookup:
            options["prompt_lookup"] = True
        self._prompt_lookup = prompt_lookup
        self.context_tokens = context_tokens
        self.prompt_tokens = context_tokens - 1
        with translated(f"OpenVINO cannot load {model_path.name}"):
            self._pipeline, tokenizer = load_pipeline(model_path, scheduler, device, options, cache)
            self.tokens = OpenVinoTokens(tokenizer, frozenset(self._pipeline.get_config().stop_token_ids))
        self._requests = 0

    def config(self, max_tokens: int, temperature: float, top_p: float, seed: int, grammar: str = "") -> Any:
        """How to generate; a temperature of 0 is greedy, an empty grammar free text."""
        config = generation(self.tokens, max_tokens, temperature, top_p, seed, grammar)
        if self._prompt_lookup:
            config.num_assistant_tokens, config.max_ngram_size = DRAFTED_TOKENS, MATCHED_TOKENS
        return config

    def stream(
        self, prompt: Sequence[int], config: Any, cancelled: threading.Event
    ) -> Generator[tuple[int, float], None, None]:
        """Tokens with the natural logarithm of their probability, as they come, until the end or until cancelled."""
        self._requests += 1
        with translated("OpenVINO could not generate"):
            ids = openvino.Tensor(np.asarray([prompt], dtype=np.int64))
            handle = self._pipeline.add_request(self._requests, ids, config)
            try:
                while not cancelled.is_set() and self._pipeline.has_non_finished_requests():
                    self._pipeline.step()
                    while handle.can_read():
                        for output in handle.read().values():
                            yield from zip(output.generated_ids, output.generated_log_probs, strict=True)
            finally:
                self._drop(handle)

    def remember(self, prompt: Sequence[int], cancelled: threading.Event) -> int | None:
        """Bring a prompt into the cache, block by block, so that a cancelled one keeps the blocks it has done.

        Returns:
            Tokens in the cache, None when it was cancelled.
        """
        config = self.config(1, 0.0, 1.0, 0)
        for end in range(BLOCK_TOKENS, len(prompt) + BLOCK_TOKENS, BLOCK_TOKENS):
            for _ in self.stream(prompt[:end], config, cancelled):
                pass
            if cancelled.is_set():
                return None
        return len(prompt)

    def warm_up(self) -> None:
        """Run a whole block and one token: the first run of each shape compiles it."""
        prompt = self.tokens.tokenize("warm " * (BLOCK_TOKENS + BLOCK_TOKENS // 2), marks=False)
        for _ in self.stream(prompt, self.config(3, 0.0, 1.0, 0), threading.Event()):
            pass

    def _drop(self, handle: Any) -> None:
        """End a request, whatever state it is in, so that the pipeline is free for the next one."""
        if self._pipeline.has_non_finished_requests():
            handle.cancel()
            while self._pipeline.has_non_finished_requests():
                self._pipeline.step()


def generation(
    tokens: OpenVinoTokens, max_tokens: int, temperature: float, top_p: float, seed: int, grammar: str
) -> Any:
    """How to generate, as the library takes it, with log-probabilities; a temperature of 0 is greedy.

    Args:
        tokens: Says what ends an answer.
        max_tokens: At most so many.
        temperature: 0 or more.
        top_p: In (0, 1].
        seed: Fixes the draws.
        grammar: The answer has to be a sentence of it; empty for free text. A grammar the library does not take makes
            a continuous-batching pipeline unusable, so only those of `models.llm.json_grammar` get here.
    """
    config: Any = openvino_genai.GenerationConfig()
    config.max_new_tokens = max_tokens
    config.logprobs = 1
    config.set_eos_token_id(tokens.end)
    config.stop_token_ids = set(tokens.ends)
    config.apply_chat_template = False
    config.do_sample = temperature > 0
    if config.do_sample:
        config.temperature, config.top_p, config.rng_seed = temperature, top_p, seed
    if grammar:
        config.structured_output_config = openvino_genai.StructuredOutputConfig(grammar=grammar)
    return config
