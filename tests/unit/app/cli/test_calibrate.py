"""What `sotto calibrate` prints, and that it really measures and keeps what it measured."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest

from app.cli.calibrate import Outcome, as_json, as_text, calibrate
from app.cli.console import Console
from app.cli.parser import build_parser
from app.contracts.calibration import Measurement, PowerSource
from app.contracts.devices import Device
from app.contracts.energy import Energy, Provenance
from app.contracts.errors import Unavailable

TEXT = Measurement(
    backend_id="llama-cpu",
    model="m",
    ran=Device.CPU,
    revision="r",
    load_ms=131.4,
    first_token_ms=80.6,
    tokens_per_s=110.04,
    energy=Energy(0.612, Provenance.ESTIMATE),
)
VOICE = Measurement(
    backend_id="espeak-cpu",
    model="espeak-ng",
    ran=Device.CPU,
    revision="r",
    load_ms=50.0,
    real_time_factor=0.002,
    power_source=PowerSource.BATTERY,
)
ORDER = (("llama-cpu", "m", "llama-cpu first: 0.61 J (estimate) for a short answer, the least of two."),)
OUTCOME = Outcome(PowerSource.MAINS, (TEXT, VOICE), (), "starter", "battery", ORDER)
TABLE = """\
This machine runs on mains.

backend       ran on    load  first token  tokens/s  real time  texts/s  energy
llama-cpu     cpu     131 ms        81 ms     110.0          -        -  0.61 J estimate
espeak-cpu *  cpu      50 ms            -         -      0.002        -  -
* measured on the battery

Who answers with the profile starter (its goal: battery):
  llama-cpu first: 0.61 J (estimate) for a short answer, the least of two.
"""


def run(*arguments: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    code = calibrate(build_parser().parse_args(["calibrate", *arguments]), Console(out, err))
    return code, out.getvalue(), err.getvalue()


def test_the_table() -> None:
    assert as_text(OUTCOME) == TABLE
    none = as_text(replace(OUTCOME, measurements=(), source=PowerSource.BATTERY))
    assert none.startswith("This machine runs on the battery.\n\nNothing has been measured yet; ")


def test_the_json() -> None:
    found = json.loads(as_json(replace(OUTCOME, failed=(("piper-cpu", "No."),))))
    assert found["power_source"] == "mains"
    assert found["measurements"][0]["energy"] == {"joules": 0.612, "provenance": "estimate"}
    assert found["failed"] == [{"backend": "piper-cpu", "reason": "No."}]
    assert found["profile"] == {
        "id": "starter",
        "goal": "battery",
        "order": [{"backend": "llama-cpu", "model": "m", "reason": ORDER[0][2]}],
    }


def test_it_measures_keeps_and_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOTTO_HOME", str(tmp_path))
    code, out, err = run("espeak-cpu", "--json")
    assert (code, err) == (0, "")
    (measured,) = json.loads(out)["measurements"]
    assert (measured["backend_id"], measured["ran"]) == ("espeak-cpu", "cpu")
    assert measured["real_time_factor"] > 0.0
    code, out, _ = run("--show")
    assert code == 0
    assert "espeak-cpu" in out
    assert "Who answers with the profile starter" in out


def test_a_backend_that_is_not_there_is_told_before_anything_is_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOTTO_HOME", str(tmp_path))
    with pytest.raises(Unavailable, match="nonsense-cpu"):
        run("espeak-cpu", "nonsense-cpu")
    assert not (tmp_path / "data" / "machine" / "measurements.json").exists()
