"""The NPU's software path compiled for real in the background, kept, and loaded from what was kept."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from app.aio.lease import CpuLease
from app.contracts.devices import Device
from app.contracts.errors import Unavailable
from app.contracts.events import JobProgress, SystemEvent
from app.contracts.text import ChatMessage, GenerationRequest, Role
from models.backends import Backends
from models.compiled.blobs import CompiledModels, Found
from models.compiled.gate import CompileGate
from models.residency import Residency
from tests.helpers.ports import TestLibrary, TestMachine, missing
from tests.helpers.waiting import until

NPU = "openvino-npu:smollm2-135m-ov-int4"


async def test_the_processor_answers_until_the_npu_is_ready(tmp_path: Path) -> None:
    if reason := missing(NPU):
        pytest.skip(reason)
    told: list[SystemEvent] = []
    models = CompiledModels(tmp_path)
    machine = TestMachine()
    gate = CompileGate(models, machine=machine, threads=2, on_event=told.append)
    residency = Residency()
    backends = Backends(
        CpuLease(), machine=machine, library=TestLibrary(), gates=[gate, residency], cache_for=gate.cache_for
    )
    gate.attach(backends)
    residency.attach(backends)
    ladder = backends.text([NPU, "llama-cpu"])
    try:
        await ladder.warm_up()
        assert not backends.build(NPU).host.pid
        assert backends.build("llama-cpu").host.pid
        assert await _answer(backends, "llama-cpu")
        await until(lambda: any(isinstance(event, JobProgress) and event.done for event in told), 110.0)
        assert next(event.name for event in told if isinstance(event, JobProgress)).startswith("Compile smollm2")
        key = gate.key(backends.entries[NPU])
        assert models.look(key) is Found.WHOLE
        blobs = [path for path in models.place(key).rglob("*.blob") if path.is_file()]
        assert sum(path.stat().st_size for path in blobs) > 1_000_000
        before = {path: path.stat().st_mtime_ns for path in blobs}
        warm = await backends.build(NPU).warm_up()
        assert warm.ran is Device.CPU  # the software path of the NPU
        assert "Paris" in await _answer(backends, NPU)
        after = {path: path.stat().st_mtime_ns for path in models.place(key).rglob("*.blob")}
        assert after == before
        await backends.build(NPU).host.unload()
        blobs[0].write_bytes(b"x" + blobs[0].read_bytes()[1:])
        with pytest.raises(Unavailable) as refused:
            await backends.build(NPU).warm_up()
        assert refused.value.code == "compiling"
    finally:
        await gate.aclose()
        await residency.aclose()
        await backends.aclose()
    assert not [path for path in os.listdir(tmp_path) if "making" in path]


async def _answer(backends: Backends, key: str) -> str:
    asked = (ChatMessage(Role.USER, "What is the capital of France?"),)
    request = GenerationRequest(asked, max_tokens=12, temperature=0.0)
    return "".join([piece.text async for piece in backends.text_port(key).generate(request)])
