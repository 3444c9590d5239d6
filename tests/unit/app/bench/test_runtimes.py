"""The parts of the runtimes' benchmark that judge, and the whole of it over the quickest runtime."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from app.aio.lease import CpuLease
from app.bench.runtimes import main
from app.bench.runtimes_cast import BenchLibrary, BenchMachine, candidates
from app.bench.runtimes_memory import growth
from app.bench.runtimes_text import agreement, stopwatch
from app.contracts.devices import Device, DeviceInfo, Presence
from app.power.energy.estimate import EstimatedPowerMonitor
from models.backends import Backends
from models.entries import PROCESSOR
from models.hosted.llm import HostedTextGenerator
from models.registry import Port
from tests.helpers.ports import hosted


def test_probabilities_are_compared_as_far_as_the_words_are_the_same() -> None:
    one = [("The", -0.5), (" capital", -0.2), (" is", -0.1), (" Paris", -0.3)]
    other = [("The", -0.4), (" capital", -0.2), (" of", -1.0), (" Paris", -0.3)]
    difference, tokens = agreement(one, other)
    assert (round(difference, 6), tokens) == (0.05, 2)
    assert agreement(one, one) == (0.0, 4)
    for nothing in ([], [("A", -0.5)], [("The", None)]):
        difference, tokens = agreement(one, nothing)
        assert math.isnan(difference)
        assert tokens == 0


def test_growth_compares_the_last_third_with_the_first() -> None:
    assert growth([100] * 9) == 0.0
    assert growth([100, 100, 500, 110, 110, 110]) == pytest.approx(10.0)
    assert growth([1, 2]) is None


def test_the_npu_path_stands_in_only_where_there_is_no_npu() -> None:
    npu = DeviceInfo(Device.NPU, "NPU", Presence.READY)
    absent = DeviceInfo(Device.NPU, "", Presence.ABSENT)
    assert BenchMachine([PROCESSOR, npu]).look() == (PROCESSOR, npu)
    path = BenchMachine([PROCESSOR, absent]).look()[-1]
    assert [support.target for support in path.runtimes] == ["NPU:CPU"]


def test_what_comes_with_the_program_is_compared_everywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SOTTO_TESTDATA", raising=False)
    backends = Backends(CpuLease(1), machine=BenchMachine([PROCESSOR]), library=BenchLibrary(tmp_path))
    found = candidates(backends, ports=[Port.TEXT, Port.TEXT_TO_SPEECH])
    assert [one.name for one in found][:2] == ["llama_cpu", "openvino_cpu"]
    assert "espeak_cpu" in {one.name for one in found}
    assert not {one.name for one in found} & {"llama_spare_cpu", "openvino_lookup_cpu"}


async def test_the_stopwatch_over_an_engine_without_a_model() -> None:
    port = hosted(HostedTextGenerator, "FakeLlmEngine")
    assert isinstance(port, HostedTextGenerator)
    try:
        measured = await stopwatch(port, EstimatedPowerMonitor())
        assert not port.host.pid
    finally:
        await port.aclose()
    assert len(measured.load_ms) == 3
    assert len(measured.first_token_ms) == len(measured.energies) == 5
    assert len(measured.cancel_decode_ms) == 10
    assert len(measured.cancel_prefill_ms) + measured.finished_prefills == 10
    assert (measured.killed, measured.answer.split()[:2]) == (0, ["one", "two"])


@pytest.mark.parametrize(
    ("arguments", "figures"),
    [
        ((), {"espeak_cpu_load_ms", "espeak_cpu_real_time_factor", "espeak_cpu_joules"}),
        (
            ("--memory", "--cycles", "3"),
            {
                "espeak_cpu_rss_growth_percent", "espeak_cpu_app_rss_growth_percent", "espeak_cpu_host_rss_mb",
                "espeak_cpu_leaked_processes",
            },
        ),
    ],
)  # fmt: skip
def test_it_prints_one_object(
    arguments: tuple[str, ...],
    figures: set[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("SOTTO_HOME", str(tmp_path))
    assert main(["--json", "--only", "espeak", *arguments]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["bench"] == "runtimes"
    assert set(report["figures"]) == figures
    assert all(figure["value"] is not None for figure in report["figures"].values())
