"""ONNX Runtime for the engines that run a graph themselves: speech recognition, voice activity and neural voices.

Why it exists: the runtime takes every core unless it is told not to, and its errors have to become ours. Only this
module imports onnxruntime; import it inside an engine's `load`.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime

from app.contracts.errors import RuntimeFault

Value = Any
"""A tensor the runtime holds; it goes from one run's outputs to the next one's inputs without being copied."""

_ERRORS_ONLY = 4
_LOOK_S = 0.01
"""So often a run that can be stopped looks whether it is to stop."""


class OnnxModel:
    """A graph on the processor.

    Args:
        path: A file in ONNX or ORT format.
        threads: Threads it may use, the caller's included.

    Raises:
        RuntimeFault: The file cannot be loaded (``model-unreadable``).
    """

    def __init__(self, path: Path, threads: int) -> None:
        options: Any = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
        options.log_severity_level = _ERRORS_ONLY
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            self._session: Any = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        except Exception as error:  # the runtime's exceptions have no common base but this
            raise RuntimeFault(
                f"ONNX Runtime cannot load {path.name}: {_reason(error)}",
                code="model-unreadable",
                remedy="Install the model again.",
            ) from error
        self.inputs: tuple[str, ...] = tuple(tensor.name for tensor in self._session.get_inputs())
        self.outputs: tuple[str, ...] = tuple(tensor.name for tensor in self._session.get_outputs())

    def shape_of(self, name: str) -> tuple[int | str, ...]:
        """Dimensions of an input or output; a name stands for one that is free.

        Raises:
            RuntimeFault: The graph has none of this name.
        """
        for tensor in (*self._session.get_inputs(), *self._session.get_outputs()):
            if tensor.name == name:
                return tuple(tensor.shape)
        raise RuntimeFault(f"The model has no tensor '{name}': it is another model.", code="model-unreadable")

    def run(self, feeds: Mapping[str, Value]) -> Sequence[Value]:
        """Run the graph; the outputs in the order of `outputs`.

        Raises:
            RuntimeFault: The runtime failed.
        """
        try:
            outputs: Sequence[Value] = self._session.run_with_ort_values(self.outputs, feeds, None)
        except Exception as error:
            raise RuntimeFault(f"ONNX Runtime failed: {_reason(error)}") from error
        return outputs

    def run_until(
        self, feeds: Mapping[str, npt.NDArray[Any]], cancelled: threading.Event
    ) -> Sequence[npt.NDArray[Any]] | None:
        """Run the graph on arrays; it stops within one node of the graph once the event is set.

        Returns:
            The outputs in the order of `outputs`, or None when it was stopped.

        Raises:
            RuntimeFault: The runtime failed.
        """
        options: Any = onnxruntime.RunOptions()
        try:
            with _stopping(options, cancelled):
                outputs: Sequence[npt.NDArray[Any]] = self._session.run(self.outputs, dict(feeds), options)
        except Exception as error:
            if cancelled.is_set():
                return None
            raise RuntimeFault(f"ONNX Runtime failed: {_reason(error)}") from error
        return None if cancelled.is_set() else outputs


@contextmanager
def _stopping(options: Any, cancelled: threading.Event) -> Iterator[None]:
    """Hand the event on to a run, from a thread of its own: the run itself looks at nothing but its options."""
    done = threading.Event()

    def watch() -> None:
        while not done.is_set():
            if cancelled.wait(_LOOK_S):
                options.terminate = True
                return

    watcher = threading.Thread(target=watch, name="onnx-stop", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()


def value(array: npt.NDArray[Any]) -> Value:
    """An array as a tensor of the runtime, which reads the same memory: leave the array unchanged."""
    return onnxruntime.OrtValue.ortvalue_from_numpy(np.ascontiguousarray(array))


def _reason(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
