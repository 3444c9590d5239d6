"""Every known task through a real host, most of them with an engine that has no model; and once with a model."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from statistics import median

import pytest

from app.aio.lease import CpuLease
from app.contracts.audio import SPEECH_RATE_HZ
from app.contracts.calibration import Measurement, PowerSource
from app.contracts.devices import Device
from app.contracts.energy import Energy, Provenance
from app.contracts.errors import InvalidInput
from app.contracts.ports import EnergySpan, PowerMonitor
from app.power.energy.estimate import EstimatedPowerMonitor
from app.power.energy.spans import BusySpan
from models.backends import Backends
from models.calibration.material import question
from models.calibration.measuring import measure
from models.devices.exercise import clip
from models.hosted.base import HostedRuntime
from models.hosted.embed import HostedEmbedder
from models.hosted.llm import HostedTextGenerator
from models.hosted.stt import HostedSpeechToText
from models.hosted.tts import HostedTextToSpeech
from models.hosted.vad import HostedVoiceActivity
from tests.helpers.hosts import host_processes
from tests.helpers.ports import hosted


class Meter(PowerMonitor):
    """Ten watts, and a note of what was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[Device, float]] = []

    def energy(self, device: Device, busy_s: float) -> Energy:
        self.asked.append((device, busy_s))
        return Energy(10.0 * busy_s, Provenance.MEASURED)

    def span(self, stage: str, backend_id: str, device: Device, busy: Callable[[], float]) -> EnergySpan:
        del stage, backend_id
        return BusySpan(self, device, busy)


@asynccontextmanager
async def closing(runtime: HostedRuntime) -> AsyncIterator[HostedRuntime]:
    try:
        yield runtime
    finally:
        await runtime.aclose()


async def measured(runtime: HostedRuntime, power: PowerMonitor | None = None, repeats: int = 2) -> Measurement:
    return await measure(runtime, power or Meter(), revision="r", power_source=PowerSource.BATTERY, repeats=repeats)


@pytest.mark.parametrize(
    ("cls", "engine", "figure"),
    [
        (HostedTextGenerator, "FakeLlmEngine", "tokens_per_s"),
        (HostedSpeechToText, "FakeSttEngine", "real_time_factor"),
        (HostedTextToSpeech, "FakeTtsEngine", "real_time_factor"),
        (HostedVoiceActivity, "FakeVadEngine", "real_time_factor"),
        (HostedEmbedder, "FakeEmbedEngine", "texts_per_s"),
    ],
)
async def test_each_port_has_its_figures_and_no_others(cls: type[HostedRuntime], engine: str, figure: str) -> None:
    meter = Meter()
    async with closing(hosted(cls, engine, 22_050)) as runtime:
        found = await measured(runtime, meter)
        assert not runtime.host.pid
    figures = {"tokens_per_s", "real_time_factor", "texts_per_s"}
    assert {name for name in figures if getattr(found, name) is not None} == {figure}
    assert getattr(found, figure) > 0.0
    assert (found.first_token_ms is not None) == (figure == "tokens_per_s")
    assert found.load_ms > 1.0
    assert {device for device, _ in meter.asked} == {Device.CPU}
    _, *counted = (busy_s for _, busy_s in meter.asked)
    assert found.energy == Energy(pytest.approx(10.0 * median(counted)), Provenance.MEASURED)
    assert (found.ran, found.revision, found.power_source) == (Device.CPU, "r", PowerSource.BATTERY)


async def test_what_was_loaded_is_loaded_afterwards_though_by_a_new_process() -> None:
    steps: list[tuple[int, int]] = []
    async with closing(hosted(HostedTextGenerator, "FakeLlmEngine")) as runtime:
        await runtime.warm_up()
        before = runtime.host.pid
        await measure(
            runtime,
            Meter(),
            revision="r",
            power_source=PowerSource.MAINS,
            repeats=1,
            on_step=lambda done, of: steps.append((done, of)),
        )
        assert runtime.host.pid not in (0, before)
        assert len(host_processes()) == 1
    assert steps == [(1, 3), (2, 3), (3, 3)]


async def test_an_engine_that_fails_is_unloaded_again() -> None:
    async with closing(hosted(HostedTextToSpeech, "FakeLlmEngine")) as runtime:
        with pytest.raises(InvalidInput, match="no operation 'speak'"):
            await measured(runtime)
        assert not runtime.host.pid


def test_no_two_known_questions_begin_alike() -> None:
    first, second = question(), question()
    assert first.messages[0].content[:20] != second.messages[0].content[:20]
    assert first.messages[1] == second.messages[1]


def test_the_known_recording_is_as_recognisers_take_it() -> None:
    sound = clip()
    assert sound.sample_rate_hz == SPEECH_RATE_HZ
    assert 1.0 < sound.seconds < 4.0


async def test_a_real_language_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("models.calibration.material.TOKENS", 6)
    backends = Backends(CpuLease(1))
    try:
        runtime = backends.build("llama-cpu")
        found = await measured(runtime, EstimatedPowerMonitor(), repeats=1)
    finally:
        await backends.aclose()
    assert found.tokens_per_s is not None
    assert found.first_token_ms is not None
    assert found.tokens_per_s > 1.0
    assert found.first_token_ms > 1.0
    assert found.energy is not None
    assert found.energy.provenance is Provenance.ESTIMATE
    assert found.energy.joules > 0.0
