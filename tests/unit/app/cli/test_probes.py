from __future__ import annotations

from pathlib import Path

import pytest

from app.cli import probes


def test_a_library_that_loads() -> None:
    answer = probes.ask("module", "numpy")
    assert answer.error == ""
    assert answer.fields["version"]


def test_a_library_that_is_missing_is_an_answer() -> None:
    answer = probes.ask("module", "no_such_library")
    assert "no_such_library" in answer.error


def test_a_child_that_talks_nonsense_is_an_answer() -> None:
    assert probes.ask("no-such-probe").error.startswith("it failed: ")


def test_a_child_that_hangs_is_ended() -> None:
    assert probes.ask("qt", timeout_s=0.01).error.startswith("it did not answer within")


def test_a_library_that_crashes_is_an_answer(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    crash = "import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)\n"
    (tmp_path / "crashing_library.py").write_text(crash, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    assert probes.ask("module", "crashing_library").error == "it crashed (SIGSEGV)"


def test_every_library_names_its_package() -> None:
    packages = probes.library_packages()
    assert packages["libportaudio.so.2"] == "libportaudio2"
    assert all(name.startswith("lib") and ".so." in name for name in packages)
    assert all(package.startswith("lib") and "|" not in package for package in packages.values())
