"""`sotto devices` as a command, and what `sotto doctor` says of devices."""

from __future__ import annotations

import argparse
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from app.cli import checks
from app.cli import devices as command
from app.cli.console import Console
from app.cli.findings import Finding, State
from app.settings.paths import Paths
from models.compiled.blobs import CompiledKey, CompiledModels
from models.devices import selftest
from models.devices.machine import SystemMachine
from models.devices.selftest import Verdict
from tests.helpers.machines import recorded

KEY = CompiledKey(model="m", device="NPU", engine="e:E", revision="1", runtime="1", driver="1", options="{}")
Run = Callable[..., tuple[str, str]]


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return Paths.under(tmp_path / "home")


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, paths: Paths) -> Run:
    """The command on a recorded machine: what it wrote to standard output and to standard error."""
    source = recorded("core-ultra-no-permission", tmp_path / "root")
    monkeypatch.setattr(command, "SystemMachine", source.machine)
    monkeypatch.setattr(Paths, "default", lambda: paths)

    def call(*, known: bool = False, as_json: bool = False) -> tuple[str, str]:
        out, err = io.StringIO(), io.StringIO()
        options = argparse.Namespace(command="devices", known=known, json=as_json)
        assert command.devices(options, Console(out, err)) == 0
        return out.getvalue(), err.getvalue()

    return call


def test_it_looks_and_keeps_what_it_found(run: Run, paths: Paths) -> None:
    out, err = run()
    assert "sudo usermod -aG render $USER" in out
    assert err == ""
    assert (paths.machine_dir / "devices.json").is_file()
    assert run(known=True) == (out, "")


def test_known_without_a_look_says_how_to_get_one(run: Run) -> None:
    out, err = run(known=True)
    assert out.startswith("Processor: Intel(R) Core(TM) Ultra 7 155H\n  ready\n")
    assert "NPU" not in out
    assert "`sotto devices` looks" in err


def test_json_is_one_object(run: Run) -> None:
    assert json.loads(run(known=True, as_json=True)[0])["looked_at_s"] is None
    found = json.loads(run(as_json=True)[0])
    assert found["looked_at_s"] > 0
    assert [device["device"] for device in found["devices"]] == ["npu", "igpu", "gpu", "cpu"]
    assert found["devices"][0]["presence"] == "no-permission"


def test_a_look_lets_failed_models_be_tried_again_and_known_does_not(run: Run, paths: Paths) -> None:
    verdicts = {"a": Verdict("x", "it wrote nothing", False, 1.0), "b": Verdict("x", "", True, 1.0)}
    selftest._write(paths.machine_dir, verdicts)
    compiled = CompiledModels(paths.compiled_dir)
    compiled.remember(KEY, failed="The compiler ended.", rebuilt=True)
    run(known=True)
    assert set(selftest.read(paths.machine_dir)) == {"a", "b"}
    assert compiled.verdict(KEY).failed
    run()
    assert set(selftest.read(paths.machine_dir)) == {"b"}
    assert not compiled.verdict(KEY).failed


async def _doctor(
    name: str, paths: Paths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, look: bool = True
) -> dict[str, Finding]:
    source = recorded(name, tmp_path / "root")
    if look:
        await source.machine(paths.machine_dir).refresh()
    monkeypatch.setattr(checks, "SystemMachine", source.machine)
    found = {finding.check: finding for finding in checks.devices(paths)}
    assert len(source.wanted) == look  # doctor itself asks nobody
    return found


async def test_doctor_tells_what_a_person_can_mend(
    paths: Paths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = await _doctor("core-ultra-no-npu-driver", paths, tmp_path, monkeypatch)
    assert found["device-npu"].state is State.WARNING
    assert found["device-npu"].remedy.startswith("sudo apt-get install -y intel-driver-compiler-npu")
    assert found["device-igpu"].state is State.OK
    assert found["device-igpu"].detail == "Intel(R) Arc(TM) Graphics (iGPU) (openvino as GPU.0)"
    assert set(found) == {"device-npu", "device-igpu"}


@pytest.mark.parametrize(("name", "check"), [("ryzen-ai", "device-npu"), ("laptop-rtx-asleep", "device-gpu")])
async def test_what_cannot_or_need_not_be_mended_is_no_warning(
    name: str, check: str, paths: Paths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    finding = (await _doctor(name, paths, tmp_path, monkeypatch))[check]
    assert finding.state is State.OK
    assert finding.remedy == ""


async def test_doctor_on_a_processor_alone(paths: Paths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = await _doctor("plain-cpu", paths, tmp_path, monkeypatch)
    assert [(finding.state, finding.detail) for finding in found.values()] == [(State.OK, "The processor alone")]


async def test_doctor_says_when_nobody_has_looked(
    paths: Paths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = await _doctor("core-ultra", paths, tmp_path, monkeypatch, look=False)
    assert (found["devices"].state, found["devices"].remedy) == (State.WARNING, "sotto devices")
    assert "Nobody has looked" in found["devices"].detail


async def test_doctor_says_when_a_driver_has_changed(
    paths: Paths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = recorded("core-ultra", tmp_path / "root")
    await source.machine(paths.machine_dir).refresh()

    def updated(folder: Path) -> SystemMachine:
        return SystemMachine(folder, tree=source.tree, stamp=lambda _: {"library openvino": "2"})

    monkeypatch.setattr(checks, "SystemMachine", updated)
    (finding,) = checks.devices(paths)
    assert "have changed" in finding.detail


async def test_doctor_tells_of_failed_self_tests(paths: Paths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    failed = Verdict("npu", "it wrote nothing", True, 1.0)
    selftest._write(paths.machine_dir, {"openvino-npu:m": failed, "openvino-npu:n": Verdict("npu", "", True, 1.0)})
    CompiledModels(paths.compiled_dir).remember(KEY, failed="The compiler ended.")
    found = await _doctor("core-ultra", paths, tmp_path, monkeypatch)
    assert found["compile"].detail == "m for NPU failed: The compiler ended."
    assert found["self-test"].detail == "openvino-npu:m failed: it wrote nothing."
    assert found["self-test"].state is State.WARNING
