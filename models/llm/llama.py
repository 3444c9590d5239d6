"""Text by llama.cpp: token by token with log-probabilities, a prefix cache between requests, abort within milliseconds.

Why it exists: the question is prefilled while it is still being spoken, so a prefill must be droppable at any moment
without losing what it has done, and the answer's confidence needs each token's probability. The same interface judges
the draft of another model, and moves what is held of a conversation to another process.
"""

from __future__ import annotations

import codecs
import logging
import math
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from app.contracts.devices import Device
from app.contracts.errors import InvalidInput, RuntimeFault
from app.contracts.text import FinishReason, GenerationRequest
from models.host.engine import Call, Engine, Operation, Reply
from models.libraries import importing, require_file
from models.llm.json_grammar import grammar_of
from models.llm.llama_draft import Trusted, judge, same_start, whole_characters
from models.llm.llama_state import as_written, pack_state, unpack_state
from models.llm.request import read_request, read_texts, read_top_k
from models.llm.sampling import Sampler, log_prob
from models.llm.template import chatml, prompt_parts

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from models.llm.llama_grammar import LlamaGrammar
    from models.llm.llama_session import LlamaSession

log = logging.getLogger(__name__)

PREFILL_BATCH = 16
"""Tokens evaluated at a time ahead of need: what an abort can lose at most."""

PROMPT_BATCH = 64
"""Tokens evaluated at a time when somebody waits for the answer."""


class LlamaEngine(Engine):
    """A GGUF model on the processor, or on the graphics processor the process was started for.

    Args:
        model_path: The GGUF file.
        threads: Threads of the library.
        context_tokens: Length of the window.
        device: ``cpu``, or ``igpu`` or ``gpu`` for the one graphics processor that the environment leaves visible.
        gpu_layers: How many layers go there, -1 for all; nothing on the processor.
    """

    def __init__(
        self,
        model_path: str,
        threads: int = 1,
        context_tokens: int = 2048,
        device: str = Device.CPU,
        gpu_layers: int = -1,
    ) -> None:
        self._path = Path(model_path)
        self._threads = max(1, threads)
        self._context_tokens = context_tokens
        self._device = Device(device)
        self._gpu_layers = 0 if self._device is Device.CPU else gpu_layers
        self._session: LlamaSession | None = None
        self._trusted = Trusted()
        self._written: list[int] = []
        """The last prompt and every token picked behind it, whether it was evaluated or not."""

    def load(self) -> Device:
        """Import llama.cpp, load the model and evaluate one token.

        Returns:
            The graphics processor when the library says that layers went there, else the processor.

        Raises:
            Unavailable: The library or the file is not there, or the library drives no graphics processor.
            RuntimeFault: The file cannot be loaded.
        """
        require_file(self._path, "The language model", "Install the model again.")
        with importing("llama.cpp", "llama-cpp-python"):
            from models.llm.llama_session import LlamaSession
        session = LlamaSession(self._path, self._threads, self._context_tokens, self._gpu_layers)
        session.feed(session.tokenize("a", marks=False), 1, threading.Event())
        session.keep_prefix([-1])
        self._session = session
        self._render = session.template() or chatml
        return self._device if session.offloaded else Device.CPU

    def operations(self) -> Mapping[str, Operation]:
        """``generate``, ``prefill``, ``count``, ``verify``, ``state.export`` and ``state.import``."""
        return {
            "generate": self._generate,
            "prefill": self._prefill,
            "count": self._count,
            "verify": self._verify,
            "state.export": self._export,
            "state.import": self._import,
        }

    def close(self) -> None:
        """Free the model."""
        if self._session is not None:
            self._session.close()
            self._session = None

    def _generate(self, call: Call) -> Iterator[Reply]:
        request = read_request(call.args)
        session = self._loaded(call)
        question, begun = self._tokens(session, request)
        prompt = question + begun
        with (
            closing(session.grammar(grammar_of(request.json_schema))) if request.json_schema else nullcontext() as form
        ):
            _taken(form, begun)
            kept = session.keep_prefix(prompt)
            if not session.feed(prompt[kept:], self._batch(PROMPT_BATCH), call.cancelled):
                return
            written = self._trusted.writing(question, begun)
            self._written = list(prompt)
            finish = FinishReason.LENGTH
            sampler = Sampler(request.temperature, request.top_p, request.seed)
            characters = codecs.getincrementaldecoder("utf-8")("replace")
            characters.decode(b"".join(map(session.piece, begun)))  # a character may have been begun as well
            for generated in range(1, request.max_tokens + 1):
                sampler.at(len(begun) + generated - 1)
                token, probability = _pick(sampler, session.logits, form)
                if math.isnan(probability):
                    raise RuntimeFault(f"{self._path.name} gives no probabilities: the model is damaged.")
                if session.ends(token):
                    finish = FinishReason.STOP
                    break
                _taken(form, [token])
                written(token, probability)
                self._written.append(token)
                yield Reply({"text": characters.decode(session.piece(token)), "log_prob": probability})
                if generated == request.max_tokens or session.full:
                    break
                if not session.feed([token], 1, call.cancelled):
                    return
        yield Reply({"finish": finish.value, "prompt_tokens": len(prompt), "cached_tokens": kept})

    def _prefill(self, call: Call) -> Iterator[Reply]:
        request = read_request(call.args)
        session = self._loaded(call)
        question, begun = self._tokens(session, request)
        prompt = question + begun
        kept = session.keep_prefix(prompt)
        if session.feed(prompt[kept:], self._batch(PREFILL_BATCH), call.cancelled):
            yield Reply({"tokens": len(prompt)})

    def _count(self, call: Call) -> Iterator[Reply]:
        session = self._loaded(call)
        yield Reply({"counts": [len(session.tokenize(text, marks=False)) for text in read_texts(call.args)]})

    def _verify(self, call: Call) -> Iterator[Reply]:
        request, top_k = read_request(call.args), read_top_k(call.args)
        session = self._loaded(call)
        question, draft = self._tokens(session, request)
        judged = judge(session, self._trusted, question, draft, top_k, call.cancelled)
        if judged is not None:
            kept_tokens, kept = whole_characters([session.piece(token) for token in draft[: len(judged)]])
            session.keep_prefix(question + draft[:kept_tokens])
            yield Reply(
                {
                    "kept": same_start(kept, request.answer_so_far),
                    "kept_tokens": kept_tokens,
                    "draft_tokens": len(draft),
                    "log_probs": [*judged[:kept_tokens]],
                }
            )

    def _export(self, call: Call) -> Iterator[Reply]:
        session = self._loaded(call)
        held = session.cached
        picked = self._written[len(held) :] if self._written[: len(held)] == held else []
        yield Reply({}, pack_state(session.identity, held, session.state(), picked) if held else b"")

    def _import(self, call: Call) -> Iterator[Reply]:
        session = self._loaded(call)
        tokens, picked, state = unpack_state(session.identity, call.payload)
        session.restore(tokens, state)
        self._written = tokens + picked
        yield Reply({"tokens": len(tokens)})

    def _tokens(self, session: LlamaSession, request: GenerationRequest) -> tuple[list[int], list[int]]:
        """The question with its template, and the answer so far behind it: as it was written, where that is known."""
        asked = replace(request, answer_so_far="")
        try:
            parts = prompt_parts(asked, self._render)
        except Exception as error:  # noqa: BLE001 - a template is a program of the model's: it may raise anything
            log.warning("the model's own template refused the conversation, ChatML is used: %s", type(error).__name__)
            parts = prompt_parts(asked, chatml)
        tokens: list[int] = []
        for part in parts:
            tokens += session.tokenize(part.text, marks=part.marks)
        tokens = session.first_tokens(tokens)
        begun = as_written(self._written, tokens, request.answer_so_far, session.piece)
        if not begun and request.answer_so_far:
            begun = session.tokenize(request.answer_so_far, marks=False)
        length = len(tokens) + len(begun)
        if length >= session.context_tokens:
            raise InvalidInput(
                f"The question with its context is {length} tokens long; this model takes fewer than "
                f"{session.context_tokens}.",
                code="context-overflow",
                remedy="Ask a shorter question, or start afresh.",
            )
        return tokens, begun

    def _batch(self, tokens: int) -> int:
        """Tokens at a time: a graphics processor takes many in the time of a few."""
        return self._session.batch if self._session is not None and self._gpu_layers else tokens

    def _loaded(self, call: Call) -> LlamaSession:
        """The session, at work for this call from now on."""
        if self._session is None:
            raise RuntimeFault("The language model is not loaded.")
        self._session.alive = call.alive
        return self._session


def _pick(sampler: Sampler, logits: npt.NDArray[np.float32], form: LlamaGrammar | None) -> tuple[int, float]:
    """A token that the form allows, and the logarithm of its probability in the model's own distribution."""
    token, probability = sampler.pick(logits)
    if form is None or form.allows(token):
        return token, probability
    token, _ = sampler.pick(form.allowed(logits))
    return token, log_prob(logits, token)


def _taken(form: LlamaGrammar | None, tokens: list[int]) -> None:
    """Let the form know what is there.

    Raises:
        InvalidInput: It does not allow it (``bad-schema``).
    """
    if form is None:
        return
    for token in tokens:
        if not form.allows(token):
            raise InvalidInput("What the answer begins with does not satisfy the JSON schema.", code="bad-schema")
        form.take(token)
