from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from app.cli import runtimes
from app.cli.findings import State
from app.settings.paths import Paths
from models.registry import ENTRIES, Library


@pytest.mark.parametrize("backend_id", ["espeak-cpu", "silero-cpu"])
def test_a_backend_whose_library_and_weights_are_there(backend_id: str) -> None:
    finding = runtimes.backend(ENTRIES[backend_id])
    assert (finding.state, finding.remedy) == (State.OK, "")
    assert not finding.answers


def test_a_library_that_is_missing_has_the_command_that_mends_it() -> None:
    entry = dataclasses.replace(ENTRIES["llama-cpu"], libraries=(Library("no_such_library", "no-such-library"),))
    finding = runtimes.backend(entry)
    assert finding.state is State.MISSING
    assert "no-such-library" in finding.detail
    assert finding.remedy == "make llama"
    assert finding.answers


def test_weights_that_are_missing_are_named() -> None:
    entry = ENTRIES["espeak-cpu"]
    entry = dataclasses.replace(entry, backend=dataclasses.replace(entry.backend, model="no-such-voice"))
    finding = runtimes.backend(entry)
    assert finding.state is State.MISSING
    assert "no-such-voice" in finding.detail


def test_every_backend_that_comes_with_the_program_is_looked_at(tmp_path: Path) -> None:
    findings = tuple(runtimes.runtimes(Paths.under(tmp_path)))
    assert [finding.check for finding in findings] == list(ENTRIES)
    assert all(finding.title for finding in findings)


def test_installed_models_and_servers_are_told_and_looking_makes_nothing(tmp_path: Path) -> None:
    paths = Paths.under(tmp_path / "sotto")
    for check in (runtimes.installed, runtimes.servers):
        (finding,) = check(paths)
        assert finding.state is State.OK
        assert finding.detail.startswith("None")
    assert list(tmp_path.iterdir()) == []
    (paths.models_dir / "broken").mkdir(parents=True)
    (paths.models_dir / "broken" / "model.json").write_text("{")
    (finding,) = runtimes.installed(paths)
    assert (finding.state, "broken" in finding.detail) == (State.WARNING, True)
    paths.config_dir.mkdir(parents=True)
    paths.servers_file.write_text("servers:\n  - {id: lan, url: 'http://127.0.0.1:1/v1', model: large}\n")
    (finding,) = runtimes.servers(paths)
    assert finding.detail == "lan (not allowed)"
    paths.servers_file.write_text("servers: [")
    (finding,) = runtimes.servers(paths)
    assert finding.state is State.WARNING
    assert str(paths.servers_file) in finding.remedy
