"""Text by OpenVINO GenAI, from the same GGUF file as llama.cpp or from a folder in OpenVINO's own form.

Why it exists: where llama.cpp cannot be built the app still answers, and on processors with vector instructions for
small integers a prompt is read several times faster. On processor and graphics the continuous-batching interface is
used because it alone gives the log-probability of every token and lets go between pieces of a prompt. The NPU takes
the stateful pipeline only: no stop inside a prompt, and one mean log-probability for a whole answer.
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
from models.libraries import importing, require_file, require_path
from models.llm.gguf import check_gguf
from models.llm.json_grammar import grammar_of
from models.llm.openvino_files import why_not_npu
from models.llm.request import read_request, read_texts
from models.llm.template import prompt_parts
from models.openvino.target import compiles_for, is_npu

if TYPE_CHECKING:
    from models.llm.openvino_session import OpenVinoSession
    from models.llm.openvino_stateful import OpenVinoStatefulSession

CONTEXT_TOKENS = 2048
"""Length of the window the cache is made for, unless told otherwise."""


class OpenVinoTextEngine(Engine):
    """A language model on OpenVINO's processor, graphics or NPU plugin.

    ``cached_tokens`` is always 0: the library reuses prompts it has seen but does not say how much of one.

    On the NPU pieces come without a log-probability, and the last one before the end with the mean over the answer.

    Args:
        model_path: A GGUF file, or a folder with ``openvino_model.xml`` and the tokenizer; on the NPU a folder.
        device: ``CPU``, ``GPU``, ``GPU.<number>``, ``NPU``, or the NPU's software path on the processor, as
            `models.openvino.target` calls it.
        threads: Threads of the processor plugin.
        cache_dir: Where a converted GGUF is kept, to load faster next time, and what was compiled for graphics or NPU;
            empty keeps nothing.
        prompt_lookup: Draft by what the prompt says and verify in one step: see `OpenVinoSession`. Not on the NPU.
        context_tokens: Length of the window on processor and graphics; the NPU has its own.
        best_perf: Let the NPU's compiler take longer for faster tokens.
    """

    def __init__(
        self,
        model_path: str,
        device: str = "CPU",
        threads: int = 1,
        cache_dir: str = "",
        *,
        prompt_lookup: bool = False,
        context_tokens: int = CONTEXT_TOKENS,
        best_perf: bool = False,
    ) -> None:
        self._path = Path(model_path)
        self._device = device
        self._threads = max(1, threads)
        self._cache = cache_dir
        self._prompt_lookup = prompt_lookup
        self._context_tokens = context_tokens
        self._best_perf = best_perf
        self._session: OpenVinoSession | OpenVinoStatefulSession | None = None

    def load(self) -> Device:
        """Import OpenVINO, load the model (some seconds, on the NPU minutes the first time) and generate once.

        Raises:
            Unavailable: The library, the file or the device is not there, or the model does not suit the NPU.
            RuntimeFault: The file cannot be loaded.
        """
        if not (self._device.startswith(("CPU", "GPU")) or is_npu(self._device)):
            raise Unavailable(
                f"This engine does not run on {self._device}, only on CPU, GPU and NPU.", code="device-missing"
            )
        if is_npu(self._device):
            return self._load_for_npu()
        if not self._path.is_dir():
            check_gguf(require_file(self._path, "The language model", "Install the model again."))
        with importing("OpenVINO GenAI", "openvino-genai"):
            from models.llm.openvino_session import OpenVinoSession, device_of
        device = device_of(self._device)
        session = OpenVinoSession(
            self._path,
            self._device,
            self._threads,
            self._context_tokens,
            Path(self._cache) if self._cache else None,
            compiled=self._cache if compiles_for(self._device) else "",
            prompt_lookup=self._prompt_lookup,
        )
        session.warm_up()
        self._session = session
        return device

    def _load_for_npu(self) -> Device:
        if refusal := why_not_npu(require_path(self._path, "The language model")):
            raise Unavailable(refusal, code="model-unsuited")
        with importing("OpenVINO GenAI", "openvino-genai"):
            from models.llm.openvino_session import device_of
            from models.llm.openvino_stateful import OpenVinoStatefulSession
        device = device_of(self._device)
        session = OpenVinoStatefulSession(self._path, self._device, self._cache, best_perf=self._best_perf)
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
        grammar = grammar_of(request.json_schema) if request.json_schema else ""
        if grammar and request.answer_so_far:
            raise Unavailable("OpenVINO cannot go on with JSON that was begun elsewhere.", code="json-begun")
        session = self._loaded()
        prompt = self._prompt(session, request)
        room = session.context_tokens - len(prompt)
        seed = secrets.randbits(31) if request.seed is None else abs(request.seed)
        finish = FinishReason.LENGTH
        characters = codecs.getincrementaldecoder("utf-8")("replace")
        config = session.config(min(room, request.max_tokens), request.temperature, request.top_p, seed, grammar)
        with closing(session.stream(prompt, config, call.cancelled)) as tokens:
            for token, log_prob in tokens:
                if log_prob is not None and math.isnan(log_prob):
                    raise RuntimeFault(f"{self._path.name} gives no probabilities: the model is damaged.")
                ended = token in session.tokens.ends
                text = "" if ended else characters.decode(session.tokens.piece(token))
                if not ended or session.mean_only:
                    yield Reply({"text": text, "log_prob": None if log_prob is None else min(0.0, log_prob)})
                if ended:
                    finish = FinishReason.STOP
                    break
        if not call.cancelled.is_set():
            yield Reply({"finish": finish.value, "prompt_tokens": len(prompt), "cached_tokens": 0})

    def _prefill(self, call: Call) -> Iterator[Reply]:
        request = read_request(call.args)
        session = self._loaded()
        tokens = session.remember(self._prompt(session, request), call.cancelled)
        if tokens is not None:
            yield Reply({"tokens": tokens})

    def _count(self, call: Call) -> Iterator[Reply]:
        tokens = self._loaded().tokens
        yield Reply({"counts": [len(tokens.tokenize(text, marks=False)) for text in read_texts(call.args)]})

    def _prompt(self, session: OpenVinoSession | OpenVinoStatefulSession, request: GenerationRequest) -> list[int]:
        tokens: list[int] = []
        for part in prompt_parts(request, session.tokens.render):
            tokens += session.tokens.tokenize(part.text, marks=part.marks)
        if len(tokens) > session.prompt_tokens:
            raise InvalidInput(
                f"The question with its context is {len(tokens)} tokens long; this model takes fewer than "
                f"{session.prompt_tokens + 1}.",
                code="context-overflow",
                remedy="Ask a shorter question, or start afresh.",
            )
        return tokens

    def _loaded(self) -> OpenVinoSession | OpenVinoStatefulSession:
        if self._session is None:
            raise RuntimeFault("The language model is not loaded.")
        return self._session
