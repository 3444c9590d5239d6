"""A whole Piper voice on OpenVINO's processor or graphics plugin.

For voices that cannot be split. The length of what a voice says comes out of the graph itself, so it goes to devices
that take graphs of any shape; the NPU does not. Every new length takes long: see `openvino_split`.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy.typing as npt

from app.contracts.devices import Device
from models.openvino.library import find_device
from models.tts.openvino_graph import OpenVinoGraph, make_core, read_graph
from models.tts.piper_session import Feeds, Samples, check_inputs, flat, whole


class OpenVinoPiper:
    """Implements `PiperSession`.

    Args:
        path: The ``.onnx`` file.
        target: ``CPU`` or ``GPU.<number>``.
        threads: Threads of the processor plugin.
        cache_dir: Where the graph compiled for a graphics device is kept; empty keeps nothing.

    Raises:
        Unavailable: The device is not there.
        RuntimeFault: The voice cannot be loaded, or is none.
    """

    def __init__(self, path: Path, target: str, threads: int, cache_dir: str = "") -> None:
        core = make_core()
        self._device = find_device(core, target)
        model = read_graph(core, path)
        check_inputs(path.name, frozenset(tensor.any_name for tensor in model.inputs))
        self._graph = OpenVinoGraph(core, model, target, threads, cache_dir, path.name)

    @property
    def device(self) -> Device:
        """Where it runs."""
        return self._device

    def stream(self, feeds: Feeds, cancelled: threading.Event) -> Iterator[Samples]:
        """One sentence at once; nothing when it was stopped."""
        sound = self._graph.run(feeds, cancelled)
        if sound is not None:
            yield flat(sound)

    def run(self, outputs: None, feeds: Feeds) -> list[npt.NDArray[Any]]:  # noqa: ARG002 - the library's signature
        """One sentence, whole."""
        return whole(self.stream(feeds, threading.Event()))
