"""How a host process is started."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from models.host import launch


def test_our_own_interpreter_and_never_the_working_directory() -> None:
    program, *flags, engine, options = launch.command("a.b:C", {"threads": 1, "path": "ü x"})
    assert program == sys.executable
    assert flags == ["-P", "-m", "models.host"]
    assert engine == "a.b:C"
    assert json.loads(options) == {"threads": 1, "path": "ü x"}


def test_a_frozen_program_runs_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setenv("PYTHONPATH", "elsewhere")
    assert launch.command("a.b:C", {})[:3] == (sys.executable, "--host", "a.b:C")
    assert launch.environment()["PYTHONPATH"] == "elsewhere"


def test_a_checkout_is_put_on_the_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "elsewhere")
    assert launch.environment()["PYTHONPATH"] == f"{launch.home()}{os.pathsep}elsewhere"
    monkeypatch.delenv("PYTHONPATH")
    assert launch.environment()["PYTHONPATH"] == str(launch.home())


def test_an_installation_is_found_without_help(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(launch, "home", lambda: tmp_path / "site-packages")
    monkeypatch.delenv("PYTHONPATH", raising=False)
    assert "PYTHONPATH" not in launch.environment()


def test_no_network_and_no_telemetry() -> None:
    variables = launch.environment()
    assert variables["HF_HUB_OFFLINE"] == "1"
    assert variables["HF_HUB_DISABLE_TELEMETRY"] == "1"
    assert variables["DO_NOT_TRACK"] == "1"
    assert variables["ORT_DISABLE_TELEMETRY"] == "1"
