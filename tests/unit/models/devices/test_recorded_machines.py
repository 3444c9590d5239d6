"""`sotto devices` on every recorded machine, byte for byte."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.cli.columns import COLUMNS
from app.cli.devices import as_json, as_text
from app.contracts.devices import Device, DeviceInfo, Presence
from models.devices.children import not_asked
from models.devices.names import LLAMA, OPENVINO, WHISPER
from tests.helpers.machines import FOLDER, NAMES, recorded


async def _found(name: str, tmp_path: Path) -> tuple[DeviceInfo, ...]:
    return await recorded(name, tmp_path / "root").machine(tmp_path / "kept").refresh()


def _only(found: tuple[DeviceInfo, ...], device: Device) -> DeviceInfo:
    (info,) = (info for info in found if info.device is device)
    return info


@pytest.mark.parametrize("name", NAMES)
async def test_words_and_json_are_those_of_the_golden_files(name: str, tmp_path: Path) -> None:
    machine = recorded(name, tmp_path / "root").machine(tmp_path / "kept")
    found = await machine.refresh()
    assert f"{as_text(found)}\n" == (FOLDER / name / "expected.txt").read_text(encoding="utf-8")
    assert f"{as_json(found, machine.looked_at_s)}\n" == (FOLDER / name / "expected.json").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", NAMES)
async def test_only_commands_are_wider_than_a_terminal(name: str, tmp_path: Path) -> None:
    lines = as_text(await _found(name, tmp_path)).splitlines()
    assert [line for line in lines if len(line) > COLUMNS and not line.startswith("  → ")] == []


@pytest.mark.parametrize("name", NAMES)
async def test_what_is_not_usable_says_why_and_what_is_usable_does_not(name: str, tmp_path: Path) -> None:
    for info in await _found(name, tmp_path):
        assert bool(info.reason) != (info.presence is Presence.READY)
        assert all(bool(support.reason) != support.usable for support in info.runtimes)
        if info.presence is Presence.READY:
            assert any(support.usable and support.target for support in info.runtimes)


@pytest.mark.parametrize(
    ("name", "npu"),
    [
        ("core-ultra", Presence.READY),
        ("core-ultra-no-permission", Presence.NO_PERMISSION),
        ("core-ultra-joined-late", Presence.NO_PERMISSION),
        ("core-ultra-no-npu-driver", Presence.NO_DRIVER),
        ("core-ultra-npu-crash", Presence.BROKEN),
        ("ryzen-ai", Presence.UNSUPPORTED),
        ("plain-cpu", Presence.ABSENT),
    ],
)
async def test_the_ways_an_npu_can_be_out_of_reach_are_told_apart(name: str, npu: Presence, tmp_path: Path) -> None:
    assert _only(await _found(name, tmp_path), Device.NPU).presence is npu


async def test_one_plugin_that_crashes_costs_one_device(tmp_path: Path) -> None:
    found = await _found("core-ultra-npu-crash", tmp_path)
    assert _only(found, Device.IGPU).presence is Presence.READY
    assert _only(found, Device.CPU).presence is Presence.READY


async def test_nobody_asks_a_graphics_card_that_sleeps(tmp_path: Path) -> None:
    machine = recorded("laptop-rtx-asleep", tmp_path / "root")
    await machine.machine(tmp_path / "kept").refresh()
    (wanted,) = machine.wanted
    assert wanted.nvidia_asleep
    assert not wanted.nvidia_awake


async def test_a_graphics_card_known_from_when_it_was_awake_can_be_used_while_it_sleeps(tmp_path: Path) -> None:
    awake = recorded("desktop-rtx", tmp_path / "root")
    machine = awake.machine(tmp_path / "kept")
    before = _only(await machine.refresh(), Device.GPU)
    status = tmp_path / "root/sys/bus/pci/devices/0000:01:00.0/power/runtime_status"
    status.write_text("suspended\n", encoding="utf-8")
    (openvino,) = (answer for answer in awake.answers if answer.library == OPENVINO)
    awake.answers = (openvino, not_asked(LLAMA), not_asked(WHISPER))
    after = _only(await machine.refresh(), Device.GPU)
    assert after.presence is Presence.READY
    assert after.runtimes == before.runtimes
    assert dict(after.facts)["power"] == "asleep"
