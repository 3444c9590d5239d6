"""A Whisper model on CTranslate2, with faster-whisper's features and tokens: a stretch of speech in, words out.

Why it exists: the library's own `transcribe` encodes a clip twice to find its language, decodes with a beam of five at
up to six temperatures, and cannot be stopped within a window. Here a stretch is encoded once, decoded greedily, and
decoded a few tokens at a time, so that a cancelled request ends soon. Everything that touches the library is here.
"""

from __future__ import annotations

import ctypes
import importlib.util
import math
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import ctranslate2
import numpy as np
from faster_whisper import WhisperModel
from faster_whisper.audio import pad_or_trim
from faster_whisper.tokenizer import Tokenizer
from faster_whisper.transcribe import get_suppressed_tokens

from app.contracts.audio import SPEECH_RATE_HZ
from app.contracts.devices import Device
from app.contracts.errors import RuntimeFault, Unavailable
from models.pcm import Samples
from models.stt.hypothesis import NOTHING, Activity, Hypothesis
from models.stt.repeats import loops_at_its_end, without_loops
from models.stt.whisper import check_language, is_silence, most_tokens

PIECE_TOKENS = 24
"""Tokens decoded before it is looked whether they are still wanted. Each further piece costs one pass over the encoded
sound, and most things people say are shorter than one."""
_ON_PROCESSOR = ("int8", "int8_float32", "float32")
_ON_CARD = ("float16", "int8_float16", "int8", "int8_float32", "float32")
"""Number formats by preference."""
_CUBLAS = ("libcublasLt.so.12", "libcublas.so.12")
_REMEDY = "Install the model again."


class FasterWhisperModel:
    """A loaded model. Used from one thread.

    Args:
        folder: Checked beforehand, see `models.stt.faster_whisper.check_folder`.
        card: Number of the NVIDIA card; None for the processor.
        threads: Threads on the processor.
        language: BCP 47 tag to hold it to; empty lets it listen for the language.

    Attributes:
        device: Where it runs: the processor when the card could not be used.
        compute_type: The format it computes in, as the library reports it.

    Raises:
        RuntimeFault: The folder cannot be loaded.
        Unavailable: The model does not know the language.
    """

    def __init__(self, folder: Path, card: int | None, threads: int, language: str = "") -> None:
        self.device = Device.CPU
        self._threads = threads
        whisper = None if card is None else self._on_card(folder, card)
        self._whisper: Any = whisper or self._on_processor(folder)
        self._core: Any = self._whisper.model
        self.compute_type = str(self._core.compute_type)
        self._many_languages = bool(self._core.is_multilingual)
        self._known: tuple[str, ...] = tuple(self._whisper.supported_languages)
        check_language(language, self._known, folder.name)
        self._language = language or ("" if self._many_languages else "en")

    def transcribe(
        self,
        speech: Samples,
        cancelled: threading.Event,
        activity: Activity,  # noqa: ARG002 - it gives probabilities of its own
    ) -> Hypothesis | None:
        """Words of one stretch of at most 30 s; None when cancelled. The log-probabilities are greedy decoding's own.

        It lets go after the encoder, after listening for the language, and after each `PIECE_TOKENS`.
        """
        with _translated("CTranslate2 could not recognise speech"):
            encoded = _encode(self._whisper, speech)
            if cancelled.is_set():
                return None
            language = self._language or self._core.detect_language(encoded)[0][0][0].strip("<|>")
            tokenizer = Tokenizer(
                self._whisper.hf_tokenizer, self._many_languages, task="transcribe", language=language
            )
            found = self._decode(encoded, tokenizer, most_tokens(len(speech)), cancelled)
            if found is None:
                return None
            tokens, log_prob, counted, no_speech = found
            if is_silence(no_speech, log_prob, counted):
                return NOTHING
            text = without_loops(tokenizer.decode(tokens).strip())
        return Hypothesis(text, log_prob, counted, language) if text else NOTHING

    def _decode(
        self, encoded: Any, tokenizer: Tokenizer, limit: int, cancelled: threading.Event
    ) -> tuple[list[int], float, int, float] | None:
        """Greedy decoding, piece by piece, without timestamps and without what was said before.

        Returns:
            The tokens, the sum of their log-probabilities, how many those were with the end, and the probability of no
            speech; None when cancelled.
        """
        prompt = [*tokenizer.sot_sequence, tokenizer.no_timestamps]
        suppressed = get_suppressed_tokens(tokenizer, [-1])
        tokens: list[int] = []
        log_prob, no_speech, ended = 0.0, 0.0, False
        while not ended and len(tokens) < limit and not loops_at_its_end(tokens):
            if cancelled.is_set():
                return None
            wanted = min(limit, len(tokens) + PIECE_TOKENS)
            (result,) = self._core.generate(
                encoded,
                [prompt + tokens],
                beam_size=1,
                length_penalty=0,  # the score is then the plain sum
                max_length=max(2 * wanted, len(prompt) + wanted),  # CTranslate2 takes half of it for the text
                return_scores=True,
                return_no_speech_prob=True,
                suppress_blank=not tokens,
                suppress_tokens=suppressed,
            )
            if not tokens:
                no_speech = float(result.no_speech_prob)
            tokens = [int(token) for token in result.sequences_ids[0]]  # from the first piece on
            log_prob += _checked(float(result.scores[0]))  # of this piece alone
            ended = len(tokens) < wanted
        return tokens, log_prob, len(tokens) + ended, no_speech

    def _on_card(self, folder: Path, card: int) -> Any:
        """The model on a card, where one encoding has been tried; None when that failed, for whatever reason."""
        _find_cublas()
        try:
            kind = _best(_ON_CARD, ctranslate2.get_supported_compute_types("cuda", card))
            whisper = WhisperModel(str(folder), "cuda", card, kind, cpu_threads=self._threads, local_files_only=True)
            _encode(whisper, np.zeros(SPEECH_RATE_HZ, np.float32))
        except (RuntimeError, ValueError, OSError) as error:
            print(f"CUDA cannot be used, so the processor is: {_reason(error)}", file=sys.stderr)  # noqa: T201 - the log
            return None
        self.device = Device.GPU
        return whisper

    def _on_processor(self, folder: Path) -> Any:
        with _translated(f"CTranslate2 cannot load {folder.name}", code="model-unreadable", remedy=_REMEDY):
            kind = _best(_ON_PROCESSOR, ctranslate2.get_supported_compute_types("cpu"))
            whisper: Any = WhisperModel(str(folder), "cpu", 0, kind, cpu_threads=self._threads, local_files_only=True)
            _encode(whisper, np.zeros(SPEECH_RATE_HZ, np.float32))
        return whisper


def _encode(whisper: Any, speech: Samples) -> Any:
    features = whisper.feature_extractor(speech)[..., :-1]
    if features.shape[0] != whisper.model.n_mels:
        raise ValueError(
            f"preprocessor_config.json asks for {features.shape[0]} mel bands, the model for {whisper.model.n_mels}"
        )
    return whisper.encode(pad_or_trim(features, whisper.feature_extractor.nb_max_frames))


def _checked(score: float) -> float:
    """The score, at most 0. One that is no number would end up as certainty."""
    if not math.isfinite(score):
        raise RuntimeFault("The speech recogniser gives no probabilities: the model is damaged.", remedy=_REMEDY)
    return min(0.0, score)


def _best(preferred: tuple[str, ...], supported: set[str]) -> str:
    return next((kind for kind in preferred if kind in supported), "default")


def _find_cublas() -> None:
    """Load cuBLAS from NVIDIA's package, where that is installed: nothing else puts it on the loader's path."""
    try:
        spec = importlib.util.find_spec("nvidia.cublas")
    except ModuleNotFoundError:
        return
    for place in (spec.submodule_search_locations or ()) if spec else ():
        for name in _CUBLAS:
            path = Path(place) / "lib" / name
            if path.is_file():
                ctypes.CDLL(str(path), ctypes.RTLD_GLOBAL)


@contextmanager
def _translated(what: str, code: str = "", remedy: str = "") -> Iterator[None]:
    try:
        yield
    except (RuntimeFault, Unavailable):
        raise
    except Exception as error:  # the tokenizer's library raises plain exceptions
        raise RuntimeFault(f"{what}: {_reason(error)}", code=code, remedy=remedy) from error


def _reason(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[-1] if lines else type(error).__name__
