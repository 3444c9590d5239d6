from __future__ import annotations

import asyncio
import json
import logging
import os
from pathlib import Path

import pytest

from app.contracts.devices import Device, Presence
from app.power.hardware.tree import Tree
from models.devices.kept import FILE
from models.devices.machine import SystemMachine
from models.devices.stamp import changed, stamp_of
from tests.helpers.machines import Recorded, recorded


def _machine(source: Recorded, folder: Path, stamp: dict[str, str] | None = None) -> SystemMachine:
    return SystemMachine(folder, tree=source.tree, ask=source.ask, stamp=lambda _: stamp or {}, now=lambda: 5.0)


@pytest.fixture
def source(tmp_path: Path) -> Recorded:
    return recorded("core-ultra", tmp_path / "root")


def test_before_any_look_the_processor_is_known(source: Recorded, tmp_path: Path) -> None:
    machine = _machine(source, tmp_path / "kept")
    (processor,) = machine.look()
    assert processor.device is Device.CPU
    assert processor.presence is Presence.READY
    assert processor.name == "Intel(R) Core(TM) Ultra 7 155H"
    assert machine.stale
    assert machine.why_stale == ()
    assert machine.looked_at_s == 0.0
    assert source.wanted == []


async def test_a_look_outlives_the_program(source: Recorded, tmp_path: Path) -> None:
    found = await _machine(source, tmp_path / "kept", {"library openvino": "1"}).refresh()
    later = _machine(source, tmp_path / "kept", {"library openvino": "1"})
    assert later.look() == found
    assert not later.stale
    assert later.looked_at_s == 5.0
    assert len(source.wanted) == 1


async def test_a_look_ends_with_the_version_it_was_made_with(source: Recorded, tmp_path: Path) -> None:
    await _machine(source, tmp_path / "kept", {"library openvino": "1", "system": "Linux"}).refresh()
    later = _machine(source, tmp_path / "kept", {"library openvino": "2", "system": "Linux"})
    assert [info.device for info in later.look()] == [Device.CPU]
    assert later.stale
    assert later.why_stale == ("library openvino",)
    await later.refresh()
    assert not later.stale
    assert later.why_stale == ()


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", '{"format": 1}', '{"format": 2, "at_s": 1, "stamp": {}, "devices": []}', "\x00\xff"],
)
def test_a_damaged_file_is_as_good_as_none(text: str, source: Recorded, tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(text, encoding="latin-1")
    machine = _machine(source, tmp_path)
    assert [info.device for info in machine.look()] == [Device.CPU]
    assert machine.stale


async def test_a_device_nobody_knows_in_the_file_is_no_device(source: Recorded, tmp_path: Path) -> None:
    await _machine(source, tmp_path).refresh()
    fields = json.loads((tmp_path / FILE).read_text(encoding="utf-8"))
    fields["devices"][0]["presence"] = "haunted"
    (tmp_path / FILE).write_text(json.dumps(fields), encoding="utf-8")
    assert _machine(source, tmp_path).stale


async def test_what_cannot_be_kept_is_known_all_the_same(
    source: Recorded, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    machine = _machine(source, tmp_path / "file" / "folder")
    with caplog.at_level(logging.WARNING):
        found = await machine.refresh()
    assert machine.look() == found
    assert "not kept" in caplog.text


async def test_two_who_look_at_once_do_it_one_after_the_other(source: Recorded, tmp_path: Path) -> None:
    machine = _machine(source, tmp_path)
    one, other = await asyncio.gather(machine.refresh(), machine.refresh())
    assert one == other
    assert len(source.wanted) == 2


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("sys/module/intel_vpu/version", "2.0"),
        ("usr/lib/x86_64-linux-gnu/libze_intel_vpu.so.1", "new"),
        ("etc/OpenCL/vendors/intel.icd", "libigdrcl.so"),
    ],
)
def test_a_new_driver_changes_what_a_look_holds_for(path: str, text: str, source: Recorded, tmp_path: Path) -> None:
    before = stamp_of(source.tree)
    at = tmp_path / "root" / path
    at.parent.mkdir(parents=True, exist_ok=True)
    at.write_text(text, encoding="utf-8")
    assert len(changed(before, stamp_of(source.tree))) == 1


def test_a_driver_that_was_replaced_changes_it_though_its_name_does_not(source: Recorded, tmp_path: Path) -> None:
    at = tmp_path / "root/usr/lib/x86_64-linux-gnu/libze_intel_vpu.so.1"
    at.parent.mkdir(parents=True)
    at.write_text("old", encoding="utf-8")
    before = stamp_of(source.tree)
    os.utime(at, ns=(1, 1))
    assert changed(before, stamp_of(source.tree)) == ("file /usr/lib/x86_64-linux-gnu/libze_intel_vpu.so.1",)


def test_a_permission_changes_what_a_look_holds_for(tmp_path: Path) -> None:
    may = stamp_of(recorded("core-ultra", tmp_path / "one").tree)
    may_not = stamp_of(recorded("core-ultra-no-permission", tmp_path / "two").tree)
    assert changed(may, may_not) == ("device 0000:00:02.0", "device 0000:00:0b.0")


def test_a_nap_changes_nothing(source: Recorded, tmp_path: Path) -> None:
    before = stamp_of(source.tree)
    (tmp_path / "root/sys/bus/pci/devices/0000:00:02.0/power/runtime_status").write_text("suspended\n", "utf-8")
    assert changed(before, stamp_of(source.tree)) == ()


def test_a_system_without_such_a_tree_has_no_hardware(tmp_path: Path) -> None:
    tree = Tree(tmp_path)
    assert not tree.readable
    assert tree.read() == ()
