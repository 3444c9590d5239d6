"""A Piper voice on ONNX Runtime, with no more threads than it was given. It stops in the middle of a sentence."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy.typing as npt

from app.contracts.devices import Device
from models.onnx import OnnxModel
from models.tts.piper_session import Feeds, Samples, check_inputs, flat, whole


class OnnxPiper:
    """Implements `PiperSession` on the processor.

    Args:
        path: The ``.onnx`` file.
        threads: Threads it may use, the caller's included.

    Raises:
        RuntimeFault: It cannot be loaded, or is no voice (``model-unreadable``).
    """

    device = Device.CPU

    def __init__(self, path: Path, threads: int) -> None:
        self._model = OnnxModel(path, threads)
        check_inputs(path.name, frozenset(self._model.inputs))

    def stream(self, feeds: Feeds, cancelled: threading.Event) -> Iterator[Samples]:
        """One sentence at once; nothing when it was stopped."""
        outputs = self._model.run_until(feeds, cancelled)
        if outputs is not None:
            yield flat(outputs[0])

    def run(self, outputs: None, feeds: Feeds) -> list[npt.NDArray[Any]]:  # noqa: ARG002 - the library's signature
        """One sentence, whole."""
        return whole(self.stream(feeds, threading.Event()))
