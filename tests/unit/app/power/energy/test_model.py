"""The device table: what ships, what a person puts over it, and what is said when they write it wrong."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from app.contracts.devices import Device
from app.contracts.energy import Energy, Provenance
from app.contracts.errors import InvalidInput, StorageError
from app.power.energy.model import power_model, shipped_model

LOCAL = [device for device in Device if device is not Device.REMOTE]


@pytest.mark.parametrize("device", LOCAL)
def test_every_figure_of_the_shipped_table_has_a_source_and_working_takes_more_than_resting(device: Device) -> None:
    model = shipped_model().devices[device]
    assert model.source
    assert model.speed_source
    assert 0.0 <= model.idle_w < model.active_w
    assert model.above_w == model.active_w - model.idle_w
    assert model.tokens_per_s > 0.0


def test_energy_is_watts_above_idle_times_seconds() -> None:
    model = shipped_model()
    assert model.energy(Device.GPU, 2.0) == Energy(104.0, Provenance.ESTIMATE)
    assert model.energy(Device.CPU, -1.0) == Energy(0.0, Provenance.ESTIMATE)
    assert model.energy(Device.REMOTE, 1.0) == Energy(0.0, Provenance.UNAVAILABLE)
    assert (model.idle_w(Device.REMOTE), model.above_w(Device.REMOTE)) == (0.0, 0.0)


def test_a_persons_own_values_replace_single_ones(tmp_path: Path) -> None:
    own = tmp_path / "power.yaml"
    assert power_model(own) is shipped_model()
    own.write_text("devices:\n  gpu: {active_w: 80}\n  cpu: {tokens_per_s: 20, speed_source: my stopwatch}\n")
    model, shipped = power_model(own), shipped_model()
    gpu, cpu = model.devices[Device.GPU], model.devices[Device.CPU]
    assert (gpu.idle_w, gpu.active_w, gpu.source) == (8.0, 80.0, "your power.yaml")
    assert gpu.speed_source == shipped.devices[Device.GPU].speed_source
    assert (cpu.tokens_per_s, cpu.speed_source, cpu.source) == (
        20.0,
        "my stopwatch",
        shipped.devices[Device.CPU].source,
    )
    assert model.devices[Device.NPU] == shipped.devices[Device.NPU]


@pytest.mark.parametrize("text", ["", "devices:\n", "devices: {}\n", "# nothing yet\n"])
def test_an_empty_file_changes_nothing(tmp_path: Path, text: str) -> None:
    own = tmp_path / "power.yaml"
    own.write_text(text)
    assert power_model(own) == shipped_model()


@pytest.mark.parametrize(
    ("text", "place", "says"),
    [
        ("device: {}\n", "1:1", "'device' is not known here. Did you mean 'devices'?"),
        ("devices: 3\n", "1:1", "'devices' must be a mapping"),
        ("devices:\n  gqu: {idle_w: 1}\n", "2:3", "'gqu' is not known here. Did you mean 'gpu'?"),
        ("devices:\n  remote: {idle_w: 1}\n", "2:3", "'remote' is not known here."),
        ("devices:\n  gpu: 60\n", "2:3", "'gpu' must be a mapping"),
        ("devices:\n  gpu: {activew: 60}\n", "2:9", "'activew' is not known here. Did you mean 'active_w'?"),
        ("devices:\n  gpu: {active_w: sixty}\n", "2:9", "'active_w' must be a number from 0 to 2000, not 'sixty'."),
        ("devices:\n  gpu:\n    active_w: true\n", "3:5", "'active_w' must be a number from 0 to 2000, not true."),
        ("devices:\n  gpu: {idle_w: [1]}\n", "2:9", "'idle_w' must be a number from 0 to 1000, not a list."),
        ("devices:\n  gpu: {idle_w: 70}\n", "2:3", "'active_w' (60) must not be less than 'idle_w' (70)."),
        ("devices:\n  gpu: {source: 7}\n", "2:9", "'source' must be text, not 7."),
        ("devices:\n  gpu: {tokens_per_s: 0}\n", "2:9", "'tokens_per_s' must be a number from 0.01"),
        ("devices: {gpu: {active_w: 1\n", "2:1", ""),
    ],
)
def test_what_is_wrong_is_told_with_file_line_and_column(tmp_path: Path, text: str, place: str, says: str) -> None:
    own = tmp_path / "power.yaml"
    own.write_text(text)
    with pytest.raises(InvalidInput, match=re.escape(f"{own}:{place}: {says}")):
        power_model(own)


def test_a_file_that_cannot_be_read_is_told_too(tmp_path: Path) -> None:
    with pytest.raises((StorageError, InvalidInput), match=re.escape(str(tmp_path))):
        power_model(tmp_path)
