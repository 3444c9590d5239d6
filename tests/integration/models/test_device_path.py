"""What the program puts together, on the NPU's software path: compiled, tried, kept, loaded again, made again."""

from __future__ import annotations

import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from app.bootstrap.runtimes import RuntimeServices, put_runtimes_together
from app.contracts.devices import Device, DeviceInfo, Presence, RuntimeSupport
from app.contracts.errors import Unavailable
from app.contracts.events import JobProgress, SystemEvent
from app.power.energy.estimate import EstimatedPowerMonitor
from app.power.hardware.tree import Tree
from app.settings.paths import Paths
from app.settings.store import SettingsStore
from models.devices import kept
from models.devices.processor import processor
from models.devices.selftest import read as read_selftests
from models.devices.stamp import stamp_of
from models.openvino.target import NPU_ON_CPU
from models.store.importing import import_model
from models.store.store import Store
from tests.helpers.waiting import until

MODEL = "micro-embed-ov"
NPU = f"openvino-embed-npu:{MODEL}"
PROCESSOR = f"openvino-embed-cpu:{MODEL}"


@dataclass
class Program:
    """What one start of the program put together."""

    services: RuntimeServices
    told: list[SystemEvent] = field(default_factory=list)

    async def refused(self) -> Unavailable:
        with pytest.raises(Unavailable) as refused:
            await self.services.backends.build(NPU).warm_up()
        return refused.value

    async def compiled(self) -> list[str]:
        """Wait for the job; what it said."""
        await until(lambda: any(event.done for event in self.jobs()), 60.0)
        return [event.message for event in self.jobs()]

    def jobs(self) -> list[JobProgress]:
        """What was told of compiling."""
        return [event for event in self.told if isinstance(event, JobProgress)]


@asynccontextmanager
async def program(paths: Paths) -> AsyncIterator[Program]:
    told: list[SystemEvent] = []
    settings = SettingsStore(paths.settings_file)
    settings.load()
    services = put_runtimes_together(paths, settings, EstimatedPowerMonitor(), publish=told.append)
    try:
        yield Program(services, told)
    finally:
        await services.aclose()


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    folder = os.environ.get("SOTTO_TESTDATA")
    if not folder or not Path(folder, MODEL).is_dir():
        pytest.skip(f"SOTTO_TESTDATA has no {MODEL}")
    made = Paths.under(tmp_path)
    import_model(Store(made.models_dir), Path(folder, MODEL))
    tree = Tree()
    support = RuntimeSupport("openvino", usable=True, target=NPU_ON_CPU)
    npu = DeviceInfo(Device.NPU, "Software NPU", Presence.READY, driver="1.0", runtimes=(support,))
    kept.write(made.machine_dir, kept.Look(time.time(), stamp_of(tree), (npu, processor(tree))))
    return made


def blob_in(paths: Paths) -> Path:
    (blob,) = paths.compiled_dir.rglob("*.blob")
    return blob


async def test_from_the_first_start_to_a_damaged_blob(paths: Paths) -> None:
    async with program(paths) as first:
        ladder = first.services.backends.embedder([NPU, PROCESSOR])
        await ladder.warm_up()
        assert not first.services.backends.build(NPU).host.pid
        assert first.services.backends.build(PROCESSOR).host.pid  # which answers meanwhile
        assert len(await ladder.embed(["Where is the treasure?"])) == 1
        words = await first.compiled()
        assert words[0].startswith("Compiling for the NPU")
        assert "the NPU is used from now on" in words[-1]
        runtime = first.services.backends.build(NPU)
        assert (await runtime.warm_up()).ran is Device.CPU  # so the witness says: asked of the NPU, run elsewhere
        (verdict,) = read_selftests(paths.machine_dir).values()
        assert (verdict.passed, verdict.compared) == (True, True)
    made_at, tried_at = blob_in(paths).stat().st_mtime_ns, verdict.at_s
    async with program(paths) as second:
        runtime = second.services.backends.embedder_port(NPU)
        assert len(await runtime.embed(["From what was kept."])) == 1
        assert not second.jobs()
        assert blob_in(paths).stat().st_mtime_ns == made_at
        assert read_selftests(paths.machine_dir)[NPU].at_s == tried_at
    blob = blob_in(paths)
    blob.chmod(0o600)
    content = blob.read_bytes()
    blob.write_bytes(bytes([content[0] ^ 1]) + content[1:])
    async with program(paths) as third:
        assert (await third.refused()).code == "compiling"  # and closing ends that job
