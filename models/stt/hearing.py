"""The operations of a recogniser's engine: whole clips, and an utterance that is still being spoken.

Why it exists: every engine behind the port answers the same requests over the same voice gate; they differ in the model
they load.
"""

from __future__ import annotations

import threading
from abc import abstractmethod
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np

from app.contracts.audio import SPEECH_RATE_HZ
from app.contracts.devices import Device
from app.contracts.errors import RuntimeFault
from models.host.engine import Call, Engine, Operation, Reply
from models.libraries import importing
from models.pcm import read_samples

if TYPE_CHECKING:
    from models.stt.hypothesis import Recogniser
    from models.stt.utterance import Heard, Utterance
    from models.vad.silero_model import SileroModel


class HearingEngine(Engine):
    """A recogniser behind the voice gate. A subclass loads the model."""

    def __init__(self) -> None:
        self._model: Recogniser | None = None
        self._gate: SileroModel | None = None
        self._utterance: Utterance | None = None

    @abstractmethod
    def load_model(self) -> tuple[Recogniser, Device]:
        """Import the library and load the model.

        Returns:
            The model, and the device that really runs it.

        Raises:
            Unavailable: The library, a file or the device is not there.
            RuntimeFault: A file cannot be loaded.
        """

    def load(self) -> Device:
        """Load the recogniser and its voice gate and run both once. Raises as `load_model`."""
        model, device = self.load_model()
        with importing("ONNX Runtime", "onnxruntime"):
            from models.vad.silero_model import SileroModel, model_file
        gate = SileroModel(model_file())
        second = np.zeros(SPEECH_RATE_HZ, np.float32)
        frames = gate.stream().feed(second)
        model.transcribe(second, threading.Event(), np.ones_like(frames))  # as if it were speech
        self._model, self._gate = model, gate
        return device

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
        heard = utterance.hear(call.cancelled, call.alive)
        if heard is not None:
            yield _reply(heard)

    def _open(self, _call: Call) -> Iterator[Reply]:
        self._utterance = self._begin()
        yield from ()

    def _feed(self, call: Call) -> Iterator[Reply]:
        self._opened().add(read_samples(call.payload))
        yield from ()

    def _partial(self, call: Call) -> Iterator[Reply]:
        heard = self._opened().hear(call.cancelled, call.alive)
        if heard is not None:
            yield _reply(heard)  # with everything: one that covers all that was said is taken for the final text

    def _finish(self, call: Call) -> Iterator[Reply]:
        heard = self._opened().hear(call.cancelled, call.alive)
        if heard is not None:
            self._utterance = None
            yield _reply(heard)

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


def _reply(heard: Heard) -> Reply:
    return Reply(
        {
            "text": heard.text,
            "samples": heard.samples,
            "confidence": heard.confidence,
            "language": heard.language,
        },
    )
