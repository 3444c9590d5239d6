from __future__ import annotations

import dataclasses

import pytest

from app.cli import runtimes
from app.cli.findings import State
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
