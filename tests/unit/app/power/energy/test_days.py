"""The joules of each day, in one small file."""

from __future__ import annotations

import asyncio
import json
import logging
import os
from pathlib import Path

import pytest

from app.contracts.devices import Device
from app.contracts.energy import Comparison, DeviceEnergy, Energy, EnergyAccount, Provenance
from app.contracts.ports import Clock
from app.power.energy import days as module
from app.power.energy.days import Day, Days

CPU, NPU = Device.CPU, Device.NPU
MEASURED, ESTIMATE = Provenance.MEASURED, Provenance.ESTIMATE


class Calendar(Clock):
    """The time it was set to."""

    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def monotonic(self) -> float:
        return self.now

    def time(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        raise AssertionError("nobody sleeps here")


def account(joules: float, device: Device = CPU, source: Provenance = MEASURED) -> EnergyAccount:
    devices = (DeviceEnergy(device, Energy(joules, source)),)
    return EnergyAccount(joules + 3.0, joules, 1.0, 2.0, 1.0, source, devices)


def on_gpu(joules: float) -> tuple[Comparison, ...]:
    return (Comparison(Device.GPU, joules, 0.5, "test"),)


async def test_a_day_adds_up_its_turns_and_is_read_again(tmp_path: Path) -> None:
    path, clock = tmp_path / "machine" / "energy.json", Calendar()
    days = Days(path, clock)
    assert days.today() == Day(days.today().day)
    days.turn_ended(account(4.0), on_gpu(10.0))
    days.turn_ended(account(2.0, NPU, ESTIMATE), on_gpu(5.0))
    days.turn_ended(account(1.0), ())
    await days.aclose()
    for one in (days.today(), Days(path, clock).today()):
        assert (one.turns, one.saved_joules) == (3, pytest.approx(9.0))
        assert one.devices == {CPU: Energy(5.0, MEASURED), NPU: Energy(2.0, ESTIMATE)}
        assert one.energy == Energy(7.0, ESTIMATE)
        assert [each.device for each in one.by_device()] == [NPU, CPU]
    assert path.stat().st_mode & 0o077 == 0


async def test_each_local_day_has_its_own_and_only_so_many_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_DAYS", 3)
    clock = Calendar()
    days = Days(tmp_path / "energy.json", clock)
    for number in range(5):
        days.turn_ended(account(float(number)), ())
        clock.now += 86_400.0
    await days.aclose()
    assert [day.energy.joules for day in days.all()] == [2.0, 3.0, 4.0]
    assert len(json.loads((tmp_path / "energy.json").read_text())["days"]) == 3
    assert days.today().turns == 0


async def test_several_turns_at_once_are_written_in_one_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[str] = []
    monkeypatch.setattr(module, "write_whole", lambda path, text: written.append(text))
    days = Days(tmp_path / "energy.json", Calendar())
    for _ in range(10):
        days.turn_ended(account(1.0), ())
    await days.aclose()
    assert [json.loads(text)["days"][days.today().day]["turns"] for text in written] == [10]


async def test_the_window_and_a_command_lose_no_turn_of_each_other(tmp_path: Path) -> None:
    path, clock = tmp_path / "energy.json", Calendar()
    window, command = Days(path, clock), Days(path, clock)
    for each in (window, command, window):
        assert each.today().turns >= 0  # it knows the file now
        each.turn_ended(account(1.0), on_gpu(3.0))
    await asyncio.gather(window.aclose(), command.aclose())
    window.turn_ended(account(1.0, NPU), ())
    await window.aclose()
    for one in (window.today(), Days(path, clock).today()):
        assert (one.turns, one.saved_joules, one.energy.joules) == (4, 6.0, 4.0)
    path.unlink()
    window.turn_ended(account(1.0), ())
    await window.aclose()
    assert window.today().turns == 1, "whoever deletes the file is rid of it"


async def test_a_file_that_cannot_be_read_is_left_alone_and_added_to_later(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path, aside = tmp_path / "energy.json", tmp_path / "aside"
    path.mkdir()
    days = Days(path, Calendar())
    with caplog.at_level(logging.WARNING, logger=module.log.name):
        days.turn_ended(account(1.0), ())
        await days.aclose()
    assert days.today().turns == 1
    assert path.is_dir()
    assert caplog.records
    caplog.clear()
    path.rename(aside)
    days.turn_ended(account(1.0), ())
    await days.aclose()
    assert Days(path, Calendar()).today().turns == 2


async def test_a_clock_that_is_set_back_begins_an_earlier_day(tmp_path: Path) -> None:
    clock = Calendar()
    days = Days(tmp_path / "energy.json", clock)
    for shift in (0.0, -2 * 86_400.0, 2 * 86_400.0):
        clock.now += shift
        days.turn_ended(account(1.0), ())
    await days.aclose()
    assert [(day.turns, day.energy.joules) for day in days.all()] == [(1, 1.0), (2, 2.0)]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '{"version": 2, "days": {}}',
        '{"version": 1, "days": {"yesterday": {"turns": 1, "devices": {}, "saved_joules": 0}}}',
        '{"version": 1, "days": {"2026-01-01": {"turns": -1, "devices": {}, "saved_joules": 0}}}',
        '{"version": 1, "days": {"2026-01-01": {"turns": 1, "devices": {"tpu": {}}, "saved_joules": 0}}}',
        '{"version": 1, "days": {"2026-01-01": {"turns": 1, "devices": {}, "saved_joules": NaN}}}',
    ],
)
async def test_a_damaged_file_is_put_aside_and_begun_anew(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, text: str
) -> None:
    path = tmp_path / "energy.json"
    path.write_text(text)
    days = Days(path, Calendar())
    with caplog.at_level(logging.WARNING, logger=module.log.name):
        assert days.all() == ()
        days.turn_ended(account(1.0), ())
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    caplog.clear()
    await days.aclose()
    assert (tmp_path / "energy.damaged.json").read_text() == text
    assert Days(path, Calendar()).today().turns == 1


async def test_a_full_disk_costs_nothing_but_the_figures(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("")
    days = Days(tmp_path / "file" / "energy.json", Calendar())
    with caplog.at_level(logging.WARNING, logger=module.log.name):
        days.turn_ended(account(1.0), ())
        await days.aclose()
    assert days.today().turns == 1
    assert caplog.records
    caplog.clear()


async def test_nothing_is_written_without_a_turn(tmp_path: Path) -> None:
    days = Days(tmp_path / "energy.json", Calendar())
    assert days.today().turns == 0
    await days.aclose()
    assert os.listdir(tmp_path) == []
