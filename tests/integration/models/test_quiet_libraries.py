"""No model library reports to its maker: importing one leaves no identifier of the machine behind."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from models.devices.probe import command
from models.host import launch

BUILDERS = ("CI", "TF_BUILD", "JENKINS_URL", "GITHUB_ACTIONS", "BUILD_ID")
"""Where these are set, the libraries keep quiet by themselves, and a test would prove nothing."""
CALM = "from models.quiet import refuse_telemetry; refuse_telemetry(); "


@pytest.mark.parametrize("imports", ["import onnxruntime", "import openvino, openvino_genai, openvino_tokenizers"])
def test_importing_a_library_writes_nothing_into_the_home_folder(tmp_path: Path, imports: str) -> None:
    _run([sys.executable, "-P", "-c", CALM + imports], tmp_path)
    assert _files(tmp_path) == []


def test_nor_does_the_look_for_devices(tmp_path: Path) -> None:
    assert "CPU" in _run(command("openvino"), tmp_path)
    assert _files(tmp_path) == []


@pytest.mark.parametrize("module", ["onnxruntime", "openvino_genai"])
def test_nor_does_the_doctor(tmp_path: Path, module: str) -> None:
    probe = f"from app.cli.probes import run_probe; run_probe('module', ['{module}'])"
    assert "version" in _run([sys.executable, "-P", "-c", probe], tmp_path)
    assert _files(tmp_path) == []


def _run(words: list[str] | tuple[str, ...], home: Path) -> str:
    """What a process wrote that was started as a host is, on a machine that builds nothing."""
    kept = {name: value for name, value in launch.environment().items() if name not in BUILDERS}
    return subprocess.run(
        list(words), env={**kept, "HOME": str(home)}, check=True, capture_output=True, text=True
    ).stdout


def _files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
