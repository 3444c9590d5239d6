"""A Whisper model in OpenVINO GenAI's pipeline: a stretch of speech in, words out.

Why it exists: everything of this engine that touches the library is here, and every `RuntimeError` becomes one of ours.
"""

from __future__ import annotations

import json
import math
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import openvino
import openvino_genai

from app.contracts.audio import SPEECH_RATE_HZ
from app.contracts.errors import RuntimeFault
from models.openvino.library import find_device, reason_of, translated
from models.openvino.target import NPU_ON_CPU, compiles_for, is_npu, plugin, software_path
from models.pcm import Samples
from models.stt.hypothesis import NOTHING, Activity, Hypothesis
from models.stt.plausibility import plausibility
from models.stt.repeats import loops_at_its_end, without_loops
from models.stt.whisper import check_language, most_tokens, persons_language, plain_language

_TOO_SHORT = 200
"""The library refuses so few samples."""
_LOST = "DEVICE_LOST"
"""What an NPU or a graphics processor says when its driver gave it up; some do not recover."""
_GO_ON = openvino_genai.StreamingStatus.RUNNING
_CANCEL = openvino_genai.StreamingStatus.CANCEL


class OpenVinoWhisperModel:
    """A loaded pipeline. One request at a time, whatever thread it comes from.

    Args:
        folder: With every file of `models.stt.openvino_whisper.FILES`.
        target: As `models.stt.openvino_whisper.OpenVinoWhisperEngine` takes its device.
        threads: Threads of the processor plugin.
        cache_dir: Where compiled models are kept for graphics and the NPU; empty for nowhere.
        language: BCP 47 tag to hold it to; empty lets it listen for the language.

    Attributes:
        device: Where it runs.

    Raises:
        Unavailable: The device is not there, or the model does not know the language.
        RuntimeFault: The folder cannot be loaded.
    """

    def __init__(self, folder: Path, target: str, threads: int, cache_dir: str = "", language: str = "") -> None:
        self.device = find_device(openvino.Core(), target)
        self._lock = threading.Lock()
        self._many_languages, self._known = _languages(folder)
        check_language(language, self._known, folder.name)
        properties: dict[str, object] = dict(software_path(target))
        if target == NPU_ON_CPU:
            properties["NPU_USE_NPUW"] = "YES"  # the encoder is compiled without it otherwise
        elif target == "CPU":
            properties["INFERENCE_NUM_THREADS"] = threads
        if cache_dir and compiles_for(target):
            properties["CACHE_DIR"] = cache_dir
        self._made_anew = False
        self._make: Callable[[], Any] = lambda: openvino_genai.WhisperPipeline(
            str(folder), plugin(target), **properties
        )
        with translated(f"OpenVINO cannot load {folder.name} on {target}", code="model-unreadable"):
            self._pipeline: Any = self._make()
        self._language = language or self._fixed_language(target)

    def transcribe(self, speech: Samples, cancelled: threading.Event, activity: Activity) -> Hypothesis | None:
        """Words of one stretch of less than 30 s; None when cancelled. It lets go after the encoder, at every token."""
        if len(speech) <= _TOO_SHORT:
            return NOTHING
        with self._lock, translated("OpenVINO could not recognise speech"):
            result, listener = self._recognise(speech, cancelled)
        if cancelled.is_set():
            return None
        text = without_loops(str(result.texts[0]).strip())
        if not text:
            return NOTHING
        tokens = max(1, len(listener.tokens))
        language = plain_language(str(result.language or "")) or self._language
        return Hypothesis(text, tokens * math.log(plausibility(text, activity)), tokens, language)

    def _recognise(self, speech: Samples, cancelled: threading.Event) -> tuple[Any, _Listener]:
        """One request; when the device was lost, once in the life of this engine, another on a new pipeline."""
        listener = _Listener(cancelled)
        try:
            return self._generate(speech, listener, self._language, most_tokens(len(speech))), listener
        except RuntimeError as error:
            if _LOST not in str(error).upper():
                raise
            if self._made_anew:
                raise _lost() from error
        self._made_anew = True
        self._pipeline = None  # it has to be gone before another is made
        self._pipeline = self._make()
        return self._recognise(speech, cancelled)

    def _generate(self, speech: Samples, listener: _Listener, language: str, limit: int) -> Any:
        if self._pipeline is None:
            raise _lost()
        more = {"language": f"<|{language}|>"} if language and self._many_languages else {}
        if self._many_languages:
            more["task"] = "transcribe"
        return self._pipeline.generate(speech, streamer=listener, max_new_tokens=limit, return_timestamps=False, **more)

    def _fixed_language(self, target: str) -> str:
        """The language to hold it to: none where the device can listen for it."""
        if not self._many_languages:
            return "en"
        if not is_npu(target):
            return ""
        second = np.zeros(SPEECH_RATE_HZ, np.float32)
        try:
            self._generate(second, _Listener(threading.Event()), "", 2)
        except RuntimeError as error:  # listening for it is a prefill of one token, which some NPU drivers cannot do
            language = persons_language(self._known)
            print(f"No language detection on {target}, '{language}' is taken: {reason_of(error)}", file=sys.stderr)  # noqa: T201 - the log
            return language
        return ""


class _Listener(openvino_genai.StreamerBase):  # type: ignore[misc]
    """Hears of every token. The library swallows exceptions in here and goes on, so there must be none."""

    def __init__(self, cancelled: threading.Event) -> None:
        super().__init__()
        self._cancelled = cancelled
        self.tokens: list[int] = []

    def write(self, token: int | Sequence[int]) -> Any:
        """Whether to go on after this token."""
        if isinstance(token, int):
            self.tokens.append(token)
        else:
            self.tokens.extend(token)
        return _CANCEL if self._cancelled.is_set() or loops_at_its_end(self.tokens) else _GO_ON

    def end(self) -> None:
        """Nothing is held back."""


def _lost() -> RuntimeFault:
    return RuntimeFault(
        "The device was lost and does not come back.",
        code="device-lost",
        remedy="Reload its driver or restart the computer.",
    )


def _languages(folder: Path) -> tuple[bool, tuple[str, ...]]:
    """Whether the model knows several languages, and which."""
    try:
        config = json.loads((folder / "generation_config.json").read_text("utf-8"))
        known = config.get("lang_to_id") or {}
        many = bool(config.get("is_multilingual", bool(known)))
        return many, tuple(plain_language(tag) for tag in known) if many else ("en",)
    except (OSError, ValueError, AttributeError, TypeError, RecursionError) as error:
        raise RuntimeFault(
            f"OpenVINO cannot load {folder.name}: generation_config.json cannot be read: {error}.",
            code="model-unreadable",
            remedy="Install the model again.",
        ) from error
