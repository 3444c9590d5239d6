"""Voice activity by silero: tells speech from everything else, frame by frame."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from app.contracts.devices import Device
from app.contracts.errors import RuntimeFault
from models.host.engine import Call, Engine, Operation, Reply
from models.libraries import importing, require_file
from models.pcm import read_samples

if TYPE_CHECKING:
    from models.vad.silero_model import SileroModel, SileroStream


class SileroEngine(Engine):
    """The silero model, version 6, on one thread.

    Args:
        model_path: Another ONNX file of the same model; empty takes the one faster-whisper carries.
    """

    def __init__(self, model_path: str = "") -> None:
        self._path = Path(model_path) if model_path else None
        self._model: SileroModel | None = None
        self._stream: SileroStream | None = None

    def load(self) -> Device:
        """Load the model and run one frame.

        Raises:
            Unavailable: The library or the file is not there.
            RuntimeFault: The file cannot be loaded.
        """
        with importing("ONNX Runtime", "onnxruntime"):
            from models.vad.silero_model import FRAME, SileroModel, model_file
        path = self._path or model_file()
        model = SileroModel(require_file(path, "The voice activity model", "Install the model again."))
        model.stream().feed(np.zeros(FRAME, np.float32))
        self._model, self._stream = model, model.stream()
        return Device.CPU

    def operations(self) -> Mapping[str, Operation]:
        """``vad.reset`` and ``vad.feed``."""
        return {"vad.reset": self._reset, "vad.feed": self._feed}

    def close(self) -> None:
        """Free the model."""
        self._model = self._stream = None

    def _reset(self, _call: Call) -> Iterator[Reply]:
        if self._model is not None:
            self._stream = self._model.stream()
        yield from ()

    def _feed(self, call: Call) -> Iterator[Reply]:
        if self._stream is None:
            raise RuntimeFault("The voice activity model is not loaded.")
        probabilities = self._stream.feed(read_samples(call.payload))
        yield Reply({"probabilities": [float(probability) for probability in probabilities]})
