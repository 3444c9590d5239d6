"""`sotto devices` for real on this machine, and the gates over real runtimes on the NPU's software path.

What devices this machine has is not asserted; that what is told of them holds together is.
"""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from app.aio.lease import CpuLease
from app.cli.columns import COLUMNS
from app.contracts.devices import Backend, Device, Presence
from app.contracts.errors import Unavailable
from app.contracts.ports import Runtime
from app.power.hardware.counters import Counters
from models.backends import Backends
from models.devices.exercise import REQUEST, exercise
from models.devices.likeness import trouble
from models.devices.machine import SystemMachine
from models.devices.selftest import SelfTest
from models.devices.witness import Witness
from models.hosted.base import Gate, HostedRuntime
from models.registry import Port
from tests.helpers.ports import SLOW, TestLibrary, TestMachine, cache_dir, installed_backends, missing
from tests.helpers.terminal import sotto

ON_NPU_PATH = tuple(
    key
    for port in (Port.SPEECH_TO_TEXT, Port.TEXT_TO_SPEECH, Port.EMBEDDING)
    for key in installed_backends(port)
    if "-npu:" in key
)
"""Recipes for the NPU, over its software path on the processor. A language model takes a minute there: the contract
suite and `tests/unit/models/llm/test_openvino_stateful.py` have one, and compare it with the processor."""
EMBEDDED = ("llama-cpu", "moonshine-cpu", "espeak-cpu", "llama-embed-cpu")


def _peer_id(backend_id: str) -> str:
    return backend_id.replace("-npu:", "-cpu:")


@asynccontextmanager
async def _backends(*gates: Gate) -> AsyncIterator[Backends]:
    backends = Backends(
        CpuLease(), machine=TestMachine(), library=TestLibrary(), limits=SLOW, gates=gates, cache_dir=cache_dir()
    )
    try:
        yield backends
    finally:
        await backends.aclose()


class _SaysNpu:
    """A gate that claims the NPU, as a runtime would that has one."""

    async def before_load(self, runtime: HostedRuntime) -> None:
        return None

    async def after_load(self, runtime: HostedRuntime, warm):
        return replace(warm, ran=runtime.backend.device)


def test_the_command_looks_at_this_machine(tmp_path: Path) -> None:
    environment = {**os.environ, "SOTTO_HOME": str(tmp_path)}
    shown = sotto(environment, "devices")
    assert (shown.returncode, shown.stderr) == (0, "")
    assert "Processor" in shown.stdout
    assert all(len(line) <= COLUMNS or line.startswith("  → ") for line in shown.stdout.splitlines())
    known = sotto(environment, "devices", "--known")
    assert known.stdout == shown.stdout
    devices = json.loads(sotto(environment, "devices", "--known", "--json").stdout)["devices"]
    assert {"npu", "igpu", "gpu", "cpu"} == {device["device"] for device in devices}
    for device in devices:
        assert (device["presence"] == Presence.READY) == (not device["reason"])
        assert all(support["usable"] == (not support["reason"]) for support in device["runtimes"])


async def test_what_is_found_is_what_the_program_starts_with(tmp_path: Path) -> None:
    found = await SystemMachine(tmp_path).refresh()
    later = SystemMachine(tmp_path)
    assert later.look() == found
    assert not later.stale
    (processor,) = (info for info in found if info.device is Device.CPU)
    assert processor.name
    assert dict(processor.facts)["cores"]


@pytest.mark.parametrize("backend_id", EMBEDDED)
async def test_the_embedded_models_pass_the_self_tests_own_measure(backend_id: str) -> None:
    async with _backends() as backends:
        if reason := backends.why_not(backend_id):
            pytest.skip(reason)
        runtime = backends.build(backend_id)
        await runtime.warm_up()
        outcome = await exercise(runtime)
        assert outcome is not None
        assert trouble(outcome, None) == ""
        assert trouble(outcome, outcome) == ""


@pytest.mark.parametrize("backend_id", ON_NPU_PATH)
async def test_models_on_the_npus_path_agree_with_the_processor(
    backend_id: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if reason := missing(backend_id):
        pytest.skip(reason)
    # A token takes ten times as long there as on what it stands for.
    monkeypatch.setattr("models.devices.exercise.REQUEST", replace(REQUEST, max_tokens=5))
    held: list[Backends] = []

    def peer(backend: Backend) -> Runtime:
        return held[0].build(_peer_id(backend.backend_id))

    gate = SelfTest(
        tmp_path, machine=TestMachine(), revision=lambda backend_id: held[0].revision(backend_id), peer=peer
    )
    async with _backends(gate) as backends:
        held.append(backends)
        runtime = backends.build(backend_id)
        assert (await runtime.warm_up()).ran is Device.CPU
        verdict = gate.verdict(runtime.backend)
        assert verdict is not None
        assert (verdict.trouble, verdict.compared) == ("", True)


async def test_a_runtime_that_runs_on_the_processor_is_found_out(tmp_path: Path) -> None:
    """The counter of a made-up NPU stands still, since what was loaded for it runs on the processor."""
    (backend_id, *_) = ON_NPU_PATH
    if reason := missing(backend_id):
        pytest.skip(reason)
    counter = tmp_path / "sys/class/accel/accel0/device/npu_busy_time_us"
    counter.parent.mkdir(parents=True)
    counter.write_text("12345\n", encoding="ascii")
    witness = Witness(counters=Counters(tmp_path))
    async with _backends(_SaysNpu(), witness) as backends:
        runtime = backends.build(backend_id)
        warm = await runtime.warm_up()
        assert warm.ran is Device.CPU
        assert (await runtime.warm_up()).ran is Device.CPU
    assert witness.heard[backend_id].proven


async def test_what_failed_its_self_test_is_not_left_running(tmp_path: Path) -> None:
    (backend_id, *_) = ON_NPU_PATH
    if reason := missing(backend_id):
        pytest.skip(reason)
    gate = SelfTest(tmp_path, machine=TestMachine(), revision=lambda _: "1")

    async def _try(_runtime: HostedRuntime) -> tuple[str, bool]:
        return "it wrote nothing", False

    gate._try = _try  # type: ignore[method-assign]
    async with _backends(_SaysNpu(), gate) as backends:
        runtime = backends.build(backend_id)
        with pytest.raises(Unavailable, match="it wrote nothing"):
            await runtime.warm_up()
        assert runtime.host.pid == 0
        with pytest.raises(Unavailable, match="it wrote nothing"):
            await runtime.warm_up()
