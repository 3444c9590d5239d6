"""A run of ONNX Runtime that can be stopped."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest
from onnx import TensorProto, helper

from app.contracts.errors import RuntimeFault
from models.onnx import OnnxModel

STEPS = 400


@pytest.fixture(scope="module")
def slow(tmp_path_factory: pytest.TempPathFactory) -> OnnxModel:
    """Many products of matrices, one after the other."""
    nodes = [
        helper.make_node("MatMul", [f"x{step}", "x0"], [f"x{step + 1}"], name=f"step{step}") for step in range(STEPS)
    ]
    shape = ["n", "n"]
    graph = helper.make_graph(
        nodes,
        "slow",
        [helper.make_tensor_value_info("x0", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info(f"x{STEPS}", TensorProto.FLOAT, shape)],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 15)], ir_version=8)
    path = tmp_path_factory.mktemp("onnx") / "slow.onnx"
    path.write_bytes(model.SerializeToString())
    return OnnxModel(path, 1)


def identity(size: int) -> dict[str, np.ndarray]:
    return {"x0": np.eye(size, dtype=np.float32)}


def test_a_run_nobody_stops_gives_its_outputs(slow: OnnxModel) -> None:
    outputs = slow.run_until(identity(8), threading.Event())
    assert outputs is not None
    assert np.array_equal(outputs[0], np.eye(8))


def test_a_run_is_stopped_in_the_middle(slow: OnnxModel) -> None:
    """The whole of it would take minutes."""
    cancelled = threading.Event()
    began = time.monotonic()
    threading.Timer(0.05, cancelled.set).start()
    assert slow.run_until(identity(1600), cancelled) is None
    assert time.monotonic() - began < 20
    assert slow.run_until(identity(8), threading.Event()) is not None


def test_one_that_was_stopped_before_it_began_gives_nothing(slow: OnnxModel) -> None:
    cancelled = threading.Event()
    cancelled.set()
    assert slow.run_until(identity(8), cancelled) is None


def test_what_does_not_fit_is_an_error_of_ours(slow: OnnxModel) -> None:
    with pytest.raises(RuntimeFault, match="ONNX Runtime failed"):
        slow.run_until({"x0": np.zeros((2, 3), np.float32)}, threading.Event())
