"""Measurements on disk: what still holds, what does not, and a file that was damaged."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from app.contracts.calibration import Measurement, PowerSource
from app.contracts.devices import Device
from app.contracts.energy import Energy, Provenance
from app.contracts.errors import Unavailable
from models.calibration.store import Measurements, power_source

ONE = Measurement(
    backend_id="llama-cpu",
    model="m",
    ran=Device.CPU,
    revision="r1",
    load_ms=130.0,
    first_token_ms=80.0,
    tokens_per_s=110.0,
    energy=Energy(0.6, Provenance.ESTIMATE),
    at_s=1.0,
)


class Shelf:
    """A store whose surroundings can be changed."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "machine" / "measurements.json"
        self.revision = "r1"
        self.source = PowerSource.MAINS

    def open(self) -> Measurements:
        return Measurements(self.path, self._revision_of, lambda: self.source)

    def _revision_of(self, backend_id: str) -> str:
        if backend_id == "gone-cpu":
            raise Unavailable("It is gone.")
        return self.revision


def test_what_was_kept_is_there_after_the_next_start(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    assert shelf.open().measured("llama-cpu") is None
    shelf.open().keep(ONE)
    assert shelf.open().measured("llama-cpu") == ONE


def test_another_revision_makes_it_void(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    shelf.open().keep(ONE)
    shelf.open().keep(replace(ONE, backend_id="gone-cpu"))
    shelf.revision = "r2"
    assert shelf.open().measured("llama-cpu") is None
    assert shelf.open().measured("gone-cpu") is None
    assert len(shelf.open().all()) == 2


def test_the_power_source_of_now_is_preferred_and_the_other_one_does(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    store = shelf.open()
    store.keep(ONE)
    shelf.source = PowerSource.BATTERY
    assert store.measured("llama-cpu") == ONE
    slower = replace(ONE, tokens_per_s=40.0, power_source=PowerSource.BATTERY)
    store.keep(slower)
    assert store.measured("llama-cpu") == slower
    assert store.exactly("llama-cpu", PowerSource.MAINS) == ONE


def test_a_new_measurement_takes_the_place_of_the_last(tmp_path: Path) -> None:
    store = Shelf(tmp_path).open()
    store.keep(ONE)
    store.keep(replace(ONE, load_ms=1.0))
    assert [one.load_ms for one in store.all()] == [1.0]


def test_what_another_process_measured_is_seen(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    store = shelf.open()
    assert store.measured("llama-cpu") is None
    shelf.open().keep(ONE)
    assert store.measured("llama-cpu") == ONE


@pytest.mark.parametrize(
    "damage", ["", "{", "[]", '{"version": 1, "measurements": [{"backend_id": 1}]}', '{"version": 9}']
)
def test_a_damaged_file_is_measured_anew(tmp_path: Path, damage: str) -> None:
    shelf = Shelf(tmp_path)
    shelf.open().keep(ONE)
    shelf.path.write_text(damage)
    store = shelf.open()
    assert store.measured("llama-cpu") is None
    store.keep(ONE)
    assert shelf.open().measured("llama-cpu") == ONE


def test_a_machine_without_a_battery_runs_on_mains(monkeypatch: pytest.MonkeyPatch) -> None:
    for battery, expected in (
        (None, PowerSource.MAINS),
        (_Battery(plugged=True), PowerSource.MAINS),
        (_Battery(plugged=None), PowerSource.MAINS),
        (_Battery(plugged=False), PowerSource.BATTERY),
    ):
        monkeypatch.setattr("psutil.sensors_battery", lambda battery=battery: battery)
        assert power_source() is expected


class _Battery:
    def __init__(self, *, plugged: bool | None) -> None:
        self.power_plugged = plugged
