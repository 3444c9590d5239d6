"""Speech recognition by moonshine: whole clips, and an utterance that is still being spoken."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from app.contracts.audio import SPEECH_RATE_HZ
from app.contracts.devices import Device
from app.contracts.errors import RuntimeFault
from models.host.engine import Call, Engine, Operation, Reply
from models.libraries import importing, package_folder, require_file
from models.pcm import read_samples

if TYPE_CHECKING:
    from models.stt.moonshine_model import MoonshineModel
    from models.stt.utterance import Heard, Utterance
    from models.vad.silero_model import SileroModel

_FILES = ("encoder_model.ort", "decoder_model_merged.ort", "tokenizer.bin")
_REMEDY = "Install it again: python -m pip install --force-reinstall --no-deps 'moonshine-voice<=0.0.55'"


class MoonshineEngine(Engine):
    """Moonshine tiny for English, on the processor.

    Its weights come from the wheel of moonshine-voice; that library itself is not imported.

    Args:
        threads: Threads of the runtime.
        model_path: A folder with another moonshine model; empty takes the wheel's.
    """

    def __init__(self, threads: int = 1, model_path: str = "") -> None:
        self._threads = max(1, threads)
        self._path = Path(model_path) if model_path else None
        self._model: MoonshineModel | None = None
        self._gate: SileroModel | None = None
        self._utterance: Utterance | None = None

    def load(self) -> Device:
        """Load the recogniser and its voice gate and run both once.

        Raises:
            Unavailable: The library or a file is not there.
            RuntimeFault: A file cannot be loaded.
        """
        folder = self._path or package_folder("moonshine_voice", "moonshine-voice") / "assets" / "tiny-en"
        for name in _FILES:
            require_file(folder / name, "A file of the speech recogniser", _REMEDY)
        with importing("ONNX Runtime", "onnxruntime"):
            from models.stt.moonshine_model import MoonshineModel
            from models.vad.silero_model import SileroModel, model_file
        gate = SileroModel(model_file())
        model = MoonshineModel(folder, self._threads)
        second = np.zeros(SPEECH_RATE_HZ, np.float32)
        gate.stream().feed(second)
        model.transcribe(second, threading.Event())
        self._model, self._gate = model, gate
        return Device.CPU

    def operations(self) -> Mapping[str, Operation]:
        """``transcribe`` and the operations on a stream."""
        return {
            "transcribe": self._transcribe,
            "stream.open": self._open,
            "stream.feed": self._feed,
            "stream.partial": self._partial,
            "stream.finish": self._finish,
            "stream.drop": self._drop,
        }

    def close(self) -> None:
        """Free the models."""
        self._model = self._gate = self._utterance = None

    def _transcribe(self, call: Call) -> Iterator[Reply]:
        utterance = self._begin()
        utterance.add(read_samples(call.payload))
        heard = utterance.hear(call.cancelled)
        if heard is not None:
            yield _final(heard)

    def _open(self, _call: Call) -> Iterator[Reply]:
        self._utterance = self._begin()
        yield from ()

    def _feed(self, call: Call) -> Iterator[Reply]:
        self._opened().add(read_samples(call.payload))
        yield from ()

    def _partial(self, call: Call) -> Iterator[Reply]:
        heard = self._opened().hear(call.cancelled)
        if heard is not None:
            yield Reply({"text": heard.text, "samples": heard.samples})

    def _finish(self, call: Call) -> Iterator[Reply]:
        heard = self._opened().hear(call.cancelled)
        if heard is not None:
            self._utterance = None
            yield _final(heard)

    def _drop(self, _call: Call) -> Iterator[Reply]:
        self._utterance = None
        yield from ()

    def _begin(self) -> Utterance:
        from models.stt.utterance import Utterance

        if self._model is None or self._gate is None:
            raise RuntimeFault("The speech recogniser is not loaded.")
        return Utterance(self._model, self._gate.stream())

    def _opened(self) -> Utterance:
        if self._utterance is None:
            raise RuntimeFault("No utterance is being recognised.", code="no-stream")
        return self._utterance


def _final(heard: Heard) -> Reply:
    return Reply(
        {"text": heard.text, "samples": heard.samples, "confidence": heard.confidence, "language": "en"},
    )
