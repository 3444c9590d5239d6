"""The moonshine model: a stretch of speech in, words with their probability out.

Why it exists: moonshine's own library takes every core, splits speech at pauses of its own choosing, makes words out of
silence, cannot be stopped and hides its probabilities. Its weights run on ONNX Runtime in two graphs, so the loop
between them is here. Greedy decoding, as in the library.
"""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np

from app.contracts.audio import SPEECH_RATE_HZ
from app.contracts.errors import RuntimeFault
from models.onnx import OnnxModel, Value, value
from models.pcm import Samples
from models.stt.hypothesis import Activity, Hypothesis

TOKENS_PER_SECOND = 6.5
"""Bound on the length of a text: nobody speaks faster, and a model that repeats itself stops there."""

_BEGIN, _END = 1, 2
_FIRST_PIECE = 3
_SPACE = "\u2581"
_PADDING = np.zeros(SPEECH_RATE_HZ // 2, np.float32)
"""Silence put around a stretch: half a second on each side takes a quarter of the errors away."""


class MoonshineModel:
    """The two graphs and the vocabulary of one model.

    Args:
        folder: Holds ``encoder_model.ort``, ``decoder_model_merged.ort`` and ``tokenizer.bin``.
        threads: Threads of the runtime.
        language: What it was made for, as a BCP 47 tag.

    Raises:
        RuntimeFault: One of the files cannot be loaded.
    """

    def __init__(self, folder: Path, threads: int, language: str = "en") -> None:
        self._language = language
        self._encoder = OnnxModel(folder / "encoder_model.ort", threads)
        self._decoder = OnnxModel(folder / "decoder_model_merged.ort", threads)
        self._vocabulary = _read_vocabulary(folder / "tokenizer.bin")
        self._past = tuple(name for name in self._decoder.inputs if name.startswith("past_key_values"))
        self._present = tuple(name.replace("present", "past_key_values") for name in self._decoder.outputs)
        _, heads, _, size = self._decoder.shape_of("past_key_values.0.decoder.key")
        *_, tokens = self._decoder.shape_of("logits")
        if len(self._vocabulary) != tokens:
            raise _unreadable("tokenizer.bin", f"it has {len(self._vocabulary)} pieces, the model {tokens}")
        self._nothing = value(np.zeros((1, int(heads), 0, int(size)), np.float32))

    def transcribe(
        self,
        speech: Samples,
        cancelled: threading.Event,
        activity: Activity | None = None,  # noqa: ARG002 - it gives probabilities of its own
    ) -> Hypothesis | None:
        """Words of one stretch of 16 kHz mono sound, at most some 20 s of it; None when cancelled."""
        sound = np.concatenate([_PADDING, speech, _PADDING])[np.newaxis]
        mask = value(np.ones(sound.shape, np.int64))
        feeds: dict[str, Value] = dict.fromkeys(self._past, self._nothing)
        (feeds["encoder_hidden_states"],) = self._encoder.run({"input_values": value(sound), "attention_mask": mask})
        feeds["encoder_attention_mask"] = mask
        tokens = [_BEGIN]
        total = 0.0
        for step in range(1 + int(len(speech) / SPEECH_RATE_HZ * TOKENS_PER_SECOND)):
            if cancelled.is_set():
                return None
            token, log_prob = self._step(feeds, tokens[-1], first=step == 0)
            total += log_prob
            tokens.append(token)
            if token == _END:
                break
        return Hypothesis(self._text(tokens), total, len(tokens) - 1, self._language)

    def _step(self, feeds: dict[str, Value], token: int, *, first: bool) -> tuple[int, float]:
        """Decode one token; the cache in `feeds` moves on."""
        feeds["input_ids"] = value(np.array([[token]], np.int64))
        feeds["use_cache_branch"] = value(np.array([not first]))
        logits, *cache = self._decoder.run(feeds)
        renewed = zip(self._present[1:], cache, strict=True)  # what belongs to the encoder is computed once
        feeds.update({name: tensor for name, tensor in renewed if first or ".decoder." in name})
        scores = logits.numpy()[0, -1]
        best = int(scores.argmax())
        return best, -float(np.log(np.exp(scores - scores[best]).sum(dtype=np.float64)))

    def _text(self, tokens: list[int]) -> str:
        pieces = b"".join(self._vocabulary[token] for token in tokens if token >= _FIRST_PIECE)
        return pieces.decode("utf-8", "ignore").replace(_SPACE, " ").strip()


def _read_vocabulary(path: Path) -> tuple[bytes, ...]:
    """Pieces by token: each is preceded by its length, in one byte or, from 128 on, in two."""
    data = path.read_bytes()
    pieces: list[bytes] = []
    at = 0
    while at < len(data):
        length = data[at]
        at += 1
        if length >= 128:
            if at >= len(data):
                raise _unreadable(path.name, "it is cut off")
            length += data[at] * 128 - 128
            at += 1
        pieces.append(data[at : at + length])
        at += length
    return tuple(pieces)


def _unreadable(name: str, why: str) -> RuntimeFault:
    return RuntimeFault(
        f"The speech recogniser cannot use {name}: {why}.",
        code="model-unreadable",
        remedy="Install the model again.",
    )
