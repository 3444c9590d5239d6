"""One OpenVINO GenAI pipeline on an NPU: tokens in, tokens out, one log-probability for the whole answer.

Why it exists: the NPU takes no other pipeline than the stateful one, which computes a prompt in one call that nobody
can stop, tells tokens to a streamer and nothing but the sum of their log-probabilities at the end. Its limits are fixed
when the model is compiled. What else is known of it, each found out by trying:

- a prompt of one token goes on with whatever was there before, so none is ever given;
- an exception in a streamer is lost and the generation goes on, so a streamer here never raises;
- one kind of input only: always tokens.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import openvino
import openvino_genai

from app.contracts.errors import RuntimeFault
from models.llm.openvino_session import generation
from models.llm.openvino_tokens import OpenVinoTokens
from models.openvino.library import translated
from models.openvino.target import NPU_ON_CPU, plugin, software_path

PROMPT_TOKENS = 2048
"""Length of the longest prompt the model is compiled for."""
SOFTWARE_PROMPT_TOKENS = 1024
"""The same for the software path on the processor, where every token costs as much as the whole window is long."""
RESPONSE_TOKENS = 256
"""Room for an answer behind such a prompt; behind a shorter one there is more."""
CHUNK_TOKENS = 256
"""Tokens of a prompt that are computed at a time: a short prompt costs a whole chunk."""

_REMEDY = "Update the NPU's driver, or let another device run this model."
_SHORTEST_PROMPT = 2
_LOOK_S = 0.02
"""So often a waiting reader looks whether it is still wanted."""


class OpenVinoStatefulSession:
    """A loaded model. Used from one thread; the library computes in another one, one answer at a time.

    Args:
        model_path: A folder in OpenVINO's form.
        target: As `models.openvino.target` has it.
        compiled: Where what was compiled is kept, empty for nowhere.
        best_perf: Compile for longer and generate faster.

    Attributes:
        tokens: Its tokenizer.
        mean_only: Whether only the mean over an answer's tokens is known: always here.
        context_tokens: Length of prompt and answer together.
        prompt_tokens: How long a prompt may be.

    Raises:
        RuntimeFault: The model cannot be loaded.
    """

    mean_only = True

    def __init__(self, model_path: Path, target: str, compiled: str = "", *, best_perf: bool = False) -> None:
        self.prompt_tokens = SOFTWARE_PROMPT_TOKENS if target == NPU_ON_CPU else PROMPT_TOKENS
        self.context_tokens = self.prompt_tokens + RESPONSE_TOKENS
        options: dict[str, object] = {
            "MAX_PROMPT_LEN": self.prompt_tokens,
            "MIN_RESPONSE_LEN": RESPONSE_TOKENS,
            "NPUW_LLM_PREFILL_CHUNK_SIZE": CHUNK_TOKENS,
            "NPUW_LLM_ENABLE_PREFIX_CACHING": "YES",
            "GENERATE_HINT": "BEST_PERF" if best_perf else "FAST_COMPILE",
            "NPUW_DEVICES": "NPU",  # never a list with the processor: that would be used without a word
            **software_path(target),
        }
        if compiled:
            options["CACHE_DIR"] = compiled
        with translated(f"OpenVINO cannot load {model_path.name} for the NPU", _REMEDY):
            self._pipeline: Any = openvino_genai.LLMPipeline(str(model_path), plugin(target), **options)
            ends = frozenset(self._pipeline.get_generation_config().stop_token_ids)
            self.tokens = OpenVinoTokens(self._pipeline.get_tokenizer(), ends)
        self._computed: tuple[int, ...] = ()

    def config(self, max_tokens: int, temperature: float, top_p: float, seed: int, grammar: str = "") -> Any:
        """How to generate; a temperature of 0 is greedy, an empty grammar free text."""
        return generation(self.tokens, max_tokens, temperature, top_p, seed, grammar)

    def stream(
        self, prompt: Sequence[int], config: Any, cancelled: threading.Event
    ) -> Generator[tuple[int, float | None], None, None]:
        """Tokens as they come, until the end or until cancelled; the prompt is always computed to its end.

        Yields:
            Each token with None. The last one, which may be one that ends an answer, comes with the mean of the natural
            logarithms of all probabilities.
        """
        if len(prompt) < _SHORTEST_PROMPT:
            raise RuntimeFault("A prompt of one token cannot be given to the NPU.", code="prompt-too-short")
        streamer = _Streamer(cancelled)
        worker = threading.Thread(target=self._compute, args=(prompt, config, streamer), daemon=True)
        worker.start()
        held: int | None = None
        count = 0
        try:
            while (token := streamer.next(worker)) is not None:
                if held is not None:
                    yield held, None
                    held = None
                count += 1
                self._computed = tuple(prompt)
                if token in self.tokens.ends or count == config.max_new_tokens:
                    held = token
                elif not cancelled.is_set():
                    yield token, None
        finally:
            streamer.stop.set()
            worker.join()
        with translated("OpenVINO could not generate on the NPU", _REMEDY):
            score = streamer.outcome()
        if held is not None and not cancelled.is_set():
            yield held, min(0.0, score / count)

    def remember(self, prompt: Sequence[int], cancelled: threading.Event) -> int | None:
        """Bring a prompt into the cache, chunk by chunk, since nothing but the end of a chunk can be waited for.

        What the last prompt began with as well is not computed again.

        Returns:
            Tokens in the cache: only whole chunks are kept. None when it was cancelled.
        """
        config = self.config(1, 0.0, 1.0, 0)
        known = 0
        for one, other in zip(self._computed, prompt, strict=False):
            if one != other:
                break
            known += 1
        known -= known % CHUNK_TOKENS
        for end in range(known + CHUNK_TOKENS, len(prompt) + 1, CHUNK_TOKENS):
            if cancelled.is_set():
                return None
            for _ in self.stream(prompt[:end], config, cancelled):
                pass
        return None if cancelled.is_set() else len(prompt) - len(prompt) % CHUNK_TOKENS

    def warm_up(self) -> None:
        """Compute a chunk and some tokens: the first run of each compiled model is slow."""
        prompt = self.tokens.tokenize("warm up " * 4, marks=False)
        for _ in self.stream(prompt, self.config(3, 0.0, 1.0, 0), threading.Event()):
            pass

    def _compute(self, prompt: Sequence[int], config: Any, streamer: _Streamer) -> None:
        """In a thread of its own: one answer from its beginning to its end."""
        try:
            ids = np.asarray([prompt], dtype=np.int64)
            inputs = openvino_genai.TokenizedInputs(openvino.Tensor(ids), openvino.Tensor(np.ones_like(ids)))
            result: Any = self._pipeline.generate(inputs, config, streamer)
            streamer.score = float(result.scores[0]) if result.scores else 0.0
        except BaseException as error:  # noqa: BLE001 - it is raised again in the thread that waits
            streamer.error = error


class _Streamer(openvino_genai.StreamerBase):  # type: ignore[misc]  # the library's class has no types
    """Takes tokens from the library's thread to the one that reads them; answers at once whether to go on."""

    def __init__(self, cancelled: threading.Event) -> None:
        super().__init__()
        self._cancelled = cancelled
        self._tokens: queue.SimpleQueue[int] = queue.SimpleQueue()
        self.stop = threading.Event()
        self.score = 0.0
        self.error: BaseException | None = None

    def write(self, token: int | list[int]) -> Any:
        """Called by the library with what it generated. Must not raise: the library would only go on."""
        for one in token if isinstance(token, list) else (token,):
            self._tokens.put(one)
        if self._cancelled.is_set() or self.stop.is_set():
            return openvino_genai.StreamingStatus.CANCEL
        return openvino_genai.StreamingStatus.RUNNING

    def end(self) -> None:
        """Called by the library at the end; there is nothing left to give."""

    def next(self, worker: threading.Thread) -> int | None:
        """The next token, None when there will be no more."""
        while True:
            ended = not worker.is_alive()
            try:
                return self._tokens.get(timeout=0.0 if ended else _LOOK_S)
            except queue.Empty:
                if ended:
                    return None

    def outcome(self) -> float:
        """The sum of the natural logarithms of all probabilities.

        Raises:
            BaseException: What the library raised.
        """
        if self.error is not None:
            raise self.error
        return self.score
