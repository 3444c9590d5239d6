"""One graph of a voice on one of OpenVINO's devices: compiled as speech needs it, and stopped when it is told to.

Why it exists: the whole voice and its two halves are compiled and run alike, and every error of the library has to
become one of ours. Only this module, `openvino_split` and `openvino_speech_session` import the library here.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import openvino

from models.openvino.library import translated
from models.openvino.target import compiles_for, is_npu, plugin, software_path

_LOOK_MS = 10
"""So often a run looks whether it is to stop."""


def make_core() -> Any:
    """The library's entrance."""
    return openvino.Core()


def read_graph(core: Any, path: Path) -> Any:
    """A graph from an ONNX file, changed by nothing.

    Raises:
        RuntimeFault: It cannot be read (``model-unreadable``).
    """
    with translated(f"OpenVINO cannot read {path.name}", code="model-unreadable"):
        return core.read_model(str(path))


class OpenVinoGraph:
    """A compiled graph. Used from one thread.

    Args:
        core: The library's entrance.
        model: The graph.
        target: ``CPU``, ``GPU.0``, ``NPU``, or the NPU's software path.
        threads: Threads of the processor plugin.
        cache_dir: Where the compiled graph is kept; empty keeps nothing.
        name: What it is called in sentences.

    Raises:
        RuntimeFault: The device does not take the graph.
    """

    def __init__(self, core: Any, model: Any, target: str, threads: int, cache_dir: str, name: str) -> None:
        self._name = name
        options: dict[str, object] = {"PERFORMANCE_HINT": "LATENCY", **software_path(target)}
        if target == "CPU":
            options["INFERENCE_NUM_THREADS"] = threads
        if not is_npu(target):
            options["INFERENCE_PRECISION_HINT"] = "f32"
        elif target != "NPU":
            options["NPU_USE_NPUW"] = "YES"
        if cache_dir and compiles_for(target):
            options["CACHE_DIR"] = cache_dir
        with translated(f"OpenVINO cannot prepare {name} for {target}"):
            compiled: Any = core.compile_model(model, plugin(target), options)
            self._request: Any = compiled.create_infer_request()
        self.inputs = frozenset(tensor.any_name for tensor in compiled.inputs)

    def run(self, feeds: Mapping[str, npt.NDArray[Any]], cancelled: threading.Event) -> npt.NDArray[Any] | None:
        """Its first output; None when it was stopped.

        Raises:
            RuntimeFault: The device failed.
        """
        with translated(f"OpenVINO could not run {self._name}"):
            self._request.start_async(dict(feeds))
            while not self._request.wait_for(_LOOK_MS):
                if cancelled.is_set():
                    self._stop()
                    return None
            if cancelled.is_set():
                return None
            return np.array(self._request.get_output_tensor(0).data)

    def _stop(self) -> None:
        """Ask the device to stop, and wait until it has: the library answers that with an error."""
        self._request.cancel()
        try:
            self._request.wait()
        except RuntimeError as error:
            if "cancel" not in str(error).lower():
                raise
