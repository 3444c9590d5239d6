"""From a profile's tiers to those of this machine."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from app.aio.lease import CpuLease
from app.bootstrap.ladders import ladders_of
from app.contracts.calibration import Goal, Measurement
from app.contracts.devices import Device, Tier
from app.contracts.energy import Energy, Provenance
from app.settings.paths import asset
from app.settings.profiles import Profile, ProfileStore
from models.backends import Backends
from models.embedded import SMOLLM2
from models.fakes.llm import FakeTextGenerator
from models.fakes.system import FakeCalibrator
from models.store.model import InstalledModel, ModelFormat

PROFILES = ProfileStore(asset("profiles"), Path("/nonexistent"))


class Library:
    def __init__(self, *models: InstalledModel) -> None:
        self.models = models

    def installed_models(self) -> tuple[InstalledModel, ...]:
        return self.models


@pytest.fixture
def library(tmp_path: Path) -> Library:
    path = tmp_path / "qwen.gguf"
    path.write_bytes(b"GGUF")
    return Library(InstalledModel("qwen", ModelFormat.GGUF, path, 4, "1", parameters=500_000_000))


@pytest.fixture
async def backends(library: Library) -> AsyncIterator[Backends]:
    made = Backends(CpuLease(1), library=library)
    yield made
    await made.aclose()


def profile(profile_id: str = "balanced", **changes: object) -> Profile:
    return replace(PROFILES.load(profile_id), **changes)  # type: ignore[arg-type]


def measured(backend_id: str, joules: float, first_token_ms: float) -> Measurement:
    return Measurement(
        backend_id=backend_id,
        model="",
        ran=Device.CPU,
        revision="1",
        load_ms=100.0,
        first_token_ms=first_token_ms,
        tokens_per_s=50.0,
        energy=Energy(joules, Provenance.ESTIMATE),
    )


async def test_what_this_machine_lacks_is_passed_over_and_what_was_installed_is_used(backends: Backends) -> None:
    found = ladders_of(profile(), backends, FakeCalibrator())
    assert [tier.backend_id for tier in found.text] == ["llama-cpu", "llama-cpu:qwen", "openvino-cpu"]
    assert found.text[1] == Tier("llama-cpu:qwen", "qwen")
    assert [tier.backend_id for tier in found.speech_to_text] == ["moonshine-cpu"]
    assert any("openvino-npu" in why for why in found.missing)
    assert found.problems == ()


async def test_a_tier_in_the_wrong_place_is_left_out_with_its_file(backends: Backends) -> None:
    tiers = (Tier("llama-cpu:qwen", ""), Tier("silero-cpu", ""), Tier("moonshine-cpu", ""))
    found = ladders_of(profile(speech_to_text=tiers), backends, FakeCalibrator())
    assert [tier.backend_id for tier in found.speech_to_text] == ["moonshine-cpu"]
    assert any(
        why.endswith("balanced.yaml: llama-cpu:qwen cannot do speech-to-text; it does text.") for why in found.missing
    )
    assert any("silero-cpu cannot do speech-to-text" in why for why in found.missing)


async def test_nothing_of_the_profile_is_here(backends: Backends) -> None:
    found = ladders_of(profile(text=(Tier("openvino-npu", ""),)), backends, FakeCalibrator())
    assert found.text == (Tier("llama-cpu", SMOLLM2),)
    (problem,) = found.problems
    assert "'balanced'" in problem
    assert "llama-cpu is used instead" in problem


async def test_a_server_that_may_not_be_asked_is_no_stand_in(backends: Backends) -> None:
    held = Backends(CpuLease(1), held_back=lambda key: "lan is not allowed." if key == "lan" else "")
    held.add(FakeTextGenerator(["Yes."], "lan", device=Device.REMOTE, model="large"))
    found = ladders_of(profile(text=(Tier("lan", "large"),)), held, FakeCalibrator())
    assert [tier.backend_id for tier in found.text] == ["llama-cpu"]
    assert "lan is not allowed." in found.missing
    assert "lan" not in {backend.backend_id for backend in (*held.backends(), *held.serving("text_generation"))}
    await held.aclose()


async def test_the_order_follows_the_measurements_and_is_explained(backends: Backends) -> None:
    twins = (Tier("llama-cpu", SMOLLM2), Tier("openvino-cpu", SMOLLM2))
    known = FakeCalibrator(measured("llama-cpu", 3.0, 90.0), measured("openvino-cpu", 1.0, 200.0))
    cheap = ladders_of(profile(text=twins, goal=Goal.BATTERY), backends, known)
    assert [tier.backend_id for tier in cheap.text] == ["openvino-cpu", "llama-cpu"]
    assert len(cheap.reasons) == 2
    assert "openvino-cpu first" in cheap.reasons[0]
    quick = ladders_of(profile(text=twins, goal=Goal.FAST), backends, known)
    assert [tier.backend_id for tier in quick.text] == ["llama-cpu", "openvino-cpu"]
    written = ladders_of(profile(text=twins, goal=Goal.AS_WRITTEN), backends, known)
    assert written.text == twins
