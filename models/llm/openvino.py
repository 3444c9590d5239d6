"""Text by OpenVINO GenAI, from the same GGUF file as llama.cpp or from a folder in OpenVINO's own form.

Why it exists: where llama.cpp cannot be built the app still answers, and on processors with vector instructions for
small integers a prompt is read several times faster. The continuous-batching interface is used because it alone gives
the log-probability of every token and lets go between pieces of a prompt.
"""

from __future__ import annotations

import codecs
import math
import secrets
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from app.contracts.devices import Device
from app.contracts.errors import InvalidInput, RuntimeFault, Unavailable
from app.contracts.text import FinishReason, GenerationRequest
from models.host.engine import Call, Engine, Operation, Reply
from models.libraries import importing, require_file
from models.llm.gguf import check_gguf
from models.llm.request import read_request, read_texts
from models.llm.template import prompt_parts

if TYPE_CHECKING:
    from models.llm.openvino_session import OpenVinoSession

CONTEXT_TOKENS = 2048
"""Length of the window the cache is made for."""


class OpenVinoTextEngine(Engine):
    """A language model on OpenVINO's processor or graphics plugin.

    ``cached_tokens`` is always 0: the library reuses prompts it has seen but does not say how much of one.

    Args:
        model_path: A GGUF file, or a folder with ``openvino_model.xml`` and the tokenizer.
        device: ``CPU``, ``GPU`` or ``GPU.<number>``. The NPU needs another pipeline and other models.
        threads: Threads of the processor plugin.
        cache_dir: Where a converted GGUF is kept, to load faster next time; empty keeps nothing.
        prompt_lookup: Draft by what the prompt says and verify in one step: see `OpenVinoSession`.
    """

    def __init__(
        self,
        model_path: str,
        device: str = "CPU",
        threads: int = 1,
        cache_dir: str = "",
        *,
        prompt_lookup: bool = False,
    ) -> None:
        self._path = Path(model_path)
        self._device = device
        self._threads = max(1, threads)
        self._cache = Path(cache_dir) if cache_dir else None
        self._prompt_lookup = prompt_lookup
        self._session: OpenVinoSession | None = None

    def load(self) -> Device:
        """Import OpenVINO, load the model (some seconds) and generate once.

        Raises:
            Unavailable: The library, the file or the device is not there.
            RuntimeFault: The file cannot be loaded.
        """
        if not self._device.startswith(("CPU", "GPU")):
            raise Unavailable(
                f"This engine does not run on {self._device}, only on CPU and GPU.", code="device-missing"
            )
        if not self._path.is_dir():
            check_gguf(require_file(self._path, "The language model", "Install the model again."))
        with importing("OpenVINO GenAI", "openvino-genai"):
            from models.llm.openvino_session import OpenVinoSession, find_device
        device = find_device(self._device)
        session = OpenVinoSession(
            self._path, self._device, self._threads, CONTEXT_TOKENS, self._cache, prompt_lookup=self._prompt_lookup
        )
        session.warm_up()
        self._session = session
        return device

    def operations(self) -> Mapping[str, Operation]:
        """``generate``, ``prefill`` and ``count``."""
        return {"generate": self._generate, "prefill": self._prefill, "count": self._count}

    def close(self) -> None:
        """Free the model."""
        self._session = None

    def _generate(self, call: Call) -> Iterator[Reply]:
        request = read_request(call.args)
        session = self._loaded()
        prompt = self._prompt(session, request)
        room = CONTEXT_TOKENS - len(prompt)
        seed = secrets.randbits(31) if request.seed is None else abs(request.seed)
        finish = FinishReason.LENGTH
        characters = codecs.getincrementaldecoder("utf-8")("replace")
        config = session.config(min(room, request.max_tokens), request.temperature, request.top_p, seed)
        with closing(session.stream(prompt, config, call.cancelled)) as tokens:
            for token, log_prob in tokens:
                if math.isnan(log_prob):
                    raise RuntimeFault(f"{self._path.name} gives no probabilities: the model is damaged.")
                if session.ends(token):
                    finish = FinishReason.STOP
                    break
                yield Reply({"text": characters.decode(session.piece(token)), "log_prob": min(0.0, log_prob)})
        if not call.cancelled.is_set():
            yield Reply({"finish": finish.value, "prompt_tokens": len(prompt), "cached_tokens": 0})

    def _prefill(self, call: Call) -> Iterator[Reply]:
        request = read_request(call.args)
        session = self._loaded()
        prompt = self._prompt(session, request)
        if session.remember(prompt, call.cancelled):
            yield Reply({"tokens": len(prompt)})

    def _count(self, call: Call) -> Iterator[Reply]:
        session = self._loaded()
        yield Reply({"counts": [len(session.tokenize(text, marks=False)) for text in read_texts(call.args)]})

    def _prompt(self, session: OpenVinoSession, request: GenerationRequest) -> list[int]:
        tokens: list[int] = []
        for part in prompt_parts(request, session.render):
            tokens += session.tokenize(part.text, marks=part.marks)
        if len(tokens) >= CONTEXT_TOKENS:
            raise InvalidInput(
                f"The question with its context is {len(tokens)} tokens long; this model takes fewer than "
                f"{CONTEXT_TOKENS}.",
                code="context-overflow",
                remedy="Ask a shorter question, or start afresh.",
            )
        return tokens

    def _loaded(self) -> OpenVinoSession:
        if self._session is None:
            raise RuntimeFault("The language model is not loaded.")
        return self._session
