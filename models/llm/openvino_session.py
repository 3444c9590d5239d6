"""One OpenVINO GenAI pipeline: tokens in, tokens with log-probabilities out.

Why it exists: everything that touches the library's types is here, and every `RuntimeError` it raises becomes one of
ours. Only this module and `openvino_kept` import it.
"""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import openvino
import openvino_genai

from app.contracts.devices import Device
from app.contracts.errors import RuntimeFault, Unavailable
from models.llm.openvino_kept import load_pipeline
from models.llm.template import chatml, without_marks

BLOCK_TOKENS = 32
"""Tokens evaluated in one step, which is also one block of the cache: what a cancelled step can lose at most."""

DRAFTED_TOKENS = 5
"""Tokens taken from the prompt at a time, with prompt lookup."""
MATCHED_TOKENS = 3
"""Tokens that have to be the same for that, at most."""
_SPARE_BLOCKS = 32
"""Cache beyond one full window, so that the prompts before this one are still there."""


def find_device(name: str) -> Device:
    """What a plugin's device really is.

    Raises:
        Unavailable: It is not usable on this machine.
    """
    core: Any = openvino.Core()
    usable = core.available_devices
    if name not in usable and not any(device.startswith(f"{name}.") for device in usable):
        raise Unavailable(f"OpenVINO finds no {name} here, only {', '.join(usable)}.", code="device-missing")
    if name == "CPU":
        return Device.CPU
    integrated = "INTEGRATED" in str(core.get_property(name, "DEVICE_TYPE"))
    return Device.IGPU if integrated else Device.GPU


class OpenVinoSession:
    """A loaded model. Used from one thread.

    Args:
        model_path: A GGUF file or a folder in OpenVINO's form.
        device: The plugin.
        threads: Threads of the processor plugin.
        context_tokens: Length of the window.
        cache: Where a converted GGUF is kept, or None.
        prompt_lookup: Draft tokens by what followed the same words in the prompt, and verify them in one step. Quicker
            where an answer quotes its prompt; the text is what it would have been without.

    Raises:
        RuntimeFault: The model cannot be loaded.
    """

    def __init__(
        self,
        model_path: Path,
        device: str,
        threads: int,
        context_tokens: int,
        cache: Path | None,
        *,
        prompt_lookup: bool = False,
    ) -> None:
        scheduler: Any = openvino_genai.SchedulerConfig()
        scheduler.enable_prefix_caching = True
        scheduler.dynamic_split_fuse = True
        scheduler.max_num_batched_tokens = BLOCK_TOKENS
        scheduler.num_kv_blocks = context_tokens // BLOCK_TOKENS + _SPARE_BLOCKS
        options: dict[str, object] = {"INFERENCE_NUM_THREADS": threads} if device == "CPU" else {}
        if prompt_lookup:
            options["prompt_lookup"] = True
        self._prompt_lookup = prompt_lookup
        with _translated(f"OpenVINO cannot load {model_path.name}"):
            self._pipeline, self._tokenizer = load_pipeline(model_path, scheduler, device, options, cache)
            self._bytes: dict[int, bytes] = {token: text for text, token in self._tokenizer.get_vocab().items()}
            eos = self._tokenizer.get_eos_token_id()
            self._ends: frozenset[int] = frozenset({eos, *self._pipeline.get_config().stop_token_ids})
            self._has_template = bool(self._tokenizer.chat_template)
        self._requests = 0

    def render(self, messages: list[dict[str, str]]) -> str:
        """The conversation through the model's own template, ChatML where it has none or its own refuses."""
        if not self._has_template:
            return chatml(messages)
        try:
            return str(self._tokenizer.apply_chat_template(messages, add_generation_prompt=True))
        except RuntimeError:
            return chatml(messages)

    def tokenize(self, text: str, *, marks: bool) -> list[int]:
        """Tokens of a text. With `marks`, control marks such as ``<|im_end|>`` become the tokens they stand for."""
        text = text.encode("utf-8", "replace").decode("utf-8")
        tokens: list[int] = []
        with _translated("OpenVINO cannot divide the text into tokens"):
            for piece in (text,) if marks else without_marks(text):
                if piece:
                    tokens += self._tokenizer.encode(piece, add_special_tokens=False).input_ids.data[0].tolist()
        return tokens

    def piece(self, token: int) -> bytes:
        """The bytes of one token; may end in the middle of a character."""
        return self._bytes.get(token, b"")

    def ends(self, token: int) -> bool:
        """Whether this token ends the answer."""
        return token in self._ends

    def config(self, max_tokens: int, temperature: float, top_p: float, seed: int) -> Any:
        """How to generate; a temperature of 0 is greedy."""
        config: Any = openvino_genai.GenerationConfig()
        config.max_new_tokens = max_tokens
        config.logprobs = 1
        config.stop_token_ids = set(self._ends)
        if self._prompt_lookup:
            config.num_assistant_tokens, config.max_ngram_size = DRAFTED_TOKENS, MATCHED_TOKENS
        config.do_sample = temperature > 0
        if config.do_sample:
            config.temperature, config.top_p, config.rng_seed = temperature, top_p, seed
        return config

    def stream(
        self, prompt: Sequence[int], config: Any, cancelled: threading.Event
    ) -> Generator[tuple[int, float], None, None]:
        """Tokens with the natural logarithm of their probability, as they come, until the end or until cancelled."""
        self._requests += 1
        with _translated("OpenVINO could not generate"):
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

    def remember(self, prompt: Sequence[int], cancelled: threading.Event) -> bool:
        """Bring a prompt into the cache, block by block, so that a cancelled one keeps the blocks it has done.

        Returns:
            False when it was cancelled.
        """
        config = self.config(1, 0.0, 1.0, 0)
        for end in range(BLOCK_TOKENS, len(prompt) + BLOCK_TOKENS, BLOCK_TOKENS):
            for _ in self.stream(prompt[:end], config, cancelled):
                pass
            if cancelled.is_set():
                return False
        return True

    def warm_up(self) -> None:
        """Run a whole block and one token: the first run of each shape compiles it."""
        prompt = self.tokenize("warm " * (BLOCK_TOKENS + BLOCK_TOKENS // 2), marks=False)
        for _ in self.stream(prompt, self.config(3, 0.0, 1.0, 0), threading.Event()):
            pass

    def _drop(self, handle: Any) -> None:
        """End a request, whatever state it is in, so that the pipeline is free for the next one."""
        if self._pipeline.has_non_finished_requests():
            handle.cancel()
            while self._pipeline.has_non_finished_requests():
                self._pipeline.step()


@contextmanager
def _translated(what: str) -> Iterator[None]:
    try:
        yield
    except RuntimeError as error:
        reason = str(error).strip().splitlines()[-1] if str(error).strip() else "no reason given"
        raise RuntimeFault(f"{what}: {reason}", remedy="Install the model again.") from error
