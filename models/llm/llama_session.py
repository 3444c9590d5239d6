"""One llama.cpp model with one context: tokens in, logits out, and an exact book of what the KV cache holds.

Why it exists: the low-level C interface is what allows a prefill to be aborted within milliseconds and the logits to be
read without copying. Whatever aborts or fails, the book (`cached`) and the cache agree afterwards. Only this module,
`llama_grammar` and `llama_embeddings` import llama_cpp.
"""

from __future__ import annotations

import ctypes
import hashlib
import logging
import re
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import llama_cpp as llama_cpp_library
import numpy as np
import numpy.typing as npt
from llama_cpp.llama_chat_format import Jinja2ChatFormatter

from app.contracts.errors import InvalidInput, RuntimeFault, Unavailable
from models.host.protocol import MAX_PAYLOAD_BYTES
from models.llm.llama_grammar import LlamaGrammar
from models.llm.template import Rendered

log = logging.getLogger(__name__)

llama_cpp: Any = llama_cpp_library
"""The C interface, which has no types worth checking."""

MAX_BATCH = 64
"""Tokens per call of the library at most. Larger ones were measured to be no faster on one thread."""

GPU_BATCH = 256
"""The same on a graphics processor. There the library looks for an abort only between two calls, so it stays small."""

_END_BYTES = 4 << 20
_ABORTED = 2
_FLASH_ATTENTION_OFF = 0
_ONE_DEVICE = 0
"""``LLAMA_SPLIT_MODE_NONE``: the whole model on the first device the process sees."""
_ALL_LAYERS = 9_999
_OFFLOADED = re.compile(r"offloaded (\d+)/(\d+) layers")
_LEVELS = {2: logging.DEBUG, 3: logging.WARNING, 4: logging.ERROR}


class _LibraryLog:
    """Takes what the library says; keeps its first complaint for the sentence of an error, and where layers went."""

    def __init__(self) -> None:
        self.complaint = ""
        self.offloaded = 0

    def begin(self) -> None:
        """Another model is loaded from now on."""
        self.complaint, self.offloaded = "", 0

    def hear(self, level: int, text: bytes, _data: ctypes.c_void_p) -> None:
        message = text.decode("utf-8", "replace").strip()
        severity = _LEVELS.get(level, logging.DEBUG)
        if severity >= logging.ERROR and message:
            self.complaint = self.complaint or message
        if found := _OFFLOADED.search(message):
            self.offloaded = int(found[1])
        log.log(min(severity, logging.INFO), "%s", message)


_library_log = _LibraryLog()
_log_hook = llama_cpp.llama_log_callback(_library_log.hear)


class LlamaSession:
    """A loaded model. Used from one thread.

    Args:
        model_path: A GGUF file.
        threads: Threads for prompt and generation alike.
        context_tokens: Length of the window; cut down to what the model was trained for.
        gpu_layers: How many layers go to the graphics processor the process sees, -1 for all of them. Which one that
            is was decided by the environment, before the library was imported.

    Attributes:
        offloaded: How many layers went there, as the library said when it loaded them.
        batch: Tokens per call of the library at most.
        alive: Called after every batch, see `models.host.engine.Call`.

    Raises:
        RuntimeFault: The file is not a model llama.cpp can load.
        Unavailable: Layers were to go to a graphics processor, and this build of the library drives none.
    """

    def __init__(self, model_path: Path, threads: int, context_tokens: int, gpu_layers: int = 0) -> None:
        llama_cpp.llama_log_set(_log_hook, ctypes.c_void_p(0))
        llama_cpp.llama_backend_init()
        _library_log.begin()
        self._model: Any = None
        self._vocab: Any = None
        self._context: Any = None
        self._memory: Any = None
        self.cached: list[int] = []
        self._logits: npt.NDArray[np.float32] | None = None
        self._cancelled: threading.Event | None = None
        self._on_abort = llama_cpp.ggml_abort_callback(self._abort)
        self.alive: Callable[[], None] | None = None
        self.batch = GPU_BATCH if gpu_layers else MAX_BATCH
        try:
            self._open(model_path, threads, context_tokens, gpu_layers)
        except BaseException:
            self.close()
            raise

    def _open(self, model_path: Path, threads: int, context_tokens: int, gpu_layers: int) -> None:
        if gpu_layers and not llama_cpp.llama_supports_gpu_offload():
            raise Unavailable(
                "llama.cpp was built for the processor alone.",
                code="device-missing",
                remedy="Install a build of llama-cpp-python for this graphics processor: CUDA, Vulkan or Metal.",
            )
        settings = llama_cpp.llama_model_default_params()
        settings.n_gpu_layers = gpu_layers if gpu_layers >= 0 else _ALL_LAYERS
        settings.split_mode, settings.main_gpu = _ONE_DEVICE, 0
        self._model = llama_cpp.llama_model_load_from_file(str(model_path).encode(), settings)
        if self._model is None:
            raise _unreadable(model_path)
        self.offloaded: int = _library_log.offloaded
        self._vocab = llama_cpp.llama_model_get_vocab(self._model)
        self._vocab_size: int = llama_cpp.llama_vocab_n_tokens(self._vocab)
        params = self._parameters(threads, context_tokens)
        self._context = llama_cpp.llama_init_from_model(self._model, params)
        if self._context is None:
            raise _unreadable(model_path)
        self._memory = llama_cpp.llama_get_memory(self._context)
        self.context_tokens: int = llama_cpp.llama_n_ctx(self._context)
        self.identity = _identity(model_path)

    def _parameters(self, threads: int, context_tokens: int) -> Any:
        """How the context is made; kept small, one call of the library evaluates `batch` tokens at most."""
        params = llama_cpp.llama_context_default_params()
        params.n_ctx = min(context_tokens, llama_cpp.llama_model_n_ctx_train(self._model))
        params.n_batch = params.n_ubatch = self.batch
        params.n_threads = params.n_threads_batch = threads
        if hasattr(params, "flash_attn_type"):
            params.flash_attn_type = _FLASH_ATTENTION_OFF
        params.abort_callback = self._on_abort
        return params

    def tokenize(self, text: str, *, marks: bool) -> list[int]:
        """Tokens of a text. With `marks`, control marks such as ``<|im_end|>`` become the tokens they stand for."""
        raw = text.encode("utf-8", "replace")
        room = len(raw) + 1
        tokens = (llama_cpp.llama_token * room)()
        count = llama_cpp.llama_tokenize(self._vocab, raw, len(raw), tokens, room, False, marks)
        if count < 0:
            raise InvalidInput("The text cannot be divided into tokens.")
        return list(tokens[:count])

    def first_tokens(self, tokens: list[int]) -> list[int]:
        """The prompt with the model's begin mark before it, where the model wants one and it has none."""
        begin = llama_cpp.llama_vocab_bos(self._vocab)
        if not llama_cpp.llama_vocab_get_add_bos(self._vocab) or tokens[:1] == [begin]:
            return tokens
        return [begin, *tokens]

    def piece(self, token: int) -> bytes:
        """The bytes of one token; may end in the middle of a character."""
        buffer = ctypes.create_string_buffer(64)
        count = llama_cpp.llama_token_to_piece(self._vocab, token, buffer, len(buffer), 0, False)
        if count < 0:  # the library names the room it needs as a negative number
            buffer = ctypes.create_string_buffer(-count)
            count = llama_cpp.llama_token_to_piece(self._vocab, token, buffer, len(buffer), 0, False)
        return buffer.raw[: max(0, count)]

    def ends(self, token: int) -> bool:
        """Whether this token ends the answer."""
        return bool(llama_cpp.llama_vocab_is_eog(self._vocab, token))

    def grammar(self, source: str) -> LlamaGrammar:
        """What holds one answer to a grammar in GBNF; to be closed.

        Raises:
            InvalidInput: The library does not take it (``bad-schema``).
        """
        return LlamaGrammar(self._vocab, source)

    def template(self) -> Rendered | None:
        """The model's own chat template, None when its file carries none."""
        source = llama_cpp.llama_model_chat_template(self._model, None)
        if not source:
            return None
        formatter: Any = Jinja2ChatFormatter(
            template=source.decode("utf-8"),
            bos_token=self._mark(llama_cpp.llama_vocab_bos(self._vocab)),
            eos_token=self._mark(llama_cpp.llama_vocab_eos(self._vocab)),
        )
        return lambda messages: str(formatter(messages=messages).prompt)

    def keep_prefix(self, tokens: Sequence[int]) -> int:
        """Drop from the cache what `tokens` does not begin with; returns how many are kept.

        The last token is kept only when its logits are still at hand: otherwise it has to be evaluated again.
        """
        common = 0
        for have, want in zip(self.cached, tokens, strict=False):
            if have != want:
                break
            common += 1
        if common == len(tokens) and not (common == len(self.cached) and self._logits is not None):
            common -= 1
        self._forget_from(common)
        return common

    def feed(self, tokens: Sequence[int], batch: int, cancelled: threading.Event) -> bool:
        """Evaluate tokens after what is cached, in batches; afterwards `logits` are those of the last one.

        Returns:
            False when `cancelled` was set: the batches that were finished are cached.

        Raises:
            RuntimeFault: The library could not evaluate them; the cache is empty afterwards.
        """
        for start in range(0, len(tokens), batch):
            if cancelled.is_set():
                return False
            if not self._decode(tokens[start : start + batch], cancelled):
                return False
        return True

    def feed_rows(self, tokens: Sequence[int], cancelled: threading.Event) -> npt.NDArray[np.float32] | None:
        """Evaluate at most `batch` tokens after what is cached, with the logits behind every one of them.

        Returns:
            A row of the length of the vocabulary for each token, a copy; None when `cancelled` was set.

        Raises:
            RuntimeFault: As `feed`.
        """
        if cancelled.is_set() or not self._decode(tokens, cancelled, rows=True):
            return None
        rows = [llama_cpp.llama_get_logits_ith(self._context, at) for at in range(len(tokens))]
        return np.stack([np.ctypeslib.as_array(row, shape=(self._vocab_size,)) for row in rows])

    def state(self) -> bytes:
        """What the library holds of the cached tokens, as it writes it.

        Raises:
            Unavailable: It is longer than what can be sent (``state-too-long``).
        """
        size = llama_cpp.llama_state_seq_get_size(self._context, 0)
        if size > MAX_PAYLOAD_BYTES:
            raise Unavailable(f"It is {size >> 20} MiB long; {MAX_PAYLOAD_BYTES >> 20} fit.", code="state-too-long")
        buffer = (ctypes.c_uint8 * size)()
        written = llama_cpp.llama_state_seq_get_data(self._context, buffer, size, 0)
        return bytes(memoryview(buffer)[:written])

    def restore(self, tokens: Sequence[int], state: bytes) -> None:
        """Hold these tokens with this state, and nothing else.

        Raises:
            InvalidInput: They do not fit into the window, or the library refuses the state; nothing is held then.
        """
        self._forget_from(0)
        if len(tokens) > self.context_tokens:
            raise InvalidInput(
                f"A state of {len(tokens)} tokens does not fit into a window of {self.context_tokens}.",
                code="bad-state",
            )
        buffer = (ctypes.c_uint8 * len(state)).from_buffer_copy(state)
        taken = llama_cpp.llama_state_seq_set_data(self._context, buffer, len(state), 0) if state else 0
        last = llama_cpp.llama_memory_seq_pos_max(self._memory, 0)
        if taken == 0 or taken != len(state) or last != len(tokens) - 1:
            self._forget_from(0)
            llama_cpp.llama_memory_clear(self._memory, True)
            raise InvalidInput("llama.cpp does not take this state over.", code="bad-state")
        self.cached = list(tokens)

    @property
    def logits(self) -> npt.NDArray[np.float32]:
        """Logits after the last cached token, one for each entry of the vocabulary. Do not write to it."""
        if self._logits is None:
            raise RuntimeFault("There are no logits: nothing has been evaluated.")
        return self._logits

    @property
    def full(self) -> bool:
        """Whether the window has no room for one more token."""
        return len(self.cached) >= self.context_tokens

    def close(self) -> None:
        """Free the context and the model. Safe to call twice."""
        self._logits = None
        if self._context is not None:
            llama_cpp.llama_free(self._context)
            self._context = None
        if self._model is not None:
            llama_cpp.llama_model_free(self._model)
            self._model = None

    def _decode(self, tokens: Sequence[int], cancelled: threading.Event, *, rows: bool = False) -> bool:
        """Evaluate a batch and find the logits of its last token; False when it was cancelled."""
        if not self._evaluate(tokens, cancelled, rows=rows):
            return False
        row = llama_cpp.llama_get_logits_ith(self._context, -1)
        self._logits = np.ctypeslib.as_array(row, shape=(self._vocab_size,))
        return True

    def _evaluate(self, tokens: Sequence[int], cancelled: threading.Event, *, rows: bool) -> bool:
        """Evaluate a batch; with ``rows`` the library keeps the output of every token, not only of the last."""
        self._logits = None
        array = (llama_cpp.llama_token * len(tokens))(*tokens)
        batch = llama_cpp.llama_batch_get_one(array, len(tokens))
        if rows:
            every = (ctypes.c_int8 * len(tokens))(*([1] * len(tokens)))
            batch.logits = ctypes.cast(every, ctypes.POINTER(ctypes.c_int8))
        self._cancelled = cancelled
        try:
            status = llama_cpp.llama_decode(self._context, batch)
        finally:
            self._cancelled = None
        if status == _ABORTED:
            self._forget_from(len(self.cached))
            return False
        if status != 0:
            self._forget_from(0)
            raise RuntimeFault(f"llama.cpp could not evaluate the text (status {status}): {_library_log.complaint}.")
        self.cached.extend(tokens)
        if self.alive is not None:
            self.alive()
        return True

    def _forget_from(self, position: int) -> None:
        """Remove everything from `position` on, from the cache and from the book."""
        if position < len(self.cached):
            self._logits = None
        if not llama_cpp.llama_memory_seq_rm(self._memory, 0, position, -1):
            llama_cpp.llama_memory_clear(self._memory, True)
            position = 0
        del self.cached[position:]

    def _abort(self, _data: ctypes.c_void_p) -> bool:
        return self._cancelled is not None and self._cancelled.is_set()

    def _mark(self, token: int) -> str:
        if token < 0:
            return ""
        text: Any = llama_cpp.llama_vocab_get_text(self._vocab, token)
        return text.decode("utf-8", "replace") if text else ""


def _identity(model_path: Path) -> str:
    """Model and library version: a state fits where this is the same.

    A GGUF file begins with what it holds and ends with weights. Of a model trained further the beginning is the same.
    """
    size = model_path.stat().st_size
    with model_path.open("rb") as file:
        ends = hashlib.sha256(file.read(_END_BYTES))
        file.seek(max(0, size - _END_BYTES))
        ends.update(file.read())
    return f"{model_path.stem} {size} {ends.hexdigest()[:16]}, llama.cpp {llama_cpp.__version__}"


def _unreadable(model_path: Path) -> RuntimeFault:
    detail = f" ({_library_log.complaint})" if _library_log.complaint else ""
    return RuntimeFault(
        f"llama.cpp cannot load {model_path.name}: it is damaged, or of a kind this version does not know{detail}.",
        code="model-unreadable",
        remedy="Install the model again.",
    )
