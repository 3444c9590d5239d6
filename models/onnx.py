"""ONNX Runtime for the engines that run a graph themselves: speech recognition and voice activity.

Why it exists: the runtime takes every core unless it is told not to, and its errors have to become ours. Only this
module imports onnxruntime; import it inside an engine's `load`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime

from app.contracts.errors import RuntimeFault

Value = Any
"""A tensor the runtime holds; it goes from one run's outputs to the next one's inputs without being copied."""

_ERRORS_ONLY = 4


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


def value(array: npt.NDArray[Any]) -> Value:
    """An array as a tensor of the runtime, which reads the same memory: leave the array unchanged."""
    return onnxruntime.OrtValue.ortvalue_from_numpy(np.ascontiguousarray(array))


def _reason(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
