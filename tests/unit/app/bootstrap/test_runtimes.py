"""What the program puts together of this machine: devices, models, servers and settings, and that it starts nothing."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

import app.bootstrap.runtimes as subject
from app.bootstrap.runtimes import RuntimeServices, put_runtimes_together
from app.contracts.devices import Device, DeviceInfo, Presence, RuntimeSupport
from app.contracts.errors import Unavailable
from app.contracts.events import JobProgress, Notice, SystemEvent
from app.power.energy.estimate import EstimatedPowerMonitor
from app.power.hardware.tree import Tree
from app.settings.paths import Paths
from app.settings.store import SettingsStore
from models.devices import kept
from models.devices.answers import Answer, Seen
from models.devices.processor import processor
from models.devices.stamp import stamp_of
from models.store.model import InstalledModel, ModelFormat
from models.store.store import Store

NPU = "openvino-npu:m"


@dataclass
class Made:
    """Services over a folder, and what they told."""

    paths: Paths
    services: RuntimeServices
    told: list[SystemEvent] = field(default_factory=list)


@asynccontextmanager
async def together(paths: Paths, **settings: str | float | bool) -> AsyncIterator[Made]:
    told: list[SystemEvent] = []
    store = SettingsStore(paths.settings_file)
    store.load()
    for key, value in settings.items():
        store.set(key.replace("__", "."), value)
    services = put_runtimes_together(paths, store, EstimatedPowerMonitor(), publish=told.append)
    try:
        yield Made(paths, services, told)
    finally:
        await services.aclose()


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return Paths.under(tmp_path)


def npu(reason: str = "", target: str = "NPU") -> DeviceInfo:
    support = RuntimeSupport("openvino", usable=not reason, target=target, reason=reason)
    presence = Presence.NO_DRIVER if reason else Presence.READY
    return DeviceInfo(Device.NPU, "NPU", presence, reason=reason, runtimes=(support,))


def found(paths: Paths, *devices: DeviceInfo, stamp: dict[str, str] | None = None) -> None:
    """Leave a verdict behind as the last look did."""
    tree = Tree()
    look = kept.Look(time.time(), stamp_of(tree) if stamp is None else stamp, (*devices, processor(tree)))
    kept.write(paths.machine_dir, look)


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> InstalledModel:
    """A language model in OpenVINO's form, as far as anybody looks before it is loaded."""
    folder = tmp_path / "m"
    folder.mkdir()
    for name in ("openvino_model.xml", "openvino_model.bin"):
        (folder / name).write_bytes(b'<mode value="int4_sym"/>')
    model = InstalledModel("m", ModelFormat.OPENVINO_LLM, folder, 2, "1", parameters=1_000)
    monkeypatch.setattr(Store, "installed_models", lambda _self: (model,))
    return model


async def test_putting_it_together_makes_nothing_and_starts_nothing(paths: Paths, tmp_path: Path) -> None:
    before = psutil.Process().children()
    async with together(paths) as made:
        assert {backend.device for backend in made.services.backends.backends()} == {Device.CPU}
        assert made.services.problems == ()
        assert (os.listdir(tmp_path), psutil.Process().children()) == ([], before)
    assert os.listdir(tmp_path) == []


async def test_a_known_device_and_an_installed_model_make_a_backend(paths: Paths, installed: InstalledModel) -> None:
    found(paths, npu())
    async with together(paths) as made:
        backends = made.services.backends
        assert [key for key in backends.entries if key.endswith(":m")] == [NPU, "openvino-cpu:m"]
        assert backends.resolve("openvino-npu") == NPU
        assert not made.services.machine.stale


@pytest.mark.parametrize("devices", [(npu("its driver is missing"),), ()])
async def test_a_device_that_cannot_be_used_makes_none(
    devices: Sequence[DeviceInfo], paths: Paths, installed: InstalledModel
) -> None:
    found(paths, *devices)
    async with together(paths) as made:
        assert NPU not in made.services.backends.entries
        assert made.services.backends.why_not(NPU)


@pytest.mark.parametrize("damage", ["{", '{"format": 2}', "[" * 200_000, '{"format": 1, "devices": [[]]}', None])
async def test_a_verdict_that_cannot_be_used_is_as_good_as_none(
    damage: str | None, paths: Paths, installed: InstalledModel
) -> None:
    found(paths, npu())
    file = paths.machine_dir / kept.FILE
    if damage is None:
        file.unlink()
        file.mkdir()  # cannot be read, whoever tries
    else:
        file.write_text(damage, encoding="utf-8")
    async with together(paths) as made:
        assert made.services.machine.stale
        assert NPU not in made.services.backends.entries
        assert "openvino-cpu:m" in made.services.backends.entries


async def test_the_start_looks_again_when_a_driver_has_changed(
    paths: Paths, installed: InstalledModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    found(paths, npu(), stamp={"library openvino": "1"})
    looks: list[object] = []

    async def ask(wanted: object) -> tuple[Answer, ...]:
        looks.append(wanted)
        return (Answer("openvino", "2", (Seen("NPU", Device.NPU, "Intel AI Boost"),)),)

    machine = subject.SystemMachine(paths.machine_dir, ask=ask)
    monkeypatch.setattr(subject, "SystemMachine", lambda _folder: machine)
    async with together(paths) as made:
        made.services.start()
        async with asyncio.timeout(5.0):
            while machine.stale:  # noqa: ASYNC110 - it is told to nobody
                await asyncio.sleep(0.01)
        await asyncio.sleep(0.05)
        assert [event.message for event in made.told if isinstance(event, Notice)] == [
            "Models can run on Intel AI Boost too."
        ]
        assert NPU in made.services.backends.entries
    assert len(looks) == 1
    async with together(paths) as made:
        made.services.start()
        await asyncio.sleep(0.05)
    assert len(looks) == 1


async def test_closing_ends_a_look_that_has_begun(paths: Paths) -> None:
    async with together(paths) as made:
        made.services.start()
        async with asyncio.timeout(5.0):
            while not _probes():  # noqa: ASYNC110 - it is another process
                await asyncio.sleep(0.01)
    assert _probes() == []


async def test_the_first_load_on_an_npu_is_refused_and_compiled_in_the_background(
    paths: Paths, installed: InstalledModel
) -> None:
    found(paths, npu())
    async with together(paths) as made:
        with pytest.raises(Unavailable) as refused:
            await made.services.backends.build(NPU).warm_up()
        assert refused.value.code == "compiling"
        assert made.services.backends.build(NPU).host.pid == 0
        assert [event.name for event in made.told if isinstance(event, JobProgress)] in ([], ["Compile m for the NPU"])
    assert not list(paths.compiled_dir.glob("*making*"))


async def test_switched_off_nothing_is_compiled_beforehand(paths: Paths, installed: InstalledModel) -> None:
    found(paths, npu())
    async with together(paths, models__compile=False) as made:
        with pytest.raises(Exception) as failed:  # noqa: PT011 - it is tried, and is no model
            await made.services.backends.build(NPU).warm_up()
        assert getattr(failed.value, "code", "") != "compiling"
        assert not [event for event in made.told if isinstance(event, JobProgress)]


async def test_the_experiment_is_there_while_it_is_switched_on(
    paths: Paths, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    voice = InstalledModel("v", ModelFormat.PIPER, tmp_path, 1, "1")
    monkeypatch.setattr(Store, "installed_models", lambda _self: (voice,))
    monkeypatch.setattr("models.recipes.recipe.Recipe.refuses", lambda *_about: "")
    found(paths, npu())
    for on in (False, True):
        async with together(paths, models__npu_voice_experiment=on) as made:
            on_npu = [entry for entry in made.services.backends.entries.values() if entry.backend.device is Device.NPU]
            assert bool(on_npu) is on


async def test_servers_that_cannot_be_read_are_a_problem_and_no_more(paths: Paths) -> None:
    paths.servers_file.parent.mkdir(parents=True)
    paths.servers_file.write_text("servers: 3\n", encoding="utf-8")
    async with together(paths) as made:
        assert made.services.problems
        assert "llama-cpu" in made.services.backends.entries


def _probes() -> list[psutil.Process]:
    return [child for child in psutil.Process().children() if "models.devices.probe" in child.cmdline()]
